// What every operator's file in this folder offers (anchor.h says how the four functions work together). An
// operator without a reduction of its own takes the defaults at the end: one strategy, nothing packed, the
// pointwise schedule.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ir/op.h"
#include "schedules/anchor.h"

namespace halite::schedules {

using Inputs = std::span<const Halide::Func>;

// conv2d.cpp, conv_transpose2d.cpp, matmul.cpp: several strategies, packed weights.
Halide::Func algorithm(const ir::Conv2d&, const Anchor&, Stages&, Inputs);
std::vector<Strategy> strategies(const ir::Conv2d&, const Anchor&);
std::vector<Packing> packing(const ir::Conv2d&, const Anchor&, const std::string& strategy);
void schedule(const ir::Conv2d&, const Anchor&, Stages&);

Halide::Func algorithm(const ir::ConvTranspose2d&, const Anchor&, Stages&, Inputs);
std::vector<Strategy> strategies(const ir::ConvTranspose2d&, const Anchor&);
std::vector<Packing> packing(const ir::ConvTranspose2d&, const Anchor&, const std::string& strategy);
void schedule(const ir::ConvTranspose2d&, const Anchor&, Stages&);

Halide::Func algorithm(const ir::MatMul&, const Anchor&, Stages&, Inputs);
std::vector<Strategy> strategies(const ir::MatMul&, const Anchor&);
std::vector<Packing> packing(const ir::MatMul&, const Anchor&, const std::string& strategy);
void schedule(const ir::MatMul&, const Anchor&, Stages&);

// pool2d.cpp, reduce.cpp, arg_reduce.cpp, softmax.cpp: reductions that pack nothing.
Halide::Func algorithm(const ir::Pool2d&, const Anchor&, Stages&, Inputs);
void schedule(const ir::Pool2d&, const Anchor&, Stages&);

Halide::Func algorithm(const ir::Reduce&, const Anchor&, Stages&, Inputs);
void schedule(const ir::Reduce&, const Anchor&, Stages&);

Halide::Func algorithm(const ir::ArgReduce&, const Anchor&, Stages&, Inputs);
void schedule(const ir::ArgReduce&, const Anchor&, Stages&);

Halide::Func algorithm(const ir::Softmax&, const Anchor&, Stages&, Inputs);
void schedule(const ir::Softmax&, const Anchor&, Stages&);

// transpose.cpp: tiles.
Halide::Func algorithm(const ir::Transpose&, const Anchor&, Stages&, Inputs);
void schedule(const ir::Transpose&, const Anchor&, Stages&);

// elementwise.cpp, requantize.cpp, movement.cpp, resize.cpp: an element of the output is a formula over
// single elements.
Halide::Func algorithm(const ir::Elementwise&, const Anchor&, Stages&, Inputs);
Halide::Func algorithm(const ir::Cast&, const Anchor&, Stages&, Inputs);
Halide::Func algorithm(const ir::Requantize&, const Anchor&, Stages&, Inputs);
std::vector<Packing> packing(const ir::Requantize&, const Anchor&, const std::string& strategy);
Halide::Func algorithm(const ir::Quantize&, const Anchor&, Stages&, Inputs);
Halide::Func algorithm(const ir::Dequantize&, const Anchor&, Stages&, Inputs);
Halide::Func algorithm(const ir::Broadcast&, const Anchor&, Stages&, Inputs);
Halide::Func algorithm(const ir::Concat&, const Anchor&, Stages&, Inputs);
Halide::Func algorithm(const ir::Gather&, const Anchor&, Stages&, Inputs);
Halide::Func algorithm(const ir::Pad&, const Anchor&, Stages&, Inputs);
Halide::Func algorithm(const ir::Reshape&, const Anchor&, Stages&, Inputs);
Halide::Func algorithm(const ir::Resize&, const Anchor&, Stages&, Inputs);
Halide::Func algorithm(const ir::Slice&, const Anchor&, Stages&, Inputs);

// control.cpp: steps of their own, which run kernels and have none.
Halide::Func algorithm(const ir::Branch&, const Anchor&, Stages&, Inputs);
Halide::Func algorithm(const ir::Loop&, const Anchor&, Stages&, Inputs);

/// pointwise.cpp: vectorises the innermost axis of stages.output and runs the outermost in parallel;
/// everything else is inlined.
void schedule_pointwise(const Anchor&, Stages&);

// The defaults.
template <class Op>
std::vector<Strategy> strategies(const Op&, const Anchor&) {
  return {{"plain", 0}};
}
template <class Op>
std::vector<Packing> packing(const Op&, const Anchor& anchor, const std::string&) {
  return std::vector<Packing>(anchor.inputs.size());
}
template <class Op>
void schedule(const Op&, const Anchor& anchor, Stages& stages) {
  schedule_pointwise(anchor, stages);
}

}  // namespace halite::schedules
