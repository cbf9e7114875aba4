// Elementwise functions and casts: the formulas of ir/ops/elementwise_formulas.h over Halide expressions. f16
// is computed in f32 and rounded after each operator, or natively where that is the same; booleans are uint8
// 0 or 1 between Funcs and conditions inside.
#include <limits>

#include "ir/ops/elementwise_formulas.h"
#include "schedules/math.h"
#include "schedules/operators.h"
#include "schedules/types.h"

namespace halite::schedules {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::Var;

/// f(x) for f32; other widths go through f32 (f16) or the C library's double (f64).
template <class F, class G>
Expr real(const Expr& x, F f32, G f64) {
  return x.type().bits() == 64 ? f64(x) : f32(x);
}

/// A constant of `type`, the value brought into its range first.
Expr saturated_constant(Halide::Type type, double value) {
  if (type.is_float()) return Halide::Internal::make_const(type, value);
  if (value >= 9223372036854775807.0 && type.bits() == 64) return type.max();
  if (value <= -9223372036854775808.0 && type.is_int() && type.bits() == 64) return type.min();
  const double low = type.is_uint() ? 0 : -std::ldexp(1.0, type.bits() - 1);
  const double high = std::ldexp(1.0, type.is_uint() ? type.bits() : type.bits() - 1) - 1;
  const double clamped = value != value ? 0 : std::min(std::max(value, low), high);
  return type.is_uint() ? Halide::Internal::make_const(type, static_cast<uint64_t>(clamped))
                        : Halide::Internal::make_const(type, static_cast<int64_t>(clamped));
}

/// Unsigned type of the same width, in which arithmetic wraps by definition.
Expr wrap(const Expr& x) { return Halide::cast(x.type().with_code(halide_type_uint), x); }

/// Integer division toward zero, 0 for a zero divisor (Halide's rounds down, and so does its remainder).
/// Computed on magnitudes, so that the smallest integer divided by -1 wraps.
Expr truncating_divide(const Expr& a, const Expr& b) {
  if (a.type().is_uint()) return a / b;
  const Expr magnitude =
      Halide::select(a < 0, 0 - wrap(a), wrap(a)) / Halide::select(b < 0, 0 - wrap(b), wrap(b));
  return Halide::cast(a.type(), Halide::select((a < 0) != (b < 0), 0 - magnitude, magnitude));
}

/// The vocabulary of the formulas.
struct Vocabulary {
  using Value = Expr;
  using Bool = Expr;

