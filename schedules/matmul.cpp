// matmul. Funcs are indexed by n, m, then the batch axes from the innermost outwards.
//
// "tiles": a register tile of rows times vectors of columns. A constant right-hand matrix is packed as
// [batch][n/tile][k][tile], so that the innermost loop reads it as one stream; one row (a dense layer) is the
// same with one row in the tile, bound by the memory that holds the weights. A matrix that is not constant is
// read where it is if its rows are along n, and is packed into scratch first if it is transposed.
#include "schedules/matmul.h"

#include <algorithm>

#include "ir/base/check.h"
#include "ir/ops/numbers.h"
#include "schedules/matmul_integer.h"
#include "schedules/operators.h"
#include "schedules/products.h"
#include "schedules/register_tile.h"
#include "schedules/types.h"

namespace halite::schedules {
namespace {

using namespace Halide;

constexpr int64_t kRowsPerLoad =
    4;  ///< rows that a weight must serve to cost less than its way into a register

Expr e(int64_t v) { return Expr(static_cast<int>(v)); }

ir::Tensor pack(const ir::Tensor& b, const ProductPlan& p, bool transposed) {
  auto packed = ir::Tensor::zeros(p.packed_type);
  const int64_t width = p.tile.channels(), tiles = ceil_div(p.n, width), matrix = p.k * p.n;
  ir::with_word(b.type().dtype, [&]<class T>(T) {
    const auto from = b.data<T>();
    const auto to = packed.mutable_data<T>();
    for (int64_t batch = 0; batch * matrix < b.type().elements(); ++batch)
      for (int64_t n = 0; n < p.n; ++n)
        for (int64_t k = 0; k < p.k; ++k)
          to[((batch * tiles + n / width) * p.k + k) * width + n % width] =
              from[batch * matrix + (transposed ? n * p.k + k : k * p.n + n)];
  });
  return packed;
}

}  // namespace

ProductPlan plan_product(const ir::MatMul& op, const Anchor& a) {
  const auto &sa = a.inputs[0].shape, &sb = a.inputs[1].shape, &out = a.output.shape;
  ProductPlan p{};
  p.m = out[out.size() - 2], p.n = out.back();
  p.k = op.transpose_a ? sa[sa.size() - 2] : sa.back();
  p.batches = 1;
  for (size_t d = 0; d + 2 < out.size(); ++d) p.batches *= out[d];
  // Few rows leave the multipliers waiting for the memory that holds b.
  p.effort = p.batches * std::max(p.m, kRowsPerLoad) * p.n * p.k;
  p.packed = a.constant[1] || op.transpose_b;
  p.sums = plan_sums(a, p.k, 1, 1);
  p.space = {.channels = p.n,
             .x = p.m,
             .steps = p.k,
             .repeats = p.batches,
             .rest = p.packed     ? Rest::padded
                     : a.in_place ? Rest::none
                                  : Rest::shifted,
             .fewest_x = a.fewest_rows,
             .once = a.in_place,
             .search = a.tile};
  p.tile = choose_tile(a.facts, a.optimize, p.space);
  p.packed_type = {a.inputs[1].dtype, {sb.begin(), sb.end() - 2}, {}};
  const int64_t width = p.tile.channels();
  p.packed_type.shape.insert(p.packed_type.shape.end(), {ceil_div(p.n, width), p.k, width});
  const int64_t cache = a.facts.l2_bytes > 0 ? a.facts.l2_bytes : a.facts.l1_bytes;
  p.weights_outermost = cache > 0 && 8 * p.k * p.n > cache && p.m <= p.n;
  return p;
}

std::vector<Strategy> strategies(const ir::MatMul& op, const Anchor& a) {
  if (widens_products(a)) return integer::matmul_strategies(op, a);
  return {strategy_of("tiles", plan_product(op, a).tile)};
}

std::vector<Packing> packing(const ir::MatMul& op, const Anchor& a, const std::string&) {
  if (widens_products(a)) return integer::matmul_packing(op, a);
  const ProductPlan p = plan_product(op, a);
  std::vector<Packing> result(a.inputs.size());
  if (a.constant[1] && p.packed_type.elements() > 0) {
    result[1].type = p.packed_type;
    result[1].apply = [p, transposed = op.transpose_b](const ir::Tensor& t) {
      return pack(t, p, transposed);
    };
  }
  return result;
}

Func algorithm(const ir::MatMul& op, const Anchor& a, Stages& stages, Inputs in) {
  if (widens_products(a)) return integer::matmul_algorithm(op, a, stages, in);
  const ProductPlan p = plan_product(op, a);
  const int width = p.tile.channels();
  std::vector<Var> args{Var("n"), Var("m")};
  for (int d = 2; d < a.output.rank(); ++d) args.emplace_back("b" + std::to_string(d - 2));
  const Var n = args[0], m = args[1];

  Func b = in[1];
  if (p.packed && !a.constant[1]) {
    b = Func("packed");
    std::vector<Var> at{Var("ni"), Var("k"), Var("t")};
    for (int d = 2; d < a.inputs[1].rank(); ++d) at.push_back(Var("b" + std::to_string(d - 2)));
    const std::vector<Expr> batch(at.begin() + 3, at.end());
    b(at) = in[1](join({at[1], min(at[2] * width + at[0], e(p.n - 1))}, batch));
  }

  // The algorithm: the sum of a run of products or, where there are several, the sum of their sums.
  const Sums& sums = p.sums;
  Func acc("acc"), run("run");
  RDom r(0, e(sums.channels), "r"), runs(0, e(sums.in_runs ? p.k / sums.channels : 1), "runs");
  Expr first = Internal::make_zero(sums.total());
  if (in.size() > 2) {
    std::vector<Expr> at;
    for (int d = 0; d < a.inputs[2].rank(); ++d)
      at.push_back(a.inputs[2].shape[a.inputs[2].rank() - 1 - d] == 1 ? Expr(0) : Expr(args[d]));
    // Padded columns read the last bias.
    if (!at.empty() && p.n % width != 0 && p.packed) at[0] = min(at[0], e(p.n - 1));
    first = cast(sums.total(), in[2](at));
  }
  acc(args) = first;
  const auto batch_a = batch_of(a.inputs[0], args), batch_b = batch_of(a.inputs[1], args);
  const auto product = [&](const Expr& k) {
    Expr left = in[0](join(op.transpose_a ? std::vector<Expr>{m, k} : std::vector<Expr>{k, m}, batch_a));
    Expr right = p.packed ? b(join({n % width, k, n / width}, batch_b)) : b(join({n, k}, batch_b));
    return cast(sums.factor, right) * cast(sums.factor, left);
  };
  if (sums.in_runs) {
    std::vector<Var> of_run = args;
    of_run.emplace_back("of_run");
    run(of_run) = Internal::make_zero(sums.factor);
    run(of_run) += product(of_run.back() * e(sums.channels) + r);
    acc(args) += cast(sums.total(), run(join({args.begin(), args.end()}, {runs})));
  } else {
    acc(args) += product(r);
  }
  stages.parts = {acc, b, run};
  const Halide::Type stored = halide_type(a.output.dtype);
  if (stored == sums.total()) return acc;
  Func rounded("rounded");
  rounded(args) = cast(stored, acc(args));
  return rounded;
}

void schedule(const ir::MatMul& op, const Anchor& a, Stages& stages) {
  if (widens_products(a)) return integer::matmul_schedule(op, a, stages);
  const ProductPlan p = plan_product(op, a);
  Func out = stages.output, acc = stages.parts[0], packed = stages.parts[1];
  auto args = out.args();
  for (size_t d = 0; d < args.size(); ++d) out.bound(args[d], 0, e(a.output.shape[args.size() - 1 - d]));

  // The schedule.
  const bool columns_outer = p.weights_outermost;
  const ProductLoops loops =
      tile_product(out, acc, p, {args[0], args[1]}, columns_outer ? Outer::columns : Outer::rows);
  if (p.sums.in_runs) {
    Func run = stages.parts[2];
    run.compute_at(acc, acc.rvars()[0]);
    hold_in_registers(run, p);
  }
  if (worth_parallel(a.facts, p.effort)) {
    if (a.output.rank() > 2 && a.output.shape[0] > 1)
      out.parallel(args.back());
    else
      out.parallel(columns_outer ? loops.columns : loops.rows);
  }

  if (p.packed && !a.constant[1]) {
    packed.compute_root();
    const auto at = packed.args();
    for (size_t d = 0; d < at.size(); ++d) packed.bound(at[d], 0, e(p.packed_type.shape[at.size() - 1 - d]));
    stages.scratch.push_back(packed);
    stages.scratch_types.push_back(p.packed_type);
  }
}

ProductLoops tile_product(Func out, Func acc, const ProductPlan& p, const ProductAxes& axes, Outer outer) {
  ProductLoops loops;
  Var ni("ni"), nv("nv"), mi("mi");
  out.split(axes.n, loops.columns, ni, p.tile.channels(),
            p.packed ? TailStrategy::GuardWithIf : TailStrategy::ShiftInwards)
      .split(axes.m, loops.rows, mi, p.tile.px, TailStrategy::ShiftInwards)
      .split(ni, nv, ni, p.tile.lanes)
      .vectorize(ni)
      .unroll(nv)
      .unroll(mi);
  const Var inner = outer == Outer::columns ? loops.rows : loops.columns;
  out.reorder({ni, nv, mi, inner, outer == Outer::columns ? loops.columns : loops.rows});
  acc.compute_at(out, inner);
  hold_in_registers(acc, p);
  return loops;
}

void hold_in_registers(Func acc, const ProductPlan& p) {
  Var ci("aci"), cv("acv");
  const auto v = acc.args();
  acc.store_in(MemoryType::Stack).bound_extent(v[0], p.tile.channels()).bound_extent(v[1], p.tile.px);
  acc.split(v[0], cv, ci, p.tile.lanes).vectorize(ci).unroll(cv).unroll(v[1]);
  const RVar r = acc.rvars()[0];
  acc.update()
      .split(v[0], cv, ci, p.tile.lanes)
      .reorder(ci, cv, v[1], r)
      .vectorize(ci)
      .unroll(cv)
      .unroll(v[1]);
}

}  // namespace halite::schedules
