// requantize, quantize and dequantize: formulas over single elements, with one scale for all or one for each
// channel (requantize: the last axis, which is variable 0 here).
#include <algorithm>

#include "schedules/math.h"
#include "schedules/operators.h"
#include "schedules/types.h"

namespace halite::schedules {
namespace {

using Halide::cast;
using Halide::Expr;
using Halide::Func;
using Halide::Var;

Expr wide(const Expr& x) { return cast<int64_t>(x); }

/// Entry `channel` of a table with one entry or one for each channel.
Expr entry(const Func& table, const ir::Type& type, const Expr& channel) {
  return table(type.elements() == 1 ? Expr(0) : channel);
}

Expr at(const Func& f, const std::vector<Var>& vars) {
  return f(std::vector<Expr>(vars.begin(), vars.end()));
}

Expr rounded_once(const Expr& x, const Expr& multiplier, const Expr& shift) {
  const Expr half = wide(1) << wide(shift - 1);
  return (wide(x) * wide(multiplier) + half) >> wide(shift);
}

/// ir/ops/requantize.h has the arithmetic.
Expr rounded_twice(const Expr& x, const Expr& multiplier, const Expr& shift) {
  const Expr left = Halide::max(31 - shift, 0), right = Halide::max(shift - 31, 0);
  const Expr shifted = cast<int32_t>(cast<uint32_t>(cast<int32_t>(x)) << cast<uint32_t>(left));
  const Expr high = cast<int32_t>((wide(shifted) * wide(multiplier) + wide(1 << 30)) >> wide(31));
  const Expr saturated = Halide::select(
      shifted == Halide::Int(32).min() && multiplier == Halide::Int(32).min(), Halide::Int(32).max(), high);
  const Expr mask = (cast<int32_t>(1) << right) - 1;
  const Expr threshold = (mask >> 1) + Halide::select(saturated < 0, 1, 0);
  return (saturated >> right) + Halide::select((saturated & mask) > threshold, 1, 0);
}

/// A whole real plus `zero`, saturated to low..high; NaN gives `zero`. Reals are cut off where they have left
/// `to` whatever the zero point adds.
Expr to_integer(const Expr& whole, Halide::Type to, const Expr& zero, const Expr& low, const Expr& high) {
  const Expr limit = to.bits() < 32 ? 1073741824.0f : 1099511627776.0f;
  const Expr number = Halide::select(math::is_nan(whole), 0.0f, clamp(whole, -limit, limit));
  if (to.bits() < 32) return cast(to, clamp(cast<int32_t>(number) + zero, low, high));
  return cast(to, clamp(wide(number) + wide(zero), wide(low), wide(high)));
}

Expr call(const char* name, const std::vector<Expr>& arguments) {
  return Halide::Internal::Call::make(Halide::Int(32), name, arguments, Halide::Internal::Call::PureExtern);
}

/// Where vectors round to even, saturated and NaN to 0, in one instruction (codegen/vector_calls.h): bytes by
/// way of 16 bits, in which zero points move nothing that is saturated back into a byte's range.
Expr rounded_to_byte(const Expr& real, Halide::Type to, const Expr& zero, const Expr& low, const Expr& high) {
  const Halide::Type half = Halide::Int(16);
  Expr number = Halide::saturating_cast<int16_t>(call("hl_round_even", {real}));
  if (!Halide::Internal::is_const_zero(zero))
    number = Halide::Internal::saturating_add(number, cast(half, zero));
  number = clamp(number, cast(half, low), cast(half, high));
  return Halide::saturating_cast(to, number);
}

/// The same for a real that is still to be rounded to even, and for few bits, where vectors compare reals:
/// saturated first, it is rounded, converted and moved by one sum each. Small ones are rounded and converted
/// in one instruction where there is one, and saturated when they become narrow.
Expr rounded_to_integer(const Anchor& anchor, const Expr& real, Halide::Type to, const Expr& zero,
                        const Expr& low, const Expr& high) {
  if (anchor.facts.dot_lanes > 0 && to.bits() == 8) return rounded_to_byte(real, to, zero, low, high);
  if (anchor.facts.rounding_conversion && anchor.rounded == Rounded::small)
    return cast(to, clamp(cast<int32_t>(Halide::round(real)) + zero, low, high));
  const bool is_number = anchor.rounded != Rounded::anything;
  const Expr number = is_number ? real : Halide::select(math::is_nan(real), 0.0f, real);
  const Expr saturated = clamp(number, cast<float>(low - zero), cast<float>(high - zero));
  return cast(to, math::round_to_int(saturated) + zero);
}

/// Whether reals are compared without leaving vectors, and what saturation leaves of them fits round_to_int.
bool saturates_reals(const Anchor& anchor, Halide::Type to, const std::vector<int64_t>& zeros) {
  constexpr int64_t kMostZero = 1 << 20;
  return anchor.facts.vector_bits >= 128 && to.bits() <= 16 &&
         std::ranges::all_of(zeros, [](int64_t zero) { return std::abs(zero) <= kMostZero; });
}

/// The zero point of a slice: a constant, or an entry of a small table that select makes.
Expr zero_point(const std::vector<int64_t>& zeros, const Expr& slice) {
  Expr zero = static_cast<int>(zeros[0]);
  for (size_t i = 1; i < zeros.size(); i++) {
    if (zeros[i] != zeros[0])
      zero = Halide::select(slice == static_cast<int>(i), static_cast<int>(zeros[i]), zero);
  }
  return zero;
}

/// The index along an operator's axis.
Expr slice_of(int64_t axis, const std::vector<Var>& vars) {
  return vars.empty() ? Expr(0) : Expr(vars[vars.size() - 1 - static_cast<size_t>(axis)]);
}

/// scaling.h by instructions of vectors (codegen/vector_calls.h), without the clamp.
Expr scaled_by_instructions(const ir::Requantize& op, const Expr& x, const Expr& multiplier,
                            const Expr& offset, const Expr& left) {
  const Expr number = cast<int32_t>(x);
  if (op.rounding == ir::Requantize::Rounding::single)
    return call("hl_shl", {call("hl_mulh", {number, multiplier}) + offset, left});
  const Expr high = call("hl_qrdmulh", {number, multiplier});
  return call("hl_shl", {high + (high >> 31) + offset, left});
}

/// scaling.h, without the clamp. Said so that no product is rounded or saturated in 64 bits: the rounding of
/// the upper half is the top bit of the lower one.
Expr scaled_by_upper_half(const ir::Requantize& op, const Expr& x, const Expr& multiplier, const Expr& offset,
                          const Expr& right, bool vectors) {
  const Expr number = cast<int32_t>(x), shift = cast<uint32_t>(right);
  if (op.rounding == ir::Requantize::Rounding::single)
    return (cast<int32_t>((wide(number) * wide(multiplier)) >> 32) + offset) >> shift;
  const Expr twice = number * 2, product = wide(twice) * wide(multiplier);
  const Expr low = vectors ? cast<uint32_t>(twice) * cast<uint32_t>(multiplier) : cast<uint32_t>(product);
  const Expr high = cast<int32_t>(product >> 32) + cast<int32_t>(low >> 31);
  return (high + (high >> 31) + offset) >> shift;
}

bool is_packed(const Anchor& anchor) {
  return anchor.scaling != Scaling::plain && anchor.constant[1] && anchor.constant[2];
}

Shifts shifts(const Anchor& anchor) { return anchor.facts.high_multiply ? Shifts::left : Shifts::right; }

}  // namespace

std::vector<Packing> packing(const ir::Requantize& op, const Anchor& anchor, const std::string&) {
  std::vector<Packing> result(anchor.inputs.size());
  if (!is_packed(anchor)) return result;
  result[2].type = {ir::DType::i32, {2, anchor.inputs[2].elements()}, {}};
  result[2].with = 1;
  result[2].combine = [op, scaling = anchor.scaling, shifts = shifts(anchor)](const ir::Tensor& shift,
                                                                              const ir::Tensor& multiplier) {
    return pack_scaling(op, shift, multiplier, scaling, shifts);
  };
  return result;
}

Func algorithm(const ir::Requantize& op, const Anchor& anchor, Stages&, Inputs inputs) {
  const auto vars = axes(anchor.output.rank());
  const Expr x = at(inputs[0], vars), multiplier = entry(inputs[1], anchor.inputs[1], vars[0]);
  const auto [low, high] = ir::output_range(op);
  const Expr least = static_cast<int>(low), most = static_cast<int>(high),
             zero = static_cast<int>(op.zero_point);
  const Halide::Type to = halide_type(op.to);
  Func f("requantize");
  if (op.rounding == ir::Requantize::Rounding::real) {
    const Expr product = cast<float>(x) * multiplier;
    f(vars) = saturates_reals(anchor, to, {op.zero_point})
                  ? rounded_to_integer(anchor, product, to, zero, least, most)
                  : to_integer(Halide::round(product), to, zero, least, most);
    return f;
  }
  if (is_packed(anchor)) {
    const Expr channel = anchor.inputs[2].elements() == 1 ? Expr(0) : Expr(vars[0]);
    const Expr offset = inputs[2](channel, 0), by = inputs[2](channel, 1);
    const bool instructions = anchor.facts.high_multiply;
    Expr scaled = instructions
                      ? scaled_by_instructions(op, x, multiplier, offset, by)
                      : scaled_by_upper_half(op, x, multiplier, offset, by, anchor.facts.vector_bits > 0);
    if (anchor.scaling == Scaling::upper_half_then_zero) scaled += zero;
    if (instructions && op.to == ir::DType::i8 && low == -128 && high == 127) {
      f(vars) = cast(to, call("hl_sat8", {scaled}));
      return f;
    }
    f(vars) = cast(to, clamp(scaled, least, most));
    return f;
  }
  const Expr shift = entry(inputs[2], anchor.inputs[2], vars[0]);
  if (op.rounding == ir::Requantize::Rounding::single) {
    f(vars) = cast(to, clamp(rounded_once(x, multiplier, shift) + wide(zero), wide(least), wide(most)));
  } else {
    f(vars) =
        cast(to, clamp(wide(rounded_twice(x, multiplier, shift)) + wide(zero), wide(least), wide(most)));
  }
  return f;
}

Func algorithm(const ir::Quantize& op, const Anchor& anchor, Stages&, Inputs inputs) {
  const auto vars = axes(anchor.output.rank());
  const Expr slice = slice_of(op.axis, vars);
  const Expr quotient = at(inputs[0], vars) / entry(inputs[1], anchor.inputs[1], slice);
  const bool even = op.ties == ir::Quantize::Ties::even;
  const Halide::Type to = halide_type(op.to);
  const Expr low = cast<int32_t>(to.min()), high = cast<int32_t>(to.max()),
             zero = zero_point(op.zero_point, slice);
  Func f("quantize");
  f(vars) =
      even && saturates_reals(anchor, to, op.zero_point)
          ? rounded_to_integer(anchor, quotient, to, zero, low, high)
          : to_integer(even ? Halide::round(quotient) : math::round_away(quotient), to, zero, low, high);
  return f;
}

Func algorithm(const ir::Dequantize& op, const Anchor& anchor, Stages&, Inputs inputs) {
  const auto vars = axes(anchor.output.rank());
  const Expr slice = slice_of(op.axis, vars);
  const Expr zero = zero_point(op.zero_point, slice);
  const Expr x = at(inputs[0], vars);
  const Expr difference =
      x.type().bits() < 32 ? cast<float>(cast<int32_t>(x) - zero) : cast<float>(wide(x) - wide(zero));
  Func f("dequantize");
  f(vars) = difference * entry(inputs[1], anchor.inputs[1], slice);
  return f;
}

}  // namespace halite::schedules
