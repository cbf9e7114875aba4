// Non-maximum suppression, all pictures and classes side by side: a round of a loop takes the best box left
// of each and suppresses what overlaps it. https://onnx.ai/onnx/operators/onnx__NonMaxSuppression.html
#include <limits>

#include "frontend/decompose/selection.h"

namespace halite::frontend {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int64_t kMaxUnrolled = 256;  ///< rounds on constants, which the builder evaluates

/// [n,1,b,1] each: the corners that are nearer to the origin, and the others.
struct Corners {
  V top, left, bottom, right;
};

/// boxes [..,4]; the last axis becomes 1.
Corners corners_of(Builder& b, V boxes, bool centre) {
  const int64_t last = b.rank(boxes) - 1;
  const V v[] = {b.slice(boxes, last, 0, 1), b.slice(boxes, last, 1, 1), b.slice(boxes, last, 2, 1),
                 b.slice(boxes, last, 3, 1)};
  if (centre) {
    const V half_height = b.mul(v[3], 0.5), half_width = b.mul(v[2], 0.5);
    return {b.sub(v[1], half_height), b.sub(v[0], half_width), b.add(v[1], half_height),
            b.add(v[0], half_width)};
  }
  return {b.binary(Fn::min, v[0], v[2]), b.binary(Fn::min, v[1], v[3]), b.binary(Fn::max, v[0], v[2]),
          b.binary(Fn::max, v[1], v[3])};
}

V area(Builder& b, const Corners& c) { return b.mul(b.sub(c.bottom, c.top), b.sub(c.right, c.left)); }

/// Whether two boxes share more than `limit` of what they cover together. Boxes without area share nothing.
V overlaps(Builder& b, const Corners& p, const Corners& q, V limit) {
  const V height = b.sub(b.binary(Fn::min, p.bottom, q.bottom), b.binary(Fn::max, p.top, q.top));
  const V width = b.sub(b.binary(Fn::min, p.right, q.right), b.binary(Fn::max, p.left, q.left));
  const V shared = b.mul(b.binary(Fn::max, height, 0.0), b.binary(Fn::max, width, 0.0));
  const V covered = b.sub(b.add(area(b, p), area(b, q)), shared);
  return b.binary(Fn::logical_and, b.binary(Fn::greater, shared, 0.0),
                  b.binary(Fn::greater, b.div(shared, covered), limit));
}

struct Round {
  V left;   ///< [n,c,b]: scores; -inf what is taken or suppressed
  V best;   ///< i64 [n,c,1]
  V found;  ///< boolean [n,c,1]: whether there was one left
};

/// One choice for each picture and class.
Round choose(Builder& b, V boxes, V left, const Suppression& how) {
  const Shape s = b.shape(left);
  const V best = b.op(ir::ArgReduce{ir::ArgReduce::Kind::max, 2, false}, {left});
  const V found = b.binary(Fn::greater, b.reduce(ir::Reduce::Kind::max, left, {2}), b.scalar(-kInfinity));
  const V picture = b.mul(b.reshape(b.iota(s[0]), {s[0], 1, 1}), static_cast<double>(s[2]));
  const V chosen =
      b.op(ir::Gather{0}, {b.reshape(boxes, {s[0] * s[2], 4}), b.add(best, picture)});  // [n,c,1,4]
  const V gone = b.reshape(overlaps(b, corners_of(b, chosen, how.centre),
                                    corners_of(b, b.unsqueeze(boxes, {1}), how.centre), how.overlap),
                           s);
  const V itself = b.binary(Fn::equal, best, b.iota(s[2]));
  return {b.select(b.binary(Fn::logical_or, gone, itself), b.scalar(-kInfinity), left), best, found};
}

struct Choices {
  V best, found;  ///< [n,c,rounds]
};

/// A loop, which ends when there is nothing left to choose; on constants round by round, for the result may
/// be a shape.
Choices choices(Builder& b, V boxes, V left, const Suppression& how, int64_t rounds) {
  std::vector<V> best, found;
  if (b.constant(boxes) && b.constant(left) && rounds <= kMaxUnrolled) {
    for (int64_t round = 0; round < rounds; ++round) {
      const Round one = choose(b, boxes, left, how);
      left = one.left;
      best.push_back(one.best);
      found.push_back(one.found);
    }
    return {b.concat(best, 2), b.concat(found, 2)};
  }
  const auto results =
      b.loop({.trips = b.cast(how.most, DType::i64), .limit = rounds, .carried = {left}},
             [&](V, const std::vector<V>& carried) -> Builder::LoopStep {
               const Round one = choose(b, boxes, carried[0], how);
               const V any = b.reduce(ir::Reduce::Kind::max, b.cast(one.found, DType::i32), {0, 1, 2});
               return {{one.left}, {one.best, one.found}, b.cast(b.reshape(any, {}), DType::boolean)};
             });
  const auto by_class = [&](V stacked) { return b.squeeze(b.transpose(stacked, {1, 2, 0, 3}), {3}); };
  return {by_class(results[1]), by_class(results[2])};
}

}  // namespace

V non_max_suppression(Builder& b, V boxes, V scores, const Suppression& how) {
  const Shape s = b.shape(scores);
  const int64_t rounds = std::min(how.bound, s[2]), all = s[0] * s[1] * rounds;
  if (all == 0) return b.constant(Tensor::zeros({DType::i64, {0, 3}, {}}));
  V left = scores;
  const V is_number = b.binary(Fn::equal, scores, scores);
  const V eligible = how.score ? b.binary(Fn::greater, scores, b.reshape(*how.score, {1, 1, 1})) : is_number;
  left = b.select(eligible, scores, b.scalar(-kInfinity));
  const auto [best, found] = choices(b, boxes, left, how, rounds);
  const V allowed = b.binary(Fn::less, b.iota(rounds), b.reshape(b.cast(how.most, DType::i64), {1}));
  const V kept = b.binary(Fn::logical_and, found, allowed);
  const V at = places_where(b, b.reshape(kept, {all}));
  const V box = b.op(ir::Gather{0}, {b.reshape(best, {all}), at});
  const auto part = [&](int64_t size) { return b.div(at, b.scalar(static_cast<double>(size), DType::i32)); };
  const V row = part(rounds), picture = part(rounds * s[1]);
  const V of_class = b.sub(row, b.mul(picture, static_cast<double>(s[1])));
  const auto column = [&](V v) { return b.unsqueeze(b.cast(v, DType::i64), {1}); };
  return b.concat({column(picture), column(of_class), column(box)}, 1);
}

}  // namespace halite::frontend
