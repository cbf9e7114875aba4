// Which strategies conv2d has and what they cost, which tiles and tasks the direct convolution takes, and how
// its weights are packed.
#include "schedules/conv2d_plan.h"

#include <algorithm>

#include "ir/ops/numbers.h"
#include "schedules/conv2d_integer.h"
#include "schedules/cost.h"
#include "schedules/operators.h"
#include "schedules/panels.h"
#include "schedules/strassen.h"
#include "schedules/winograd.h"

namespace halite::schedules {
namespace direct {
namespace {

constexpr int64_t kMostRowsPerTask = 14;
constexpr int64_t kTilesPerTask = 4;  ///< of a row, that weights serve at least

/// How padding is done and how rows are divided into tasks, once the tile is known.
void plan_rows(const ir::Conv2d& op, const Anchor& a, Plan& p) {
  // What is stored as f16 and computed with in f32 is widened when it is copied.
  const bool widens = has_halves(a) && p.sums.element() == ir::DType::f32 && !p.depthwise;
  const bool borders = op.pad[0] > 0 || op.pad[1] > 0 || p.padded_w > p.w || p.padded_h > p.h;
  const bool pads = borders || widens || p.by_rows;
  const int64_t row_bytes = p.padded_w * p.ic * p.sums.factor.bytes();
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
    while (rows > 1 && strip_rows(rows) * row_bytes > most) --rows;
    const bool fits = strip_rows(rows) * row_bytes <= most;
    if (!fits || p.weights_outermost) p.padding = Padding::image;
  }
  if (p.weights_outermost) rows = row_tiles;
  p.rows_per_task = task_rows(rows, row_tiles, a.optimize);
  p.strip_rows = strip_rows(p.rows_per_task);
  p.flat_rows = a.optimize == Optimize::speed && p.ic % f32_lanes(a.facts) != 0;
  const bool one_row = p.oh == 1 && p.padding == Padding::none && !p.weights_outermost;
  const int64_t tiles = ceil_div(p.ow, p.tile.px);
  if (one_row && worth_parallel(a.facts, p.macs)) {
    const int64_t most = std::max(kTilesPerTask, ceil_div(tiles, 4 * a.facts.cores));
    p.tiles_per_task =
        has_few_cores(a.facts) ? even_tasks(a.facts, tiles, most) : task_rows(most, tiles, a.optimize);
  }
}

/// Whether channels are so few that no vector of them is whole, but a row of taps, which follow each other,
/// has one. In f32 that is what panels are for.
bool is_by_rows(const ir::Conv2d& op, const Anchor& a, const ConvExtents& x) {
  const int64_t row = x.kw * x.icg, lanes = a.facts.fma_lanes;
  return has_halves(a) && a.facts.native_f16 && lanes > 0 && a.optimize == Optimize::speed &&
         op.groups == 1 && op.dilation[1] == 1 && x.icg % lanes != 0 && row >= lanes && row <= kLongestRow;
}

}  // namespace

Plan make_plan(const ir::Conv2d& op, const Anchor& a) {
  Plan p{conv_extents(op, a)};
  p.by_rows = is_by_rows(op, a, p);
  p.taps_x = p.by_rows ? 1 : p.kw;
  p.tap_steps = p.by_rows ? p.kw * p.icg : p.icg;
  p.pack_at_run_time = !a.constant[1];
  p.sums = plan_sums(a, p.tap_steps, p.taps_x, p.kh);
  p.space = {.channels = p.depthwise ? p.oc : p.ocg,
             .x = p.ow,
             .y = p.oh,
             .steps = p.kh * p.kw * p.icg,
             .inner_steps = p.by_rows        ? round_up(p.tap_steps, a.facts.fma_lanes)
                            : op.groups == 1 ? p.sums.channels
                                             : 1,
             .repeats = p.n * (p.depthwise ? 1 : op.groups),
             .rest = op.groups == 1 || p.depthwise ? Rest::padded : Rest::none,
             .once = a.in_place,
             .depthwise = p.depthwise,
             .taps = has_halves(a) ? 0 : p.kw,
             .stride = op.stride[1],
             .long_epilogue = a.long_epilogue,
             .search = a.tile};
  p.tile = choose_tile(a.facts, a.optimize, p.space);
  if (p.by_rows) p.tile.unroll = 1;  // the loop is unrolled whole
  const int64_t width = p.tile.channels();
  const ir::DType stored = a.inputs[1].dtype;
  p.packed = {stored, {op.groups * p.tiles_per_group(), p.kh, p.taps_x, p.tap_steps, width}, {}};
  if (p.depthwise) p.packed.shape = {p.kh, p.kw, round_up(p.oc, width)};
  const int64_t weights_bytes = p.oc * p.kh * p.kw * p.icg * ir::size_of(stored),
                image_bytes = p.padded_h * p.padded_w * p.ic * p.sums.factor.bytes();
  const int64_t cache = a.facts.l2_bytes > 0 ? a.facts.l2_bytes : a.facts.l1_bytes;
  p.weights_outermost =
      !p.depthwise && op.groups == 1 && cache > 0 && 2 * weights_bytes > cache && image_bytes < weights_bytes;
  plan_rows(op, a, p);
  return p;
}

}  // namespace direct

