// Operators whose result is as long as data decide. https://onnx.ai/onnx/operators/onnx__NonZero.html
#include "frontend/decompose/selection.h"

#include <algorithm>

#include "frontend/onnx/operators.h"

namespace halite::frontend {
namespace {

void check_one(const OnnxCall& call, size_t i, const char* what) {
  if (call.has(i) && call.type(i).elements() != 1)
    reject_invalid(std::string(what) + " is " + ir::to_string(call.type(i)) + "; one number is needed", what);
}

}  // namespace

std::vector<V> import_non_zero(OnnxCall& call) {
  const V x = call.in(0);
  return {non_zero(call.b, call.rank(0) == 0 ? call.b.reshape(x, {1}) : x)};
}

/// The condition may be shorter than the axis: what it says nothing of is left out.
std::vector<V> import_compress(OnnxCall& call) {
  Builder& b = call.b;
  if (call.rank(1) != 1 || call.type(1).dtype != DType::boolean)
    reject_invalid("its condition is " + ir::to_string(call.type(1)) + "; booleans along one axis are needed",
                   "condition");
  const V x = call.has_attribute("axis") ? call.in(0) : b.reshape(call.in(0), {call.type(0).elements()});
  const int64_t axis = normalize_axis(call.integer("axis", 0), b.rank(x));
  const int64_t length = std::min(call.shape(1)[0], b.shape(x)[axis]);
  return {compress(b, x, b.slice(call.in(1), 0, 0, length), axis)};
}

/// Outputs: the different slices, where each is first, which one each slice is, how often each is there.
std::vector<V> import_unique(OnnxCall& call) {
  Builder& b = call.b;
  const bool flat = !call.has_attribute("axis");
  const DType dtype = call.type(0).dtype;
  V x = b.cast(flat ? b.reshape(call.in(0), {call.type(0).elements()}) : call.in(0),
               dtype == DType::boolean ? DType::u8 : dtype);
  const int64_t rank = b.rank(x), axis = normalize_axis(call.integer("axis", 0), rank);
  // The axis first, the others behind it.
  std::vector<int64_t> perm{axis}, back(static_cast<size_t>(rank));
  for (int64_t d = 0; d < rank; ++d)
    if (d != axis) perm.push_back(d);
  for (size_t d = 0; d < perm.size(); ++d) back[perm[d]] = static_cast<int64_t>(d);
  x = b.transpose(x, perm);
  const Shape shape = b.shape(x);
  if (b.type(x).elements() == 0) reject_unsupported("its input has no elements", "X");
  const Unique u =
      unique_rows(b, b.reshape(x, {shape[0], extent_of(shape, 1, rank)}), call.flag("sorted", true));
  Shape to = shape;
  to[0] = b.shape(u.rows)[0];  // less than before where it is known already
  return {b.cast(b.transpose(b.reshape(u.rows, to), back), dtype), u.first, u.inverse, u.counts};
}

/// Boxes [n,b,4], scores [n,c,b], and numbers: most boxes of a class, most overlap, least score.
std::vector<V> import_non_max_suppression(OnnxCall& call) {
  const Shape boxes = call.shape(0), s = call.shape(1);
  const bool reals = call.type(0).dtype == DType::f32 && call.type(1).dtype == DType::f32;
  if (s.size() != 3 || boxes != Shape{s[0], s[2], 4} || !reals)
    reject_invalid("its boxes are " + ir::to_string(call.type(0)) + " and its scores " +
                   ir::to_string(call.type(1)) + ", which do not fit; f32 [n,b,4] and [n,c,b] are needed");
  check_one(call, 2, "max_output_boxes_per_class");
  check_one(call, 3, "iou_threshold");
  check_one(call, 4, "score_threshold");
  Builder& b = call.b;
  const V most = call.has(2) ? call.in(2) : b.scalar(0, DType::i64);
  const Tensor* known = b.constant(most);
  const int64_t bound = known ? std::max<int64_t>(0, static_cast<int64_t>(known->at(0))) : s[2];
  return {non_max_suppression(b, call.in(0), call.in(1),
                              {most, bound, call.has(3) ? call.in(3) : b.scalar(0), call.maybe(4),
                               call.flag("center_point_box", false)})};
}

}  // namespace halite::frontend
