// Polynomials are minimax fits (Remez) of what stands beside them. Floating-point expressions may be
// reassociated and contracted by the back end; the few sums whose order carries the precision are marked
// strict.
#include "schedules/math.h"

#include <initializer_list>

namespace halite::schedules::math {
namespace {

using Halide::cast;
using Halide::reinterpret;
using Halide::select;
using Halide::strict_float;

constexpr int kExponentShift = 23;
constexpr float kLn2 = 0.693147182f;
constexpr float kLn2High = 0.693359375f;  ///< 9 bits: times an exponent it is exact
constexpr float kLn2Low = -2.12194440e-4f;
constexpr float kExpOverflow = 88.7228394f;    ///< the largest x with a finite exp(x)
constexpr float kExpUnderflow = -87.3365402f;  ///< the smallest x with a normal exp(x)
constexpr int kInfinityBits = 0x7f800000;
/// 1.5 * 2^23, whose last place is one: adding it rounds to nearest, and taking it away again leaves a whole
/// number: two additions, where a conversion is slow on many machines.
constexpr float kRounder = 12582912.0f;

/// c[0] + c[1] x + c[2] x^2 + ...
Expr polynomial(const Expr& x, std::initializer_list<float> coefficients) {
  Expr sum;
  for (auto c = std::rbegin(coefficients); c != std::rend(coefficients); ++c) {
    sum = sum.defined() ? sum * x + *c : Expr(*c);
  }
  return sum;
}

/// exp(x) = 2^n * (1 + tail), |tail| < 0.42. Of n only the low nine bits count (see scale).
struct Exponential {
  Expr n, tail;
};

Exponential split_exp(const Expr& x) {
  // What lies outside of +-2^22 is none of exp's finite range.
  const Expr shifted = strict_float(x * 1.44269504f + kRounder);
  const Expr n = reinterpret<uint32_t>(shifted);
  const Expr n_real = strict_float(shifted - kRounder);
  const Expr r = strict_float(x - n_real * kLn2High) - n_real * kLn2Low;
  // (exp(r) - 1 - r) / r^2 on [-ln2/2, ln2/2]
  const Expr rest =
      polynomial(r, {0.499999931f, 0.166665148f, 0.0416684568f, 0.00836941883f, 0.00138131447f});
  return {n, rest * (r * r) + r};
}

/// x * 2^n for a normal result; n is unsigned and wraps, its higher bits are shifted out.
Expr scale(const Expr& x, const Expr& n) {
  return reinterpret<float>(reinterpret<uint32_t>(x) + (n << kExponentShift));
}

/// x * y + z, rounded once.
Expr fused_multiply_add(const Expr& x, const Expr& y, const Expr& z) {
  return Halide::Internal::Call::make(Halide::Float(32), "fmaf", {x, y, z},
                                      Halide::Internal::Call::PureExtern);
}

Expr magnitude_bits(const Expr& x) {
  const auto type = x.type().with_code(halide_type_uint);
  return Halide::reinterpret(type, x) & (type.max() >> 1);
}

Expr infinity_bits(Halide::Type type) {
  const auto bits = type.with_code(halide_type_uint);
  const uint64_t value = type.bits() == 64 ? 0x7ff0000000000000u : type.bits() == 16 ? 0x7c00u : 0x7f800000u;
  return Halide::Internal::make_const(bits, value);
}

}  // namespace

Expr exp(const Expr& x) {
  const auto [n, tail] = split_exp(x);
  // Chosen as integers: an infinity among floats could be assumed away.
  const Expr bits = reinterpret<int>(scale(tail + 1.0f, n));
  return reinterpret<float>(select(x > kExpOverflow, kInfinityBits, select(x < kExpUnderflow, 0, bits)));
}

Expr expm1(const Expr& x) {
  const Expr clamped = Halide::clamp(x, -20.0f, 87.0f);
  const auto [n, tail] = split_exp(clamped);
  const Expr power = scale(1.0f, n);
  const Expr small = strict_float(tail * power + strict_float(power - 1.0f));
  return select(x > 80.0f, math::exp(x), small);
}

Expr log(const Expr& x) {
  // Subnormals are brought into the normal range first. The mantissa is taken from [sqrt(1/2), sqrt(2)).
  const Expr is_tiny = x < 1.17549435e-38f;
  const Expr bits = reinterpret<int>(select(is_tiny, x * 8388608.0f, x));
  constexpr int kSqrtHalfBits = 0x3f3504f3;
  const Expr offset = bits - kSqrtHalfBits;
  const Expr exponent = (offset >> kExponentShift) - select(is_tiny, 23, 0);
  const Expr t = strict_float(reinterpret<float>((offset & 0x007fffff) + kSqrtHalfBits) - 1.0f);
  // (log(1 + t) - t + t^2/2) / t^3
  const Expr rest = polynomial(t, {0.333333167f, -0.250008104f, 0.200022863f, -0.166245542f, 0.14181192f,
                                   -0.131287534f, 0.128816469f, -0.0785961431f});
  const Expr t2 = t * t;
  const Expr value = cast<float>(exponent) * kLn2 + (t + (rest * t - 0.5f) * t2);
  const Expr given = reinterpret<int>(x);
  constexpr int kNanBits = 0x7fc00000, kMinusInfinityBits = static_cast<int>(0xff800000u);
  const Expr special = select((given & 0x7fffffff) == 0, kMinusInfinityBits, given < 0, kNanBits, given);
  const Expr is_special = given <= 0 || given >= kInfinityBits;
  return reinterpret<float>(select(is_special, special, reinterpret<int>(value)));
}

Expr log1p(const Expr& x) {
  // Near zero as 2 atanh(s): (atanh(s)/s - 1) / s^2 for |s| <= 1/3. Elsewhere 1 + x loses nothing that
  // matters.
  const Expr s = x / (x + 2.0f), z = s * s;
  const Expr rest = polynomial(z, {0.333332061f, 0.200108811f, 0.13999f, 0.140152776f});
  const Expr near = 2.0f * (s + s * (z * rest));
  return select(x >= -0.5f && x <= 1.0f, near, math::log(x + 1.0f));
}

Expr tanh(const Expr& x) {
  const Expr a = Halide::abs(x), z = x * x;
  // (tanh(x)/x - 1) / x^2 as a function of x^2
  const Expr rest =
      polynomial(z, {-0.333332783f, 0.13331329f, -0.0537292318f, 0.0206020126f, -0.00566079378f});
  const Expr small = x + x * (z * rest);
  const Expr large = 1.0f - 2.0f / (math::exp(2.0f * Halide::min(a, 20.0f)) + 1.0f);
  return select(a < 0.625f, small, select(x < 0.0f, -large, large));
}

namespace {

/// exp(-s) = difference / sum, of s = x + n ln 2 on [-ln2/2, ln2/2], where tanh(s/2) = odd / even.
struct Quotient {
  Expr sum, difference;
};

Quotient rounded_twice(const Expr& x, const Expr& n) {
  const Expr s = strict_float(x + n * kLn2High) + n * kLn2Low;
  const Expr r = strict_float(s * 0.0832290724f), z = strict_float(s * r);
  const Expr even = z + 0.832500279f, odd = r * (z + 5.00125885f);
  return {strict_float(even + odd), strict_float(even - odd)};
}

/// Of r = kFactor * s, one product is exact: kFactorLn2 has 16 bits, n has 7. Their quotient is ln 2 within
/// 2^-36; of such pairs near the polynomials' best factor this one loses little where sums are rounded.
Quotient rounded_once(const Expr& x, const Expr& n) {
  constexpr float kFactor = 0.0840995163f, kFactorLn2 = 0.0582933426f;
  const Expr r = fused_multiply_add(x, kFactor, strict_float(n * kFactorLn2)), z = strict_float(r * r);
  const Expr even = z + 0.0705950707f, odd = r * (z + 0.41971153f);
  return {strict_float(even + odd), strict_float(even - odd)};
}

}  // namespace

Expr sigmoid(const Expr& x, Rounding rounding) {
  // exp(-x) = 2^n exp(-s), whose quotient serves 1 / (1 + exp(-x)) as well. The bits of 2^n are those of
  // n + 127 shifted: zero for n = -127 and an infinity for n = 128, where the bounds lie. A NaN passes these.
  constexpr float kBiased = kRounder + 127;
  const Expr not_above = strict_float(select(x > 88.0f, 88.0f, x));
  const Expr bounded = strict_float(select(not_above < -88.6f, -88.6f, not_above));
  const Expr shifted = strict_float(kBiased - bounded * 1.44269504f);
  const Expr n = strict_float(shifted - kBiased);
  const Expr power = reinterpret<float>(reinterpret<uint32_t>(shifted) << kExponentShift);
  const auto [sum, difference] =
      rounding == Rounding::once ? rounded_once(bounded, n) : rounded_twice(bounded, n);
  return sum / strict_float(sum + power * difference);
}

Expr erf(const Expr& x) {
  const Expr a = Halide::abs(x), z = x * x;
  // erf(x)/x as a function of x^2
  const Expr small =
      a * polynomial(z, {1.12837911f, -0.376122206f, 0.112769991f, -0.0264744759f, 0.00428179512f});
  // 1 - erf(t) = 2^-decay for 0.7 <= t <= 4; the power is split_exp without a logarithm's rounding to undo
  const Expr t = Halide::min(a, 4.0f);
  const Expr decay = polynomial(
      t, {0.00117636018f, 1.62197196f, 0.930061936f, 0.137815073f, -0.0247205384f, 0.00211233599f});
  const Expr shifted = strict_float(decay + kRounder);
  const Expr r = strict_float(strict_float(shifted - kRounder) - decay);
  // 2^r on [-1/2, 1/2]
  const Expr power =
      polynomial(r, {1.00000012f, 0.693146944f, 0.240221202f, 0.0555071346f, 0.00967554096f, 0.00132764562f});
  const Expr large = 1.0f - scale(power, -reinterpret<uint32_t>(shifted));
  const Expr sign = reinterpret<uint32_t>(x) & Expr(0x80000000u);
  return reinterpret<float>(reinterpret<uint32_t>(select(a < 0.7f, small, large)) | sign);
}

Expr round_away(const Expr& x) {
  // x + 0.5 may itself round up; the distance of |x| to its floor is exact.
  const Expr size = Halide::abs(x), whole = Halide::floor(size);
  const Expr half = Halide::Internal::make_const(x.type(), 0.5), one = Halide::Internal::make_one(x.type());
  const Expr rounded = Halide::select(size - whole >= half, whole + one, whole);
  return Halide::select(x < Halide::Internal::make_zero(x.type()), -rounded, rounded);
}

Expr round_to_int(const Expr& x) {
  return reinterpret<int>(strict_float(x + kRounder)) - reinterpret<int>(Expr(kRounder));
}

Expr is_nan(const Expr& x) { return magnitude_bits(x) > infinity_bits(x.type()); }
Expr is_inf(const Expr& x) { return magnitude_bits(x) == infinity_bits(x.type()); }

}  // namespace halite::schedules::math
