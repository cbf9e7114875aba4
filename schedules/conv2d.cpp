// conv2d. Funcs are indexed by c, x, y, b: output channel, output column and row, image of the batch.
//
// "direct" (1x1: "pointwise"; groups: "grouped"): a register tile of pixels times output channels, weights
// packed as [oc/tile][kh][kw][ic][tile], so that the innermost loop reads them as one stream. Channels are
// padded to the tile with zero weights; only those that exist are stored. Tiles divide the channels of a
// group. "rows" (depthwise): vectors of channels, weights packed as [kh][kw][c]. Padding costs no branch in
// an inner loop (see Padding). "winograd2", "winograd4", "winograd6": winograd.cpp. The cheapest by its
// estimate is taken.
#include <algorithm>

#include "ir/base/check.h"
#include "schedules/conv2d_integer.h"
#include "schedules/cost.h"
#include "schedules/operators.h"
#include "schedules/register_tile.h"
#include "schedules/winograd.h"

namespace halite::schedules {
namespace {

using namespace Halide;

/// How reads outside the image give zero.
enum class Padding : uint8_t {
  none,
  strip,       ///< each task copies its input rows with zeros around them into a local array
  image,       ///< the whole input is copied so, into scratch: where a strip is too large for the stack
  predicated,  ///< rows outside are left out of the reduction, columns are selected in tiles at the border
               ///< alone
};

/// Extents by name, and everything that algorithm, packing and schedule must agree on.
struct Plan : ConvExtents {
  Padding padding;
  bool weights_outermost;  ///< tiles of output channels are the outer loop: the weights do not fit in a cache
  bool pack_at_run_time;   ///< the weights are not constant
  int64_t rows_per_task;   ///< in tiles
  int64_t strip_rows;      ///< of input that a task reads
  bool flat_rows;          ///< a padded row is copied as one vector of columns times channels
  Space space;
  Tile tile;
  ir::Type packed;  ///< of the weights
  int64_t tiles_per_group() const { return ceil_div(ocg, tile.channels()); }
};

bool is_depthwise(const ir::Conv2d& op, const Anchor& a) {
  return op.groups > 1 && a.inputs[1].shape[3] == 1;
}

constexpr int64_t kMostRowsPerTask = 14;

/// How padding is done and how rows are divided into tasks, once the tile is known.
void plan_rows(const ir::Conv2d& op, const Anchor& a, Plan& p) {
  const bool pads = op.pad[0] > 0 || op.pad[1] > 0 || p.padded_w > p.w || p.padded_h > p.h;
  const int64_t row_tiles = ceil_div(p.oh, p.tile.py);
  const auto strip_rows = [&](int64_t rows) {
    return (rows * p.tile.py - 1) * op.stride[0] + (p.kh - 1) * op.dilation[0] + 1;
  };
  int64_t rows = row_tiles;
  if (worth_parallel(a.facts, p.macs)) rows = std::max<int64_t>(4, ceil_div(rows, 4 * a.facts.cores));
  p.padding = !pads ? Padding::none : p.depthwise ? Padding::predicated : Padding::strip;
  if (p.padding == Padding::strip) {
    rows = std::min(rows, kMostRowsPerTask);
    const int64_t most = stack_limit(a.facts) / (stack_limit(a.facts) >= 64 * 1024 ? 4 : 2);
    while (rows > 1 && strip_rows(rows) * p.padded_w * p.ic * 4 > most) --rows;
    const bool fits = strip_rows(rows) * p.padded_w * p.ic * 4 <= most;
    if (!fits || p.weights_outermost) p.padding = Padding::image;
  }
  if (p.weights_outermost) rows = row_tiles;
  p.rows_per_task = task_rows(rows, row_tiles, a.optimize);
  p.strip_rows = strip_rows(p.rows_per_task);
  p.flat_rows = a.optimize == Optimize::speed && p.ic % f32_lanes(a.facts) != 0;
}

Plan make_plan(const ir::Conv2d& op, const Anchor& a) {
  Plan p{conv_extents(op, a)};
  p.pack_at_run_time = !a.constant[1];
  p.space = {.channels = p.depthwise ? p.oc : p.ocg,
             .x = p.ow,
             .y = p.oh,
             .steps = p.kh * p.kw * p.icg,
             .inner_steps = op.groups == 1 ? p.icg : 1,
             .repeats = p.n * (p.depthwise ? 1 : op.groups),
             .rest = op.groups == 1 || p.depthwise ? Rest::padded : Rest::none,
             .once = a.in_place,
             .depthwise = p.depthwise,
             .search = a.tile};
  p.tile = choose_tile(a.facts, a.optimize, p.space);
  const int64_t width = p.tile.channels();
  p.packed = {ir::DType::f32, {op.groups * p.tiles_per_group(), p.kh, p.kw, p.icg, width}, {}};
  if (p.depthwise) p.packed.shape = {p.kh, p.kw, round_up(p.oc, width)};
  const int64_t weights_bytes = p.oc * p.kh * p.kw * p.icg * 4,
                image_bytes = p.padded_h * p.padded_w * p.ic * 4;
  const int64_t cache = a.facts.l2_bytes > 0 ? a.facts.l2_bytes : a.facts.l1_bytes;
  p.weights_outermost =
      !p.depthwise && op.groups == 1 && cache > 0 && 2 * weights_bytes > cache && image_bytes < weights_bytes;
  plan_rows(op, a, p);
  return p;
}

/// stages.parts, in this order; the last two only where the plan says so.
constexpr int kAcc = 0, kInput = 1, kWeights = 2, kTaps = 3;

ir::Tensor pack_weights(const ir::Tensor& weights, const Plan& p, const ir::Type& type) {
  auto packed = ir::Tensor::zeros(type);
  const auto from = weights.data<float>();
  auto to = packed.mutable_data<float>();
  const int64_t steps = p.kh * p.kw * p.icg, width = p.tile.channels();
  for (int64_t o = 0; o < p.oc; ++o)
    for (int64_t k = 0; k < steps; ++k) to[(o / width * steps + k) * width + o % width] = from[o * steps + k];
  return packed;
}

ir::Tensor pack_depthwise(const ir::Tensor& weights, const Plan& p, const ir::Type& type) {
  auto packed = ir::Tensor::zeros(type);
  const int64_t width = type.shape.back(), steps = p.kh * p.kw;
  const auto from = weights.data<float>();
  auto to = packed.mutable_data<float>();
  for (int64_t o = 0; o < p.oc; ++o)
    for (int64_t k = 0; k < steps; ++k) to[k * width + o] = from[o * steps + k];
  return packed;
}

/// The bias, zeros where a tile has no channel.
ir::Tensor pack_bias(const ir::Tensor& bias, const Plan& p) {
  auto packed = ir::Tensor::zeros({ir::DType::f32, {round_up(p.oc, p.tile.channels())}, {}});
  const auto from = bias.data<float>();
  std::copy(from.begin(), from.end(), packed.mutable_data<float>().begin());
  return packed;
}

Expr e(int64_t v) { return Expr(static_cast<int>(v)); }

}  // namespace

std::vector<Strategy> strategies(const ir::Conv2d& op, const Anchor& a) {
  if (has_integers(a)) {
    if (!is_depthwise(op, a)) return integer::conv_strategies(op, a);
    const integer::ConvPlan p = integer::plan_depthwise(op, a);
    return {strategy_of(p.product.method == Method::dots ? "dots" : "rows", p.tile)};
  }
  const Plan p = make_plan(op, a);
  if (p.depthwise) return {strategy_of("rows", p.tile)};
  const bool pointwise = p.kh * p.kw == 1;
  const int64_t tasks = ceil_div(ceil_div(p.oh, p.tile.py), p.rows_per_task);
  std::vector<Strategy> result{strategy_of(op.groups > 1 ? "grouped"
                                           : pointwise   ? "pointwise"
                                                         : "direct",
                                           p.tile, weights_cycles(a.facts, p.packed.bytes(), tasks))};
  std::ranges::copy(winograd::strategies(op, a), std::back_inserter(result));
  std::ranges::sort(result, {}, &Strategy::cycles);
  return result;
}

std::vector<Packing> packing(const ir::Conv2d& op, const Anchor& a, const std::string& strategy) {
  if (has_integers(a))
    return is_depthwise(op, a) ? integer::depthwise_packing(op, a) : integer::conv_packing(op, a);
  if (winograd::is_named(strategy)) return winograd::packing(op, a, strategy);
  const Plan p = make_plan(op, a);
  std::vector<Packing> result(a.inputs.size());
  if (a.constant[1]) {
    result[1].type = p.packed;
    result[1].apply = [p](const ir::Tensor& t) {
      return p.depthwise ? pack_depthwise(t, p, p.packed) : pack_weights(t, p, p.packed);
    };
  }
  if (p.has_bias && a.constant[2]) {
    result[2].type = {ir::DType::f32, {round_up(p.oc, p.tile.channels())}, {}};
    result[2].apply = [p](const ir::Tensor& t) { return pack_bias(t, p); };
  }
  return result;
}

namespace {

Expr between(const Expr& low, const Expr& x, const Expr& high) { return x >= low && x < high; }

/// The input with its zeros around it. Indexed by c + x * channels, y, b.
Func padded_input(const ir::Conv2d& op, const Plan& p, const Func& in) {
  Func input("padded");
  Var i("i"), y("y"), b("b");
  Expr iy = y - e(op.pad[0]), inside = between(0, iy, e(p.h)), row = clamp(iy, 0, e(p.h - 1));
  if (p.flat_rows) {
    // Only tiles at the border of a row compare.
    Expr at = i - e(op.pad[1] * p.ic), in_row = clamp(at, 0, e(p.w * p.ic - 1));
    Expr value = in(in_row % e(p.ic), in_row / e(p.ic), row, b);
    input(i, y, b) = select(inside, select(likely(between(0, at, e(p.w * p.ic))), value, 0.0f), 0.0f);
  } else {
    Expr ix = i / e(p.ic) - e(op.pad[1]);
    inside = inside && between(0, ix, e(p.w));
    input(i, y, b) = select(inside, in(i % e(p.ic), clamp(ix, 0, e(p.w - 1)), row, b), 0.0f);
  }
  return input;
}

}  // namespace

Func algorithm(const ir::Conv2d& op, const Anchor& a, Stages& stages, Inputs in) {
  if (has_integers(a))
    return is_depthwise(op, a) ? integer::depthwise_algorithm(op, a, stages, in)
                               : integer::conv_algorithm(op, a, stages, in);
  if (winograd::is_named(stages.strategy)) return winograd::algorithm(op, a, stages, in);
  const Plan p = make_plan(op, a);
  const int width = p.tile.channels();
  Var c("c"), x("x"), y("y"), b("b");

  const Func input = padded_input(op, p, in[0]);

  // Weights that are not constant are packed when the kernel runs.
  Func weights = in[1];
  Var ci("ci"), k("k"), kx("kx"), ky("ky"), t("t");
  if (p.pack_at_run_time) {
    weights = Func("packed");
    if (p.depthwise) {
      weights(c, kx, ky) = in[1](0, kx, ky, min(c, e(p.oc - 1)));
    } else {
      weights(ci, k, kx, ky, t) = in[1](k, kx, ky, min(t * width + ci, e(p.oc - 1)));
    }
  }

  // The algorithm.
  Func acc("acc");
  RDom r(0, e(p.icg), 0, e(p.kw), 0, e(p.kh), "r");
  Expr first = 0.0f;
  if (p.has_bias) first = in[2](a.constant[2] ? Expr(c) : min(c, e(p.oc - 1)));
  acc(c, x, y, b) = first;
  Expr sx = x * e(op.stride[1]) + r.y * e(op.dilation[1]), sy = y * e(op.stride[0]) + r.z * e(op.dilation[0]);
  Expr tile = c / width, channel = r.x;  // a tile lies within one group
  if (p.depthwise)
    channel = (p.oc % width == 0 ? Expr(c) : min(c, e(p.oc - 1))) / e(p.ocg);
  else if (op.groups > 1)
    channel += tile / e(p.tiles_per_group()) * e(p.icg);
  Expr value;
  if (p.padding == Padding::strip || p.padding == Padding::image) {
    value = input(sx * e(p.ic) + channel, sy, b);
  } else {
    Expr ix = sx - e(op.pad[1]), iy = sy - e(op.pad[0]);
    const bool rows = op.pad[0] > 0 || p.padded_h > p.h, columns = op.pad[1] > 0 || p.padded_w > p.w;
    if (rows) r.where(between(0, iy, e(p.h)));
    value = in[0](channel, columns ? clamp(ix, 0, e(p.w - 1)) : ix, rows ? clamp(iy, 0, e(p.h - 1)) : iy, b);
    if (columns) value = select(likely(between(0, ix, e(p.w))), value, 0.0f);
  }
  Func taps("taps");
  if (p.tile.lane_step > 0) {
    // The inputs of one pixel and tap; the reduction's variables become parameters.
    Var k("k"), kx("kx"), ky("ky");
    taps(k, kx, ky, x, y, b) =
        Internal::substitute({{r.x.name(), k}, {r.y.name(), kx}, {r.z.name(), ky}}, value);
    value = taps(r.x, r.y, r.z, x, y, b);
  }
  acc(c, x, y, b) += (p.depthwise ? weights(c, r.y, r.z) : weights(c % width, r.x, r.y, r.z, tile)) * value;
  stages.parts = {acc, input, weights, taps};
  return acc;
}

namespace {

/// Copies as many elements at once as divide what is contiguous.
void schedule_padded_input(const Plan& p, const Anchor& a, Stages& stages, Func input, const Var& task) {
  const auto v = input.args();
  int lanes = f32_lanes(a.facts);
  const int64_t row = p.padded_w * p.ic;
  if (p.flat_rows) {
    input.vectorize(v[0], static_cast<int>(std::min<int64_t>(lanes, row)), TailStrategy::ShiftInwards);
  } else {
    Var x("px"), c("pc"), ci("pci");
    while (p.ic % lanes != 0) lanes /= 2;
    input.split(v[0], x, c, e(p.ic)).split(c, c, ci, lanes).vectorize(ci);
  }
  if (p.padding == Padding::strip) {
    // What Halide calls Stack goes to a heap beyond 16 KiB; Register is a plain local array of any size.
    input.compute_at(stages.output, task).store_in(MemoryType::Register);
    input.bound_extent(v[0], e(row)).bound_extent(v[1], e(p.strip_rows));
    return;
  }
  input.compute_root().bound(v[0], 0, e(row)).bound(v[1], 0, e(p.padded_h)).bound(v[2], 0, e(p.n));
  if (worth_parallel(a.facts, p.macs) && p.padded_h >= 4) input.parallel(v[1], 4);
  stages.scratch.push_back(input);
  stages.scratch_types.push_back({ir::DType::f32, {p.n, p.padded_h, row}, {}});
}

void schedule_packed_weights(const Plan& p, Stages& stages, Func weights) {
  weights.compute_root();
  const auto args = weights.args();
  for (size_t d = 0; d < args.size(); ++d) weights.bound(args[d], 0, e(p.packed.shape[args.size() - 1 - d]));
  stages.scratch.push_back(weights);
  stages.scratch_types.push_back(p.packed);
}

}  // namespace

void schedule(const ir::Conv2d& op, const Anchor& a, Stages& stages) {
  if (has_integers(a))
    return is_depthwise(op, a) ? integer::depthwise_schedule(op, a, stages)
                               : integer::conv_schedule(op, a, stages);
  if (winograd::is_named(stages.strategy)) return winograd::schedule(op, a, stages);
  const Plan p = make_plan(op, a);
  Func out = stages.output, acc = stages.parts[kAcc];
  const auto args = out.args();
  Var c = args[0], x = args[1], y = args[2], b = args[3];
  out.bound(c, 0, e(p.oc)).bound(x, 0, e(p.ow)).bound(y, 0, e(p.oh)).bound(b, 0, e(p.n));

  // The schedule: tiles in the order columns, channels, rows (rows before channels where weights are many).
  // A task is a strip of rows.
  Var task("task"), row("row");
  const TileLoops l = split_output(out, c, x, y, p.tile, p.space, stages.sums);
  out.split(l.y, task, row, e(p.rows_per_task), TailStrategy::GuardWithIf);
  std::vector<VarOrRVar> order{l.ci, l.cv, l.xi, l.yi, l.x};
  if (p.weights_outermost) {
    order.insert(order.end(), {row, task, l.c});
  } else {
    order.insert(order.end(), {l.c, row, task});
  }
  order.push_back(b);
  out.reorder(order);
  if (worth_parallel(a.facts, p.macs)) out.parallel(p.weights_outermost ? l.c : task);

  const RVar rk = acc.rvars()[0], rx = acc.rvars()[1], ry = acc.rvars()[2];
  const auto v = acc.args();
  acc.compute_at(out, l.x);
  schedule_accumulator(acc, v[0], v[1], v[2], p.tile, {rk, rx, ry});
  if (p.depthwise && a.optimize == Optimize::speed && p.kw <= 7) acc.update().unroll(rx);

  if (p.tile.lane_step > 0) schedule_taps(stages.parts[kTaps], acc, p.tile);
  if (p.pack_at_run_time) schedule_packed_weights(p, stages, stages.parts[kWeights]);
  if (p.padding == Padding::strip || p.padding == Padding::image)
    schedule_padded_input(p, a, stages, stages.parts[kInput], task);
}

}  // namespace halite::schedules
