// Attention. Funcs are indexed by n, m, then the batch axes (heads) from the innermost outwards. For each
// block of rows m of the output the scores [rows, keys] are computed in register tiles, then their softmax,
// then its product with v, again in register tiles. Both blocks lie on the stack; k and v are read once a
// block.
//
// Where a row of scores is too long for the stack, its keys come in parts: each part has exponentials, a sum
// and a product with v of its own, relative to its own largest score; at the end these are brought to one
// scale and added up. So no more than a part of a row ever exists, as in online softmax
// (https://arxiv.org/abs/1805.02867), but parts do not wait for one another.
#include "schedules/attention.h"

#include <algorithm>
#include <limits>

#include "schedules/group.h"
#include "schedules/lanes.h"
#include "schedules/math.h"
#include "schedules/matmul.h"
#include "schedules/operators.h"
#include "schedules/pointwise.h"
#include "schedules/types.h"

namespace halite::schedules {
namespace {

using namespace Halide;

constexpr int kScores = 0, kSoftmax = 1;  ///< places in `inner`

/// A tensor of the anchor with other extents along its two innermost axes.
ir::Type with_matrix(ir::Type type, int64_t rows, int64_t columns) {
  type.shape[type.shape.size() - 2] = rows;
  type.shape.back() = columns;
  return type;
}

/// A block of a product, in a task of its own: on one core, with storage of its own.
Anchor product_block(const Anchor& a, const targets::Facts& one_core, bool in_place, int64_t m, int64_t k,
                     int64_t n) {
  return {.inputs = {with_matrix(a.inputs[0], m, k), with_matrix(a.inputs[1], k, n)},
          .constant = a.constant,
          .output = with_matrix(a.output, m, n),
          .facts = one_core,
          .optimize = a.optimize,
          .in_place = in_place};
}

int64_t rows_of(const ir::Type& type) { return type.shape[type.shape.size() - 2]; }

AttentionBlock most_of(const Anchor& a, const Anchor& scores) {
  return attention_block(a.facts, rows_of(a.output), scores.output.shape.back(), a.output.shape.back());
}

struct Plan {
  AttentionBlock block;
  targets::Facts one_core;
  ProductPlan scores, values;
  int64_t parts = 1;
};

/// As many rows as fit, or somewhat fewer where register tiles and blocks then cover the rows better. In
/// place no row may be computed twice.
Plan plan_blocks(const ir::MatMul& op, const Anchor& a, const Inner& scores) {
  const int64_t m = rows_of(a.output), keys = scores.anchor.output.shape.back();
  const AttentionBlock most = most_of(a, scores.anchor);
  HALITE_CHECK(most.rows > 0, "attention over more keys than a kernel's stack can hold");
  Plan best;
  double least = 0;
  targets::Facts one_core = a.facts;
  one_core.cores = 1;
  for (int64_t rows = most.rows; rows >= 1; --rows) {
    if (a.in_place ? m % rows != 0 : best.block.rows > 0 && rows < most.rows / 2) continue;
    const Anchor s =
        product_block(scores.anchor, one_core, false, rows, scores.anchor.inputs[0].shape.back(), most.keys);
    const bool stores = most.keys == keys;  // parts are stored elsewhere first
    const Anchor v = product_block(a, one_core, a.in_place && stores, rows, most.keys, a.output.shape.back());
    const Plan p{{rows, most.keys},
                 one_core,
                 plan_product(std::get<ir::MatMul>(scores.op), s),
                 plan_product(op, v),
                 ceil_div(keys, most.keys)};
    const double cycles =
        static_cast<double>(ceil_div(m, rows)) * (p.scores.tile.cycles + p.values.tile.cycles);
    if (best.block.rows == 0 || cycles < least) best = p, least = cycles;
  }
  return best;
}

/// Keeps a block of rows of `func` on the stack.
void keep_block(Func func, Func out, const Var& at, int64_t rows) {
  func.compute_at(out, at).store_in(MemoryType::Stack);
  func.bound_extent(func.args()[1], static_cast<int>(rows));
}

void schedule_scores(Inner& inner, Func out, const Var& at, const Plan& p) {
  Func scores = inner.stages.output;
  keep_block(scores, out, at, p.block.rows);
  const auto args = scores.args();
  scores.bound_extent(args[0], static_cast<int>(p.scores.n));
  tile_product(scores, inner.stages.parts[0], p.scores, {args[0], args[1]}, Outer::columns);
}

/// Over blocks of rows of the output: whole heads or blocks in parallel.
void share_among_cores(const Anchor& a, Func out, const Var& block, const Plan& p) {
  int outermost = a.output.rank() - 1;
  while (outermost > 1 && extent(a.output, outermost) == 1) --outermost;
  const int64_t blocks = ceil_div(rows_of(a.output), p.block.rows) * p.parts;
  if (worth_parallel(a.facts, blocks * (p.scores.effort + p.values.effort)))
    out.parallel(outermost > 1 ? out.args()[outermost] : block);
}

int lanes_of(const Anchor& a) { return lanes(a.facts, ir::DType::f32); }

}  // namespace

bool takes_parts(const Anchor& a, const std::vector<Inner>& inner) {
  return most_of(a, inner[kScores].anchor).keys < inner[kScores].anchor.output.shape.back();
}

Func attention_in_parts(const ir::MatMul& op, const Anchor& a, Stages& stages,
                        const std::vector<Inner>& inner, const Func& values) {
  const Plan p = plan_blocks(op, a, inner[kScores]);
  const auto keys = static_cast<int>(inner[kScores].anchor.output.shape.back());
  const auto length = static_cast<int>(p.block.keys), parts = static_cast<int>(p.parts);
  const Func scores = inner[kScores].stages.output;
  const Var n("n"), m("m"), part("part"), key("key");
  std::vector<Var> batch;
  for (int d = 2; d < a.output.rank(); ++d) batch.emplace_back("b" + std::to_string(d - 2));
  const auto at = [&](std::vector<Expr> first) {
    first.insert(first.end(), batch.begin(), batch.end());
    return first;
  };
  const auto vars = [&](std::vector<Var> first) {
    first.insert(first.end(), batch.begin(), batch.end());
    return first;
  };

  // The algorithm. The last part begins early enough to be whole; keys that it shares with the one before
  // count there.
  const Expr first = min(part * length, keys - length);
  Func in_part("in_part"), power("power"), acc("acc"), product("product"), mixed("mixed");
  Expr score = scores(at({first + key, m}));
  if (keys % length != 0)
    score = select(first + key >= part * length, score, -std::numeric_limits<float>::infinity());
  in_part(vars({key, m, part})) = score;
  const int width = lanes_of(a);
  const Monoid maximum{Float(32).min(), [](Expr x, Expr y) { return max(x, y); }};
  const Monoid addition{0.0f, [](Expr x, Expr y) { return x + y; }};
  const auto read = [&](const Func& row) {
    return [&, row](Expr i, std::vector<Expr>) { return row(at({i, m, part})); };
  };
  const auto largest =
      reduce_along_lanes("largest", vars({m, part}), maximum, length, width, {}, read(in_part));
  power(vars({key, m, part})) = math::exp(in_part(at({key, m, part})) - largest.total(at({m, part})));
  const auto total = reduce_along_lanes("total", vars({m, part}), addition, length, width, {}, read(power));
  const RDom r(0, length, "r");
  acc(vars({n, m, part})) = 0.0f;
  acc(vars({n, m, part})) +=
      values(join({n, first + r}, batch_of(a.inputs[1], vars({n, m})))) * power(at({r, m, part}));
  // What belongs to a row stands beside each of its columns: it is computed where the row's scores are.
  product(vars({n, m, part})) =
      Tuple(acc(at({n, m, part})), largest.total(at({m, part})), total.total(at({m, part})));
  const auto of_part = [&](const Expr& column, int k, int what) { return product(at({column, m, k}))[what]; };
  Func scale("scale");
  Expr top = of_part(0, 0, 1), sum = 0.0f, result = 0.0f;
  for (int k = 1; k < parts; ++k) top = max(top, of_part(0, k, 1));
  for (int k = 0; k < parts; ++k) sum += math::exp(of_part(0, k, 1) - top) * of_part(0, k, 2);
  scale(vars({part, m})) = math::exp(product(at({0, m, part}))[1] - top) / sum;
  for (int k = 0; k < parts; ++k) result += scale(at({k, m})) * of_part(n, k, 0);
  mixed(vars({n, m})) = result;
  stages.parts = {acc, product, scale, power, largest.total, total.total, largest.partial, total.partial};
  return mixed;
}

namespace {

/// Of one part of the keys, at a loop of the product with their values.
void schedule_exponentials(const Anchor& a, const Plan& p, Stages& stages, const Var& part) {
  Func product = stages.parts[1], power = stages.parts[3];
  const int width = lanes_of(a);
  LaneReduction largest{stages.parts[6], stages.parts[4], width},
      total{stages.parts[7], stages.parts[5], width};
  schedule_lanes(largest, product, part, width);
  schedule_lanes(total, product, part, width);
  keep_block(power, product, part, p.block.rows);
  power.bound_extent(power.args()[0], static_cast<int>(p.block.keys));
  if (width > 1) power.vectorize(power.args()[0], width, TailStrategy::RoundUp);
}

}  // namespace

void schedule_attention(const ir::MatMul& op, const Anchor& a, Stages& stages, std::vector<Inner>& inner) {
  const Plan p = plan_blocks(op, a, inner[kScores]);
  Func out = stages.output;
  const auto args = out.args();
  for (int d = 0; d < a.output.rank(); ++d) out.bound(args[d], 0, extent(a.output, d));

  // The schedule.
  Var block("block"), row("row");
  out.split(args[1], block, row, static_cast<int>(p.block.rows), TailStrategy::ShiftInwards);
  share_among_cores(a, out, block, p);
  if (p.parts == 1) {
    const ProductLoops loops = tile_product(out, stages.parts[0], p.values, {args[0], row}, Outer::columns);
    out.reorder({loops.rows, loops.columns, block});
    schedule_scores(inner[kScores], out, block, p);
    Func softmax = inner[kSoftmax].stages.output;
    keep_block(softmax, out, block, p.block.rows);
    ir::Type type{ir::DType::f32, ir::Shape(args.size(), 1), {}};
    type = with_matrix(type, p.block.rows, p.block.keys);
    schedule(std::get<ir::Softmax>(inner[kSoftmax].op),
             {.inputs = {type}, .constant = {false}, .output = type, .facts = p.one_core},
             inner[kSoftmax].stages);
    return;
  }
  Func product = stages.parts[1], scale = stages.parts[2];
  out.vectorize(args[0], fitting_lanes(f32_lanes(a.facts), extent(a.output, 0)), tail(a));
  for (Func kept : {product, scale}) kept.compute_at(out, block).store_in(MemoryType::Stack);
  const auto at = product.args();
  product.bound_extent(at[0], extent(a.output, 0)).bound_extent(at[1], static_cast<int>(p.block.rows));
  product.bound(at[2], 0, static_cast<int>(p.parts));
  tile_product(product, stages.parts[0], p.values, {at[0], at[1]}, Outer::columns);
  schedule_exponentials(a, p, stages, at[2]);
  schedule_scores(inner[kScores], product, at[2], p);
}

}  // namespace halite::schedules
