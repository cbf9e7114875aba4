// Operators that join, cut and pick.
#include <algorithm>
#include <utility>

#include "frontend/decompose/indexing.h"
#include "frontend/decompose/movement.h"
#include "frontend/tflite/operators.h"

namespace halite::frontend {
namespace {

constexpr int64_t kEverything = INT64_MAX, kBeforeAll = INT64_MIN, kFar = int64_t{1} << 40;

/// Parts of x along one axis.
std::vector<V> cut_up(TfliteCall& call, V x, int64_t axis, const std::vector<int64_t>& parts) {
  const int64_t extent = call.b.shape(x)[axis];
  int64_t first = 0;
  std::vector<V> outputs;
  for (const int64_t part : parts) {
    if (part < 0 || part > extent - first)
      reject_invalid("its parts do not add up to the extent " + std::to_string(extent), "size_splits");
    outputs.push_back(call.b.slice(x, axis, first, part));
    first += part;
  }
  if (first != extent)
    reject_invalid(
        "its parts add up to " + std::to_string(first) + ", but the extent is " + std::to_string(extent),
        "size_splits");
  return outputs;
}

/// Indices as a type that gather takes.
V indices_of(const TfliteCall& call, size_t i) {
  const DType dtype = call.type(i).dtype;
  if (ir::is_float(dtype) || dtype == DType::boolean)
    reject_invalid("its indices must be integers", "indices");
  return dtype == DType::i32 || dtype == DType::i64 ? call.in(i) : call.b.cast(call.in(i), DType::i32);
}

}  // namespace

std::vector<V> import_tflite_concatenation(TfliteCall& call) {
  const auto& options = call.options<tflite::ConcatenationOptions>();
  const auto inputs = call.all();
  const int64_t axis = normalize_axis(options.axis(), call.rank(0));
  if (call.computes_quantized()) {
    std::vector<Quantized> parts;
    for (size_t i = 0; i < inputs.size(); ++i) parts.push_back(call.quantized(i));
    return {quantized::concat(call.b, std::move(parts), axis, call.output(0, options.activation()))};
  }
  const V y = call.b.concat(inputs, axis);
  return {call.activate(y, options.activation())};
}

std::vector<V> import_tflite_pack(TfliteCall& call) {
  auto inputs = call.all();
  const int64_t axis = normalize_axis(call.options<tflite::PackOptions>().axis(), call.rank(0) + 1);
  for (V& x : inputs) {
    if (call.b.shape(x) != call.shape(0)) reject_invalid("its inputs have different shapes");
    x = call.b.unsqueeze(x, {axis});
  }
  return {call.b.concat(inputs, axis)};
}

std::vector<V> import_tflite_unpack(TfliteCall& call) {
  const int64_t axis = normalize_axis(call.options<tflite::UnpackOptions>().axis(), call.rank(0));
  const auto count = static_cast<int64_t>(call.output_count());
  if (call.shape(0)[axis] != count)
    reject_invalid("it has " + std::to_string(count) + " outputs, but axis " + std::to_string(axis) + " of " +
                   ir::to_string(call.type(0)));
  std::vector<V> outputs;
  for (int64_t i = 0; i < count; ++i)
    outputs.push_back(call.b.squeeze(call.b.slice(call.in(0), axis, i, 1), {axis}));
  return outputs;
}

/// Operands: axis, x.
std::vector<V> import_tflite_split(TfliteCall& call) {
  const int64_t axis = normalize_axis(call.known_integer(0, "axis"), call.rank(1));
  const auto count = static_cast<int64_t>(call.output_count());
  const int64_t extent = call.shape(1)[axis];
  if (count == 0 || extent % count != 0)
    reject_invalid("it cuts " + std::to_string(extent) + " elements into " + std::to_string(count) +
                   " parts");
  return cut_up(call, call.in(1), axis, std::vector<int64_t>(static_cast<size_t>(count), extent / count));
}

/// Operands: x, sizes, axis. One size may be -1: what is left over.
std::vector<V> import_tflite_split_v(TfliteCall& call) {
  const int64_t axis = normalize_axis(call.known_integer(2, "axis"), call.rank(0));
  auto parts = call.known_integers(1, "size_splits");
  int64_t rest = call.shape(0)[axis];
  for (const int64_t part : parts) rest -= part < 0 || part > INT32_MAX ? 0 : part;
  for (auto& part : parts)
    if (part == -1) part = std::exchange(rest, -1);
  return cut_up(call, call.in(0), axis, parts);
}

std::vector<V> import_tflite_slice(TfliteCall& call) {
  const auto begin = call.known_integers(1, "begin"), size = call.known_integers(2, "size");
  const Shape s = call.shape(0);
  if (begin.size() != s.size() || size.size() != s.size())
    reject_invalid("begin and size do not fit the input " + ir::to_string(call.type(0)), "begin");
  V y = call.in(0);
  for (size_t i = 0; i < s.size(); ++i) {
    const int64_t room = begin[i] < 0 ? -1 : s[i] - begin[i], count = size[i] == -1 ? room : size[i];
    if (room < 0 || count < 0 || count > room)
      reject_invalid("it takes " + std::to_string(size[i]) + " elements from " + std::to_string(begin[i]) +
                         " on of axis " + std::to_string(i) + " of " + ir::to_string(call.type(0)),
                     "size");
    y = call.b.slice(y, static_cast<int64_t>(i), begin[i], count);
  }
  return {y};
}

/// x[begin:end:stride, ...] with NumPy's ellipsis, new axes and single indices in masks, bit i for entry i.
std::vector<V> import_tflite_strided_slice(TfliteCall& call) {
  const auto& options = call.options<tflite::StridedSliceOptions>();
  const auto begin = call.known_integers(1, "begin"), end = call.known_integers(2, "end");
  const auto strides = call.known_integers(3, "strides");
  if (begin.size() > 31 || end.size() != begin.size() || strides.size() != begin.size())
    reject_invalid("begin, end and strides have different lengths", "begin");
  const auto bit = [](int mask, size_t i) { return (static_cast<uint32_t>(mask) >> i & 1) != 0; };
  int64_t entries = 0;  // that stand for an axis of x each
  for (size_t i = 0; i < begin.size(); ++i)
    entries += !bit(options.ellipsis_mask(), i) && !bit(options.new_axis_mask(), i);
  const Shape s = call.shape(0);
  const int64_t covered = call.rank(0) - entries;  // by an ellipsis
  if (covered < 0)
    reject_invalid("it has more entries than its input " + ir::to_string(call.type(0)) + " has axes");

  ir::Slice slice = whole(s);
  Shape to;
  int64_t axis = 0;
  for (size_t i = 0; i < begin.size(); ++i) {
    if (bit(options.ellipsis_mask(), i)) {
      for (int64_t k = 0; k < covered && axis < call.rank(0); ++k) to.push_back(s[axis++]);
    } else if (bit(options.new_axis_mask(), i)) {
      to.push_back(1);
    } else if (axis < call.rank(0)) {
      const bool shrink = bit(options.shrink_axis_mask(), i), down = strides[i] < 0;
      int64_t first = bit(options.begin_mask(), i) ? (down ? kEverything : 0) : begin[i];
      int64_t last = bit(options.end_mask(), i) ? (down ? kBeforeAll : kEverything) : end[i];
      if (options.offset() && !bit(options.end_mask(), i))
        last = std::clamp<int64_t>(begin[i], -kFar, kFar) + std::clamp<int64_t>(end[i], -kFar, kFar);
      if (shrink) {
        first = first < 0 ? first + s[axis] : first;
        if (first < 0 || first >= s[axis])
          reject_invalid("it takes element " + std::to_string(begin[i]) + " of axis " + std::to_string(axis) +
                             " of " + ir::to_string(call.type(0)),
                         "begin");
        last = first + 1;
      }
      cut(slice, axis, s[axis], first, last, shrink ? 1 : strides[i]);
      if (!shrink) to.push_back(slice.sizes[axis]);
      ++axis;
    }
  }
  for (; axis < call.rank(0); ++axis) to.push_back(s[axis]);
  const bool everything = slice == whole(s);
  return {call.b.reshape(everything ? call.in(0) : call.b.op(slice, {call.in(0)}), to)};
}

/// The first batch_dims axes of x and indices run in parallel.
std::vector<V> import_tflite_gather(TfliteCall& call) {
  Builder& b = call.b;
  const auto* options = call.maybe_options<tflite::GatherOptions>();
  const int64_t axis = normalize_axis(options ? options->axis() : 0, call.rank(0));
  V indices = indices_of(call, 1);
  int64_t batch = options ? options->batch_dims() : 0;
  if (batch < 0) batch += b.rank(indices);
  if (batch == 0) return {b.op(ir::Gather{axis}, {call.in(0), indices})};
  const Shape s = call.shape(0), at = b.shape(indices);
  if (batch < 0 || batch > axis || batch > b.rank(indices) ||
      !std::equal(s.begin(), s.begin() + batch, at.begin()))
    reject_invalid("batch_dims is " + std::to_string(batch) + ", which does not fit its operands",
                   "batch_dims");
  // x [batch, outer, axis, inner] -> [batch * axis, outer, inner]; each index moves to the part of its batch.
  const int64_t count = extent_of(s, 0, batch);
  const int64_t outer = extent_of(s, batch, axis), inner = extent_of(s, axis + 1, call.rank(0));
  const int64_t picks = extent_of(at, batch, b.rank(indices));
  V x = b.transpose(b.reshape(call.in(0), {count, outer, s[axis], inner}), {0, 2, 1, 3});
  x = b.reshape(x, {extent_of({count, s[axis]}, 0, 2), outer, inner});
  const V starts = b.mul(b.reshape(b.iota(count), {count, 1}), static_cast<double>(s[axis]));
  indices = b.add(b.cast(b.reshape(indices, {count, picks}), DType::i64), starts);
  const V y = b.transpose(b.op(ir::Gather{0}, {x, indices}), {0, 2, 1, 3});  // [batch, outer, picks, inner]
  Shape to(s.begin(), s.begin() + axis);
  to.insert(to.end(), at.begin() + batch, at.end());
  to.insert(to.end(), s.begin() + axis + 1, s.end());
  return {b.reshape(y, to)};
}

/// The last axis of indices names a place in the first axes of x.
std::vector<V> import_tflite_gather_nd(TfliteCall& call) {
  Builder& b = call.b;
  const Shape s = call.shape(0), at = call.shape(1);
  const int64_t depth = at.empty() ? 0 : at.back();
  if (depth < 1 || depth > call.rank(0))
    reject_invalid("its indices are " + ir::to_string(call.type(1)) + ", which does not fit the input " +
                       ir::to_string(call.type(0)),
                   "indices");
  return {gather_nd(b, call.in(0), call.in(1), 0)};
}

/// Operands: indices, table.
std::vector<V> import_tflite_embedding_lookup(TfliteCall& call) {
  const bool convert = call.is_quantized(1) && call.output_dtype(0) == DType::f32;
  return {call.b.op(ir::Gather{0}, {convert ? call.real(1) : call.in(1), indices_of(call, 0)})};
}

std::vector<V> import_tflite_one_hot(TfliteCall& call) {
  Builder& b = call.b;
  const int64_t depth = call.known_integer(1, "depth");
  if (depth < 0 || depth > INT32_MAX) reject_invalid("depth is " + std::to_string(depth), "depth");
  const int64_t axis = normalize_axis(call.options<tflite::OneHotOptions>().axis(), call.rank(0) + 1);
  const V indices = b.cast(indices_of(call, 0), DType::i64);
  return {one_hot(b, indices, depth, axis, b.reshape(call.in(2), {}), b.reshape(call.in(3), {}))};
}

/// Operands: x, update, where it begins; it is moved to lie inside x.
std::vector<V> import_tflite_dynamic_update_slice(TfliteCall& call) {
  Builder& b = call.b;
  const auto begin = call.known_integers(2, "start_indices");
  const Shape s = call.shape(0), part = call.shape(1);
  if (begin.size() != s.size() || part.size() != s.size())
    reject_invalid("its operands have different ranks");
  const std::function<V(V, int64_t)> update = [&](V x, int64_t axis) {
    if (axis == static_cast<int64_t>(s.size())) return call.in(1);
    if (part[axis] > s[axis])
      reject_invalid("the update " + ir::to_string(call.type(1)) + " is larger than its input");
    if (part[axis] == s[axis]) return update(x, axis + 1);
    const int64_t first = std::clamp<int64_t>(begin[axis], 0, s[axis] - part[axis]),
                  last = first + part[axis];
    std::vector<V> parts;
    if (first > 0) parts.push_back(b.slice(x, axis, 0, first));
    parts.push_back(update(b.slice(x, axis, first, part[axis]), axis + 1));
    if (last < s[axis]) parts.push_back(b.slice(x, axis, last, s[axis] - last));
    return b.concat(parts, axis);
  };
  return {update(call.in(0), 0)};
}

}  // namespace halite::frontend
