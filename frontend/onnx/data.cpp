// Operators that move data: join, cut, pick, repeat, extend. https://onnx.ai/onnx/operators/onnx__Slice.html
#include <algorithm>

#include "frontend/decompose/decompose.h"
#include "frontend/decompose/movement.h"
#include "frontend/onnx/operators.h"

namespace halite::frontend {
namespace {

/// Sizes of Split's parts: stated, or equal but for a smaller last one.
std::vector<int64_t> parts_of(OnnxCall& call, int64_t extent) {
  if (auto stated = call.integers_from("split", 13, 1)) {
    if (stated->size() != call.output_count())
      reject_invalid("split has " + std::to_string(stated->size()) + " parts, but the node has " +
                         std::to_string(call.output_count()) + " outputs",
                     "split");
    return *stated;
  }
  const auto count = static_cast<int64_t>(call.output_count());
  if (call.integer("num_outputs", count) != count)
    reject_invalid("num_outputs differs from the number of outputs", "num_outputs");
  if (count == 0) reject_invalid("it has no outputs");
  const int64_t part = (extent + count - 1) / count;
  std::vector<int64_t> parts(static_cast<size_t>(count), part);
  parts.back() = extent - part * (count - 1);
  return parts;
}

ir::Pad::Mode read_pad_mode(const OnnxCall& call) {
  const std::string mode = call.text("mode", "constant");
  if (mode == "constant") return ir::Pad::Mode::constant;
  if (mode == "reflect") return ir::Pad::Mode::reflect;
  if (mode == "edge") return ir::Pad::Mode::edge;
  if (mode == "wrap") return ir::Pad::Mode::wrap;
  reject_invalid("mode is '" + mode + "'; constant, reflect, edge and wrap exist", "mode");
}

/// Whether the extent of an axis does not depend on data.
bool is_known(const OnnxCall& call, int64_t axis) {
  return std::ranges::none_of(call.b.extents(call.in(0)), [&](const Extent& e) { return e.axis == axis; });
}

}  // namespace

std::vector<V> import_identity(OnnxCall& call) { return {call.in(0)}; }

/// The input, and a mask of what is kept.
static std::vector<V> dropped_nothing(OnnxCall& call) {
  if (!call.wants(1)) return {call.in(0)};
  const DType mask = call.version < 10 ? call.type(0).dtype : DType::boolean;
  const Shape shape = call.shape(0);  // a copy: the next step may move what it refers to
  return {call.in(0), call.b.broadcast(call.b.scalar(1, mask), shape)};
}

std::vector<V> import_dropout(OnnxCall& call) {
  call.ignore({"ratio", "seed", "consumed_inputs"});
  Builder& b = call.b;
  if (call.version < 7 && !call.flag("is_test", false))
    reject_unsupported("it is in training mode; export the model for inference", "is_test");
  if (call.has(2)) {
    const Tensor* training = b.constant(call.in(2));
    const Tensor* ratio = call.has(1) ? b.constant(call.in(1)) : nullptr;
    const bool drops = !ratio || ratio->type().elements() != 1 || ratio->at(0) != 0;
    if (!drops) return dropped_nothing(call);
    if (!training || training->type().elements() != 1 || training->at(0) != 0)
      reject_unsupported("it is in training mode; export the model for inference", "training_mode");
  }
  return dropped_nothing(call);
}

std::vector<V> import_concat(OnnxCall& call) {
  const auto inputs = call.all();
  const int64_t axis = call.version < 4 ? call.integer("axis", 1) : call.required_integer("axis");
  return {call.b.concat(inputs, normalize_axis(axis, call.rank(0)))};
}

std::vector<V> import_split(OnnxCall& call) {
  const int64_t axis = normalize_axis(call.integer("axis", 0), call.rank(0));
  if (!is_known(call, axis))
    reject_unsupported("the extent of its input along axis " + std::to_string(axis) +
                       " depends on data, and it is split there");
  const int64_t extent = call.shape(0)[axis];
  int64_t first = 0;
  std::vector<V> outputs;
  for (const int64_t part : parts_of(call, extent)) {
    if (part < 0 || part > extent - first)
      reject_invalid("its parts do not add up to the extent " + std::to_string(extent) + " of axis " +
                         std::to_string(axis),
                     "split");
    outputs.push_back(call.b.slice(call.in(0), axis, first, part));
    first += part;
  }
  if (first != extent)
    reject_invalid("its parts add up to " + std::to_string(first) + ", but the extent of axis " +
                       std::to_string(axis) + " is " + std::to_string(extent),
                   "split");
  return outputs;
}

std::vector<V> import_slice(OnnxCall& call) {
  const bool operands = call.version >= 10;
  const auto starts = operands ? call.known_integers(1, "starts") : call.integers("starts").value_or(Axes{});
  const auto ends = operands ? call.known_integers(2, "ends") : call.integers("ends").value_or(Axes{});
  const auto given =
      operands && call.has(3) ? std::optional(call.known_integers(3, "axes")) : call.integers("axes");
  auto steps = operands && call.has(4) ? call.known_integers(4, "steps") : Axes(starts.size(), 1);
  const Axes axes = given.value_or(axis_range(0, static_cast<int64_t>(starts.size())));
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
    reject_invalid("starts, ends, axes and steps have different lengths", "starts");
  normalize_axes(axes, call.rank(0));  // each at most once
  const Shape& s = call.shape(0);
  ir::Slice slice = whole(s);
  for (size_t i = 0; i < axes.size(); ++i) {
    const int64_t axis = normalize_axis(axes[i], call.rank(0));
    if ((starts[i] < 0 || ends[i] < 0) && !is_known(call, axis))
      reject_unsupported("the extent of its input along axis " + std::to_string(axis) +
                             " depends on data, and places there are counted from the end",
                         starts[i] < 0 ? "starts" : "ends");
    cut(slice, axis, s[axis], starts[i], ends[i], steps[i]);
  }
  const bool everything =
      slice.sizes == s && std::all_of(slice.step.begin(), slice.step.end(), [](int64_t k) { return k > 0; });
  return {everything ? call.in(0) : call.b.op(std::move(slice), {call.in(0)})};
}

std::vector<V> import_gather(OnnxCall& call) {
  const int64_t axis = normalize_axis(call.integer("axis", 0), call.rank(0));
  return {call.b.op(ir::Gather{axis}, {call.in(0), call.in(1)})};
}

std::vector<V> import_tile(OnnxCall& call) {
  std::vector<int64_t> repeats;
  if (call.version < 6) {
    // Version 1 repeated a single axis.
    repeats.assign(static_cast<size_t>(call.rank(0)), 1);
    repeats[normalize_axis(call.known_integer(2, "axis"), call.rank(0))] = call.known_integer(1, "tiles");
  } else {
    repeats = call.known_integers(1, "repeats");
  }
  if (static_cast<int64_t>(repeats.size()) != call.rank(0))
    reject_invalid("repeats has " + std::to_string(repeats.size()) + " numbers for a tensor of rank " +
                       std::to_string(call.rank(0)),
                   "repeats");
  for (const int64_t n : repeats)
    if (n < 0 || n > INT32_MAX) reject_invalid("repeats has the number " + std::to_string(n), "repeats");
  return {tile(call.b, call.in(0), repeats)};
}

std::vector<V> import_pad(OnnxCall& call) {
  Builder& b = call.b;
  const int64_t rank = call.rank(0);
  const bool operands = call.version >= 11;
  const auto pads = operands ? call.known_integers(1, "pads")
                             : call.integers(call.version < 2 ? "paddings" : "pads").value_or(Axes{});
  const Axes axes = call.has(3) ? call.known_integers(3, "axes") : axis_range(0, rank);
  if (pads.size() != 2 * axes.size())
    reject_invalid("pads has " + std::to_string(pads.size()) + " numbers, but two for each of " +
                       std::to_string(axes.size()) + " axes are needed",
                   "pads");
  normalize_axes(axes, rank);  // each at most once
  ir::Pad pad{read_pad_mode(call), Axes(static_cast<size_t>(rank), 0), Axes(static_cast<size_t>(rank), 0), 0};
  if (!operands)
    pad.value = call.real("value", 0);
  else if (call.has(2))
    pad.value = call.known_real(2, "constant_value");
  for (size_t i = 0; i < axes.size(); ++i) {
    for (const int64_t n : {pads[i], pads[i + axes.size()]})
      if (n < -INT32_MAX || n > INT32_MAX) reject_invalid("pads has the number " + std::to_string(n), "pads");
    pad.before[normalize_axis(axes[i], rank)] = pads[i];
    pad.after[normalize_axis(axes[i], rank)] = pads[i + axes.size()];
  }
  if (std::all_of(pads.begin(), pads.end(), [](int64_t n) { return n == 0; })) return {call.in(0)};
  return {b.op(std::move(pad), {call.in(0)})};
}

/// The middle of each axis that is too long, and zeros around one that is too short; what is odd at its end.
std::vector<V> import_center_crop_pad(OnnxCall& call) {
  const auto shape = call.known_integers(1, "shape");
  const Axes axes = call.integers("axes").value_or(axis_range(0, call.rank(0)));
  if (axes.size() != shape.size())
    reject_invalid(
        "shape has " + std::to_string(shape.size()) + " numbers for " + std::to_string(axes.size()) + " axes",
        "shape");
  normalize_axes(axes, call.rank(0));  // each at most once
  const auto rank = static_cast<size_t>(call.rank(0));
  ir::Pad pad{ir::Pad::Mode::constant, Axes(rank, 0), Axes(rank, 0)};
  for (size_t i = 0; i < axes.size(); ++i) {
    if (shape[i] < 0 || shape[i] > INT32_MAX)
      reject_invalid("shape has the number " + std::to_string(shape[i]), "shape");
    const int64_t axis = normalize_axis(axes[i], call.rank(0)), more = shape[i] - call.shape(0)[axis];
    const int64_t before = (more < 0 ? -more : more) / 2;
    pad.before[axis] = more < 0 ? -before : before;
    pad.after[axis] = more - pad.before[axis];
  }
  return {call.b.op(pad, {call.in(0)})};
}

}  // namespace halite::frontend
