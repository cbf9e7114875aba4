// matmul of integers and of bf16, indexed as in matmul.cpp. A constant right-hand matrix is packed as
// [n/tile][k/chunk][tile][chunk] (products.h); any other is read where it is.
#include "schedules/matmul_integer.h"

#include <algorithm>

#include "ir/base/check.h"
#include "schedules/dot.h"
#include "schedules/matmul.h"
#include "schedules/products.h"
#include "schedules/register_tile.h"
#include "schedules/tile_registers.h"
#include "schedules/types.h"

namespace halite::schedules::integer {
namespace {

using namespace Halide;

Expr e(int64_t v) { return Expr(static_cast<int>(v)); }

struct Plan {
  int64_t m, n, k, macs, steps;
  bool packed, folded_bias;
  bool copies;  ///< rows of the left-hand matrix are converted, or padded to whole steps, beforehand
  Product product;
  Space space;
  Tile tile;
  int64_t tiles() const { return ceil_div(n, tile.channels()); }
};

Tile pick_tile(const Anchor& a, Plan& p) {
  if (p.product.method == Method::broadcast) return choose_tile(integer_facts(a.facts), a.optimize, p.space);
  if (p.product.method == Method::tile_registers) return tile_of_registers(p.space, p.steps);
  if (p.product.method == Method::dots) return dot_tile(p.product, a.facts, a.optimize, p.space);
  Tile t;
  const bool words = p.product.method == Method::words;
  const int64_t rows = a.fewest_rows > 0 ? a.fewest_rows : p.m;
  t.px = words && rows > 1 && !(a.in_place && p.m % 2 != 0) ? 2 : 1;
  t.vectors =
      words ? word_channels(p.product, a, p.n, t.px, false) : static_cast<int>(std::min<int64_t>(4, p.n));
  // Four sums make one vector, which is scaled and stored as such.
  if (!words && t.vectors == 4 && p.n % 4 == 0) std::swap(t.lanes, t.vectors);
  return t;
}

Plan make_plan(const ir::MatMul& op, const Anchor& a) {
  const auto &sa = a.inputs[0].shape, &out = a.output.shape;
  Plan p{};
  p.m = out[out.size() - 2], p.n = out.back();
  p.k = op.transpose_a ? sa[sa.size() - 2] : sa.back();
  p.macs = a.output.elements() * p.k;
  // One matrix for all batches.
  p.packed = a.constant[1] && p.k > 0 && a.inputs[1].elements() == p.k * p.n;
  const bool row_bias = p.packed && a.inputs.size() > 2 && a.constant[2] && a.inputs[2].elements() == p.n &&
                        !a.inputs[2].shape.empty() && a.inputs[2].shape.back() == p.n;
  p.product = make_product(a, op.a_zero, op.b_zero, p.k, row_bias);
  if (p.packed && !op.transpose_a) choose_method(p.product, a.facts, p.k, false);
  if (p.packed && !op.transpose_a && p.product.method == Method::broadcast)
    choose_tile_registers(p.product, a, a.fewest_rows > 0 ? a.fewest_rows : p.m, p.k, p.k, true);
  if (p.packed && !op.transpose_a && p.product.method == Method::broadcast)
    choose_dots(p.product, a.facts, p.k, p.k, true);
  p.folded_bias = p.product.folded;
  p.steps = ceil_div(p.k, p.product.chunk);
  p.copies = takes_chunks(p.product) &&
             (!reads_in_place(p.product, a.inputs[0].dtype) || p.k % p.product.chunk != 0);
  p.space = {.channels = p.n,
             .x = p.m,
             .steps = p.steps,
             .repeats = p.m * p.n > 0 ? a.output.elements() / (p.m * p.n) : 1,
             .rest = p.packed     ? Rest::padded
                     : a.in_place ? Rest::none
                                  : Rest::shifted,
             .fewest_x = a.fewest_rows,
             .once = a.in_place,
             .search = a.tile};
  p.tile = pick_tile(a, p);
  return p;
}

/// The bias of an output element; padded columns read the last one.
Expr bias_at(const Plan& p, const Anchor& a, Inputs in, const std::vector<Var>& args) {
  if (p.folded_bias) return in[2](args[0]);
  std::vector<Expr> at;
  for (int d = 0; d < a.inputs[2].rank(); ++d)
    at.push_back(a.inputs[2].shape[a.inputs[2].rank() - 1 - d] == 1 ? Expr(0) : Expr(args[d]));
  if (!at.empty() && p.packed && p.n % p.tile.channels() != 0) at[0] = min(at[0], e(p.n - 1));
  return in[2](at);
}

/// The left-hand matrix as dot products take it.
Func converted_rows(const Plan& p, const Anchor& a, const Func& in) {
  Func input("rows");
  const auto v = axes(a.inputs[0].rank());
  const Halide::Type type = halide_type(p.product.x);
  input(v) = p.k % p.product.chunk == 0 ? undef(type) : Internal::make_const(type, p.product.x_zero);
  const RDom r = converted_run(p.k, 1);
  std::vector<Expr> at(v.begin(), v.end());
  at[0] = min(r.y * r.x.extent(), e(p.k) - r.x.extent()) + r.x;
  input(at) = as_factor(p.product, in(at));
  return input;
}

void schedule_converted_rows(const Plan& p, const Anchor& a, Stages& stages, Func input) {
  const auto v = input.args();
  ir::Type type{p.product.x, a.inputs[0].shape, {}};
  type.shape.back() = p.steps * p.product.chunk;
  for (size_t d = 0; d < v.size(); ++d) input.bound(v[d], 0, e(type.shape[v.size() - 1 - d]));
  input.compute_root().update().allow_race_conditions().vectorize(input.rvars()[0]);
  if (type.elements() * ir::size_of(type.dtype) <= stack_limit(a.facts) / 4) {
    input.store_in(MemoryType::Register);
    return;
  }
  stages.scratch.push_back(input);
  stages.scratch_types.push_back(type);
}

}  // namespace

std::vector<Strategy> matmul_strategies(const ir::MatMul& op, const Anchor& a) {
  const Plan p = make_plan(op, a);
  return {strategy_of(name_of(p.product.method), p.tile)};
}

std::vector<Packing> matmul_packing(const ir::MatMul& op, const Anchor& a) {
  const Plan p = make_plan(op, a);
  std::vector<Packing> result(a.inputs.size());
  if (!p.packed) return result;
  const int64_t width = p.tile.channels(), tiles = p.tiles();
  result[1].type = packed_type(p.product, tiles, 1, p.k, width);
  result[1].apply = [p, tiles, width, transposed = !op.transpose_b](const ir::Tensor& t) {
    return pack_weights(p.product, t, tiles, 1, p.k, width, transposed);
  };
  if (!p.folded_bias) return result;
  result[2].type = {a.inputs[2].dtype, {tiles * width}, {}};
  result[2].with = 1;
  result[2].combine = [p, rows = tiles * width, transposed = !op.transpose_b](const ir::Tensor& bias,
                                                                              const ir::Tensor& weights) {
    return pack_bias(p.product, bias, weights, rows, transposed);
  };
  return result;
}

Func matmul_algorithm(const ir::MatMul& op, const Anchor& a, Stages& stages, Inputs in) {
  const Plan p = make_plan(op, a);
  const int width = p.tile.channels();
  std::vector<Var> args{Var("n"), Var("m")};
  for (int d = 2; d < a.output.rank(); ++d) args.emplace_back("b" + std::to_string(d - 2));
  const Var n = args[0], m = args[1];
  const std::vector<Expr> here(args.begin(), args.end());

  // The algorithm.
  const bool lanes = takes_chunks(p.product), wide = p.product.sum == ir::DType::i64;
  const Halide::Type type = halide_type(p.product.acc);
  const bool tiles = p.product.method == Method::tile_registers;
  Func acc(tiles ? kTileSums : "acc");
  Region region{{0, e(p.steps)}};
  if (lanes) region.insert(region.begin(), Range(0, p.product.chunk));
  RDom r(region, "r");
  const Expr step = r[lanes ? 1 : 0], lane = lanes ? Expr(r[0]) : Expr(0);
  const bool pairs = p.product.pairs;
  acc(args) =
      in.size() > 2 && !wide && !pairs ? cast(type, bias_at(p, a, in, args)) : Internal::make_zero(type);
  const auto batch_a = batch_of(a.inputs[0], args), batch_b = batch_of(a.inputs[1], args);
  const Func left = p.copies ? converted_rows(p, a, in[0]) : in[0];
  const auto element = [&](const Expr& i) {
    const Expr k = step * p.product.chunk + i;
    return left(join(op.transpose_a ? std::vector<Expr>{m, k} : std::vector<Expr>{k, m}, batch_a));
  };
  Expr weight;
  if (pairs) {
    const Expr pair = n % width / 2 * 2;
    acc(args) = accumulate_pair(p.product, acc(here), in[1](pair, step, 0, n / width),
                                in[1](pair + 1, step, 0, n / width), n, element);
    stages.parts = {acc};
    Func sum("sum");
    Expr value = separated(acc, here);
    if (in.size() > 2) value += cast<int32_t>(bias_at(p, a, in, args));
    sum(args) = value;
    return sum;
  }
  if (lanes)
    weight = in[1](lane, p.product.method == Method::dots ? packed_lane(n, p.tile) : n % width, step, 0,
                   n / width);
  else if (p.packed)
    weight = in[1](n % width, step, 0, n / width);
  else
    weight = centred_weight(
        p.product,
        in[1](join(op.transpose_b ? std::vector<Expr>{step, n} : std::vector<Expr>{n, step}, batch_b)));
  acc(args) = accumulate(p.product, acc(here), weight, lane, element);
  stages.parts = {acc, left};
  if (p.product.acc == p.product.sum && !wide) return acc;
  Func sum("sum");
  Expr value = cast(halide_type(p.product.sum), acc(here));
  if (in.size() > 2 && wide) value += cast<int64_t>(bias_at(p, a, in, args));
  sum(args) = value;
  return sum;
}

void matmul_schedule(const ir::MatMul& op, const Anchor& a, Stages& stages) {
  const Plan p = make_plan(op, a);
  Func out = stages.output, acc = stages.parts[0];
  auto args = out.args();
  for (size_t d = 0; d < args.size(); ++d) out.bound(args[d], 0, e(a.output.shape[args.size() - 1 - d]));

  // The schedule.
  Var columns("nt"), rows("mt"), ni("ni"), nv("nv"), mi("mi");
  out.split(args[0], columns, ni, p.tile.channels(),
            p.packed ? TailStrategy::GuardWithIf : TailStrategy::ShiftInwards)
      .split(args[1], rows, mi, p.tile.px, TailStrategy::ShiftInwards)
      .split(ni, nv, ni, p.tile.lanes)
      .vectorize(ni)
      .unroll(nv);
  const bool tiles = p.product.method == Method::tile_registers;
  if (!tiles) out.unroll(mi);
  std::vector<VarOrRVar> order{ni, nv, mi, rows, columns};
  order.insert(order.end(), args.begin() + 2, args.end());
  out.reorder(order);
  if (worth_parallel(a.facts, p.macs)) out.parallel(columns);
  acc.compute_at(out, rows);
  const auto v = acc.args();
  if (p.copies) schedule_converted_rows(p, a, stages, stages.parts[1]);
  if (p.product.method == Method::dots) return schedule_dots(acc, v[0], v[1], {}, p.tile);
  acc.store_in(MemoryType::Stack).bound_extent(v[0], p.tile.channels()).bound_extent(v[1], p.tile.px);
  if (tiles) {
    acc.vectorize(v[0], p.tile.lanes).update().unscheduled();
    return;
  }
  if (p.product.method == Method::lanes) {
    acc.unroll(v[0]).unroll(v[1]);
    acc.update()
        .reorder(acc.rvars()[0], v[0], v[1], acc.rvars()[1])
        .atomic()
        .vectorize(acc.rvars()[0])
        .unroll(v[0])
        .unroll(v[1]);
    return;
  }
  Var ci("aci"), cv("acv");
  acc.split(v[0], cv, ci, p.tile.lanes).vectorize(ci).unroll(cv).unroll(v[1]);
  acc.update()
      .split(v[0], cv, ci, p.tile.lanes)
      .reorder(ci, cv, v[1], acc.rvars()[0])
      .vectorize(ci)
      .unroll(cv)
      .unroll(v[1]);
  const int unroll = unrolled_steps(p.product, a.optimize, p.steps);
  if (unroll > 1) acc.update().unroll(acc.rvars()[0], unroll);
}

}  // namespace halite::schedules::integer
