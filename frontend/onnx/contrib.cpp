// Operators of the domain com.microsoft, which ONNX Runtime's optimiser writes into models of transformers.
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "frontend/decompose/decompose.h"
#include "frontend/onnx/operators.h"

namespace halite::frontend {
namespace {

constexpr double kEpsilon = 1e-12f;

Axes last_axis(Builder& b, V x) { return {b.rank(x) - 1}; }

}  // namespace

/// A and a bias.
std::vector<V> import_bias_gelu(OnnxCall& call) { return {gelu(call.b, call.b.add(call.in(0), call.in(1)))}; }

std::vector<V> import_fast_gelu(OnnxCall& call) {
  return {gelu_tanh(call.b, call.has(1) ? call.b.add(call.in(0), call.in(1)) : call.in(0))};
}

std::vector<V> import_quick_gelu(OnnxCall& call) {
  return {swish(call.b, call.in(0), call.real("alpha", 1.702f))};
}

/// MatMul of transposed operands times alpha. A batch axis may be the last but one: [m, batch.., k].
std::vector<V> import_fused_matmul(OnnxCall& call) {
  Builder& b = call.b;
  for (const char* name : {"transBatchA", "transBatchB"})
    if (call.flag(name, false)) reject_unsupported("transposed batches are not supported", name);
  if (call.rank(0) < 2 || call.rank(1) < 2) {
    // Vectors have nothing to transpose.
    call.ignore({"transA", "transB"});
    return {b.mul(b.matmul(call.in(0), call.in(1)), call.real("alpha", 1))};
  }
  const V y = b.matmul(call.in(0), call.in(1), {call.flag("transA", false), call.flag("transB", false)});
  return {b.mul(y, call.real("alpha", 1))};
}

/// input, skip, gamma, beta, bias -> output, mean, inverse deviation, the sum that was normalised.
std::vector<V> import_skip_layer_norm(OnnxCall& call) {
  Builder& b = call.b;
  V sum = b.add(call.in(0), call.in(1));
  if (call.has(4)) sum = b.add(sum, call.in(4));
  const Normalized n = normalize(b, sum, last_axis(b, sum), call.real("epsilon", kEpsilon));
  const V scaled = b.mul(n.y, call.in(2));
  return {call.has(3) ? b.add(scaled, call.in(3)) : scaled, n.mean, n.inverse_deviation, sum};
}

/// input, skip, gamma, bias -> output, two of training, the sum that was normalised.
std::vector<V> import_skip_rms_norm(OnnxCall& call) {
  Builder& b = call.b;
  for (const size_t i : {1, 2})
    if (call.wants(i)) reject_unsupported("output " + std::to_string(i) + " is of training only");
  V sum = b.add(call.in(0), call.in(1));
  if (call.has(3)) sum = b.add(sum, call.in(3));
  const V y = rms_normalize(b, sum, last_axis(b, sum), call.real("epsilon", kEpsilon));
  return {b.mul(y, call.in(2)), sum, sum, sum};
}

/// input_ids, segment_ids, word, position and segment embeddings, gamma, beta, mask, position_ids -> output,
/// the number of tokens that the mask keeps, the sum that was normalised.
std::vector<V> import_embed_layer_norm(OnnxCall& call) {
  Builder& b = call.b;
  if (call.rank(0) != 2)
    reject_invalid("input_ids are " + ir::to_string(call.type(0)) + "; [batch, length] is needed");
  if (call.integer("mask_index_type", 0) != 0)
    reject_unsupported("only the number of tokens that are kept can be had", "mask_index_type");
  if (call.has(1) != call.has(4)) reject_invalid("segment_ids and segment_embedding are not both there");
  const Shape ids = call.shape(0);
  V sum = b.op(ir::Gather{0}, {call.in(2), call.in(0)});
  const V places = call.has(8) ? call.in(8) : b.reshape(b.iota(ids[1]), {1, ids[1]});
  sum = b.add(sum, b.op(ir::Gather{0}, {call.in(3), places}));
  if (call.has(4)) sum = b.add(sum, b.op(ir::Gather{0}, {call.in(4), call.in(1)}));
  const V normal = normalize(b, sum, {2}, call.real("epsilon", kEpsilon)).y;
  const V y = b.add(b.mul(normal, call.in(5)), call.in(6));
  const V kept = call.has(7) ? b.sum(b.cast(call.in(7), DType::i32), {1}, false)
                             : b.constant(Tensor::zeros({DType::i32, {ids[0]}, {}}));
  return {y, kept, sum};
}

}  // namespace halite::frontend
