// See dot.h.
#include "schedules/dot.h"

#include "schedules/types.h"

namespace halite::schedules {
namespace {

using ir::DType;

/// Adds `by` to all elements of the input.
void shift(Product& p, int64_t by) {
  p.shift += by;
  p.x_zero += by;
}

void take_fours(Product& p, const targets::Facts& facts) {
  const DType wanted = facts.dot_unsigned ? DType::u8 : DType::i8;
  if (p.x != wanted) shift(p, facts.dot_unsigned ? 128 : -128);
  p.x = wanted;
  p.folded = p.x_zero != 0;
  p.chunk = 4;
}

void take_pairs(Product& p) {
  shift(p, -p.x_zero);
  p.x = DType::i16;
  p.folded = false;
  p.chunk = 2;
}

}  // namespace

void choose_dots(Product& p, const targets::Facts& facts, int64_t steps, int64_t run, bool slack) {
  if (p.x == DType::bf16 && facts.bf16_dot && (slack || run % 2 == 0)) {
    p.method = Method::dots;
    p.chunk = 2;
    return;
  }
  if (facts.vector_bits < 128 || !is_byte(p.x) || p.acc != DType::i32 || p.sum != DType::i32) return;
  const bool small_weights = p.weights == DType::i8;
  const auto divides = [&](int64_t chunk) { return slack || run % chunk == 0; };
  constexpr int64_t kMost = 255 * 128;  // u8 x i8
  const bool fits = steps < INT32_MAX / kMost;
  const bool folds = p.packs_bias || (p.x_zero == 0 && (p.x == DType::u8) == facts.dot_unsigned);
  if (facts.int8_dot == 4 && small_weights && folds && fits && divides(4)) {
    take_fours(p, facts);
  } else if (facts.int8_pairs && divides(2)) {
    take_pairs(p);
  } else {
    return;
  }
  p.method = Method::dots;
}

Halide::Expr as_factor(const Product& p, const Halide::Expr& element) {
  const Halide::Type type = halide_type(p.x);
  Halide::Expr value = Halide::cast(type, element);
  // Modulo 256 where bytes stay bytes.
  if (p.shift != 0) value += Halide::cast(type, static_cast<int>(p.shift));
  return value;
}

Halide::Expr packed_lane(const Halide::Expr& c, const Tile& t) {
  if (t.vectors == 1) return c % t.lanes;
  return c / t.lanes % t.vectors * t.lanes + c % t.lanes;
}

Halide::RDom converted_run(int64_t run, int64_t count) {
  constexpr int64_t kMost = 64;
  int64_t lanes = kMost;
  while (lanes > run) lanes /= 2;
  const auto e = [](int64_t v) { return Halide::Expr(static_cast<int>(v)); };
  return Halide::RDom({{0, e(lanes)}, {0, e(ceil_div(run, lanes))}, {0, e(count)}}, "row");
}

Tile dot_tile(const Product& p, const targets::Facts& given, Optimize optimize, const Space& s) {
  targets::Facts facts = given;
  facts.fma_lanes = 0;
  facts.lane_broadcast_fma = false;
  // Broadcasts that do not fold into the product are loaded ahead of it.
  if (!given.dot_unsigned) facts.vector_registers -= 2;
  // Products of pairs are added by an instruction of their own.
  if (p.chunk == 2 && p.acc == DType::i32 && given.int8_dot < 4) facts.vector_registers -= 1;
  return choose_tile(facts, optimize, s);
}

void schedule_dots(Halide::Func acc, const Halide::Var& c, const Halide::Var& x,
                   const std::optional<Halide::Var>& y, const Tile& t) {
  Halide::Var ci("aci"), cv("acv");
  acc.store_in(Halide::MemoryType::Stack).bound_extent(c, t.channels()).bound_extent(x, t.px);
  acc.split(c, cv, ci, t.lanes).vectorize(ci).unroll(cv).unroll(x);
  const auto reduction = acc.rvars();
  std::vector<Halide::VarOrRVar> order{reduction[0], ci, cv, x};
  if (y) order.push_back(*y);
  order.insert(order.end(), reduction.begin() + 1, reduction.end());
  auto update = acc.update();
  update.split(c, cv, ci, t.lanes).reorder(order).atomic().vectorize(reduction[0]).vectorize(ci);
  update.unroll(cv).unroll(x);
  if (!y) return;
  acc.bound_extent(*y, t.py).unroll(*y);
  update.unroll(*y);
}

}  // namespace halite::schedules