  static Expr constant(const Expr& like, double value) { return saturated_constant(like.type(), value); }
  static Expr select(const Expr& c, const Expr& x, const Expr& y) { return Halide::select(c, x, y); }
  static Expr abs(const Expr& x) {
    if (x.type().is_uint()) return x;
    if (!x.type().is_float()) return Halide::cast(x.type(), Halide::abs(x));
    // Without the sign's bit. Halide::abs cannot be around a function of the C library around another of it:
    // Halide 14 then fails inside.
    const Halide::Type bits = x.type().with_code(halide_type_uint);
    const Expr magnitude = Halide::Internal::make_const(bits, ~uint64_t{0} >> (65 - bits.bits()));
    return Halide::reinterpret(x.type(), Halide::reinterpret(bits, x) & magnitude);
  }
  static Expr min(const Expr& x, const Expr& y) { return Halide::min(x, y); }
  static Expr max(const Expr& x, const Expr& y) { return Halide::max(x, y); }
  static Expr div(const Expr& x, const Expr& y) {
    return x.type().is_float() ? x / y : truncating_divide(x, y);
  }
  static Expr remainder(const Expr& x, const Expr& y) {
    if (!x.type().is_float())
      return Halide::select(y == 0, Halide::Internal::make_zero(x.type()), x - truncating_divide(x, y) * y);
    return Halide::Internal::Call::make(x.type(), x.type().bits() == 64 ? "fmod" : "fmodf", {x, y},
                                        Halide::Internal::Call::PureExtern);
  }
  static Expr pow(const Expr& x, const Expr& y) {
    return x.type().is_float() ? float_pow(x, y) : integer_pow(x, y);
  }
  static Expr floor(const Expr& x) { return Halide::floor(x); }
  static Expr ceil(const Expr& x) { return Halide::ceil(x); }
  static Expr round(const Expr& x) { return Halide::round(x); }
  static Expr round_away(const Expr& x) { return math::round_away(x); }
  static Expr sqrt(const Expr& x) { return Halide::sqrt(x); }
  static Expr exp(const Expr& x) {
    return real(x, math::exp, [](Expr v) { return Halide::exp(v); });
  }
  static Expr expm1(const Expr& x) {
    return real(x, math::expm1, [](Expr v) { return Halide::exp(v) - 1; });
  }
  static Expr log(const Expr& x) {
    return real(x, math::log, [](Expr v) { return Halide::log(v); });
  }
  static Expr log1p(const Expr& x) {
    return real(x, math::log1p, [](Expr v) { return Halide::log(1 + v); });
  }
  static Expr erf(const Expr& x) { return math::erf(x); }
  static Expr sin(const Expr& x) { return Halide::sin(x); }
  static Expr cos(const Expr& x) { return Halide::cos(x); }
  static Expr tan(const Expr& x) { return Halide::tan(x); }
  static Expr asin(const Expr& x) { return Halide::asin(x); }
  static Expr acos(const Expr& x) { return Halide::acos(x); }
  static Expr atan(const Expr& x) { return Halide::atan(x); }
  static Expr sinh(const Expr& x) { return Halide::sinh(x); }
  static Expr cosh(const Expr& x) { return Halide::cosh(x); }
  static Expr tanh(const Expr& x) {
    return real(x, math::tanh, [](Expr v) { return Halide::tanh(v); });
  }
  static Expr asinh(const Expr& x) { return Halide::asinh(x); }
  static Expr acosh(const Expr& x) { return Halide::acosh(x); }
  static Expr atanh(const Expr& x) { return Halide::atanh(x); }
  static Expr sigmoid(const Expr& x) {
    return real(x, [](Expr v) { return math::sigmoid(v); }, [](Expr v) { return 1 / (1 + Halide::exp(-v)); });
  }
  static Expr is_nan(const Expr& x) { return math::is_nan(x); }
  static Expr is_inf(const Expr& x) { return math::is_inf(x); }
  static Expr shift_left(const Expr& x, const Expr& y) {
    const Expr width = constant(x, x.type().bits());
    return Halide::select(y < width, x << Halide::min(y, width - 1), constant(x, 0));
  }
  static Expr shift_right(const Expr& x, const Expr& y) {
    const Expr width = constant(x, x.type().bits());
    return Halide::select(y < width, x >> Halide::min(y, width - 1), constant(x, 0));
  }

 private:
  static Expr float_pow(const Expr& x, const Expr& y) { return Halide::pow(x, y); }
  /// By squaring over the exponent's bits; a negative exponent leaves only -1, 0 and 1.
  static Expr integer_pow(const Expr& x, const Expr& y) {
    const Halide::Type type = wrap(x).type();
    Expr base = wrap(x), result = Halide::Internal::make_one(type), exponent = wrap(y);
    for (int bit = 0; bit < type.bits(); bit++) {
      const Expr set = ((exponent >> Halide::Internal::make_const(type, bit)) & 1) != 0;
      result = Halide::select(set, result * base, result);
      base = base * base;
    }
    result = Halide::cast(x.type(), result);
    if (x.type().is_uint()) return result;
    const Expr odd = (y & 1) != 0, zero = constant(x, 0), one = constant(x, 1);
    const Expr inverse =
        Halide::select(x == 1, one, x == -1, Halide::select(odd, constant(x, -1), one), zero);
    return Halide::select(y < 0, inverse, result);
  }
};

/// The same for machines that fuse products and sums.
struct FusedVocabulary : Vocabulary {
  static Expr sigmoid(const Expr& x) {
    if (x.type().bits() == 64) return Vocabulary::sigmoid(x);
    return math::sigmoid(x, math::Rounding::once);
  }
};

/// Whether arithmetic in f16 gives what arithmetic in f32, rounded, does. A product or a sum of two f16 is
/// exact in f32, or rounded so finely that a second rounding changes nothing; what f16 cannot hold of a
/// constant (an infinity stands for it) leaves comparisons as they are.
bool is_exact_in_halves(const ir::Elementwise& op) {
  const auto fits = [](double v) { return ir::f16_to_f32(ir::f32_to_f16(static_cast<float>(v))) == v; };
  switch (op.fn) {
    case ir::Fn::neg:
    case ir::Fn::abs:
    case ir::Fn::relu:
    case ir::Fn::add:
    case ir::Fn::sub:
    case ir::Fn::mul:
    case ir::Fn::max:
    case ir::Fn::min:
    case ir::Fn::select:
    case ir::Fn::prelu:
      return true;
    case ir::Fn::clamp:
    case ir::Fn::leaky_relu:
      return fits(op.alpha) && (op.fn != ir::Fn::clamp || fits(op.beta));
    default:
      return false;
  }
}

/// From what is stored to what formulas compute with, and back.
Expr load(const Expr& x, ir::DType dtype) {
  if (dtype == ir::DType::boolean) return x != 0;
  if (dtype == ir::DType::bf16) return Halide::reinterpret<float>(Halide::cast<uint32_t>(x) << 16);
  return dtype == ir::DType::f16 ? Halide::cast<float>(x) : x;
}
Expr store(const Expr& x, ir::DType dtype) { return Halide::cast(halide_type(dtype), x); }

/// The upper half of an f32, rounded to nearest even; NaN stays NaN.
Expr bf16_of(const Expr& x, const targets::Facts& facts) {
  if (facts.bf16_dot) return Halide::reinterpret(Halide::UInt(16), Halide::cast(Halide::BFloat(16), x));
  const auto word = [](uint32_t value) { return Expr(value); };
  const Expr bits = Halide::reinterpret<uint32_t>(x);
  const Expr nan = (bits & word(0x80000000)) | word(0x7fc00000), odd = (bits >> 16) & word(1);
  return Halide::cast<uint16_t>(Halide::select(math::is_nan(x), nan, bits + odd + word(0x7fff)) >> 16);
}

/// The element of an input at an output index; an extent of 1 is repeated.
Expr broadcast_read(const Func& input, const ir::Type& type, const ir::Type& out,
                    const std::vector<Var>& vars) {
  std::vector<Expr> index;
  for (int d = 0; d < type.rank(); d++) {
    index.push_back(extent(type, d) == 1 && extent(out, d) != 1 ? Expr(0) : Expr(vars[d]));
  }
  return input(index);
}

}  // namespace

