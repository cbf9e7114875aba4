// conv2d of integers, indexed as in conv2d.cpp. Dense and grouped ones; depthwise_integer.cpp has the rest.
//
// A row of the kernel is one run of kw * ic elements in memory where nothing is dilated along x and there is
// one group (ic elements for each tap otherwise); runs are cut into steps as products.h says. Where a run is
// no multiple of a step, the input is copied, so that it may be read past its end.
//   weights packed as [groups * tiles][kh * taps][steps][tile][chunk]
// Padding: each task copies its input rows into a local array, x_zero around them, or the whole image is
// copied into scratch.
#include "schedules/conv2d_integer.h"

#include <algorithm>

#include "ir/base/check.h"
#include "schedules/dot.h"
#include "schedules/register_tile.h"
#include "schedules/types.h"

namespace halite::schedules::integer {
namespace {

using namespace Halide;

Expr e(int64_t v) { return Expr(static_cast<int>(v)); }
Expr between(const Expr& low, const Expr& x, const Expr& high) { return x >= low && x < high; }

constexpr int64_t kMostRowsPerTask = 14;
constexpr int64_t kRowAlignment = 4;  ///< of copied rows, so that words can be copied

Tile pick_tile(const Anchor& a, ConvPlan& p) {
  if (p.product.method == Method::broadcast) return choose_tile(integer_facts(a.facts), a.optimize, p.space);
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
  t.cycles = 1;
  return t;
}

/// How the input is copied and how rows are divided into tasks.
void plan_rows(const ir::Conv2d& op, const Anchor& a, ConvPlan& p) {
  const int64_t row_tiles = ceil_div(p.oh, p.tile.py);
  const auto strip_rows = [&](int64_t rows) {
    return (rows * p.tile.py - 1) * op.stride[0] + (p.kh - 1) * op.dilation[0] + 1;
  };
  int64_t rows = row_tiles;
  if (worth_parallel(a.facts, p.macs)) rows = std::max<int64_t>(4, ceil_div(rows, 4 * a.facts.cores));
  if (p.copy != Copy::none) {
    rows = std::min(rows, kMostRowsPerTask);
    const int64_t bytes = ir::size_of(p.product.x);
    const int64_t most = stack_limit(a.facts) / (stack_limit(a.facts) >= 64 * 1024 ? 4 : 2);
    while (rows > 1 && strip_rows(rows) * p.row * bytes > most) --rows;
    // A strip for a single row of tiles may take all of the stack that there is: a copy of the image costs
    // far more.
    p.copy = strip_rows(rows) * p.row * bytes <= stack_limit(a.facts) ? Copy::strip : Copy::image;
  }
  p.rows_per_task = task_rows(rows, row_tiles, a.optimize);
  p.strip_rows = strip_rows(p.rows_per_task);
}

ConvPlan extents(const ir::Conv2d& op, const Anchor& a) {
  const auto &in = a.inputs[0].shape, &weights = a.inputs[1].shape, &out = a.output.shape;
  ConvPlan p{};
  p.n = in[0], p.h = in[1], p.w = in[2], p.ic = in[3];
  p.oc = weights[0], p.kh = weights[1], p.kw = weights[2], p.icg = weights[3];
  p.oh = out[1], p.ow = out[2], p.ocg = p.oc / op.groups;
  p.padded_w = (p.ow - 1) * op.stride[1] + (p.kw - 1) * op.dilation[1] + 1;
  p.padded_h = (p.oh - 1) * op.stride[0] + (p.kh - 1) * op.dilation[0] + 1;
  p.has_bias = a.inputs.size() > 2;
  p.depthwise = op.groups > 1 && p.icg == 1;
  p.even_pixels = a.even_pixels;
  p.macs = p.n * p.oh * p.ow * p.oc * p.kh * p.kw * p.icg;
  p.product = make_product(a, op.x_zero, op.w_zero, p.kh * p.kw * p.icg,
                           p.has_bias && a.constant[1] && a.constant[2]);
  return p;
}

ConvPlan make_plan(const ir::Conv2d& op, const Anchor& a, bool copies_for_speed) {
  ConvPlan p = extents(op, a);
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
    if (a.constant[1] && copies_for_speed && p.product.method == Method::broadcast)
      choose_dots(p.product, a.facts, p.kh * p.kw * p.icg, p.run, slack);
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
             .depthwise = false};
  p.tile = pick_tile(a, p);
  plan_rows(op, a, p);
  // Who allows kernels so little stack is short of all memory: no image is copied for speed alone.
  constexpr int64_t kScarce = 1024;
  const bool spares = !pads && p.copy == Copy::image && stack_limit(a.facts) < kScarce;
  return spares ? make_plan(op, a, false) : p;
}

/// stages.parts, in this order.
constexpr int kAcc = 0, kInput = 1, kWeights = 2;

}  // namespace

