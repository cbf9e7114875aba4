// The one list of operators. Everything that treats operators by kind uses std::visit over this variant, so a
// missing case does not compile. An operator is a plain struct (ir/ops/*.h) with
//   static constexpr std::string_view kName          its name in text form
//   static void fields(self, visit)                  visit("field", self.field) for each attribute, in order
// and two free functions beside it
//   Result<Types> infer(const Op&, std::span<const Type> inputs)      output types; verifies attributes and
//   inputs void reference(const Op&, std::span<const Tensor> in, std::span<Tensor> out)   naive, obviously
//   right
// `reference` is called with outputs already allocated (zeroed) to the inferred types.
// Two operators hold graphs (ops/region.h) and may have any number of outputs; all others have one.
#pragma once

#include <algorithm>
#include <span>
#include <variant>

#include "ir/ops/arg_reduce.h"
#include "ir/ops/branch.h"
#include "ir/ops/broadcast.h"
#include "ir/ops/cast.h"
#include "ir/ops/concat.h"
#include "ir/ops/conv2d.h"
#include "ir/ops/conv_transpose2d.h"
#include "ir/ops/dequantize.h"
#include "ir/ops/elementwise.h"
#include "ir/ops/gather.h"
#include "ir/ops/loop.h"
#include "ir/ops/matmul.h"
#include "ir/ops/pad.h"
#include "ir/ops/pool2d.h"
#include "ir/ops/quantize.h"
#include "ir/ops/reduce.h"
#include "ir/ops/requantize.h"
#include "ir/ops/reshape.h"
#include "ir/ops/resize.h"
#include "ir/ops/slice.h"
#include "ir/ops/softmax.h"
#include "ir/ops/transpose.h"

namespace halite::ir {

using Op = std::variant<ArgReduce, Branch, Broadcast, Cast, Concat, Conv2d, ConvTranspose2d, Dequantize,
                        Elementwise, Gather, Loop, MatMul, Pad, Pool2d, Quantize, Reduce, Requantize, Reshape,
                        Resize, Slice, Softmax, Transpose>;

inline std::string_view name_of(const Op& op) {
  return std::visit([](const auto& o) { return std::decay_t<decltype(o)>::kName; }, op);
}
inline Result<Types> infer(const Op& op, std::span<const Type> in) {
  return std::visit([&](const auto& o) { return infer(o, in); }, op);
}
inline void reference(const Op& op, std::span<const Tensor> in, std::span<Tensor> out) {
  // The other axes of an empty tensor may be as long as a hostile model likes.
  if (std::ranges::all_of(out, [](const Tensor& t) { return t.type().elements() == 0; })) return;
  std::visit([&](const auto& o) { reference(o, in, out); }, op);
}

/// The graphs that an operator holds.
inline std::vector<Region*> regions_of(Op& op) {
  if (auto* branch = std::get_if<Branch>(&op)) return {&branch->yes, &branch->no};
  if (auto* loop = std::get_if<Loop>(&op)) return {&loop->body};
  return {};
}
inline bool has_regions(const Op& op) {
  return std::holds_alternative<Branch>(op) || std::holds_alternative<Loop>(op);
}

}  // namespace halite::ir
