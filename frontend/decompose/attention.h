// Attention of transformers, and the rotation that gives its operands their places.
// https://arxiv.org/abs/1706.03762 https://arxiv.org/abs/2104.09864
#pragma once

#include <limits>

#include "frontend/build.h"

namespace halite::frontend {

/// Several of the h heads of the query may share one of the g heads of keys and values: g divides h.
struct Attention {
  V q;                    ///< [batch, h, s, d]
  V k;                    ///< [batch, g, t, d]
  V v;                    ///< [batch, g, t, e]
  double scale = 1;       ///< of the products of queries and keys
  double softcap = 0;     ///< c: products p become c*tanh(p/c); 0: they stay
  std::optional<V> bias;  ///< is added to the products [batch, h, s, t], after softcap; -inf masks

  void add_bias(Builder& b, V more) { bias = bias ? b.add(*bias, more) : more; }
};

/// What masks a score for good.
constexpr double kNever = -std::numeric_limits<double>::infinity();

struct Attended {
  V y;         ///< weights times v, [batch, h, s, e]
  V products;  ///< scale * q * k^T, [batch, h, s, t]
  V scores;    ///< products after softcap and bias
  V weights;   ///< softmax of the scores over t
};

/// Throws Rejected where the operands do not fit.
Attended attend(Builder&, const Attention&);

/// x [batch, s, hidden] as [batch, heads, s, hidden/heads]; throws Rejected with the attribute that has
/// `heads`.
V split_heads(Builder&, V x, int64_t heads, const char* attribute);
/// Back from [batch, heads, s, d] to [batch, s, heads*d].
V join_heads(Builder&, V x);

/// 0 where `keep`, which is boolean, else `masked`.
V bias_of_mask(Builder&, V keep, double masked, DType);

/// 0 where query i of s may see key j of t, j <= i + first, else `masked`: [s, t].
V causal_bias(Builder&, int64_t s, int64_t t, int64_t first, double masked, DType);

/// x [batch, s, h, d] with pairs of its first r elements turned; cos and sin [batch or 1, s, 1, r/2]. Pairs
/// are neighbours if interleaved, else elements i and i + r/2.
V rotate_pairs(Builder&, V x, V cos, V sin, bool interleaved);

}  // namespace halite::frontend