namespace {

/// Without vectors, a few pixels of one channel: a row of weights stays in registers beside their sums.
Tile depthwise_tile(const Anchor& a, const Space& s) {
  if (a.facts.vector_bits > 0 || a.optimize == Optimize::size)
    return choose_tile(integer_facts(a.facts), a.optimize, s);
  constexpr int kMostPixels = 5;
  Tile t;
  for (int px = 2; px <= std::min<int64_t>(kMostPixels, s.x); ++px) {
    if (s.once && s.x % px != 0) continue;
    // As few pixels as possible are computed twice, then as many as possible at once.
    if (round_up(s.x, px) <= round_up(s.x, t.px) || t.px == 1) t.px = px;
  }
  t.cycles = 1;
  return t;
}

}  // namespace

ConvPlan plan_depthwise(const ir::Conv2d& op, const Anchor& a) {
  ConvPlan p = extents(op, a);
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
             .depthwise = true};
  p.tile = depthwise_tile(a, p.space);
  // Channels that fill the last tile are read past the end of a row.
  const int64_t rest = round_up(p.oc, p.tile.channels()) - p.oc;
  p.row = round_up(p.padded_w * p.ic + rest, kRowAlignment);
  plan_rows(op, a, p);
  return p;
}

Func copied_input(const ir::Conv2d& op, const ConvPlan& p, const Func& in) {
  Func input("padded");
  Var i("i"), y("y"), b("b");
  const Halide::Type type = halide_type(p.product.x);
  const bool pads = op.pad[0] > 0 || op.pad[1] > 0 || p.padded_h > p.h || p.padded_w > p.w;
  const bool covered = p.converts && !pads && p.steps * p.product.chunk == p.run;
  input(i, y, b) = covered ? undef(type) : Internal::make_const(type, p.product.x_zero);
  const int64_t columns = std::min(p.w, p.padded_w - op.pad[1]);
  if (p.converts) {
    const int64_t run = p.even_pixels ? columns * p.ic : p.ic;
    RDom r = converted_run(run, p.even_pixels ? 1 : columns);
    const Expr from = min(r.y * r.x.extent(), e(run) - r.x.extent()) + r.x;
    const Expr c = p.even_pixels ? from % e(p.ic) : from, x = p.even_pixels ? from / e(p.ic) : Expr(r.z);
    const Expr iy = y - e(op.pad[0]);
    if (op.pad[0] > 0 || p.padded_h > p.h) r.where(between(0, iy, e(p.h)));
    input((x + e(op.pad[1])) * e(p.ic) + c, y, b) =
        as_factor(p.product, in(c, x, clamp(iy, 0, e(p.h - 1)), b));
    return input;
  }
  // One run of memory: LLVM makes memset and memcpy of both.
  RDom r(0, e(columns * p.ic), "row");
  Expr iy = y - e(op.pad[0]);
  if (op.pad[0] > 0 || p.padded_h > p.h) r.where(between(0, iy, e(p.h)));
  input(r + e(op.pad[1] * p.ic), y, b) =
      as_factor(p.product, in(r % e(p.ic), r / e(p.ic), clamp(iy, 0, e(p.h - 1)), b));
  return input;
}

void schedule_copied_input(const ConvPlan& p, const Anchor& a, Stages& stages, Func input, const Var& task) {
  const auto v = input.args();
  if (p.converts)
    input.update(0).allow_race_conditions().vectorize(input.rvars()[0]);
  else
    input.update(0).unscheduled();
  if (p.copy == Copy::strip) {
    // What Halide calls Stack goes to a heap beyond 16 KiB; Register is a plain local array of any size.
    input.compute_at(stages.output, task).store_in(MemoryType::Register);
    input.bound_extent(v[0], e(p.row)).bound_extent(v[1], e(p.strip_rows));
    return;
  }
  input.compute_root().bound(v[0], 0, e(p.row)).bound(v[1], 0, e(p.padded_h)).bound(v[2], 0, e(p.n));
  stages.scratch.push_back(input);
  stages.scratch_types.push_back({p.product.x, {p.n, p.padded_h, p.row}, {}});
}

