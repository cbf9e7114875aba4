// Attention of the domain com.microsoft: with its projections (Attention) or behind them
// (MultiHeadAttention). https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md
#include <algorithm>
#include <cmath>

#include "frontend/decompose/attention.h"
#include "frontend/onnx/operators.h"

namespace halite::frontend {
namespace {

/// A mask of keys, not 0 where they count: [batch, t] or [batch, s, t]; or [batch] numbers of them that
/// count.
V bias_of_keys(OnnxCall& call, size_t i, const Attention& a) {
  Builder& b = call.b;
  const int64_t batch = b.shape(a.q)[0], s = b.shape(a.q)[2], t = b.shape(a.k)[2];
  const Shape mask = call.shape(i);
  V keep = call.in(i);
  if (mask == Shape{batch}) {
    const V place = b.cast(b.reshape(b.iota(t), {1, t}), b.dtype(keep));
    keep = b.unsqueeze(b.binary(Fn::less, place, b.reshape(keep, {batch, 1})), {1, 2});
  } else if (mask == Shape{batch, t} || mask == Shape{batch, s, t}) {
    keep = b.unsqueeze(b.cast(keep, DType::boolean), mask.size() == 2 ? Axes{1, 2} : Axes{1});
  } else {
    reject_unsupported("its mask is " + ir::to_string(call.type(i)) + "; supported are [" +
                           std::to_string(batch) + "], with " + std::to_string(t) +
                           " keys behind it, or with " + std::to_string(s) + " queries between",
                       "mask");
  }
  return bias_of_mask(b, keep, call.real("mask_filter_value", -10000), b.dtype(a.q));
}

/// With the masks of operands `mask` and `bias` and the attributes of both kinds; `past` keys come before the
/// block of the queries.
V attended(OnnxCall& call, Attention& a, int64_t past, size_t mask, size_t bias) {
  Builder& b = call.b;
  const Shape q = b.shape(a.q);
  call.ignore({"mask_filter_value"});
  if (call.has(mask)) a.add_bias(b, bias_of_keys(call, mask, a));
  if (call.has(bias)) a.add_bias(b, call.in(bias));
  if (call.flag("unidirectional", false))
    a.add_bias(b, causal_bias(b, q[2], b.shape(a.k)[2], past, kNever, b.dtype(a.q)));
  const double scale = call.real("scale", 0);
  a.scale = scale == 0 ? 1 / std::sqrt(static_cast<double>(q[3])) : scale;
  return join_heads(b, attend(b, a).y);
}

void check_rank(const OnnxCall& call, size_t i, int64_t rank) {
  if (call.rank(i) != rank)
    reject_unsupported("its input " + std::to_string(i) + " is " + ir::to_string(call.type(i)) +
                       "; only rank " + std::to_string(rank) + " is supported");
}

}  // namespace

/// query, key, value, bias, key_padding_mask, attention_bias, past_key, past_value -> output, present_key,
/// present_value.
std::vector<V> import_multi_head_attention(OnnxCall& call) {
  Builder& b = call.b;
  const int64_t heads = call.required_integer("num_heads");
  check_rank(call, 0, 3);
  if (!call.has(1) || !call.has(2)) reject_unsupported("its query holds keys and values, too");
  for (const size_t i : {8, 9})
    if (call.has(i)) reject_unsupported("input " + std::to_string(i) + " is not supported");
  int64_t first = 0;  // of the part of the bias
  const auto operand = [&](size_t i) {
    V x = call.in(i);
    if (b.rank(x) == 4) return x;  // keys of another sequence come as heads already
    check_rank(call, i, 3);
    if (call.has(3)) {
      check_rank(call, 3, 1);
      if (first + b.shape(x)[2] > call.shape(3)[0]) reject_invalid("its bias is too short", "bias");
      x = b.add(x, b.slice(call.in(3), 0, first, b.shape(x)[2]));
      first += b.shape(x)[2];
    }
    return split_heads(b, x, heads, "num_heads");
  };
  Attention a;
  a.q = operand(0), a.k = operand(1), a.v = operand(2);
  int64_t past = 0;
  if (call.has(6) != call.has(7)) reject_invalid("past_key and past_value are not both there");
  if (call.has(6)) {
    check_rank(call, 6, 4);
    past = call.shape(6)[2];
    a.k = b.concat({call.in(6), a.k}, 2);
    a.v = b.concat({call.in(7), a.v}, 2);
  }
  const V y = attended(call, a, past, 4, 5);
  return {y, a.k, a.v};
}

/// input, weights, bias, mask_index, past [2, batch, heads, past, d], attention_bias -> output, present.
std::vector<V> import_contrib_attention(OnnxCall& call) {
  Builder& b = call.b;
  const int64_t heads = call.required_integer("num_heads");
  if (call.flag("do_rotary", false)) reject_unsupported("rotation inside it is not supported", "do_rotary");
  if (call.has(6)) reject_unsupported("a buffer that past and present share is not supported");
  call.ignore({"rotary_embedding_dim", "past_present_share_buffer"});
  check_rank(call, 0, 3);
  check_rank(call, 1, 2);
  const int64_t all = call.shape(1)[1];
  const Axes sizes = call.integers("qkv_hidden_sizes").value_or(Axes(3, all / 3));
  const bool parts = std::ranges::all_of(sizes, [&](int64_t size) { return size >= 1 && size <= all; });
  if (sizes.size() != 3 || !parts || sizes[0] + sizes[1] + sizes[2] != all)
    reject_invalid("its weights " + ir::to_string(call.type(1)) + " are not those of query, key and value",
                   "qkv_hidden_sizes");
  const V projected = b.matmul(call.in(0), call.in(1), {}, call.maybe(2));
  const auto part = [&](int64_t first, int64_t size) {
    return split_heads(b, b.slice(projected, 2, first, size), heads, "num_heads");
  };
  Attention a{part(0, sizes[0]), part(sizes[0], sizes[1]), part(sizes[0] + sizes[1], sizes[2])};
  int64_t past = 0;
  if (call.has(4)) {
    check_rank(call, 4, 5);
    if (call.shape(4)[0] != 2) reject_invalid("past is " + ir::to_string(call.type(4)), "past");
    past = call.shape(4)[3];
    const auto before = [&](int64_t i) { return b.squeeze(b.slice(call.in(4), 0, i, 1), {0}); };
    a.k = b.concat({before(0), a.k}, 2);
    a.v = b.concat({before(1), a.v}, 2);
  }
  const V y = attended(call, a, past, 3, 5);
  if (!call.wants(1)) return {y};
  return {y, b.concat({b.unsqueeze(a.k, {0}), b.unsqueeze(a.v, {0})}, 0)};
}

}  // namespace halite::frontend
