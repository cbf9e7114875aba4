// See tile_cost.h. One step of the reduction costs the largest of: its multiply-adds over the throughput, its
// loads over two ports, its instructions over a four-wide front end, and the latency of one multiply-add
// (each accumulator is a chain); where multiply-adds take any lane of a register, its instructions. Channels
// past the end of a group and pixels computed twice at the edges count as work, so a tile that divides the
// output wins over a larger one that does not.
#include "schedules/tile_cost.h"

#include <algorithm>

#include "schedules/cost.h"

namespace halite::schedules {
namespace {

constexpr int64_t kMostSharedTaps = 7;
/// What a partial last tile along an axis, which is a second copy of the loops, may cost to be avoided where
/// copies are long.
constexpr double kCopy = 1.06;

/// Where tiles are compared by their instructions alone: they issue like multiply-adds.
double cycles_per_instruction(const targets::Facts& facts) { return 1.0 / std::max(1, facts.fma_throughput); }

/// Registers that a load fills. More than two must follow each other, which LLVM finds only where
/// accumulators and what is loaded leave no gaps: inputs as they are used lane by lane, weights of two loads.
int registers_loaded(const targets::Facts& facts, const Space& s, const Tile& t) {
  constexpr int kPair = 2;
  const int list = facts.load_list, accumulators = t.px * t.py * t.vectors;
  if (list == 0 || accumulators % list != 0) return kPair;
  const int inputs = static_cast<int>(s.panels ? round_up(t.px, list) : int64_t{kPair} * t.px * t.py);
  const int weights = kPair * std::max(list, t.vectors);
  return accumulators + inputs + weights <= facts.vector_registers ? list : kPair;
}

/// Instructions of one step by lanes of panels; a round of the loop ends in three.
double panel_step(const targets::Facts& facts, const Space& s, const Tile& t) {
  const double inputs = ceil_div(t.px, t.lane_step);
  return t.px * t.vectors + (inputs + t.vectors) / registers_loaded(facts, s, t) +
         3.0 / (t.lane_step * s.most_unroll);
}

/// Instructions of a tile of a depthwise kernel whose neighbouring pixels share inputs in registers.
double depthwise_tile(const Space& s, const Tile& t) {
  constexpr double kEpilogue = 18;  // of a sigmoid, as in x * sigmoid(x)
  const double taps = static_cast<double>(s.taps), stride = static_cast<double>(s.stride);
  const double inputs = std::min(t.px * taps, t.px * stride + std::max(0.0, taps - stride));
  const double rows = static_cast<double>(s.steps) / taps * t.py;
  const double fmas = taps * t.px * t.vectors, pixels = t.px * t.py;
  if (!s.long_epilogue) return rows * (fmas + (inputs + taps) * t.vectors + 6) + 4 * pixels * t.vectors + 20;
  // The loop over pixels is worth having two vectors, which are loaded and stored as a pair.
  const double pairs = ceil_div(t.vectors, 2), copy = s.x % t.px != 0 ? kCopy : 1;
  const double around = pixels * (kEpilogue * t.vectors + 2 * pairs + 3) + 50;
  return copy * (rows * (fmas + (inputs + taps) * pairs + 11) + around);
}

/// Instructions of one step of the reduction.
struct Step {
  double fmas, loads;
};

Step step_of(const targets::Facts& facts, const Tile& t, const Space& s) {
  const double pixels = t.px * t.py, fmas = pixels * t.vectors;
  const double inputs = s.depthwise ? fmas : t.lane_step > 0 ? pixels / t.lane_step : pixels;
  // Where inputs are used lane by lane, the weights of the steps between two loads of them come in pairs, and
  // so do inputs that lie side by side.
  const double pairs = s.side_by_side && s.x % t.px == 0 ? 2 : 1;
  return {fmas, t.lane_step > 0
                    ? static_cast<double>(t.vectors) / registers_loaded(facts, s, t) + inputs / pairs
                    : t.vectors + inputs};
}

double step_cycles(const targets::Facts& facts, const Tile& t, const Space& s) {
  const auto [fmas, loads] = step_of(facts, t, s);
  // Where lanes are for free, a broadcast is a load and, of several pixels, its address.
  const double broadcasts = t.lane_step > 0 || t.px * t.py == 1 ? 0 : t.px * t.py;
  if (facts.fma_lanes > 0 && !s.depthwise)
    return cycles_per_instruction(facts) * (fmas + loads + broadcasts + 1);
  return std::max(busy_cycles(facts, fmas, loads), static_cast<double>(facts.fma_latency)) +
         kInstructionCycles * (fmas + loads + 1);
}

/// Around the reduction: the accumulators are set and stored, addresses computed.
double cycles_around(const Tile& t) { return 2.0 * t.px * t.py * t.vectors + 12; }

/// The last tile along the channels has no more vectors than it needs.
double panel_cycles(const targets::Facts& facts, const Space& s, const Tile& t) {
  const auto cost = [&](int vectors) {
    Tile part = t;
    part.vectors = vectors;
    return panel_step(facts, s, part) * static_cast<double>(s.steps) + 4.0 * part.px * vectors + 16;
  };
  const int64_t whole = s.channels / t.channels(), rest = s.channels % t.channels();
  const double of_pixels =
      static_cast<double>(whole) * cost(t.vectors) +
      (rest > 0 ? cost(s.stores_rests ? t.vectors : static_cast<int>(ceil_div(rest, t.lanes))) : 0);
  double copies = 1;
  if (s.long_epilogue && s.x % t.px != 0) copies *= kCopy;
  if (s.long_epilogue && rest > 0) copies *= kCopy;
  return of_pixels * static_cast<double>(ceil_div(s.x, t.px) * s.y * s.repeats) *
         cycles_per_instruction(facts) * copies;
}

}  // namespace

bool shares_inputs(const targets::Facts& facts, const Space& s) {
  return s.depthwise && facts.fma_lanes > 0 && s.taps > 0 && s.taps <= kMostSharedTaps;
}

int registers_needed(const targets::Facts& facts, const Tile& t, const Space& s) {
  const int pixels = t.px * t.py, accumulators = pixels * t.vectors;
  // Both come in pairs of registers: inputs of two steps, and weights of two where those of one are odd.
  if (s.panels)
    return accumulators + 2 * static_cast<int>(ceil_div(t.px, t.lane_step)) +
           t.vectors * (t.vectors % 2 == 0 ? 1 : 2);
  if (t.lane_step > 0) return accumulators + pixels + t.vectors;
  // Weights of a row of taps, and inputs of one pixel.
  if (shares_inputs(facts, s)) return accumulators + 2 * t.vectors * static_cast<int>(s.taps) + 1;
  // LLVM keeps the inputs of one tap for the next, which takes what there is of groups of registers.
  if (s.depthwise)
    return facts.register_group > 0 ? 2 * accumulators + t.vectors : accumulators + 2 * t.vectors;
  // A broadcast from memory into the multiply-add takes no register, a broadcast load takes one.
  return accumulators + t.vectors + (facts.lane_broadcast_fma && facts.vector_bits > 0 ? 0 : 1);
}

double total_cycles(const targets::Facts& facts, const Space& s, const Tile& t) {
  if (s.panels) return panel_cycles(facts, s, t);
  if (shares_inputs(facts, s))
    return static_cast<double>(ceil_div(s.channels, t.channels()) * ceil_div(s.x, t.px) *
                               ceil_div(s.y, t.py) * s.repeats) *
           depthwise_tile(s, t) * cycles_per_instruction(facts);
  const double tiles = static_cast<double>(ceil_div(s.channels, t.channels()) * ceil_div(s.x, t.px) *
                                           ceil_div(s.y, t.py) * s.repeats);
  const double steps = static_cast<double>(s.steps);
  // Larger pixel tiles read the weights less often, which counts beyond the first cache; the short vectors of
  // machines that use inputs lane by lane come in time.
  const double weights = t.lane_step > 0 ? 0 : steps * t.vectors * 0.25;
  // A partial last tile along an axis is a second copy of the loops; where inputs are used lane by lane, of a
  // long epilogue besides.
  const double copy = s.long_epilogue && t.lane_step > 0 ? 1.1 : 1.03;
  double copies = 1;
  if (s.channels % t.channels() != 0) copies *= copy;
  if (s.x % t.px != 0) copies *= copy;
  if (s.y % t.py != 0) copies *= copy;
  return tiles * (step_cycles(facts, t, s) * steps + cycles_around(t) + weights) * copies;
}

double peak_cycles(const targets::Facts& facts, const Space& s) {
  const double products =
      static_cast<double>(s.channels * s.x * s.y) * static_cast<double>(s.steps * s.repeats);
  return products / (f32_lanes(facts) * std::max(1, facts.fma_throughput));
}

Bound bound_of(const targets::Facts& facts, const Tile& t, const Space& s) {
  const auto [fmas, loads] = step_of(facts, t, s);
  const double cycles = step_cycles(facts, t, s);
  if (cycles_around(t) > cycles * static_cast<double>(s.steps)) return Bound::tile_ends;
  if (facts.fma_latency > busy_cycles(facts, fmas, loads)) return Bound::latency;
  return busiest(facts, fmas, loads);
}

}  // namespace halite::schedules
