// Conv and ConvTranspose. ONNX is channel first; the IR's operators are channel last, so transposes are put
// around them (a pass cancels those of neighbours), and constant weights are transposed here.
// https://onnx.ai/onnx/operators/onnx__Conv.html https://onnx.ai/onnx/operators/onnx__ConvTranspose.html
#include "frontend/decompose/volume.h"
#include "frontend/onnx/operators.h"
#include "frontend/onnx/window.h"

namespace halite::frontend {
namespace {

void check_weights(const OnnxCall& call) {
  if (call.rank(1) != call.rank(0))
    reject_invalid("its weights are " + ir::to_string(call.type(1)) + ", but its input is " +
                   ir::to_string(call.type(0)) + "; the ranks must be equal");
  const auto stated = call.integers("kernel_shape");
  const Shape& w = call.shape(1);
  if (stated && !stated->empty() && *stated != std::vector<int64_t>(w.begin() + 2, w.end()))
    reject_invalid("kernel_shape does not agree with the weights " + ir::to_string(call.type(1)),
                   "kernel_shape");
}

int64_t read_groups(const OnnxCall& call) {
  const int64_t groups = call.integer("group", 1);
  if (groups < 1 || groups > call.shape(0)[1] || call.shape(0)[1] % groups != 0)
    reject_invalid("group is " + std::to_string(groups) + ", which does not divide the " +
                       std::to_string(call.shape(0)[1]) + " input channels",
                   "group");
  return groups;
}

std::vector<V> with_bias(const OnnxCall& call, V x, V w) {
  std::vector<V> inputs{x, w};
  if (call.has(2)) inputs.push_back(call.in(2));
  return inputs;
}

/// Padding of a transposed convolution from the output's extent. What is odd goes to the side that auto_pad
/// names.
void pad_to_output(Window& w, int axis, int64_t output, int64_t output_pad, bool more_at_end) {
  const int64_t total = w.stride[axis] * (w.input[axis] - 1) + output_pad + w.span(axis) - output;
  const int64_t less = total < 0 ? 0 : total / 2;
  w.pad[axis] = more_at_end || total < 0 ? less : total - less;
  w.pad[axis + 2] = total - w.pad[axis];
}

}  // namespace

V convolve(OnnxCall& call, int64_t x_zero, int64_t w_zero, const std::function<V(V)>& finish) {
  Builder& b = call.b;
  spatial_rank(call);
  check_weights(call);
  const Window w = read_window(call, kernel_of(call.shape(1)));
  const ir::Conv2d conv{w.stride, w.dilation, w.pad, read_groups(call), x_zero, w_zero};
  const V y = b.op(conv, with_bias(call, b.channels_last(call.in(0)), b.channels_last(call.in(1))));
  return b.channels_first(finish ? finish(y) : y, call.rank(0));
}

std::vector<V> import_conv(OnnxCall& call) {
  if (call.rank(0) != 5) return {convolve(call)};
  check_weights(call);
  const Shape& k = call.shape(1);
  const VolumeWindows w = read_volume_windows(call, {k[2], k[3], k[4]});
  return {conv3d(call.b, call.in(0), call.in(1), call.maybe(2), w.depth, w.plane, read_groups(call))};
}

/// Three spatial axes: padding is explicit.
static std::vector<V> conv_transpose_volume(OnnxCall& call) {
  check_weights(call);
  const int64_t groups = read_groups(call);
  const Shape& k = call.shape(1);
  if (k[0] != call.shape(0)[1])
    reject_invalid("its weights " + ir::to_string(call.type(1)) + " do not fit the " +
                   std::to_string(call.shape(0)[1]) + " input channels");
  const auto stated = call.integers("output_shape");
  if ((stated && !stated->empty()) || call.text("auto_pad", "NOTSET").starts_with("SAME"))
    reject_unsupported("with 3 spatial axes the padding must be explicit", "output_shape");
  const VolumeWindows w = read_volume_windows(call, {k[2], k[3], k[4]});
  const auto output_pad = read_list(call, "output_padding", 3, 0, 0);
  return {conv_transpose3d(call.b, call.in(0), call.in(1), call.maybe(2), w.depth, w.plane,
                           {output_pad[0], output_pad[1], output_pad[2]}, groups)};
}

std::vector<V> import_conv_transpose(OnnxCall& call) {
  if (call.rank(0) == 5) return conv_transpose_volume(call);
  Builder& b = call.b;
  const int64_t spatial = spatial_rank(call);
  check_weights(call);
  const int64_t groups = read_groups(call);
  Window w = read_plain_window(call, kernel_of(call.shape(1)));
  const Pair output_pad = read_pair(call, "output_padding", 0, 0);
  const std::string mode = call.text("auto_pad", "NOTSET");
  const bool same = mode == "SAME_UPPER" || mode == "SAME_LOWER";
  if (mode == "VALID") w.pad = {0, 0, 0, 0};
  const auto stated = call.integers("output_shape");
  if (same || (stated && !stated->empty())) {
    Pair output{w.input[0] * w.stride[0], w.input[1] * w.stride[1]};
    if (stated && !stated->empty()) output = read_pair(call, "output_shape", 1, 1);
    for (int axis = 2 - static_cast<int>(spatial); axis < 2; ++axis)
      pad_to_output(w, axis, output[axis], output_pad[axis], mode == "SAME_UPPER");
  }
  // [c, m, kh, kw] with m output channels a group -> [groups*m, kh, kw, c/groups]
  V weights = call.in(1);
  if (spatial == 1) weights = b.unsqueeze(weights, {2});
  const Shape s = b.shape(weights);
  if (s[0] != call.shape(0)[1])
    reject_invalid("its weights " + ir::to_string(call.type(1)) + " do not fit the " +
                   std::to_string(call.shape(0)[1]) + " input channels");
  const ir::ConvTranspose2d conv{w.stride, w.dilation, w.pad, output_pad, groups};
  const V y =
      b.op(conv, with_bias(call, b.channels_last(call.in(0)), transposed_weights(b, weights, groups)));
  return {b.channels_first(y, call.rank(0))};
}

}  // namespace halite::frontend
