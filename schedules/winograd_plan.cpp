// Which tiles Winograd's convolution offers, what each costs, and how its weights are packed.
#include "schedules/winograd_plan.h"

#include <algorithm>

#include "ir/ops/numbers.h"
#include "schedules/cost.h"
#include "schedules/winograd.h"

namespace halite::schedules::winograd {
namespace {

constexpr int kOutputs[] = {2, 4, 6};
constexpr const char* kPrefix = "winograd";
/// Six outputs a tile must win by so much: their code is twice as long and their weights take twice the room.
constexpr double kSixHandicap = 1.2;

}  // namespace

Plan make_plan(const ir::Conv2d& op, const Anchor& a, int m) {
  const ConvExtents extents = conv_extents(op, a);
  Plan p{extents, WinogradMatrices(m, has_halves(a)), plan_sums(a, extents.ic, 1, 1)};
  p.tiles_x = ceil_div(p.ow, m), p.tiles_y = ceil_div(p.oh, m);
  p.space = {.channels = p.oc,
             .x = p.tiles_x,
             .y = p.tiles_y,
             .steps = p.ic,
             .inner_steps = p.sums.channels,
             .repeats = p.n * p.positions(),
             .once = a.in_place,
             .side_by_side = true,
             .search = a.tile};
  p.tile = choose_tile(a.facts, a.optimize, p.space);
  for (p.input_lanes = f32_lanes(a.facts); p.ic % p.input_lanes != 0;) p.input_lanes /= 2;
  const int alpha = p.matrices.alpha, width = p.tile.channels();
  const ir::DType element = p.sums.element();
  p.packed = {element, {ceil_div(p.oc, width), alpha, alpha, p.ic, width}, {}};
  const bool side_by_side = p.tile.lane_step > 0 && p.tiles_x % p.tile.px == 0;
  p.side_pixels = side_by_side ? p.tile.px : 1;
  p.side_steps = side_by_side ? p.tile.lane_step : p.ic;
  p.inputs = {element,
              {p.n, alpha, alpha, p.tiles_y, p.tiles_x / p.side_pixels, p.ic / p.side_steps, p.side_pixels,
               p.side_steps},
              {}};

  const int64_t row_blocks = ceil_div(p.tiles_y, p.tile.py);
  const int64_t left = usable_stack(a.facts) - p.products_bytes();
  int64_t rows = row_blocks;
  if (worth_parallel(a.facts, p.macs)) rows = ceil_div(rows, 4 * a.facts.cores);
  while (rows > 1 && p.inputs_bytes(rows) > left) --rows;
  // Weights beyond the cache are read once: tiles of channels are the outer loop.
  const int64_t cache = a.facts.l2_bytes > 0 ? a.facts.l2_bytes : a.facts.l1_bytes;
  const bool one_task = row_blocks <= rows;
  p.in_scratch = p.inputs_bytes(rows) > left || (!one_task && cache > 0 && p.packed.bytes() > cache);
  p.rows_per_task = p.in_scratch ? row_blocks : task_rows(rows, row_blocks, a.optimize);
  return p;
}

namespace {

/// Cycles of the products, of both transforms and of waiting for weights.
double cycles(const targets::Facts& facts, const Plan& p) {
  const double alpha = p.matrices.alpha, m = p.matrices.m;
  const auto tiles = static_cast<double>(p.n * p.tiles_x * p.tiles_y);
  const auto inputs = tiles * static_cast<double>(p.ic / p.input_lanes);
  const auto outputs = tiles * static_cast<double>(ceil_div(p.oc, p.tile.lanes));
  // Half-transformed values are held in registers, as far as there are any.
  const double spilled = 2 * std::max(0.0, alpha * alpha - facts.vector_registers);
  const int64_t times = p.in_scratch ? 1 : ceil_div(p.tiles_y, p.tile.py * p.rows_per_task);
  return p.tile.cycles +
         inputs *
             vector_cycles(facts, 2 * alpha * p.matrices.input_operations(), 2 * alpha * alpha + spilled) +
         outputs * vector_cycles(facts, (alpha + m) * p.matrices.output_operations(),
                                 alpha * alpha + m * m + spilled) +
         weights_cycles(facts, p.packed.bytes(), times);
}

/// Of the products without the algorithm, at the machine's peak: so that shares of it compare.
double direct_cycles(const targets::Facts& facts, const Plan& p) {
  return static_cast<double>(p.macs) / (f32_lanes(facts) * std::max(1, facts.fma_throughput));
}

/// U = G g G^T in double, rounded once.
template <class T>
void pack_weights(std::span<const T> from, const Plan& p, std::span<T> to) {
  const auto& g = p.matrices.filter;
  const int64_t alpha = p.matrices.alpha, width = p.tile.channels();
  for (int64_t o = 0; o < p.oc; ++o) {
    for (int64_t k = 0; k < p.ic; ++k) {
      for (int64_t i = 0; i < alpha; ++i) {
        for (int64_t j = 0; j < alpha; ++j) {
          double sum = 0;
          for (int64_t y = 0; y < 3; ++y)
            for (int64_t x = 0; x < 3; ++x)
              sum += g[i][y] * g[j][x] * static_cast<double>(from[((o * 3 + y) * 3 + x) * p.ic + k]);
          to[(((o / width * alpha + i) * alpha + j) * p.ic + k) * width + o % width] = static_cast<T>(sum);
        }
      }
    }
  }
}

ir::Tensor pack_weights(const ir::Tensor& weights, const Plan& p) {
  auto packed = ir::Tensor::zeros(p.packed);
  ir::with_number(p.packed.dtype,
                  [&]<class T>(T) { pack_weights<T>(weights.data<T>(), p, packed.mutable_data<T>()); });
  return packed;
}

}  // namespace

std::vector<Strategy> strategies(const ir::Conv2d& op, const Anchor& a) {
  const auto x = conv_extents(op, a);
  const std::array<int64_t, 2> ones{1, 1};
  if (x.kh != 3 || x.kw != 3 || op.groups != 1 || op.stride != ones || op.dilation != ones) return {};
  if (!a.constant[1] || a.optimize == Optimize::size || a.facts.vector_bits == 0) return {};
  if (a.facts.l2_bytes == 0) return {};  // a machine whose memory is as small
  // Weights stored as f16 would take f32's room, computed with in f32, or be too inexact.
  if (has_halves(a) && plan_sums(a, x.ic, 1, 1).element() == ir::DType::f32) return {};
  std::vector<Strategy> result;
  for (int m : kOutputs) {
    if (m == 6 && has_halves(a)) continue;  // off by 3 in 100
    const Plan p = make_plan(op, a, m);
    if (p.products_bytes() > usable_stack(a.facts)) continue;
    Strategy s = strategy_of(kPrefix + std::to_string(m), p.tile);
    s.cycles = cycles(a.facts, p) * (m == 6 ? kSixHandicap : 1);
    s.peak_cycles = direct_cycles(a.facts, p);
    result.push_back(std::move(s));
  }
  return result;
}

bool is_named(const std::string& strategy) { return strategy.starts_with(kPrefix); }

std::vector<Packing> packing(const ir::Conv2d& op, const Anchor& a, const std::string& strategy) {
  const Plan p = make_plan(op, a, outputs_of(strategy));
  std::vector<Packing> result(a.inputs.size());
  result[1].type = p.packed;
  result[1].apply = [p](const ir::Tensor& t) { return pack_weights(t, p); };
  if (p.has_bias && a.constant[2]) result[2] = packed_bias(a.inputs[2], round_up(p.oc, p.tile.channels()));
  return result;
}

}  // namespace halite::schedules::winograd
