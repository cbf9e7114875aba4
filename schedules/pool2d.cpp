// Pooling, channel last: vectors run along the channels, a few of them share the loop over the window. What
// depends on the window's position alone (clamped coordinates, how many pixels count) is scalar and outside
// of the loop over channels. A large window's maximum is that of its columns' over the maxima of its rows,
// which neighbouring windows share: "across", of some channels of the whole image on the stack.
#include <algorithm>
#include <cmath>

#include "schedules/operators.h"
#include "schedules/pointwise.h"
#include "schedules/register_tile.h"
#include "schedules/types.h"

namespace halite::schedules {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::Var;

constexpr int kTileVectors = 4;       ///< side by side, if their accumulators leave half of the registers
constexpr int64_t kUnrolledTaps = 9;  ///< largest window that is unrolled

/// One spatial axis: 0 is y, 1 is x.
struct Window {
  int extent, out, kernel, stride, dilation, before, after;

  Window(const ir::Pool2d& op, const Anchor& anchor, int axis)
      : extent(static_cast<int>(anchor.inputs[0].shape[1 + axis])),
        out(static_cast<int>(anchor.output.shape[1 + axis])),
        kernel(static_cast<int>(op.kernel[axis])),
        stride(static_cast<int>(op.stride[axis])),
        dilation(static_cast<int>(op.dilation[axis])),
        before(static_cast<int>(op.pad[axis])),
        after(static_cast<int>(op.pad[axis + 2] - op.excess[axis])) {}

  int last_tap() const { return (out - 1) * stride + (kernel - 1) * dilation - before; }
  bool leaves_input() const { return before > 0 || last_tap() >= extent; }
  /// A tap outside, moved to the edge, hits a pixel of the same window: at most a repetition, which a maximum
  /// forgives.
  bool clamps_into_window() const { return dilation == 1; }

  Expr start(const Expr& o) const { return o * stride - before; }
  Expr inside(const Expr& at) const {
    return leaves_input() ? at >= 0 && at < extent : Halide::Internal::const_true();
  }
  Expr clamped(const Expr& at) const { return leaves_input() ? Halide::clamp(at, 0, extent - 1) : at; }

  /// Taps of the window at `o` that an average divides by.
  Expr counted(const Expr& o, bool padding) const {
    const int limit = padding ? extent + after : extent;
    const Expr from = start(o);
    const Expr first = padding || before == 0 ? Expr(0) : Halide::max(0, (dilation - 1 - from) / dilation);
    if (last_tap() < limit) return kernel - first;
    return Halide::min(kernel - 1, (limit - 1 - from) / dilation) - first + 1;
  }
};

/// What an average is summed in: numbers of up to 16 bits in 32 where the window is small enough.
Halide::Type accumulator(const ir::Pool2d& op, Halide::Type type) {
  if (type.is_float()) return type.bits() == 16 ? Halide::Float(32) : type;
  const int64_t most = (int64_t{1} << type.bits()) * op.kernel[0] * op.kernel[1];
  return type.with_bits(type.bits() <= 16 && most < INT32_MAX ? 32 : 64)
      .with_code(type.bits() < 32 ? halide_type_int : type.code());
}

/// A known number n of bytes divides their sum by a product and a shift: v * ceil(2^23 / n) >> 23 is exact
/// for v * n < 2^23. (Warren, Hacker's Delight, 2nd ed., 10-8)
Expr quotient_by_product(const Expr& sum, int n) {
  constexpr int kShift = 23;
  const int reciprocal = ((1 << kShift) + n - 1) / n;
  const Expr magnitude = ((Halide::cast<int32_t>(Halide::abs(sum)) + n / 2) * reciprocal) >> kShift;
  return Halide::select(sum < 0, -magnitude, magnitude);
}

/// The average: of integers to nearest, halves away from zero.
Expr quotient(const Expr& sum, const Expr& count, Halide::Type of) {
  const Halide::Type type = sum.type();
  if (type.is_float()) return sum * (Halide::Internal::make_one(type) / Halide::cast(type, count));
  constexpr int64_t kMostBytes = 180;  // 256 n * n < 2^23
  const auto* known = Halide::Internal::as_const_int(count);
  if (known && *known > 0 && *known <= kMostBytes && of.bits() == 8 && type == Halide::Int(32))
    return quotient_by_product(sum, static_cast<int>(*known));
  const Expr n = Halide::cast(type, Halide::max(count, 1)), half = n / 2;
  if (type.is_uint()) return (sum + half) / n;
  return Halide::select(sum < 0, -((half - sum) / n), (sum + half) / n);
}

/// Vectors of channels side by side, and elements of one.
struct ChannelTile {
  int width, vectors;
  int channels() const { return width * vectors; }
};

ChannelTile channel_tile(const Anchor& anchor, Halide::Type sum) {
  const int64_t channels = anchor.output.shape[3];
  const int width = fitting_tile(anchor, lanes(anchor.facts, anchor.output.dtype), channels);
  const int sums =
      anchor.facts.vector_bits > 0 ? std::max(1, width * sum.bits() / anchor.facts.vector_bits) : 1;
  const int vectors = std::clamp(anchor.facts.vector_registers / 2 / sums, 1, kTileVectors);
  return {width, fitting_tile(anchor, vectors, channels / width)};
}

bool is_large(const ir::Pool2d& op) { return op.kernel[0] * op.kernel[1] > kUnrolledTaps; }

/// Whether maxima of rows are worth their place on the stack: windows overlap in both directions.
bool goes_across(const ir::Pool2d& op, const Anchor& anchor, Halide::Type sum) {
  const bool overlap = op.stride[0] < op.kernel[0] && op.stride[1] == 1;
  const bool dense = op.dilation[0] == 1 && op.dilation[1] == 1;
  const int64_t bytes =
      channel_tile(anchor, sum).channels() * sum.bytes() * anchor.inputs[0].shape[1] * anchor.output.shape[2];
  return op.kind == ir::Pool2d::Kind::max && anchor.optimize == Optimize::speed && is_large(op) && overlap &&
         dense && bytes <= stack_limit(anchor.facts) / 2;
}

}  // namespace