Func algorithm(const ir::Elementwise& op, const Anchor& anchor, Stages&, Inputs inputs) {
  const auto vars = axes(anchor.output.rank());
  std::vector<Expr> args;
  for (size_t i = 0; i < inputs.size(); i++) {
    const Expr read = broadcast_read(inputs[i], anchor.inputs[i], anchor.output, vars);
    const bool in_halves = anchor.facts.native_f16 && anchor.inputs[i].dtype == ir::DType::f16;
    args.push_back(in_halves && is_exact_in_halves(op) ? read : load(read, anchor.inputs[i].dtype));
  }
  args.resize(3, args[0]);
  Func f(std::string(ir::to_string(op.fn)));
  const Expr result = anchor.facts.fma ? ir::formulas::any<FusedVocabulary>(op, args[0], args[1], args[2])
                                       : ir::formulas::any<Vocabulary>(op, args[0], args[1], args[2]);
  f(vars) = store(result, anchor.output.dtype);
  return f;
}

Func algorithm(const ir::Cast& op, const Anchor& anchor, Stages&, Inputs inputs) {
  const auto vars = axes(anchor.output.rank());
  const Expr stored = inputs[0](std::vector<Expr>(vars.begin(), vars.end()));
  const Expr x = load(stored, anchor.inputs[0].dtype);
  const Halide::Type to = halide_type(op.to);
  Func f("cast");
  if (op.to == ir::DType::bf16) {
    f(vars) = anchor.inputs[0].dtype == op.to ? stored : bf16_of(Halide::cast<float>(x), anchor.facts);
  } else if (op.to == ir::DType::boolean) {
    f(vars) = store(x.type().is_bool() ? x : x != 0, op.to);
  } else if (x.type().is_float() && !to.is_float()) {
    // Ends of the range that the float type cannot hold are compared with the next value inside it. NaN gives
    // 0.
    const double low = to.is_uint() ? 0 : -std::ldexp(1.0, to.bits() - 1);
    const double limit = std::ldexp(1.0, to.is_uint() ? to.bits() : to.bits() - 1);
    const Expr lowest = Halide::Internal::make_const(x.type(), low),
               end = Halide::Internal::make_const(x.type(), limit);
    const Expr inside = x > lowest && x < end;
    const Expr truncated = Halide::cast(to, Halide::select(inside, x, Halide::Internal::make_zero(x.type())));
    f(vars) = Halide::select(inside, truncated, math::is_nan(x), Halide::Internal::make_zero(to), x >= end,
                             to.max(), to.min());
  } else {
    f(vars) = Halide::cast(to, x);
  }
  return f;
}

}  // namespace halite::schedules
