// Attention and RotaryEmbedding of the standard (version 23), and those that ONNX Runtime writes into models
// of transformers. https://onnx.ai/onnx/operators/onnx__Attention.html
// https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include "frontend/decompose/attention.h"

#include <cmath>

#include "frontend/onnx/operators.h"

namespace halite::frontend {
namespace {

/// A mask may be shorter than the keys: it does not see the rest.
V mask_to_bias(OnnxCall& call, size_t i, int64_t t, DType dtype) {
  Builder& b = call.b;
  V bias = call.in(i);
  if (b.dtype(bias) == DType::boolean) bias = bias_of_mask(b, bias, kNever, dtype);
  const Shape s = b.shape(bias);
  const int64_t missing = s.empty() || s.back() == 1 ? 0 : t - s.back();
  if (missing < 0 || s.size() < 2)
    reject_invalid("attn_mask is " + ir::to_string(call.type(i)) + " for " + std::to_string(t) + " keys",
                   "attn_mask");
  if (missing == 0) return bias;
  Shape rest = s;
  rest.back() = missing;
  return b.concat({bias, b.broadcast(b.scalar(kNever, dtype), rest)}, static_cast<int64_t>(rest.size()) - 1);
}

/// What is asked of the products. Texts of the standard differ in whether 1 is before or behind the mask, and
/// in whether softcap comes before it; what is the same by all of them is served.
V products_output(const OnnxCall& call, const Attended& result, bool softcap, bool masked) {
  const int64_t mode = call.integer("qk_matmul_output_mode", 0);
  if (mode < 0 || mode > 3)
    reject_invalid("qk_matmul_output_mode is " + std::to_string(mode) + "; 0 to 3 exist",
                   "qk_matmul_output_mode");
  if (mode == 0) return result.products;
  if (mode == 3) return result.weights;
  if (softcap || (mode == 1 && masked))
    reject_unsupported("the products between softcap and mask are not supported as an output",
                       "qk_matmul_output_mode");
  return result.scores;
}

}  // namespace

/// Q, K, V, attn_mask, past_key, past_value -> Y, present_key, present_value, qk_matmul_output.
std::vector<V> import_attention(OnnxCall& call) {
  Builder& b = call.b;
  call.ignore({"softmax_precision"});  // at least that of the operands is what it gets
  if (call.has(6))
    reject_unsupported("lengths of keys without padding are not supported", "nonpad_kv_seqlen");
  const bool flat = call.rank(0) == 3;
  const auto heads = [&](size_t i, const char* name) {
    return flat ? split_heads(b, call.in(i), call.required_integer(name), name) : call.in(i);
  };
  call.ignore({"q_num_heads", "kv_num_heads"});
  Attention a{heads(0, "q_num_heads"), heads(1, "kv_num_heads"), heads(2, "kv_num_heads")};
  if (call.has(4) != call.has(5)) reject_invalid("past_key and past_value are not both there");
  const int64_t past = call.has(4) && call.rank(4) == 4 ? call.shape(4)[2] : 0;
  if (call.has(4)) {
    a.k = b.concat({call.in(4), a.k}, 2);
    a.v = b.concat({call.in(5), a.v}, 2);
  }
  const Shape q = b.shape(a.q);
  const int64_t t = b.shape(a.k)[2];
  const DType dtype = b.dtype(a.q);
  if (call.has(3)) a.bias = mask_to_bias(call, 3, t, dtype);
  if (call.flag("is_causal", false)) a.add_bias(b, causal_bias(b, q[2], t, past, kNever, dtype));
  a.scale = call.real("scale", 1 / std::sqrt(static_cast<double>(q[3])));
  a.softcap = call.real("softcap", 0);
  const Attended result = attend(b, a);
  const V products = products_output(call, result, a.softcap > 0, a.bias.has_value());
  return {flat ? join_heads(b, result.y) : result.y, a.k, a.v, products};
}

namespace {

/// cos or sin, operand `i`, for the places of x [batch, s, ..], as [batch or 1, s, 1, r/2].
V rotation(OnnxCall& call, size_t i, std::optional<V> places, const Shape& x) {
  Builder& b = call.b;
  V cache = call.in(i);
  if (places) cache = b.op(ir::Gather{0}, {cache, *places});
  const Shape s = b.shape(cache);
  const bool fits = s.size() == 3 && (s[0] == x[0] || s[0] == 1) && s[1] == x[1] && 2 * s[2] <= x[3];
  if (!fits)
    reject_invalid("its cosines or sines are " + ir::to_string(call.type(i)) + ", which does not fit " +
                   ir::to_string(x));
  return b.unsqueeze(cache, {2});
}

struct Rotary {
  size_t cos, sin;
  std::optional<V> places;  ///< [batch or 1, s], rows of the caches
};

/// x [batch, heads, s, d] or [batch, s, heads*d].
std::vector<V> rotate(OnnxCall& call, const Rotary& rotary) {
  Builder& b = call.b;
  const int64_t size = call.integer("rotary_embedding_dim", 0), heads = call.integer("num_heads", 0);
  const bool flat = call.rank(0) == 3;
  if ((!flat && call.rank(0) != 4) || b.rank(call.in(rotary.cos)) < 1)
    reject_invalid("its input is " + ir::to_string(call.type(0)) + " and its cosines " +
                   ir::to_string(call.type(rotary.cos)) + "; rank 3 or 4, and 2 or 3, are needed");
  // Without the number of heads, the caches say how long one is.
  const int64_t row = 2 * b.shape(call.in(rotary.cos)).back();
  const int64_t count = heads > 0 || !flat || row < 1 ? heads : call.shape(0)[2] / row;
  V x = flat ? split_heads(b, call.in(0), count, "num_heads") : call.in(0);
  x = b.transpose(x, {0, 2, 1, 3});
  const Shape s = b.shape(x);
  const V cos = rotation(call, rotary.cos, rotary.places, s),
          sin = rotation(call, rotary.sin, rotary.places, s);
  if (b.shape(cos) != b.shape(sin) || 2 * b.shape(cos)[3] != (size > 0 ? size : s[3]))
    reject_invalid("its cosines and sines " + ir::to_string(call.type(rotary.cos)) + ", " +
                       ir::to_string(call.type(rotary.sin)) + " do not turn " +
                       std::to_string(size > 0 ? size : s[3]) + " elements",
                   "rotary_embedding_dim");
  const V y = rotate_pairs(b, x, cos, sin, call.flag("interleaved", false));
  return {flat ? b.reshape(y, call.shape(0)) : b.transpose(y, {0, 2, 1, 3})};
}

}  // namespace

/// X, cos_cache, sin_cache, position_ids.
std::vector<V> import_rotary_embedding(OnnxCall& call) { return rotate(call, {1, 2, call.maybe(3)}); }

/// input, position_ids, cos_cache, sin_cache; one position is that of the first row.
std::vector<V> import_contrib_rotary_embedding(OnnxCall& call) {
  Builder& b = call.b;
  call.ignore({"scale", "max_seqlen"});
  if (call.flag("is_packed_batching", false))
    reject_unsupported("sequences packed into one are not supported", "is_packed_batching");
  V places = call.in(1);
  if (b.type(places).elements() == 1 && call.rank(0) >= 3) {
    const int64_t s = call.shape(0)[call.rank(0) == 4 ? 2 : 1];
    places = b.add(b.reshape(b.cast(b.iota(s), b.dtype(places)), {1, s}), b.reshape(places, {1, 1}));
  }
  return rotate(call, {2, 3, places});
}

}  // namespace halite::frontend
