// One operator as a kernel run by Halide's own JIT: what lower.cpp does for a group, for a single anchor with
// chosen facts and no epilogue but an optional `acc * 0.5 + residual`.
#pragma once

#include <Halide.h>

#include <cstring>
#include <random>

#include "ir/op.h"
#include "schedules/hidden.h"
#include "schedules/operators.h"

namespace halite::schedules {

/// Multiples of 1/64 between -1/2 and 1/2: products and sums of these are exact, in whatever order.
inline ir::Tensor exact_tensor(std::mt19937& rng, ir::Shape shape) {
  auto t = ir::Tensor::zeros({ir::DType::f32, std::move(shape), {}});
  for (float& v : t.mutable_data<float>()) v = static_cast<float>(static_cast<int>(rng() % 65) - 32) / 64.0f;
  return t;
}

/// Inputs of an operator, and what its reference makes of them.
struct Example {
  std::vector<ir::Tensor> inputs;
  std::vector<ir::Type> types;  ///< of the inputs
  ir::Tensor expected;
};

template <class Op>
Example example(const Op& op, std::vector<ir::Tensor> inputs) {
  std::vector<ir::Type> types;
  for (const auto& t : inputs) types.push_back(t.type());
  const auto out = infer(op, types);
  if (!out) throw InternalError(to_string(out.error()));
  std::vector<ir::Tensor> expected{ir::Tensor::zeros((*out)[0])};
  reference(op, inputs, expected);
  return {std::move(inputs), std::move(types), std::move(expected[0])};
}

struct OpKernel {
  std::vector<Halide::ImageParam> params;
  std::vector<ir::Tensor> packed;
  std::vector<Halide::Func> outputs;
  std::vector<ir::Type> output_types;
  Stages stages;
  Halide::Pipeline pipeline{};
};

inline void set_bounds(Halide::OutputImageParam p, const ir::Shape& shape) {
  int64_t stride = 1;
  for (int d = 0; d < static_cast<int>(shape.size()); ++d) {
    const int64_t extent = shape[shape.size() - 1 - d];
    p.dim(d).set_bounds(0, static_cast<int>(extent)).set_stride(static_cast<int>(stride));
    stride *= extent;
  }
}

inline Halide::Buffer<float> view(const ir::Tensor& t) {
  std::vector<int> extents;
  for (auto it = t.type().shape.rbegin(); it != t.type().shape.rend(); ++it)
    extents.push_back(static_cast<int>(*it));
  // Halide has no read-only buffers; inputs are not written.
  return Halide::Buffer<float>(const_cast<float*>(t.data<float>().data()), extents);
}

template <class Op>
OpKernel kernel_of(const Op& op, const Anchor& a, std::span<const ir::Tensor> in, const std::string& strategy,
                   bool relu = false) {
  OpKernel k;
  k.stages.strategy = strategy;
  const auto packing = schedules::packing(op, a, strategy);
  std::vector<Halide::Func> funcs;
  for (size_t i = 0; i < in.size(); ++i) {
    ir::Tensor t = packing[i].apply ? packing[i].apply(in[i]) : in[i];
    if (packing[i].apply && !(t.type() == packing[i].type)) throw InternalError("packed type differs");
    Halide::ImageParam p(Halide::Float(32), t.type().rank(), "in" + std::to_string(i));
    set_bounds(p, t.type().shape);
    k.packed.push_back(t);
    k.params.push_back(p);
    Halide::Func f("f" + std::to_string(i));
    f(Halide::_) = p(Halide::_);
    funcs.push_back(f);
  }
  k.stages.inputs = funcs;
  k.stages.anchor = algorithm(op, a, k.stages, funcs);
  std::vector<Halide::Var> args;
  for (int d = 0; d < a.output.rank(); ++d) args.emplace_back("o" + std::to_string(d));
  k.stages.output = Halide::Func("out");
  std::vector<Halide::Expr> at(args.begin(), args.end());
  k.stages.output(args) = relu ? Halide::max(k.stages.anchor(at), 0.0f) : k.stages.anchor(at);
  schedule(op, a, k.stages);
  k.outputs = {k.stages.output};
  k.output_types = {a.output};
  for (size_t i = 0; i < k.stages.scratch.size(); ++i) {
    k.outputs.push_back(k.stages.scratch[i]);
    k.output_types.push_back(k.stages.scratch_types[i]);
  }
  for (size_t i = 0; i < k.outputs.size(); ++i)
    set_bounds(k.outputs[i].output_buffer(), k.output_types[i].shape);
  k.pipeline = Halide::Pipeline(k.outputs);
  reveal_hidden(k.pipeline);
  return k;
}

/// Runs it once; outputs then scratch. Halide's own buffers are aligned as the arena is.
inline std::vector<ir::Tensor> run(OpKernel& k, const Halide::Target& target) {
  for (size_t i = 0; i < k.params.size(); ++i) k.params[i].set(view(k.packed[i]));
  std::vector<Halide::Buffer<>> buffers;
  for (auto& t : k.output_types) {
    std::vector<int> extents;
    for (auto it = t.shape.rbegin(); it != t.shape.rend(); ++it) extents.push_back(static_cast<int>(*it));
    buffers.emplace_back(Halide::Buffer<float>(extents));
  }
  Halide::Realization realization(buffers);
  k.pipeline.realize(realization, target);
  std::vector<ir::Tensor> results;
  for (size_t i = 0; i < buffers.size(); ++i) {
    results.push_back(ir::Tensor::zeros(k.output_types[i]));
    std::memcpy(results[i].mutable_bytes().data(), realization[i].data(), results[i].bytes().size());
  }
  return results;
}

}  // namespace halite::schedules