namespace {

using direct::Plan;

ir::Tensor pack_weights(const ir::Tensor& weights, const Plan& p, const ir::Type& type) {
  auto packed = ir::Tensor::zeros(type);
  const int64_t steps = p.kh * p.kw * p.icg, width = p.tile.channels();
  ir::with_word(type.dtype, [&]<class T>(T) {
    const auto from = weights.data<T>();
    const auto to = packed.mutable_data<T>();
    for (int64_t o = 0; o < p.oc; ++o)
      for (int64_t k = 0; k < steps; ++k)
        to[(o / width * steps + k) * width + o % width] = from[o * steps + k];
  });
  return packed;
}

ir::Tensor pack_depthwise(const ir::Tensor& weights, const Plan& p, const ir::Type& type) {
  auto packed = ir::Tensor::zeros(type);
  const int64_t width = type.shape.back(), steps = p.kh * p.kw;
  ir::with_word(type.dtype, [&]<class T>(T) {
    const auto from = weights.data<T>();
    const auto to = packed.mutable_data<T>();
    for (int64_t o = 0; o < p.oc; ++o)
      for (int64_t k = 0; k < steps; ++k) to[k * width + o] = from[o * steps + k];
  });
  return packed;
}

}  // namespace

std::vector<Strategy> strategies(const ir::Conv2d& op, const Anchor& a) {
  if (widens_products(a)) {
    if (!is_depthwise(op, a)) return integer::conv_strategies(op, a);
    const integer::ConvPlan p = integer::plan_depthwise(op, a);
    return {strategy_of(p.product.method == Method::dots ? "dots" : "rows", p.tile)};
  }
  const Plan p = direct::make_plan(op, a);
  if (p.depthwise) return {strategy_of("rows", p.tile)};
  const bool pointwise = p.kh * p.kw == 1;
  const int64_t tasks = ceil_div(ceil_div(p.oh, p.tile.py), p.rows_per_task);
  std::vector<Strategy> result{strategy_of(op.groups > 1 ? "grouped"
                                           : pointwise   ? "pointwise"
                                                         : "direct",
                                           p.tile, weights_cycles(a.facts, p.packed.bytes(), tasks))};
  if (p.tiles_per_task > 0)
    result[0].cycles *= uneven(a.facts, ceil_div(p.ow, p.tile.px), p.tiles_per_task, p.n);
  std::ranges::copy(winograd::strategies(op, a), std::back_inserter(result));
  std::ranges::copy(panels::strategies(op, a), std::back_inserter(result));
  std::ranges::copy(strassen::strategies(op, a), std::back_inserter(result));
  std::ranges::sort(result, {}, &Strategy::cycles);
  return result;
}

std::vector<Packing> packing(const ir::Conv2d& op, const Anchor& a, const std::string& strategy) {
  if (widens_products(a))
    return is_depthwise(op, a) ? integer::depthwise_packing(op, a) : integer::conv_packing(op, a);
  if (winograd::is_named(strategy)) return winograd::packing(op, a, strategy);
  if (panels::is_named(strategy)) return panels::packing(op, a, strategy);
  if (strassen::is_named(strategy)) return strassen::packing(op, a, strategy);
  const Plan p = direct::make_plan(op, a);
  std::vector<Packing> result(a.inputs.size());
  if (a.constant[1]) {
    result[1].type = p.packed;
    result[1].apply = [p](const ir::Tensor& t) {
      return p.depthwise ? pack_depthwise(t, p, p.packed) : pack_weights(t, p, p.packed);
    };
  }
  if (p.has_bias && a.constant[2]) result[2] = packed_bias(a.inputs[2], round_up(p.oc, p.tile.channels()));
  return result;
}

}  // namespace halite::schedules
