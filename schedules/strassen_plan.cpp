// Which blocks Strassen's product takes, what it costs, and how its weights are packed.
#include "schedules/strassen_plan.h"

#include <algorithm>

#include "ir/ops/numbers.h"
#include "schedules/cost.h"
#include "schedules/strassen.h"

namespace halite::schedules::strassen {
namespace {

constexpr int kPanel = 4;              ///< pixels and steps of a block of a panel
constexpr int64_t kBlocksPerTask = 3;  ///< that weights serve at least
constexpr int64_t kTasks = 8;          ///< of channels times parts of a row, at least
/// It must win by so much, for its weights take more room; over panels less is guessed.
constexpr double kHandicap = 1.02;

}  // namespace

Plan make_plan(const ir::Conv2d& op, const Anchor& a) {
  const ConvExtents extents = conv_extents(op, a);
  Plan p{extents, plan_sums(a, extents.ic / 2, 1, 1)};
  p.steps = p.ic / 2;
  const bool panels = a.facts.fma_lanes == kPanel && f32_lanes(a.facts) == kPanel && p.steps % kPanel == 0;
  p.pixel_block = panels ? kPanel : 1;
  p.step_block = panels ? kPanel : static_cast<int>(p.steps);
  p.space = {.channels = ceil_div(p.oc, 2),
             .x = ceil_div(p.ow, 2),
             .steps = p.steps,
             .inner_steps = p.sums.channels,
             .repeats = p.n * p.oh * kProducts,
             .panels = panels,
             .stores_rests = true,
             .most_unroll = panels ? 4 : 2,  // its layers are those with most steps, and share few loops
             .search = a.tile};
  p.tile = choose_tile(a.facts, a.optimize, p.space);
  for (p.input_lanes = f32_lanes(a.facts); p.steps % p.input_lanes != 0;) p.input_lanes /= 2;
  const int64_t width = p.tile.channels();
  p.blocks_x = ceil_div(p.ow, 2 * p.tile.px);
  p.blocks_c = ceil_div(p.oc, 2 * width);
  const ir::DType element = p.sums.element();
  p.packed = {element, {p.blocks_c, kProducts, p.steps, width}, {}};
  p.inputs = {element,
              {p.n, p.oh, p.blocks_x, kProducts, p.step_blocks(), p.pixel_blocks(), panels ? kPanel : 1,
               panels ? kPanel : p.steps},
              {}};

  const bool parallel = worth_parallel(a.facts, p.macs);
  int64_t most = std::max<int64_t>(1, (usable_stack(a.facts) - p.products_bytes()) / p.inputs_bytes());
  if (parallel) most = std::min(most, std::max(kBlocksPerTask, ceil_div(p.blocks_x, 4 * a.facts.cores)));
  const bool few_cores = parallel && has_few_cores(a.facts);
  p.blocks_per_task =
      few_cores ? even_tasks(a.facts, p.blocks_x, most) : task_rows(most, p.blocks_x, a.optimize);
  // Weights beyond the cache are read once, or as often as makes tasks enough: tiles of channels are the
  // outer loop.
  const bool fits = p.blocks_per_task * p.inputs_bytes() + p.products_bytes() <= usable_stack(a.facts);
  const bool few = (few_cores ? most : p.blocks_per_task) < std::min(kBlocksPerTask, p.blocks_x);
  const bool one_task = p.blocks_per_task == p.blocks_x;
  p.in_scratch = !fits || few || (!one_task && p.packed.bytes() > a.facts.l2_bytes);
  if (p.in_scratch) {
    const int64_t parts = few_cores ? std::min(p.blocks_x, ceil_div(kTasks, p.blocks_c)) : 1;
    p.blocks_per_task = ceil_div(p.blocks_x, parts);
  }
  return p;
}

namespace {

/// Cycles of the products, of adding inputs and results, and of waiting for weights.
double cycles(const targets::Facts& facts, const Plan& p) {
  const auto blocks = static_cast<double>(p.n * p.oh * p.blocks_x);
  const double inputs = blocks * p.tile.px * static_cast<double>(p.steps / p.input_lanes);
  const double results = blocks * p.tile.px * p.tile.vectors * static_cast<double>(p.blocks_c);
  const int64_t times = p.n * p.oh * ceil_div(p.blocks_x, p.blocks_per_task);
  const double waits = p.in_scratch ? uneven(facts, p.blocks_x, p.blocks_per_task, p.blocks_c)
                                    : uneven(facts, p.blocks_x, p.blocks_per_task, p.n * p.oh);
  return waits *
         (p.tile.cycles + inputs * vector_cycles(facts, 5, 4 + kProducts) +
          results * vector_cycles(facts, 12, kProducts + 4) + weights_cycles(facts, p.packed.bytes(), times));
}

/// Sums of quarters of the weights, in double, rounded once.
template <class T>
void pack_weights(std::span<const T> from, const Plan& p, std::span<T> to) {
  const int64_t width = p.tile.channels();
  const auto weight = [&](int64_t o, int64_t k) {
    return o < p.oc ? static_cast<double>(from[o * p.ic + k]) : 0.0;
  };
  auto next = to.begin();
  for (int64_t block = 0; block < p.blocks_c; ++block) {
    for (const Product& product : kTable) {
      for (int64_t k = 0; k < p.steps; ++k) {
        for (int64_t c = 0; c < width; ++c) {
          double sum = 0;
          for (int64_t q = 0; q < 4; ++q)
            sum += product.weights[q] * weight((block * 2 + q / 2) * width + c, q % 2 * p.steps + k);
          *next++ = static_cast<T>(sum);
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

/// Where each product begins, so that its half of the channels has its bias in all quarters of the results,
/// and no rounding: twice the bias where it must make up for a quarter that takes it away. In f32, for twice
/// a bias may leave f16.
ir::Tensor pack_bias(const ir::Tensor& bias, const Plan& p, const ir::Type& type) {
  constexpr std::array<std::array<float, 2>, kProducts> kTimes = {
      {{0, 0}, {0, 1}, {0, 0}, {0, 0}, {1, 0}, {0, 2}, {2, 0}}};
  auto packed = ir::Tensor::zeros(type);
  auto to = packed.mutable_data<float>();
  const int64_t width = p.tile.channels();
  for (int64_t o = 0; o < p.oc; ++o) {
    const int64_t block = o / (2 * width), half = o / width % 2;
    for (size_t q = 0; q < kProducts; ++q)
      to[(block * kProducts + q) * width + o % width] += kTimes[q][half] * static_cast<float>(bias.at(o));
  }
  return packed;
}

}  // namespace

std::vector<Strategy> strategies(const ir::Conv2d& op, const Anchor& a) {
  const ConvExtents x = conv_extents(op, a);
  const bool pointwise = x.kh == 1 && x.kw == 1 && op.groups == 1 &&
                         op.stride == std::array<int64_t, 2>{1, 1} && x.padded_w == x.w &&
                         x.padded_h == x.h && op.pad == std::array<int64_t, 4>{};
  if (!pointwise || !a.constant[1] || a.optimize == Optimize::size) return {};
  if (a.facts.vector_bits == 0 || a.facts.l2_bytes == 0) return {};
  const int64_t lanes = f32_lanes(a.facts);
  if (x.ic % (2 * std::max<int64_t>(lanes, a.facts.fma_lanes)) != 0 || x.oc < 2 * lanes || x.ow < 4)
    return {};
  // Weights stored as f16 would take f32's room.
  if (has_halves(a) && plan_sums(a, x.ic / 2, 1, 1).element() == ir::DType::f32) return {};
  const Plan p = make_plan(op, a);
  if (p.products_bytes() > usable_stack(a.facts)) return {};
  Strategy s = strategy_of("strassen", p.tile);
  s.cycles = cycles(a.facts, p) * (p.panels() ? 1 : kHandicap);
  s.peak_cycles =
      static_cast<double>(p.macs) / static_cast<double>(lanes * std::max(1, a.facts.fma_throughput));
  return {s};
}

bool is_named(const std::string& strategy) { return strategy == "strassen"; }

std::vector<Packing> packing(const ir::Conv2d& op, const Anchor& a, const std::string&) {
  const Plan p = make_plan(op, a);
  std::vector<Packing> result(a.inputs.size());
  result[1].type = p.packed;
  result[1].apply = [p](const ir::Tensor& t) { return pack_weights(t, p); };
  if (p.has_bias && a.constant[2]) {
    result[2].type = {ir::DType::f32, {p.blocks_c, kProducts, p.tile.channels()}, {}};
    result[2].apply = [p, type = result[2].type](const ir::Tensor& t) { return pack_bias(t, p, type); };
  }
  return result;
}

}  // namespace halite::schedules::strassen
