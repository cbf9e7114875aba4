// See window.h. The arithmetic is that of the specification of Conv and MaxPool:
// https://onnx.ai/onnx/operators/onnx__MaxPool.html
#include "frontend/onnx/window.h"

#include <algorithm>

namespace halite::frontend {
namespace {

/// Far beyond any network, and products of two stay in range.
constexpr int64_t kMaxParameter = 1 << 30;

/// The padding that makes the rounded-down extent the rounded-up one. A last window that would see nothing
/// but the padding at the end does not count.
void round_up(Window& w, int axis) {
  const int64_t room = w.input[axis] + w.pad[axis] + w.pad[axis + 2] - w.span(axis);
  if (room < 0) return;
  int64_t out = (room + w.stride[axis] - 1) / w.stride[axis] + 1;
  if ((out - 1) * w.stride[axis] >= w.input[axis] + w.pad[axis]) --out;
  w.excess[axis] = std::max<int64_t>(0, (out - 1) * w.stride[axis] - room);
  w.pad[axis + 2] += w.excess[axis];
}

}  // namespace

std::vector<int64_t> read_list(const OnnxCall& call, const char* name, size_t count, int64_t least,
                               int64_t otherwise) {
  auto list = call.integers(name).value_or(std::vector<int64_t>(count, otherwise));
  if (list.empty()) list.assign(count, otherwise);
  if (list.size() != count)
    reject_invalid(std::string(name) + " has " + std::to_string(list.size()) + " numbers, but " +
                       std::to_string(count) + " are needed",
                   name);
  for (const int64_t n : list)
    if (n < least || n > kMaxParameter)
      reject_invalid(std::string(name) + " has the number " + std::to_string(n) + ", which is out of range",
                     name);
  return list;
}

int64_t spatial_rank(const OnnxCall& call) {
  const int64_t rank = call.rank(0);
  if (rank < 3)
    reject_invalid("its input " + ir::to_string(call.type(0)) +
                   " has no spatial axes; rank 3 or 4 is needed");
  if (rank > 4)
    reject_unsupported("its input has " + std::to_string(rank - 2) +
                       " spatial axes; 1 and 2 are supported, and 3 by some operators");
  return rank - 2;
}

Pair read_pair(const OnnxCall& call, const char* name, int64_t least, int64_t otherwise) {
  const auto list = read_list(call, name, static_cast<size_t>(spatial_rank(call)), least, otherwise);
  // The added axis of a 1-D operator has kernel, stride and dilation 1, and no padding.
  return list.size() == 1 ? Pair{std::min<int64_t>(otherwise, 1), list[0]} : Pair{list[0], list[1]};
}

Window read_plain_window(const OnnxCall& call, Pair kernel) {
  const int64_t spatial = spatial_rank(call);
  Window w;
  w.kernel = kernel;
  const Shape& shape = call.shape(0);
  w.input = {spatial == 1 ? 1 : shape[2], shape.back()};
  w.stride = read_pair(call, "strides", 1, 1);
  w.dilation = read_pair(call, "dilations", 1, 1);
  const auto pads = read_list(call, "pads", static_cast<size_t>(2 * spatial), 0, 0);
  w.pad = spatial == 1 ? std::array<int64_t, 4>{0, pads[0], 0, pads[1]}
                       : std::array<int64_t, 4>{pads[0], pads[1], pads[2], pads[3]};
  return w;
}

/// The padding that auto_pad asks for instead of the stated one.
static void resolve_padding(const OnnxCall& call, Window& w, bool ceil_mode) {
  const std::string mode = call.text("auto_pad", "NOTSET");
  if (mode == "VALID") w.pad = {0, 0, 0, 0};
  for (int axis = 0; axis < 2; ++axis) {
    if (mode == "SAME_UPPER" || mode == "SAME_LOWER")
      w.pad_same(axis, mode == "SAME_UPPER");
    else if (ceil_mode)
      round_up(w, axis);
  }
  if (mode != "NOTSET" && mode != "" && mode != "VALID" && mode != "SAME_UPPER" && mode != "SAME_LOWER")
    reject_invalid("auto_pad is '" + mode + "'; NOTSET, VALID, SAME_UPPER and SAME_LOWER exist", "auto_pad");
}

Window read_window(const OnnxCall& call, Pair kernel, bool ceil_mode) {
  Window w = read_plain_window(call, kernel);
  resolve_padding(call, w, ceil_mode);
  return w;
}

VolumeWindows read_volume_windows(const OnnxCall& call, const Shape& kernel, bool ceil_mode) {
  const auto stride = read_list(call, "strides", 3, 1, 1), dilation = read_list(call, "dilations", 3, 1, 1);
  const auto pads = read_list(call, "pads", 6, 0, 0);
  const Shape& s = call.shape(0);
  VolumeWindows w;
  w.depth = {{s[2], 1}, {kernel[0], 1}, {stride[0], 1}, {dilation[0], 1}, {pads[0], 0, pads[3], 0}};
  w.plane = {{s[3], s[4]},
             {kernel[1], kernel[2]},
             {stride[1], stride[2]},
             {dilation[1], dilation[2]},
             {pads[1], pads[2], pads[4], pads[5]}};
  resolve_padding(call, w.depth, ceil_mode);
  resolve_padding(call, w.plane, ceil_mode);
  return w;
}

Pair kernel_of(const Shape& weights) {
  const size_t r = weights.size();
  return {r == 4 ? weights[2] : 1, weights[r - 1]};
}

}  // namespace halite::frontend
