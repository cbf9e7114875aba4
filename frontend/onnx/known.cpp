// Operators whose result has a shape that depends on data. Where the data is known at compile time the result
// is a constant; otherwise they are refused. https://onnx.ai/onnx/operators/onnx__NonZero.html
#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "frontend/onnx/operators.h"

namespace halite::frontend {
namespace {

constexpr int64_t kMaxElements = 1 << 22;

const Tensor& known(const OnnxCall& call, size_t i, const char* what) {
  const Tensor* value = call.b.constant(call.in(i));
  if (!value)
    reject_unsupported(
        std::string(what) + " is computed at run time, and the shape of the result depends on it", what);
  if (value->type().elements() > kMaxElements)
    reject_unsupported(std::string(what) + " has more than 4194304 elements", what);
  return *value;
}

V constant(Builder& b, const std::vector<int64_t>& values, Shape shape) {
  return b.constant(Tensor::of<int64_t>(values, std::move(shape)));
}

/// Corners of a box, or centre and size, as y1, x1, y2, x2 with y1 <= y2 and x1 <= x2.
std::array<double, 4> corners(const Tensor& boxes, int64_t at, bool centre) {
  std::array<double, 4> v{boxes.at(at), boxes.at(at + 1), boxes.at(at + 2), boxes.at(at + 3)};
  if (centre) return {v[1] - v[3] / 2, v[0] - v[2] / 2, v[1] + v[3] / 2, v[0] + v[2] / 2};
  return {std::min(v[0], v[2]), std::min(v[1], v[3]), std::max(v[0], v[2]), std::max(v[1], v[3])};
}

double overlap(const std::array<double, 4>& a, const std::array<double, 4>& b) {
  const double height = std::min(a[2], b[2]) - std::max(a[0], b[0]);
  const double width = std::min(a[3], b[3]) - std::max(a[1], b[1]);
  if (height <= 0 || width <= 0) return 0;
  const double shared = height * width;
  return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared);
}

}  // namespace

std::vector<V> import_non_zero(OnnxCall& call) {
  const Tensor& x = known(call, 0, "X");
  const Shape shape = x.type().shape.empty() ? Shape{1} : x.type().shape;
  std::vector<std::vector<int64_t>> found(shape.size());
  const auto strides = ir::contiguous_strides(shape);
  for (int64_t i = 0; i < x.type().elements(); ++i)
    if (x.at(i) != 0)
      for (size_t d = 0; d < shape.size(); ++d) found[d].push_back(i / strides[d] % shape[d]);
  std::vector<int64_t> all;
  for (const auto& list : found) all.insert(all.end(), list.begin(), list.end());
  return {constant(call.b, all, {static_cast<int64_t>(shape.size()), static_cast<int64_t>(found[0].size())})};
}

/// The condition must be known, x need not.
std::vector<V> import_compress(OnnxCall& call) {
  Builder& b = call.b;
  const Tensor condition = known(call, 1, "condition");
  const V x = call.has_attribute("axis") ? call.in(0) : b.reshape(call.in(0), {call.type(0).elements()});
  const int64_t axis = normalize_axis(call.integer("axis", 0), b.rank(x));
  std::vector<int64_t> kept;
  for (int64_t i = 0; i < std::min(condition.type().elements(), b.shape(x)[axis]); ++i)
    if (condition.at(i) != 0) kept.push_back(i);
  return {b.op(ir::Gather{axis}, {x, b.integers(kept)})};
}

/// Outputs: the different slices, where each is first, which one each slice is, how often each is there.
std::vector<V> import_unique(OnnxCall& call) {
  Builder& b = call.b;
  const Tensor x = known(call, 0, "X");
  const bool flat = !call.has_attribute("axis");
  const Shape shape = flat ? Shape{x.type().elements()} : x.type().shape;
  const int64_t axis = normalize_axis(call.integer("axis", 0), static_cast<int64_t>(shape.size()));
  const int64_t count = shape[axis], inner = extent_of(shape, axis + 1, static_cast<int64_t>(shape.size()));
  std::vector<std::vector<double>> slices(static_cast<size_t>(count));
  for (int64_t i = 0; i < x.type().elements(); ++i) {
    if (std::fabs(x.at(i)) > 9007199254740992.0 && !ir::is_float(x.type().dtype))
      reject_unsupported("X holds integers beyond 2^53", "X");
    slices[i / inner % count].push_back(x.at(i));
  }
  std::map<std::vector<double>, int64_t> seen;  // in order; to the first place
  std::vector<int64_t> first;
  for (int64_t i = 0; i < count; ++i)
    if (seen.emplace(slices[i], i).second) first.push_back(i);
  if (call.flag("sorted", true)) {
    first.clear();
    for (const auto& [slice, place] : seen) first.push_back(place);
  }
  std::vector<int64_t> rank(static_cast<size_t>(count)), counts(first.size()), inverse;
  for (size_t k = 0; k < first.size(); ++k) rank[first[k]] = static_cast<int64_t>(k);
  for (int64_t i = 0; i < count; ++i) {
    inverse.push_back(rank[seen.at(slices[i])]);
    ++counts[inverse.back()];
  }
  const auto n = static_cast<int64_t>(first.size());
  const V y =
      b.op(ir::Gather{axis}, {b.constant(x.with_type({x.type().dtype, shape, {}})), b.integers(first)});
  return {y, constant(b, first, {n}), constant(b, inverse, {count}), constant(b, counts, {n})};
}

/// Boxes [n,b,4], scores [n,c,b]: for each picture and class the best boxes that do not overlap.
std::vector<V> import_non_max_suppression(OnnxCall& call) {
  const Tensor &boxes = known(call, 0, "boxes"), &scores = known(call, 1, "scores");
  const Shape &s = scores.type().shape, &at = boxes.type().shape;
  if (s.size() != 3 || at != Shape{s[0], s[2], 4})
    reject_invalid("its boxes are " + ir::to_string(boxes.type()) + " and its scores " +
                   ir::to_string(scores.type()) + ", which do not fit");
  const int64_t most = call.has(2) ? call.known_integer(2, "max_output_boxes_per_class") : 0;
  const double shared = call.has(3) ? call.known_real(3, "iou_threshold") : 0;
  const bool centre = call.flag("center_point_box", false);
  std::vector<int64_t> chosen;
  for (int64_t n = 0; n < s[0]; ++n)
    for (int64_t c = 0; c < s[1]; ++c) {
      const auto score = [&](int64_t i) { return scores.at((n * s[1] + c) * s[2] + i); };
      const auto box = [&](int64_t i) { return corners(boxes, (n * s[2] + i) * 4, centre); };
      std::vector<int64_t> order, kept;
      for (int64_t i = 0; i < s[2]; ++i)
        if (!call.has(4) || score(i) > call.known_real(4, "score_threshold")) order.push_back(i);
      std::ranges::sort(
          order, [&](int64_t i, int64_t k) { return std::pair(-score(i), i) < std::pair(-score(k), k); });
      for (const int64_t i : order) {
        if (static_cast<int64_t>(kept.size()) >= most) break;
        if (std::ranges::none_of(kept, [&](int64_t k) { return overlap(box(i), box(k)) > shared; }))
          kept.push_back(i);
      }
      for (const int64_t i : kept) chosen.insert(chosen.end(), {n, c, i});
    }
  return {constant(call.b, chosen, {static_cast<int64_t>(chosen.size() / 3), 3})};
}

}  // namespace halite::frontend