Expr first_sum(const ConvPlan& p, const Anchor& a, Inputs in, const Var& c) {
  const Halide::Type type = halide_type(p.product.acc);
  if (!p.has_bias || p.product.pairs || p.product.sum == ir::DType::i64) return Internal::make_zero(type);
  const Expr first = in[2](a.constant[2] ? Expr(c) : min(c, e(p.oc - 1)));
  return cast(type, first);
}

Func finished_sum(const ConvPlan& p, const Anchor& a, Inputs in, const Func& acc) {
  if (p.product.pairs) {
    Func sum("sum");
    const auto v = acc.args();
    std::vector<Expr> here(v.begin(), v.end()), first = here;
    first[0] = v[0] / 2 * 2;
    Expr value = select(v[0] % 2 == 0, acc(first), separated(acc(first), acc(here)));
    if (p.has_bias) value += in[2](a.constant[2] ? Expr(v[0]) : min(v[0], e(p.oc - 1)));
    sum(v) = value;
    return sum;
  }
  if (p.product.acc == p.product.sum && p.product.sum != ir::DType::i64) return acc;
  Func sum("sum");
  const auto v = acc.args();
  Expr value = cast(halide_type(p.product.sum), acc(std::vector<Expr>(v.begin(), v.end())));
  if (p.has_bias && p.product.sum == ir::DType::i64)
    value += in[2](a.constant[2] ? Expr(v[0]) : min(v[0], e(p.oc - 1)));
  sum(v) = value;
  return sum;
}

Packing bias_packing(const ConvPlan& p, const Anchor& a) {
  Packing result;
  const int64_t rows = round_up(p.oc, p.tile.channels());
  result.type = {a.inputs[2].dtype, {rows}, {}};
  result.with = 1;
  result.combine = [product = p.product, rows](const ir::Tensor& bias, const ir::Tensor& weights) {
    return pack_bias(product, bias, weights, rows);
  };
  return result;
}

std::vector<Strategy> conv_strategies(const ir::Conv2d& op, const Anchor& a) {
  const ConvPlan p = make_plan(op, a, true);
  if (p.product.method == Method::words) return {{"words", p.tile.cycles}};
  if (p.product.method == Method::lanes) return {{"lanes", p.tile.cycles}};
  if (p.product.method == Method::dots) return {{"dots", p.tile.cycles}};
  return {{op.groups > 1 ? "grouped" : p.kh * p.kw == 1 ? "pointwise" : "direct", p.tile.cycles}};
}

std::vector<Packing> conv_packing(const ir::Conv2d& op, const Anchor& a) {
  const ConvPlan p = make_plan(op, a, true);
  std::vector<Packing> result(a.inputs.size());
  if (a.constant[1]) {
    const int64_t tiles = op.groups * p.tiles_per_group(), width = p.tile.channels();
    result[1].type = packed_type(p.product, tiles, p.kh * p.taps, p.run, width);
    result[1].apply = [p, tiles, width](const ir::Tensor& t) {
      return pack_weights(p.product, t, tiles, p.kh * p.taps, p.run, width);
    };
  }
  if (p.has_bias && a.constant[2] && a.constant[1]) result[2] = bias_packing(p, a);
  return result;
}