Func algorithm(const ir::Pool2d& op, const Anchor& anchor, Stages& stages, Inputs inputs) {
  const auto vars = axes(4);
  const bool is_max = op.kind == ir::Pool2d::Kind::max;
  const Var c = vars[0], x = vars[1], y = vars[2], b = vars[3];
  const Window rows(op, anchor, 0), columns(op, anchor, 1);
  const Halide::Type type = halide_type(anchor.output.dtype);
  const bool widens = type.is_float() && type.bits() == 16 && !anchor.facts.native_f16;
  const Halide::Type sum_type = is_max && !widens ? type : accumulator(op, type);
  const bool across = goes_across(op, anchor, sum_type);
  const RDom r(0, across ? 1 : columns.kernel, 0, rows.kernel, "r");
  const Expr ix = columns.start(x) + r.x * columns.dilation, iy = rows.start(y) + r.y * rows.dilation;
  const auto value_at = [&](const Expr& at_x, const Expr& at_y) {
    return Halide::cast(sum_type, inputs[0](c, columns.clamped(at_x), at_y, b));
  };
  Expr value = value_at(ix, rows.clamped(iy));
  const Expr inside = Halide::Internal::simplify(columns.inside(ix) && rows.inside(iy));
  Func window("window"), f("pool2d");
  if (is_max) {
    const Expr lowest = type.is_float() ? Halide::Internal::make_const(sum_type, -HUGE_VAL) : type.min();
    const bool safe = rows.clamps_into_window() && columns.clamps_into_window();
    if (across) {
      Func maxima("maxima"), stored("across");
      const RDom taps(0, columns.kernel, "taps");
      maxima(c, x, y, b) = lowest;
      maxima(c, x, y, b) = Halide::max(maxima(c, x, y, b), value_at(columns.start(x) + taps, y));
      stored(c, x, y, b) = maxima(c, x, y, b);
      stages.parts = {stored, maxima};
      value = stored(c, x, rows.clamped(iy), b);
    }
    window(c, x, y, b) = lowest;
    window(c, x, y, b) =
        Halide::max(window(c, x, y, b), safe ? value : Halide::select(inside, value, lowest));
    f(c, x, y, b) = Halide::cast(type, window(c, x, y, b));
  } else {
    window(c, x, y, b) = Halide::Internal::make_zero(sum_type);
    window(c, x, y, b) += Halide::select(inside, value, Halide::Internal::make_zero(sum_type));
    const Expr count = rows.counted(y, op.count_include_pad) * columns.counted(x, op.count_include_pad);
    f(c, x, y, b) = Halide::cast(type, quotient(window(c, x, y, b), Halide::Internal::simplify(count), type));
  }
  stages.parts.insert(stages.parts.begin(), window);
  return f;
}

