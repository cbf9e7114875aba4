// conv2d. Funcs are indexed by c, x, y, b: output channel, output column and row, image of the batch.
//
// "direct" (1x1: "pointwise"; groups: "grouped"): a register tile of pixels times output channels, weights
// packed as [oc/tile][kh][kw][ic][tile], so that the innermost loop reads them as one stream. Channels are
// padded to the tile with zero weights; only those that exist are stored. Tiles divide the channels of a
// group. "rows" (depthwise): vectors of channels, weights packed as [kh][kw][c]. Padding costs no branch in
// an inner loop: input rows are copied once with their zeros around them, into a window of rows that slides
// down the image, or into scratch where the window is too large for the stack.
#include <algorithm>

#include "ir/base/check.h"
#include "schedules/operators.h"
#include "schedules/register_tile.h"

namespace halite::schedules {
namespace {

using namespace Halide;

/// Extents by name, and everything that algorithm, packing and schedule must agree on.
struct Plan {
  int64_t n, h, w, ic, oc, oh, ow, kh, kw, icg, ocg;
  int64_t padded_w, padded_h;  ///< of the input as far as it is read
  bool has_bias, pads;
  bool depthwise;          ///< one input channel per group
  bool weights_outermost;  ///< tiles of output channels are the outer loop: the weights do not fit in a cache
  bool pack_at_run_time;   ///< the weights are not constant
  bool whole_image;        ///< the padded input is a whole tensor in scratch, not a sliding window
  int64_t window;          ///< rows of the sliding window
  Space space;
  Tile tile;
  ir::Type packed;  ///< of the weights
  int64_t macs;
  int64_t tiles_per_group() const { return ceil_div(ocg, tile.channels()); }
};

int64_t window_rows(const ir::Conv2d& op, const Plan& p) {
  return (p.tile.py - 1) * op.stride[0] + (p.kh - 1) * op.dilation[0] + 1;
}

Plan make_plan(const ir::Conv2d& op, const Anchor& a) {
  const auto &in = a.inputs[0].shape, &weights = a.inputs[1].shape, &out = a.output.shape;
  Plan p{};
  p.n = in[0], p.h = in[1], p.w = in[2], p.ic = in[3];
  p.oc = weights[0], p.kh = weights[1], p.kw = weights[2], p.icg = weights[3];
  p.oh = out[1], p.ow = out[2], p.ocg = p.oc / op.groups;
  p.padded_w = (p.ow - 1) * op.stride[1] + (p.kw - 1) * op.dilation[1] + 1;
  p.padded_h = (p.oh - 1) * op.stride[0] + (p.kh - 1) * op.dilation[0] + 1;
  p.has_bias = a.inputs.size() > 2;
  p.pads = op.pad[0] > 0 || op.pad[1] > 0 || p.padded_w > p.w || p.padded_h > p.h;
  p.depthwise = op.groups > 1 && p.icg == 1;
  p.pack_at_run_time = !a.constant[1];
  p.macs = p.n * p.oh * p.ow * p.oc * p.kh * p.kw * p.icg;
  p.space = {.channels = p.depthwise ? p.oc : p.ocg,
             .x = p.ow,
             .y = p.oh,
             .steps = p.kh * p.kw * p.icg,
             .inner_steps = p.icg,
             .repeats = p.n * (p.depthwise ? 1 : op.groups),
             .rest = op.groups == 1 || p.depthwise ? Rest::padded : Rest::none,
             .depthwise = p.depthwise};
  p.tile = choose_tile(a.facts, a.optimize, p.space);
  const int64_t width = p.tile.channels();
  p.packed = {ir::DType::f32, {op.groups * p.tiles_per_group(), p.kh, p.kw, p.icg, width}, {}};
  if (p.depthwise) p.packed.shape = {p.kh, p.kw, round_up(p.oc, width)};
  const int64_t weights_bytes = p.oc * p.kh * p.kw * p.icg * 4,
                image_bytes = p.padded_h * p.padded_w * p.ic * 4;
  const int64_t cache = a.facts.l2_bytes > 0 ? a.facts.l2_bytes : a.facts.l1_bytes;
  p.weights_outermost =
      !p.depthwise && op.groups == 1 && cache > 0 && 2 * weights_bytes > cache && image_bytes < weights_bytes;
  // The window is folded to a power of two of rows, so that finding a row is a mask.
  p.window = 1;
  while (p.window < window_rows(op, p)) p.window *= 2;
  const int64_t window_bytes = p.window * p.padded_w * p.ic * 4;
  p.whole_image = p.weights_outermost || 2 * window_bytes > stack_limit(a.facts) || p.tile.py > 1;
  return p;
}

/// parts, in this order; `input` and `weights` only where the plan says so.
struct Parts {
  Func acc, input, weights;
};
constexpr int kAcc = 0, kInput = 1, kWeights = 2;

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
  const Plan p = make_plan(op, a);
  if (p.depthwise) return {{"rows", p.tile.cycles}};
  const bool pointwise = p.kh * p.kw == 1;
  return {{op.groups > 1 ? "grouped" : pointwise ? "pointwise" : "direct", p.tile.cycles}};
}

std::vector<Packing> packing(const ir::Conv2d& op, const Anchor& a, const std::string&) {
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

Func algorithm(const ir::Conv2d& op, const Anchor& a, Stages& stages, Inputs in) {
  const Plan p = make_plan(op, a);
  const int width = p.tile.channels();
  Var c("c"), x("x"), y("y"), b("b");

  // The input with its zeros around it.
  Func input("padded");
  if (p.pads) {
    Expr ix = x - e(op.pad[1]), iy = y - e(op.pad[0]);
    Expr inside = ix >= 0 && ix < e(p.w) && iy >= 0 && iy < e(p.h);
    input(c, x, y, b) = select(inside, in[0](c, clamp(ix, 0, e(p.w - 1)), clamp(iy, 0, e(p.h - 1)), b), 0.0f);
  } else {
    input(c, x, y, b) = in[0](c, x, y, b);
  }

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
  if (p.depthwise) {
    Expr channel = p.oc % width == 0 ? Expr(c) : min(c, e(p.oc - 1));
    acc(c, x, y, b) += weights(c, r.y, r.z) * input(p.ocg == 1 ? channel : channel / e(p.ocg), sx, sy, b);
  } else {
    // A tile lies within one group.
    Expr tile = c / width, from = r.x;
    if (op.groups > 1) from += tile / e(p.tiles_per_group()) * e(p.icg);
    acc(c, x, y, b) += weights(c % width, r.x, r.y, r.z, tile) * input(from, sx, sy, b);
  }
  stages.parts = {acc, input, weights};
  return acc;
}

namespace {

/// The padded input as a tensor of its own in scratch.
void schedule_whole_image(const Plan& p, const Anchor& a, Stages& stages, Func input) {
  const auto v = input.args();
  input.compute_root();
  input.bound(v[0], 0, e(p.ic))
      .bound(v[1], 0, e(p.padded_w))
      .bound(v[2], 0, e(p.padded_h))
      .bound(v[3], 0, e(p.n));
  if (worth_parallel(a.facts, p.macs) && p.padded_h >= 4) input.parallel(v[2], 4);
  stages.scratch.push_back(input);
  stages.scratch_types.push_back({ir::DType::f32, {p.n, p.padded_h, p.padded_w, p.ic}, {}});
}

void schedule_packed_weights(const Plan& p, Stages& stages, Func weights) {
  weights.compute_root();
  const auto args = weights.args();
  for (size_t d = 0; d < args.size(); ++d) weights.bound(args[d], 0, e(p.packed.shape[args.size() - 1 - d]));
  stages.scratch.push_back(weights);
  stages.scratch_types.push_back(p.packed);
}

/// Vectors of channels where a pixel has enough of them.
void vectorize_copy(Func f, const Var& c, int64_t channels, const targets::Facts& facts) {
  int lanes = f32_lanes(facts);
  while (lanes > channels) lanes /= 2;
  if (lanes > 1) f.vectorize(c, lanes, TailStrategy::ShiftInwards);
}

}  // namespace

void schedule(const ir::Conv2d& op, const Anchor& a, Stages& stages) {
  const Plan p = make_plan(op, a);
  Func out = stages.output, acc = stages.parts[kAcc], input = stages.parts[kInput];
  const auto args = out.args();
  Var c = args[0], x = args[1], y = args[2], b = args[3];
  out.bound(c, 0, e(p.oc)).bound(x, 0, e(p.ow)).bound(y, 0, e(p.oh)).bound(b, 0, e(p.n));

  // The schedule: tiles in the order columns, channels, rows (rows before channels where weights are many).
  // A task is a strip of rows (or some channels), which has a window of padded rows of its own.
  Var task("task"), row("row");
  const TileLoops l = split_output(out, c, x, y, p.tile, p.space);
  const int64_t row_tiles = ceil_div(p.oh, p.tile.py);
  const bool parallel = worth_parallel(a.facts, p.macs);
  const int64_t tasks =
      parallel && !p.weights_outermost ? std::min<int64_t>(ceil_div(row_tiles, 4), 4 * a.facts.cores) : 1;
  out.split(l.y, task, row, e(ceil_div(row_tiles, std::max<int64_t>(tasks, 1))), TailStrategy::GuardWithIf);
  std::vector<VarOrRVar> order{l.ci, l.cv, l.xi, l.yi, l.x};
  if (p.weights_outermost) {
    order.insert(order.end(), {row, task, l.c});
  } else {
    order.insert(order.end(), {l.c, row, task});
  }
  order.push_back(b);
  out.reorder(order);
  if (parallel && tasks > 1) out.parallel(task);
  if (parallel && p.weights_outermost) out.parallel(l.c);

  const RVar rk = acc.rvars()[0], rx = acc.rvars()[1], ry = acc.rvars()[2];
  const auto v = acc.args();
  acc.compute_at(out, l.x);
  schedule_accumulator(acc, v[0], v[1], v[2], p.tile, {rk, rx, ry});
  if (p.depthwise && a.optimize == Optimize::speed && p.kw <= 7) acc.update().unroll(rx);

  if (p.pack_at_run_time) schedule_packed_weights(p, stages, stages.parts[kWeights]);
  if (!p.pads) return;
  vectorize_copy(input, input.args()[0], p.ic, a.facts);
  if (p.whole_image) return schedule_whole_image(p, a, stages, input);
  input.store_at(out, task).compute_at(out, row).fold_storage(input.args()[2], e(p.window));
  // What Halide calls Stack goes to a heap beyond 16 KiB; Register is a plain local array of any size.
  input.store_in(MemoryType::Register)
      .bound_extent(input.args()[1], e(p.padded_w))
      .bound_extent(input.args()[0], e(p.ic));
}

}  // namespace halite::schedules