Func conv_algorithm(const ir::Conv2d& op, const Anchor& a, Stages& stages, Inputs in) {
  const ConvPlan p = make_plan(op, a, true);
  const int width = p.tile.channels();
  Var c("c"), x("x"), y("y"), b("b");
  const Func input = copied_input(op, p, in[0]);

  // Weights that are not constant are packed when the kernel runs.
  Func weights = in[1];
  if (!a.constant[1]) {
    weights = Func("packed");
    Var ci("ci"), k("k"), o("o"), t("t");
    const Expr tap = o % e(p.taps), row = o / e(p.taps);
    weights(ci, k, o, t) = centred_weight(
        p.product, p.taps == 1 ? in[1](k % e(p.icg), k / e(p.icg), row, min(t * width + ci, e(p.oc - 1)))
                               : in[1](k, tap, row, min(t * width + ci, e(p.oc - 1))));
  }

  // The algorithm.
  Func acc("acc");
  const bool lanes = p.product.method == Method::lanes || p.product.method == Method::dots;
  Region region{{0, e(p.steps)}, {0, e(p.taps)}, {0, e(p.kh)}};
  if (lanes) region.insert(region.begin(), Range(0, p.product.chunk));
  RDom r(region, "r");
  const Expr step = r[lanes ? 1 : 0], tap = r[lanes ? 2 : 1], row = r[lanes ? 3 : 2];
  acc(c, x, y, b) = first_sum(p, a, in, c);
  const Expr tile = c / width, outer = row * e(p.taps) + tap;
  const Expr group = op.groups > 1 ? tile / e(p.tiles_per_group()) * e(p.icg) : Expr(0);
  const Expr sx = x * e(op.stride[1]) + tap * e(op.dilation[1]),
             sy = y * e(op.stride[0]) + row * e(op.dilation[0]);
  const auto element = [&](const Expr& i) {
    const Expr k = group + step * p.product.chunk + i;
    if (p.copy != Copy::none) return input(sx * e(p.ic) + k, sy, b);
    return p.taps == 1 && p.kw > 1 ? in[0](k % e(p.ic), sx + k / e(p.ic), sy, b) : in[0](k, sx, sy, b);
  };
  const auto weight = [&](const Expr& i) {
    return lanes ? weights(r[0], i, step, outer, tile) : weights(i, step, outer, tile);
  };
  const bool dots = p.product.method == Method::dots;
  const Expr sum = acc(c, x, y, b), in_tile = dots ? packed_lane(c, p.tile) : c % width,
             pair = in_tile / 2 * 2;
  acc(c, x, y, b) = p.product.pairs
                        ? accumulate_pair(p.product, sum, weight(pair), weight(pair + 1), c, element)
                        : accumulate(p.product, sum, weight(in_tile), lanes ? Expr(r[0]) : Expr(0), element);
  stages.parts = {acc, input, weights};
  return finished_sum(p, a, in, acc);
}

void conv_schedule(const ir::Conv2d& op, const Anchor& a, Stages& stages) {
  const ConvPlan p = make_plan(op, a, true);
  Func acc = stages.parts[kAcc];
  const auto v = acc.args();
  const Var task = schedule_output(p, a, stages, acc);

  if (p.product.method == Method::lanes) {
    acc.store_in(MemoryType::Stack).bound_extent(v[0], p.tile.channels()).bound_extent(v[1], p.tile.px);
    acc.unroll(v[0]).unroll(v[1]);
    std::vector<VarOrRVar> order{acc.rvars()[0], v[0], v[1]};
    for (int i : {1, 2, 3}) order.push_back(acc.rvars()[i]);
    acc.update().reorder(order).atomic().vectorize(acc.rvars()[0]).unroll(v[0]).unroll(v[1]);
  } else if (p.product.method == Method::dots) {
    schedule_dots(acc, v[0], v[1], v[2], p.tile);
  } else {
    schedule_accumulator(acc, v[0], v[1], v[2], p.tile, acc.rvars());
    const int unroll = unrolled_steps(p.product, a.optimize, p.steps);
    if (unroll > 1) acc.update().unroll(acc.rvars()[0], unroll);
  }
  if (!a.constant[1]) {
    Func weights = stages.parts[kWeights];
    const ir::Type type =
        packed_type(p.product, op.groups * p.tiles_per_group(), p.kh * p.taps, p.run, p.tile.channels());
    weights.compute_root();
    const auto args = weights.args();
    for (size_t d = 0; d < args.size(); ++d) weights.bound(args[d], 0, e(type.shape[args.size() - 1 - d]));
    stages.scratch.push_back(weights);
    stages.scratch_types.push_back(type);
  }
  if (p.copy != Copy::none) schedule_copied_input(p, a, stages, stages.parts[kInput], task);
}

Var schedule_output(const ConvPlan& p, const Anchor& a, Stages& stages, Func acc) {
  Func out = stages.output;
  const auto args = out.args();
  Var c = args[0], x = args[1], y = args[2], b = args[3];
  out.bound(c, 0, e(p.oc)).bound(x, 0, e(p.ow)).bound(y, 0, e(p.oh)).bound(b, 0, e(p.n));

  // The schedule: tiles in the order columns, channels, rows. A task is a strip of rows.
  Var task("task"), row("row");
  const TileLoops l = split_output(out, c, x, y, p.tile, p.space);
  out.split(l.y, task, row, e(p.rows_per_task), TailStrategy::GuardWithIf);
  out.reorder({l.ci, l.cv, l.xi, l.yi, l.x, l.c, row, task, b});
  if (worth_parallel(a.facts, p.macs)) out.parallel(task);
  acc.compute_at(out, l.x);
  return task;
}

}  // namespace halite::schedules::integer
