// Operators that change or ask for a shape, and those that only reorder elements. Shapes are static, so the
// answers are constants, but for extents that data decide. https://onnx.ai/onnx/operators/onnx__Reshape.html
#include <algorithm>

#include "frontend/decompose/decompose.h"
#include "frontend/decompose/movement.h"
#include "frontend/onnx/operators.h"

namespace halite::frontend {
std::vector<V> import_reshape(OnnxCall& call) {
  call.ignore({"consumed_inputs"});
  const auto to = call.integers_from("shape", 5, 1);
  if (!to) reject_invalid("the operand 'shape' is missing", "shape");
  return {call.b.reshape(call.in(0), resolve_shape(call.type(0), *to, !call.flag("allowzero", false)))};
}

std::vector<V> import_flatten(OnnxCall& call) {
  const Shape& s = call.shape(0);
  const int64_t rank = call.rank(0);
  int64_t axis = call.integer("axis", 1);
  if (axis != rank) axis = normalize_axis(axis, rank);  // here the end is a place to cut, too
  return {call.b.reshape(call.in(0), {extent_of(s, 0, axis), extent_of(s, axis, rank)})};
}

std::vector<V> import_squeeze(OnnxCall& call) {
  auto axes = call.integers_from("axes", 13, 1);
  const Shape& s = call.shape(0);
  if (!axes) {
    axes.emplace();
    for (size_t i = 0; i < s.size(); ++i)
      if (s[i] == 1) axes->push_back(static_cast<int64_t>(i));
  }
  const Axes normal = normalize_axes(*axes, call.rank(0));
  for (const int64_t a : normal)
    if (s[a] != 1)
      reject_invalid("it removes axis " + std::to_string(a) + " of " + ir::to_string(call.type(0)) +
                         ", whose extent is not 1",
                     "axes");
  return {call.b.squeeze(call.in(0), normal)};
}

std::vector<V> import_unsqueeze(OnnxCall& call) {
  const auto axes = call.integers_from("axes", 13, 1);
  if (!axes) reject_invalid("axes are missing", "axes");
  const int64_t rank = call.rank(0) + static_cast<int64_t>(axes->size());
  return {call.b.unsqueeze(call.in(0), normalize_axes(*axes, rank))};
}

std::vector<V> import_transpose(OnnxCall& call) {
  std::vector<int64_t> perm = axis_range(0, call.rank(0));
  std::reverse(perm.begin(), perm.end());
  if (const auto given = call.integers("perm")) {
    if (normalize_axes(*given, call.rank(0), "perm") != axis_range(0, call.rank(0)))
      reject_invalid("perm is not a permutation of the axes of " + ir::to_string(call.type(0)), "perm");
    for (size_t i = 0; i < perm.size(); ++i) perm[i] = normalize_axis((*given)[i], call.rank(0), "perm");
  }
  return {call.b.transpose(call.in(0), perm)};
}

std::vector<V> import_expand(OnnxCall& call) {
  const Shape asked = call.known_integers(1, "shape");
  const auto to = ir::broadcast(call.shape(0), asked);
  if (!to)
    reject_invalid(
        "the input " + ir::to_string(call.type(0)) + " cannot be expanded to " + ir::to_string(asked),
        "shape");
  return {call.b.broadcast(call.in(0), *to)};
}

std::vector<V> import_shape(OnnxCall& call) {
  const Shape s = call.shape(0);
  const auto place = [&](const char* name, int64_t otherwise) {
    const int64_t at = call.integer(name, otherwise);
    return std::clamp<int64_t>(at < 0 ? at + call.rank(0) : at, 0, call.rank(0));
  };
  const int64_t start = place("start", 0), end = std::max(start, place("end", call.rank(0)));
  Builder& b = call.b;
  const V x = call.in(0);
  if (b.extents(x).empty() || start == end)
    return {b.integers(std::span(s).subspan(static_cast<size_t>(start), static_cast<size_t>(end - start)))};
  std::vector<V> extents;
  for (int64_t axis = start; axis < end; ++axis) extents.push_back(b.reshape(b.extent(x, axis), {1}));
  return {b.concat(extents, 0)};
}

std::vector<V> import_size(OnnxCall& call) {
  V size = call.b.scalar(1, DType::i64);
  for (int64_t axis = 0; axis < call.rank(0); ++axis)
    size = call.b.mul(size, call.b.extent(call.in(0), axis));
  return {size};
}

std::vector<V> import_depth_to_space(OnnxCall& call) {
  const int64_t block = call.required_integer("blocksize");
  const std::string mode = call.text("mode", "DCR");
  if (mode != "DCR" && mode != "CRD") reject_invalid("mode is '" + mode + "'; DCR and CRD exist", "mode");
  if (call.rank(0) != 4 || block < 1 || block > 4096 || call.shape(0)[1] % (block * block) != 0)
    reject_invalid("a block of " + std::to_string(block) + " does not divide the channels of " +
                       ir::to_string(call.type(0)),
                   "blocksize");
  return {depth_to_space(call.b, call.in(0), block, mode == "DCR")};
}

std::vector<V> import_space_to_depth(OnnxCall& call) {
  const int64_t block = call.required_integer("blocksize");
  if (call.rank(0) != 4 || block < 1 || block > 4096 || call.shape(0)[2] % block != 0 ||
      call.shape(0)[3] % block != 0)
    reject_invalid("a block of " + std::to_string(block) + " does not divide the picture of " +
                       ir::to_string(call.type(0)),
                   "blocksize");
  return {space_to_depth(call.b, call.in(0), block)};
}

}  // namespace halite::frontend
