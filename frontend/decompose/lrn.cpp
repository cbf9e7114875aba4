// Local response normalisation. The window slides over channels: seen as a one-column picture whose rows are
// the channels, the sum of squares is an average pool, and alpha/size * sum is alpha * average.
// https://onnx.ai/onnx/operators/onnx__LRN.html
#include "frontend/decompose/decompose.h"

namespace halite::frontend {

V local_response_norm(Builder& b, V x, int64_t size, double alpha, double beta, double bias) {
  const Shape shape = b.shape(x);
  const int64_t pixels = extent_of(shape, 2, b.rank(x));
  ir::Pool2d window{ir::Pool2d::Kind::average};
  window.kernel = {size, 1};
  window.pad = {(size - 1) / 2, 0, size - 1 - (size - 1) / 2, 0};
  window.count_include_pad = true;
  const V average = b.op(window, {b.reshape(b.square(x), {shape[0], shape[1], pixels, 1})});
  const V scale = b.pow(b.add(b.mul(b.reshape(average, shape), alpha), bias), beta);
  return b.div(x, scale);
}

}  // namespace halite::frontend
