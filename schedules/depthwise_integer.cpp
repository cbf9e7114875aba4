// Depthwise conv2d of integers: vectors of channels, weights packed as [kh][kw][c]; or channel by channel,
// weights packed as [c][kh][kw].
#include <algorithm>

#include "schedules/conv2d_integer.h"
#include "schedules/types.h"

namespace halite::schedules::integer {
namespace {

using namespace Halide;

Expr e(int64_t v) { return Expr(static_cast<int>(v)); }

int64_t packed_channels(const ConvPlan& p) { return round_up(p.oc, p.tile.channels()); }

/// Whether products keep their order: where a machine's multiply-add in general registers has a name.
bool in_order(const ConvPlan& p, const Anchor& a) {
  return a.facts.vector_bits == 0 && a.facts.int8_dot == 2 && p.product.acc == ir::DType::i32;
}

/// Whether a kernel's rows and columns become one block of instructions (codegen/taps.h).
bool is_block(const ConvPlan& p, const Anchor& a) {
  return in_order(p, a) && a.shares_code && a.constant[1] && p.tile.channels() == 1;
}

ir::Type packed_weights(const ConvPlan& p, const Anchor& a) {
  if (is_block(p, a)) return {p.product.weights, {p.oc, p.kh, p.kw}, {}};
  return {p.product.weights, {p.kh, p.kw, packed_channels(p)}, {}};
}

ir::Tensor pack(const ir::Tensor& weights, const ConvPlan& p, const ir::Type& type, bool by_channel) {
  auto packed = ir::Tensor::zeros(type);
  const int64_t steps = p.kh * p.kw, channels = packed_channels(p);
  for (int64_t o = 0; o < p.oc; ++o)
    for (int64_t k = 0; k < steps; ++k)
      packed.set(by_channel ? o * steps + k : k * channels + o,
                 weights.at(o * steps + k) - static_cast<double>(p.product.w_zero));
  return packed;
}

}  // namespace

std::vector<Packing> depthwise_packing(const ir::Conv2d& op, const Anchor& a) {
  const ConvPlan p = plan_depthwise(op, a);
  std::vector<Packing> result(a.inputs.size());
  if (p.product.method == Method::dots) {
    result[1] = depthwise_dots_packing(p);
  } else if (a.constant[1]) {
    const ir::Type type = result[1].type = packed_weights(p, a);
    result[1].apply = [p, type, one = is_block(p, a)](const ir::Tensor& t) { return pack(t, p, type, one); };
  }
  if (p.has_bias && a.constant[2] && a.constant[1]) result[2] = bias_packing(p, a);
  return result;
}

Func depthwise_algorithm(const ir::Conv2d& op, const Anchor& a, Stages& stages, Inputs in) {
  const ConvPlan p = plan_depthwise(op, a);
  if (p.product.method == Method::dots) return depthwise_dots_algorithm(op, p, a, stages, in);
  Var c("c"), x("x"), y("y"), b("b");
  const Func input = copied_input(op, p, a, stages, in[0]);
  Func weights = in[1];
  if (!a.constant[1]) {
    weights = Func("packed");
    Var kx("kx"), ky("ky");
    weights(c, kx, ky) = centred_weight(p.product, in[1](0, kx, ky, min(c, e(p.oc - 1))));
  }

  // The algorithm.
  Func acc("acc");
  // LLVM would unroll a few rows.
  const Expr kernel_rows = is_block(p, a) ? e(p.kh) : number(a, stages, "kernel_rows", p.kh);
  RDom r(0, e(p.kw), 0, kernel_rows, "r");
  acc(c, x, y, b) = first_sum(p, a, in, c);
  const Expr sx = x * e(op.stride[1]) + r.x * e(op.dilation[1]),
             sy = y * e(op.stride[0]) + r.y * e(op.dilation[0]);
  // A copied row may be read past its channels.
  const bool exact = p.oc % p.tile.channels() == 0 || (p.copy != Copy::none && p.ocg == 1);
  const Expr channel = (exact ? Expr(c) : min(c, e(p.oc - 1))) / e(p.ocg);
  const auto element = [&](const Expr&) {
    return p.copy == Copy::none ? in[0](channel, sx, sy, b) : input(sx * e(p.ic) + channel, sy, b);
  };
  const Expr weight = is_block(p, a) ? weights(r.x, r.y, c) : weights(c, r.x, r.y);
  if (in_order(p, a)) {
    const Expr value =
        cast<int32_t>(element(0)) - (p.product.folded ? 0 : static_cast<int>(p.product.x_zero));
    acc(c, x, y, b) = Internal::Call::make(
        Int(32), "hl_mla",
        {value, cast<int32_t>(weight), acc(c, x, y, b), static_cast<int>(is_block(p, a) ? p.kw : 0)},
        Internal::Call::PureExtern);
  } else {
    acc(c, x, y, b) = accumulate(p.product, acc(c, x, y, b), weight, 0, element);
  }
  stages.parts = {acc, input, weights};
  return finished_sum(p, a, in, acc);
}

void depthwise_schedule(const ir::Conv2d& op, const Anchor& a, Stages& stages) {
  const ConvPlan p = plan_depthwise(op, a);
  if (p.product.method == Method::dots) return depthwise_dots_schedule(p, a, stages);
  Func acc = stages.parts[0];
  const auto v = acc.args();
  const Var task = schedule_output(p, a, stages, acc).task;
  const RVar column = acc.rvars()[0], row = acc.rvars()[1];
  const bool unroll = a.optimize == Optimize::speed && p.kw <= 7;
  if (p.tile.vectors == 1 && unroll) {
    // Pixel by pixel, so that few columns of the input are held at a time.
    acc.store_in(MemoryType::Stack)
        .bound_extent(v[0], p.tile.lanes)
        .bound_extent(v[1], p.tile.px)
        .bound_extent(v[2], p.tile.py);
    acc.unroll(v[1]).unroll(v[2]);
    acc.update().reorder(v[0], column, v[1], v[2], row).unroll(column).unroll(v[1]).unroll(v[2]);
    if (p.tile.lanes > 1) acc.vectorize(v[0]).update().vectorize(v[0]);
  } else {
    schedule_accumulator(acc, v[0], v[1], v[2], p.tile, acc.rvars());
    if (unroll) acc.update().unroll(column);
  }
  if (!a.constant[1]) {
    Func weights = stages.parts[2];
    const ir::Type type = packed_weights(p, a);
    weights.compute_root();
    const auto args = weights.args();
    for (size_t d = 0; d < args.size(); ++d) weights.bound(args[d], 0, e(type.shape[args.size() - 1 - d]));
    stages.scratch.push_back(weights);
    stages.scratch_types.push_back(type);
  }
  if (p.copy != Copy::none) schedule_copied_input(p, a, stages, stages.parts[1], task);
}

}  // namespace halite::schedules::integer
