// The schedule of groups without an accumulator: the output's axes are looped in storage order, the innermost
// one in vectors. Where the innermost axis is shorter than half a vector (pixels of three channels), it is
// unrolled and the axis around it is vectorised, which turns into interleaved loads and stores.
#include "schedules/pointwise.h"

#include <algorithm>
#include <cmath>

#include "schedules/operators.h"
#include "schedules/types.h"

namespace halite::schedules {
namespace {

using Halide::Func;
using Halide::TailStrategy;
using Halide::Var;

constexpr double kParallelCycles =
    20000;  ///< below this much work per task, waking a thread costs more than it brings
constexpr double kPointwiseCycles = 1;  ///< rough cost of an element
constexpr int kUnrollElements = 4;      ///< longest innermost axis that is unrolled

}  // namespace

int lanes(const targets::Facts& facts, ir::DType dtype) {
  const int bits = static_cast<int>(ir::size_of(dtype)) * 8;
  return std::max(1, facts.vector_bits / bits);
}

int floor_pow2(int64_t extent) {
  int power = 1;
  while (int64_t{power} * 2 <= extent && power < (1 << 20)) power *= 2;
  return power;
}

int fitting_lanes(int natural, int64_t extent) { return std::min(natural, floor_pow2(extent)); }

int fitting_tile(const Anchor& anchor, int limit, int64_t extent) {
  int tile = std::min(floor_pow2(limit), floor_pow2(extent));
  while (anchor.in_place && extent % tile != 0) tile /= 2;
  return tile;
}

TailStrategy tail(const Anchor& anchor) {
  return anchor.in_place ? TailStrategy::GuardWithIf : TailStrategy::ShiftInwards;
}

void parallelise(Func func, std::vector<Loop> order, double cost, const targets::Facts& facts) {
  double work = cost;
  for (const auto& loop : order) work *= static_cast<double>(loop.extent);
  const int64_t tasks =
      std::min<int64_t>(static_cast<int64_t>(work / kParallelCycles), int64_t{facts.cores} * 4);
  if (facts.cores <= 1 || tasks < 2 || order.empty()) return;
  // Outer axes are fused until there are enough iterations to share out. The innermost loop keeps its
  // variable: other stages are computed at it.
  Loop outer = order.back();
  order.pop_back();
  while (outer.extent < tasks && !order.empty()) {
    if (outer.extent == 1) {
      outer = order.back();
    } else if (order.size() == 1) {
      break;
    } else {
      Var fused;
      func.fuse(order.back().var, outer.var, fused);
      outer = {fused, outer.extent * order.back().extent};
    }
    order.pop_back();
  }
  if (outer.extent < 2) return;
  const int64_t chunk = std::max<int64_t>(1, outer.extent / tasks);
  if (chunk == 1) {
    func.parallel(outer.var);
  } else {
    Var task;
    func.split(outer.var, task, outer.var, static_cast<int>(chunk), TailStrategy::GuardWithIf).parallel(task);
  }
}

void schedule_pointwise(const Anchor& anchor, Stages& stages) {
  Func output = stages.output;
  const ir::Type& type = anchor.output;
  const int rank = output.dimensions();
  if (rank == 0 || type.elements() == 0) return;
  const auto vars = output.args();
  int natural = anchor.facts.vector_bits / output.output_types()[0].bits();
  natural = std::max(1, std::min(natural, lanes(anchor.facts, type.dtype)));
  for (const auto& input : anchor.inputs) natural = std::min(natural, lanes(anchor.facts, input.dtype));

  std::vector<Loop> order;
  for (int d = 0; d < rank; d++) order.push_back({vars[d], extent(type, d)});
  size_t vector_axis = 0;
  if (rank > 1 && order[0].extent <= kUnrollElements && order[0].extent * 2 <= natural &&
      order[1].extent >= natural) {
    vector_axis = 1;
    output.reorder(vars[1], vars[0]).unroll(vars[0]);
    std::swap(order[0], order[1]);
    order.erase(order.begin() + 1);
  }
  const int width = fitting_lanes(natural, order[0].extent);
  if (width > 1) {
    Var chunk, lane;
    output.split(vars[vector_axis], chunk, lane, width, tail(anchor)).vectorize(lane);
    order[0] = {chunk, (order[0].extent + width - 1) / width};
  }
  parallelise(output, order, kPointwiseCycles * width, anchor.facts);
}

}  // namespace halite::schedules
