// Convolutions. Pictures are channel last and weights [oc,kh,kw,ic], as in the IR; depthwise weights
// [1,kh,kw,oc] are transposed here.
#include "frontend/tflite/operators.h"
#include "frontend/window.h"

namespace halite::frontend {
namespace {

constexpr int64_t kMaxParameter = 1 << 24;

int64_t positive(int64_t value, const char* what) {
  if (value < 1 || value > kMaxParameter)
    reject_invalid(std::string(what) + " is " + std::to_string(value) + ", which is out of range", what);
  return value;
}

void expect_rank(const TfliteCall& call, size_t i, int64_t rank) {
  if (call.rank(i) != rank)
    reject_invalid("input " + std::to_string(i) + " is " + ir::to_string(call.type(i)) + "; rank " +
                   std::to_string(rank) + " is needed");
}

/// `options` are those of CONV_2D or DEPTHWISE_CONV_2D.
template <class Options>
Window read_window(const TfliteCall& call, const Options& options) {
  expect_rank(call, 0, 4);
  expect_rank(call, 1, 4);
  Window w;
  w.input = {call.shape(0)[1], call.shape(0)[2]};
  w.kernel = {call.shape(1)[1], call.shape(1)[2]};
  w.stride = {positive(options.stride_h(), "stride_h"), positive(options.stride_w(), "stride_w")};
  w.dilation = {positive(options.dilation_h(), "dilation_h"), positive(options.dilation_w(), "dilation_w")};
  if (options.padding() == tflite::Padding::SAME) w.pad_same(0), w.pad_same(1);
  return w;
}

std::vector<V> with_bias(const TfliteCall& call, V x, V w, size_t bias) {
  std::vector<V> inputs{x, w};
  if (call.has(bias)) inputs.push_back(call.real(bias));
  return inputs;
}

int64_t groups_of(int64_t channels, int64_t weights) {
  if (weights < 1 || channels < weights || channels % weights != 0)
    reject_invalid("weights for " + std::to_string(weights) + " channels do not divide the input's " +
                   std::to_string(channels));
  return channels / weights;
}

}  // namespace

std::vector<V> import_tflite_conv_2d(TfliteCall& call) {
  const auto& options = call.options<tflite::Conv2DOptions>();
  const Window w = read_window(call, options);
  const int64_t groups = groups_of(call.shape(0)[3], call.shape(1)[3]);
  const ir::Conv2d conv{w.stride, w.dilation, w.pad, groups};
  if (call.computes_quantized())
    return {quantized::conv2d(call.b, call.quantized(0), call.quantized(1), call.maybe(2), conv,
                              call.output(0, options.activation()))};
  const V y = call.b.op(conv, with_bias(call, call.in(0), call.real(1), 2));
  return {call.activate(y, options.activation())};
}

std::vector<V> import_tflite_depthwise_conv_2d(TfliteCall& call) {
  const auto& options = call.options<tflite::DepthwiseConv2DOptions>();
  const Window w = read_window(call, options);
  const Shape x = call.shape(0), weights = call.shape(1);
  if (weights[0] != 1 || x[3] < 1 || weights[3] % x[3] != 0)
    reject_invalid("its weights are " + ir::to_string(call.type(1)) + ", which does not fit the input " +
                   ir::to_string(call.type(0)));
  const ir::Conv2d conv{w.stride, w.dilation, w.pad, x[3]};
  if (call.computes_quantized())
    return {quantized::depthwise_conv2d(call.b, call.quantized(0), call.quantized(1), call.maybe(2), conv,
                                        call.output(0, options.activation()))};
  const V kernel = call.b.transpose(call.real(1), {3, 1, 2, 0});
  return {call.activate(call.b.op(conv, with_bias(call, call.in(0), kernel, 2)), options.activation())};
}

/// Operands: the output's shape, weights, x, bias.
std::vector<V> import_tflite_transpose_conv(TfliteCall& call) {
  const auto& options = call.options<tflite::TransposeConvOptions>();
  expect_rank(call, 1, 4);
  expect_rank(call, 2, 4);
  // A shape that is computed at run time is what the file says of the output.
  const Shape shape =
      call.b.constant(call.in(0)) ? call.known_integers(0, "output_shape") : call.result(0).shape;
  const Shape weights = call.shape(1), x = call.shape(2);
  if (shape.size() != 4 || shape[0] != x[0] || shape[3] != weights[0])
    reject_invalid("output_shape " + ir::to_string(shape) + " does not fit its operands", "output_shape");
  ir::ConvTranspose2d conv;
  conv.stride = {positive(options.stride_h(), "stride_h"), positive(options.stride_w(), "stride_w")};
  for (size_t axis = 0; axis < 2; ++axis) {
    const int64_t extent = positive(shape[axis + 1], "output_shape");
    const int64_t full = conv.stride[axis] * (x[axis + 1] - 1) + weights[axis + 1];
    // What the padding cuts off lies on both sides, the odd pixel at the end; a larger output has zeros
    // there.
    conv.pad[axis] = options.padding() == tflite::Padding::SAME ? std::max<int64_t>(0, full - extent) / 2 : 0;
    conv.pad[axis + 2] = full - extent - conv.pad[axis];
  }
  conv.groups = groups_of(x[3], weights[3]);
  if (call.computes_quantized())
    return {quantized::transpose_conv(call.b, call.quantized(2), call.quantized(1), call.maybe(3), conv,
                                      call.output(0, options.activation()))};
  const V y = call.b.op(conv, with_bias(call, call.in(2), call.real(1), 3));
  return {call.activate(y, options.activation())};
}

/// x [n,d,h,w,c], weights [kd,kh,kw,c,oc]. The planes of the depth that a kernel sees become channels of a
/// two-dimensional convolution with one picture for each plane of the output.
std::vector<V> import_tflite_conv_3d(TfliteCall& call) {
  Builder& b = call.b;
  const auto& options = call.options<tflite::Conv3DOptions>();
  expect_rank(call, 0, 5);
  expect_rank(call, 1, 5);
  const Shape x = call.shape(0), k = call.shape(1);
  if (x[4] != k[3])
    reject_invalid("its weights do not fit the input's " + std::to_string(x[4]) + " channels");
  Window w{{x[2], x[3]}, {k[1], k[2]}};
  w.stride = {positive(options.stride_h(), "stride_h"), positive(options.stride_w(), "stride_w")};
  w.dilation = {positive(options.dilation_h(), "dilation_h"), positive(options.dilation_w(), "dilation_w")};
  Window depth{{x[1], 1}, {k[0], 1}};
  depth.stride[0] = positive(options.stride_d(), "stride_d");
  depth.dilation[0] = positive(options.dilation_d(), "dilation_d");
  if (options.padding() == tflite::Padding::SAME) w.pad_same(0), w.pad_same(1), depth.pad_same(0);
  const int64_t room = x[1] + depth.pad[0] + depth.pad[2] - depth.span(0);
  if (room < 0 || k[0] < 1 || k[0] > 256) reject_invalid("its kernel does not fit the depth of the input");
  const int64_t planes = room / depth.stride[0] + 1;

  const V padded =
      b.op(ir::Pad{ir::Pad::Mode::constant, {0, depth.pad[0], 0, 0, 0}, {0, depth.pad[2], 0, 0, 0}, 0},
           {call.in(0)});
  std::vector<V> channels, kernels;
  for (int64_t z = 0; z < k[0]; ++z) {
    ir::Slice slice{
        {0, z * depth.dilation[0], 0, 0, 0}, {1, depth.stride[0], 1, 1, 1}, {x[0], planes, x[2], x[3], x[4]}};
    if (planes == 1) slice.step[1] = 1;
    channels.push_back(b.reshape(b.op(slice, {padded}), {extent_of({x[0], planes}, 0, 2), x[2], x[3], x[4]}));
    kernels.push_back(b.transpose(b.squeeze(b.slice(call.real(1), 0, z, 1), {0}), {3, 0, 1, 2}));
  }
  std::vector<V> inputs{b.concat(channels, 3), b.concat(kernels, 3)};
  if (call.has(2)) inputs.push_back(call.real(2));
  const V y = b.op(ir::Conv2d{w.stride, w.dilation, w.pad, 1}, inputs);
  const Shape s = b.shape(y);
  return {call.activate(b.reshape(y, {x[0], planes, s[1], s[2], s[3]}), options.activation())};
}

}  // namespace halite::frontend