namespace {

/// Holds the maxima or sums of a tile in registers.
void schedule_tile(Func f, const ChannelTile& tile, bool unroll_taps) {
  const Var lane("lane"), vector("vector");
  const auto args = f.args();
  f.store_in(Halide::MemoryType::Stack);
  f.split(args[0], vector, lane, tile.width, Halide::TailStrategy::RoundUp).unroll(vector);
  Halide::Stage update = f.update(0);
  update.split(args[0], vector, lane, tile.width, Halide::TailStrategy::RoundUp);
  const auto taps = f.rvars(0);
  std::vector<Halide::VarOrRVar> order{lane, vector};
  order.insert(order.end(), taps.begin(), taps.end());
  order.insert(order.end(), args.begin() + 1, args.end());
  update.reorder(order).unroll(vector);
  if (tile.width > 1) {
    f.vectorize(lane);
    update.vectorize(lane);
  }
  if (unroll_taps) {
    for (const auto& tap : taps) update.unroll(tap);
  }
}

void schedule_across(Func across, Func maxima, const Anchor& anchor, const ChannelTile& tile,
                     const Func& output, const Var& chunk) {
  const Var lane("lane"), vector("vector");
  const auto args = across.args();
  // What Halide calls Stack goes to a heap beyond 16 KiB; Register is a plain local array of any size.
  across.compute_at(output, chunk).store_in(Halide::MemoryType::Register);
  across.bound_extent(args[0], tile.channels())
      .bound(args[1], 0, extent(anchor.output, 1))
      .bound_extent(args[2], static_cast<int>(anchor.inputs[0].shape[1]))
      .bound_extent(args[3], 1);
  across.split(args[0], vector, lane, tile.width).unroll(vector);
  if (tile.width > 1) across.vectorize(lane);
  maxima.compute_at(across, args[1]);
  schedule_tile(maxima, tile, false);
}

}  // namespace

void schedule(const ir::Pool2d& op, const Anchor& anchor, Stages& stages) {
  if (anchor.output.elements() == 0) return;
  Func output = stages.output, window = stages.parts[0];
  const auto vars = output.args();
  std::vector<Loop> order;
  for (int d = 0; d < 4; d++) order.push_back({vars[d], extent(anchor.output, d)});
  const ChannelTile tile = channel_tile(anchor, window.output_types()[0]);
  const Var chunk("chunk"), lane("lane"), vector("vector");
  output.split(vars[0], chunk, vector, tile.channels(), tail(anchor)).split(vector, vector, lane, tile.width);
  if (tile.width > 1) output.vectorize(lane);
  output.unroll(vector);
  order[0] = {chunk, (order[0].extent + tile.channels() - 1) / tile.channels()};
  const bool unroll_taps = !is_large(op) && anchor.optimize == Optimize::speed;
  double taps = static_cast<double>(op.kernel[0] * op.kernel[1]);
  if (stages.parts.size() > 1) {
    // The maxima of all rows are there before those of columns, of the same channels.
    std::rotate(order.begin(), order.begin() + 1, order.begin() + 3);
    output.reorder(lane, vector, order[0].var, order[1].var, chunk, order[3].var);
    window.compute_at(output, order[0].var);
    schedule_across(stages.parts[1], stages.parts[2], anchor, tile, output, chunk);
    taps = static_cast<double>(op.kernel[0] + op.kernel[1]);
  } else {
    window.compute_at(output, chunk);
  }
  schedule_tile(window, tile, unroll_taps);
  parallelise(output, order, taps * tile.channels() / tile.width, anchor.facts);
}

}  // namespace halite::schedules
