// Depthwise conv2d of integers by dot products: the elements that a column of the kernel meets are brought
// together, channel by channel, so that an instruction sums a few taps of each of a vector of channels.
//   columns [step][x][c][chunk] of one row of the output and one tile of channels, on the stack; a column
//           of kh taps is cut into steps of `chunk`, the last filled up with weights of 0
//   weights packed as [kw][step][c][chunk]
// Padding is written into the columns.
#include <algorithm>

#include "schedules/conv2d_integer.h"
#include "schedules/dot.h"
#include "schedules/types.h"

namespace halite::schedules::integer {
namespace {

using namespace Halide;

Expr e(int64_t v) { return Expr(static_cast<int>(v)); }
Expr between(const Expr& low, const Expr& x, const Expr& high) { return x >= low && x < high; }

ir::Type packed_weights(const ConvPlan& p) {
  return {p.product.weights, {p.kw, p.steps, p.oc, p.product.chunk}, {}};
}

ir::Tensor pack(const ir::Tensor& weights, const ConvPlan& p) {
  auto packed = ir::Tensor::zeros(packed_weights(p));
  const int64_t chunk = p.product.chunk;
  for (int64_t o = 0; o < p.oc; ++o)
    for (int64_t y = 0; y < p.kh; ++y)
      for (int64_t x = 0; x < p.kw; ++x)
        packed.set(((x * p.steps + y / chunk) * p.oc + o) * chunk + y % chunk,
                   weights.at((o * p.kh + y) * p.kw + x) - static_cast<double>(p.product.w_zero));
  return packed;
}

}  // namespace

std::optional<ConvPlan> plan_depthwise_dots(const Anchor& a, ConvPlan p) {
  // Interleaving pays for itself where it feeds wide products of four. With vectors of four sums MobileNetV1
  // would take 129 million instructions instead of 108, with products of pairs 7 % more time.
  constexpr int kLeastBits = 256, kLeastProducts = 4;
  if (a.facts.vector_bits < kLeastBits || a.facts.int8_dot < kLeastProducts) return {};
  if (p.ocg != 1 || !a.constant[1] || a.optimize == Optimize::size) return {};
  choose_dots(p.product, a.facts, p.kh * p.kw, p.kh, true);
  if (p.product.method != Method::dots) return {};
  p.taps = p.kw, p.run = p.kh, p.steps = ceil_div(p.kh, p.product.chunk);
  p.copy = Copy::none;
  p.space.rest = Rest::none;  // channels past the last are not in memory
  p.space.steps = p.kw * p.steps;
  p.tile = dot_tile(p.product, a.facts, a.optimize, p.space);
  const int64_t column = p.tile.py * p.steps * p.product.chunk * ir::size_of(p.product.x);
  if (2 * p.tile.lanes < f32_lanes(a.facts) ||
      2 * column * p.padded_w * p.tile.channels() > stack_limit(a.facts))
    return {};
  return p;
}

Packing depthwise_dots_packing(const ConvPlan& p) {
  Packing result;
  result.type = packed_weights(p);
  result.apply = [p](const ir::Tensor& t) { return pack(t, p); };
  return result;
}

namespace {

/// The columns: those outside the image, whose loops are apart, then those inside.
Func columns_of(const ir::Conv2d& op, const ConvPlan& p, const Func& in) {
  Var c("c"), x("x"), y("y"), b("b"), j("j"), s("s");
  const Halide::Type type = halide_type(p.product.x);
  const Expr zero = Internal::make_const(type, p.product.x_zero), none = Internal::make_zero(type);
  Func columns("columns");
  columns(j, c, x, s, y, b) = undef(type);
  const int64_t left = op.pad[1], inside = std::min(p.w, p.padded_w - left);
  const auto fill = [&](int64_t from, int64_t count) {
    if (count > 0) columns(j, c, RDom(e(from), e(count), "border"), s, y, b) = zero;
  };
  fill(0, left);
  fill(left + inside, p.padded_w - left - inside);
  // A tap past the last, whose weight is 0, is the last once more, so that nothing is read for it.
  const Expr tap = min(s * p.product.chunk + j, e(p.kh - 1)),
             iy = y * e(op.stride[0]) + tap * e(op.dilation[0]) - e(op.pad[0]);
  const RDom r(0, e(inside), "inside");
  Expr element = as_factor(p.product, in(c, r, clamp(iy, 0, e(p.h - 1)), b));
  // A mask, for Halide would choose for each column anew.
  const Expr has_row = between(0, iy, e(p.h));
  if (op.pad[0] > 0 || p.padded_h > p.h)
    element = (element & select(has_row, ~none, none)) | select(has_row, none, zero);
  columns(j, c, r + e(left), s, y, b) = element;
  return columns;
}

}  // namespace

Func depthwise_dots_algorithm(const ir::Conv2d& op, const ConvPlan& p, const Anchor& a, Stages& stages,
                              Inputs in) {
  Var c("c"), x("x"), y("y"), b("b");
  const Product& product = p.product;
  const Func columns = columns_of(op, p, in[0]);

  Func acc("acc");
  RDom r(0, product.chunk, 0, e(p.kw), 0, e(p.steps), "r");
  acc(c, x, y, b) = first_sum(p, a, in, c);
  const auto factor = [&](const Expr& i) {
    return columns(i, c, x * e(op.stride[1]) + r.y * e(op.dilation[1]), r.z, y, b);
  };
  acc(c, x, y, b) = accumulate(product, acc(c, x, y, b), in[1](r.x, c, r.z, r.y), r.x, factor);
  stages.parts = {acc, columns};
  return finished_sum(p, a, in, acc);
}

void depthwise_dots_schedule(const ConvPlan& p, const Anchor& a, Stages& stages) {
  Func acc = stages.parts[0], columns = stages.parts[1];
  const auto v = acc.args();
  const Var tile = schedule_output(p, a, stages, acc).channels;
  schedule_dots(acc, v[0], v[1], v[2], p.tile);
  constexpr int64_t kMostUnrolled = 7;
  if (p.kw <= kMostUnrolled) acc.update().unroll(acc.rvars()[1]);
  // Rows of bytes are read whole, and written in between each other.
  const auto w = columns.args();
  int width = 64 / static_cast<int>(ir::size_of(p.product.x));
  while (p.tile.channels() % width != 0) width /= 2;
  columns.compute_at(stages.output, tile).store_in(MemoryType::Register);
  columns.bound_extent(w[0], p.product.chunk).bound_extent(w[1], p.tile.channels());
  columns.bound_extent(w[3], e(p.steps)).bound_extent(w[4], p.tile.py);
  for (int i = 0; i < columns.num_update_definitions(); ++i)
    columns.update(i).unroll(w[0]).vectorize(w[1], width).reorder(w[0], w[1], columns.rvars(i)[0]);
}

}  // namespace halite::schedules::integer
