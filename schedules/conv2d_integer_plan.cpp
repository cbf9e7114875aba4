// Decides how a conv2d of integers is computed: what is copied, in which steps products are summed, the tile,
// and how rows are divided into tasks.
#include <algorithm>

#include "schedules/conv2d_integer.h"
#include "schedules/cost.h"
#include "schedules/dot.h"
#include "schedules/dot_panels.h"
#include "schedules/pointwise.h"
#include "schedules/tile_registers.h"

namespace halite::schedules::integer {
namespace {

constexpr int64_t kMostRowsPerTask = 14;
constexpr int64_t kRowAlignment = 4;  ///< of copied rows, so that words can be copied

Tile pick_tile(const Anchor& a, ConvPlan& p) {
  if (p.product.method == Method::broadcast) return choose_tile(integer_facts(a.facts), a.optimize, p.space);
  if (p.product.method == Method::tile_registers) return tile_of_registers(p.space, p.steps);
  if (p.product.method == Method::dots) return dot_tile(p.product, a.facts, a.optimize, p.space);
  Tile t;
  const bool exactly = p.space.rest == Rest::none;
  if (p.product.method == Method::words) {
    t.px = p.ow > 1 && !(a.in_place && p.ow % 2 != 0) ? 2 : 1;
    t.vectors = word_channels(p.product, a, p.ocg, t.px, exactly);
  } else {
    t.vectors = std::min<int64_t>(4, p.ocg);
    while (exactly && p.ocg % t.vectors != 0) --t.vectors;
    // Four sums make one vector, which is scaled and stored as such.
    if (t.vectors == 4 && p.ocg % 4 == 0) std::swap(t.lanes, t.vectors);
  }
  return t;
}

/// Whether the weights would come from beyond the cache for every row of tiles. Then few rows are left, too,
/// which cores share less evenly than channels.
bool outgrows_cache(const Anchor& a, const ConvPlan& p) {
  const bool vectors = p.product.method == Method::tile_registers || p.product.method == Method::dots;
  if (!vectors || p.panel_block > 0 || a.optimize == Optimize::size || a.shares_code) return false;
  const int64_t weights = p.oc * p.kh * p.kw * p.icg, image = p.padded_h * p.padded_w * p.ic;
  const int64_t bytes = weights * ir::size_of(p.product.x);
  return a.facts.l2_bytes > 0 && 2 * bytes > a.facts.l2_bytes && image < weights;
}

/// How the input is copied and how rows are divided into tasks.
void plan_rows(const ir::Conv2d& op, const Anchor& a, ConvPlan& p) {
  const int64_t row_tiles = ceil_div(p.oh, p.tile.py);
  const auto strip_rows = [&](int64_t rows) {
    return (rows * p.tile.py - 1) * op.stride[0] + (p.kh - 1) * op.dilation[0] + 1;
  };
  int64_t rows = row_tiles;
  if (worth_parallel(a.facts, p.macs) && !p.weights_outermost)
    rows = std::max<int64_t>(4, ceil_div(rows, 4 * a.facts.cores));
  if (p.weights_outermost && p.copy != Copy::none) {
    p.copy = Copy::image;
  } else if (p.copy != Copy::none) {
    rows = std::min(rows, kMostRowsPerTask);
    const int64_t bytes = ir::size_of(p.product.x);
    const int64_t most = stack_limit(a.facts) / (stack_limit(a.facts) >= 64 * 1024 ? 4 : 2);
    while (rows > 1 && strip_rows(rows) * p.row * bytes > most) --rows;
    // A strip for a single row of tiles may take all of the stack that there is: a copy of the image costs
    // far more.
    p.copy = strip_rows(rows) * p.row * bytes <= stack_limit(a.facts) ? Copy::strip : Copy::image;
  }
  const bool even = worth_parallel(a.facts, p.macs) && has_few_cores(a.facts) && !p.weights_outermost &&
                    a.optimize == Optimize::speed && !a.shares_code;
  p.rows_per_task = even ? even_tasks(a.facts, row_tiles, rows) : task_rows(rows, row_tiles, a.optimize);
  p.strip_rows = strip_rows(p.rows_per_task);
}

ConvPlan begin_plan(const ir::Conv2d& op, const Anchor& a) {
  ConvPlan p{conv_extents(op, a)};
  p.even_pixels = a.even_pixels;
  p.product = make_product(a, op.x_zero, op.w_zero, p.kh * p.kw * p.icg,
                           p.has_bias && a.constant[1] && a.constant[2]);
  return p;
}

/// Pixels of a tile that cover a row with the fewest computed twice, of these the most at once.
int dividing_pixels(const Space& s, int most) {
  int best = 1;
  for (int px = 2; px <= std::min<int64_t>(most, s.x); ++px) {
    if (s.once && s.x % px != 0) continue;
    if (round_up(s.x, px) <= round_up(s.x, best) || best == 1) best = px;
  }
  return best;
}

/// Whether bytes are widened to vectors of i16 that multiply-adds take half by half, on machines whose dot
/// products take lanes: a vector of channels is then two registers of sums.
bool takes_halves(const Anchor& a, const ConvPlan& p) {
  if (a.facts.dot_lanes == 0 || a.optimize == Optimize::size || ir::size_of(p.product.x) != 1) return false;
  const int64_t channels = 2 * f32_lanes(a.facts);
  const bool past_the_end = p.copy != Copy::none && p.ocg == 1;
  return p.product.acc == ir::DType::i32 && p.oc >= channels && (p.oc % channels == 0 || past_the_end);
}

/// Sums of a vector of channels, pixel by pixel.
Tile halves_tile(const Anchor& a, const Space& s) {
  constexpr int kMost = 7;  // with a row of weights and the inputs of a pixel, 20 registers
  return {.lanes = 2 * f32_lanes(a.facts), .px = dividing_pixels(s, kMost)};
}

/// With few registers, a few pixels of one channel or vector: a row of weights stays in registers beside
/// their sums.
Tile depthwise_tile(const Anchor& a, const Space& s) {
  constexpr int kFewRegisters = 8;
  const bool vectors = a.facts.vector_bits > 0;
  if (a.optimize == Optimize::size || (vectors && a.facts.vector_registers > kFewRegisters))
    return choose_tile(integer_facts(a.facts), a.optimize, s);
  constexpr int most = 5;
  Tile t;
  if (vectors) t.lanes = lanes(integer_facts(a.facts), ir::DType::i32);
  // Three divide the widths of most small networks, whose layers then share their code.
  constexpr int kSharedPixels = 3;
  if (a.shares_code && s.x % kSharedPixels == 0) return t.px = kSharedPixels, t;
  t.px = dividing_pixels(s, most);
  return t;
}

}  // namespace

ConvPlan plan_conv(const ir::Conv2d& op, const Anchor& a, bool copies_for_speed) {
  ConvPlan p = begin_plan(op, a);
  const Product product = p.product;
  const bool pads = op.pad[0] > 0 || op.pad[1] > 0 || p.padded_w > p.w || p.padded_h > p.h;
  const bool flat = op.groups == 1 && (p.kw == 1 || op.dilation[1] == 1);
  const bool may_copy =
      copies_for_speed && op.groups == 1 && (p.kh * p.kw > 1 || multiplies_vectors(a.facts));
  p.copy = pads ? Copy::strip : Copy::none;
  // Without a copy a run may still be a row of the kernel, where no word lies in two pixels.
  bool whole_words = a.facts.vector_bits == 0 && a.facts.int8_dot == 2 && p.ic % 4 == 0;
  const auto cut = [&] {
    p.taps = flat && (p.copy != Copy::none || p.kw == 1 || whole_words) ? 1 : p.kw;
    p.run = p.icg * p.kw / p.taps;
    p.product = product;
    const bool slack = op.groups == 1 && p.copy != Copy::none;
    if (a.constant[1]) choose_method(p.product, a.facts, p.run, slack);
    const int64_t products = p.kh * p.kw * p.icg;
    if (a.constant[1] && op.groups == 1 && p.product.method == Method::broadcast)
      choose_tile_registers(p.product, a, p.oh * p.ow, products, p.run, slack);
    if (a.constant[1] && copies_for_speed && p.product.method == Method::broadcast)
      choose_dots(p.product, a.facts, products, p.run, slack);
  };
  cut();
  if (p.copy == Copy::none && p.product.method != Method::words && whole_words) {
    whole_words = false;
    cut();
  }
  if (p.copy == Copy::none && !reads_in_place(p.product, a.inputs[0].dtype)) {
    p.copy = Copy::strip;
    cut();
  }
  if (p.copy == Copy::none && p.product.method == Method::broadcast && may_copy) {
    p.copy = Copy::strip;
    cut();
    if (p.product.method == Method::broadcast) {
      p.copy = Copy::none;
      cut();
    }
  }
  p.converts = !reads_in_place(p.product, a.inputs[0].dtype);
  p.steps = ceil_div(p.run, p.product.chunk);
  p.row = std::max(p.padded_w * p.ic, ((p.ow - 1) * op.stride[1] + (p.taps - 1) * op.dilation[1]) * p.ic +
                                          p.steps * p.product.chunk);
  p.row = round_up(p.row, kRowAlignment);
  p.space = {.channels = p.ocg,
             .x = p.ow,
             .y = p.oh,
             .steps = p.kh * p.taps * p.steps,
             .inner_steps = 1,
             .repeats = p.n * op.groups,
             .rest = op.groups == 1 ? Rest::padded : Rest::none,
             .once = a.in_place,
             .depthwise = false,
             .search = a.tile};
  if (auto panels = plan_dot_panels(op, a, p))
    p = *std::move(panels);
  else
    p.tile = pick_tile(a, p);
  p.weights_outermost = outgrows_cache(a, p);
  plan_rows(op, a, p);
  // Who allows kernels so little stack is short of all memory: no image is copied for speed alone.
  constexpr int64_t kScarce = 1024;
  const bool spares = !pads && p.copy == Copy::image && stack_limit(a.facts) < kScarce;
  return spares ? plan_conv(op, a, false) : p;
}

ConvPlan plan_depthwise(const ir::Conv2d& op, const Anchor& a) {
  ConvPlan p = begin_plan(op, a);
  const bool pads = op.pad[0] > 0 || op.pad[1] > 0 || p.padded_w > p.w || p.padded_h > p.h;
  p.copy = pads ? Copy::strip : Copy::none;
  p.taps = p.kw, p.run = p.steps = 1;
  p.space = {.channels = p.oc,
             .x = p.ow,
             .y = p.oh,
             .steps = p.kh * p.kw,
             .inner_steps = 1,
             .repeats = p.n,
             .rest = Rest::padded,
             .once = a.in_place,
             .depthwise = true,
             .search = a.tile};
  p.tile = takes_halves(a, p) ? halves_tile(a, p.space) : depthwise_tile(a, p.space);
  // Channels that fill the last tile are read past the end of a row.
  const int64_t rest = round_up(p.oc, p.tile.channels()) - p.oc;
  p.row = round_up(p.padded_w * p.ic + rest, kRowAlignment);
  if (auto dots = plan_depthwise_dots(a, p)) p = *std::move(dots);
  plan_rows(op, a, p);
  return p;
}

}  // namespace halite::schedules::integer
