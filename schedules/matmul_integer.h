// matmul of integers and of bf16: what matmul.cpp hands over.
#pragma once

#include "schedules/operators.h"

namespace halite::schedules::integer {

std::vector<Strategy> matmul_strategies(const ir::MatMul&, const Anchor&);
std::vector<Packing> matmul_packing(const ir::MatMul&, const Anchor&);
Halide::Func matmul_algorithm(const ir::MatMul&, const Anchor&, Stages&, Inputs);
void matmul_schedule(const ir::MatMul&, const Anchor&, Stages&);

}  // namespace halite::schedules::integer
