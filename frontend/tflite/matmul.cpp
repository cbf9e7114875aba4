// Matrix products.
#include "frontend/tflite/operators.h"

namespace halite::frontend {

/// Every row of `in` elements of x, times weights [out,in].
std::vector<V> import_tflite_fully_connected(TfliteCall& call) {
  Builder& b = call.b;
  const auto& options = call.options<tflite::FullyConnectedOptions>();
  if (options.weights_format() != tflite::WeightsFormat::DEFAULT)
    reject_unsupported("its weights are shuffled", "weights_format");
  if (call.rank(1) != 2)
    reject_invalid("its weights are " + ir::to_string(call.type(1)) + ", but must be a matrix");
  const int64_t in = call.shape(1)[1], out = call.shape(1)[0], count = call.type(0).elements();
  if (in < 1 || count % in != 0)
    reject_invalid("its weights are " + ir::to_string(call.type(1)) + ", which does not fit the input " +
                   ir::to_string(call.type(0)));
  Shape shape{count / in, out};
  if (options.keep_num_dims() && call.rank(0) > 0) {
    shape = call.shape(0);
    if (shape.back() != in)
      reject_invalid("the last axis of its input " + ir::to_string(call.type(0)) + " must be " +
                     std::to_string(in));
    shape.back() = out;
  }
  const V rows = b.reshape(call.in(0), {count / in, in});
  if (call.computes_quantized()) {
    const V y = quantized::fully_connected(b, {rows, call.quantized(0).q}, call.quantized(1), call.maybe(2),
                                           call.output(0, options.activation()));
    return {b.reshape(y, shape)};
  }
  const V y = b.matmul(rows, call.real(1), {false, true}, call.maybe_real(2));
  return {call.activate(b.reshape(y, shape), options.activation())};
}

std::vector<V> import_tflite_batch_matmul(TfliteCall& call) {
  const auto* options = call.maybe_options<tflite::BatchMatMulOptions>();
  ir::MatMul product;
  product.transpose_a = options && options->adj_x();
  product.transpose_b = options && options->adj_y();
  if (call.rank(0) < 2 || call.rank(1) < 2) reject_invalid("its operands must be matrices");
  if (call.computes_quantized())
    return {quantized::batch_matmul(call.b, call.quantized(0), call.quantized(1), product, call.output())};
  return {call.b.matmul(call.in(0), call.real(1), product)};
}

}  // namespace halite::frontend
