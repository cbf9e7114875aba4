// Poolings over windows. An average divides by the pixels inside the picture.
#include "frontend/tflite/operators.h"
#include "frontend/window.h"

namespace halite::frontend {
namespace {

struct Pool {
  ir::Pool2d attributes;
  tflite::ActivationFunctionType activation;
};

Pool read_pool(const TfliteCall& call, ir::Pool2d::Kind kind) {
  const auto& options = call.options<tflite::Pool2DOptions>();
  if (call.rank(0) != 4) reject_invalid("its input is " + ir::to_string(call.type(0)) + "; rank 4 is needed");
  Window w;
  w.input = {call.shape(0)[1], call.shape(0)[2]};
  w.kernel = {options.filter_height(), options.filter_width()};
  w.stride = {options.stride_h(), options.stride_w()};
  for (const int64_t n : {w.kernel[0], w.kernel[1], w.stride[0], w.stride[1]})
    if (n < 1 || n > 1 << 24) reject_invalid("its window has an extent or a stride of " + std::to_string(n));
  if (options.padding() == tflite::Padding::SAME) w.pad_same(0), w.pad_same(1);
  return {{kind, w.kernel, w.stride, {1, 1}, w.pad, {0, 0}, false}, options.activation()};
}

V import_pool(TfliteCall& call, ir::Pool2d::Kind kind) {
  const Pool pool = read_pool(call, kind);
  if (call.computes_quantized())
    return quantized::pool2d(call.b, call.quantized(0), pool.attributes, call.output(0, pool.activation));
  return call.activate(call.b.op(pool.attributes, {call.in(0)}), pool.activation);
}

}  // namespace

std::vector<V> import_tflite_average_pool_2d(TfliteCall& call) {
  return {import_pool(call, ir::Pool2d::Kind::average)};
}

std::vector<V> import_tflite_max_pool_2d(TfliteCall& call) {
  return {import_pool(call, ir::Pool2d::Kind::max)};
}

std::vector<V> import_tflite_l2_pool_2d(TfliteCall& call) {
  Builder& b = call.b;
  const Pool pool = read_pool(call, ir::Pool2d::Kind::average);
  const V mean = b.op(pool.attributes, {b.square(call.in(0))});
  return {call.activate(b.unary(Fn::sqrt, mean), pool.activation)};
}

}  // namespace halite::frontend
