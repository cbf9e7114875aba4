// Types, packing and the innermost step of integer products; see products.h.
#include "schedules/products.h"

#include <algorithm>

#include "ir/ops/numbers.h"
#include "schedules/register_tile.h"
#include "schedules/types.h"

namespace halite::schedules {
namespace {

using Halide::cast;
using Halide::Expr;
using ir::DType;

/// The largest magnitude of a factor less its zero point.
int64_t magnitude(DType dtype, int64_t zero) {
  switch (dtype) {
    case DType::i8:
      return zero == 0 ? 128 : 255;
    case DType::u8:
      return 255;
    case DType::i16:
      return zero == 0 ? 32768 : 65535;
    default:
      return 65535;
  }
}

DType weights_dtype(DType w, int64_t zero) {
  if (zero == 0) return w;
  return w == DType::i16 ? DType::i32 : DType::i16;
}

/// Four elements that follow each other in memory, as one word.
Expr word(const std::function<Expr(Expr)>& x) {
  std::vector<Expr> bytes;
  for (int i = 0; i < 4; ++i) bytes.push_back(x(i));
  return Halide::Internal::Call::make(Halide::Int(32), "hl_word4_s8", bytes,
                                      Halide::Internal::Call::PureExtern);
}

int64_t element(const ir::Tensor& t, int64_t i) { return static_cast<int64_t>(t.at(i)); }

/// A factor as a number of the type that is summed in. A machine that multiplies bf16 sees that in the types.
Expr widened(const Product& p, DType stored, const Halide::Type& type, const Expr& x) {
  if (stored != DType::bf16) return cast(type, x);
  if (p.method == Method::dots) return cast(type, Halide::reinterpret(Halide::BFloat(16), x));
  return Halide::reinterpret<float>(cast<uint32_t>(x) << 16);
}

}  // namespace

std::string name_of(Method method) {
  switch (method) {
    case Method::broadcast:
      return "tiles";
    case Method::words:
      return "words";
    case Method::lanes:
      return "lanes";
    case Method::dots:
      return "dots";
    case Method::tile_registers:
      return "tile_registers";
  }
  return {};
}

Product make_product(const Anchor& a, int64_t x_zero, int64_t w_zero, int64_t steps, bool packs_bias) {
  Product p{};
  p.x = a.inputs[0].dtype;
  if (p.x == DType::bf16) {
    p.weights = p.x;
    p.acc = p.sum = DType::f32;
    return p;
  }
  p.weights = weights_dtype(a.inputs[1].dtype, w_zero);
  p.x_zero = x_zero, p.w_zero = w_zero;
  p.packs_bias = packs_bias;
  p.folded = x_zero != 0 && packs_bias;
  p.sum = a.output.dtype;
  const int64_t most = magnitude(p.x, p.folded ? 0 : x_zero) * magnitude(a.inputs[1].dtype, w_zero);
  const bool fits = most <= (int64_t{INT32_MAX} - 1) / std::max<int64_t>(1, steps);
  p.acc = fits ? DType::i32 : p.sum == DType::i64 ? DType::i64 : DType::u32;
  return p;
}

targets::Facts integer_facts(const targets::Facts& facts) {
  targets::Facts f = facts;
  f.fma_lanes = 0;
  if (f.vector_bits > 0) return f;
  // Two or three hold addresses and counters.
  f.vector_registers = std::min(f.hard_float ? 12 : 24, f.vector_registers);
  f.hard_float = true;
  f.lane_broadcast_fma = false;
  return f;
}

void choose_method(Product& p, const targets::Facts& facts, int64_t run, bool slack) {
  const bool bytes =
      p.x == DType::i8 && p.weights == DType::i8 && p.acc == DType::i32 && (p.folded || p.x_zero == 0);
  if (!bytes || run < 2) return;
  if (facts.vector_bits == 0 && facts.int8_dot == 2 && facts.unaligned_loads && (slack || run % 4 == 0)) {
    p.method = Method::words;
    p.chunk = 4;
  } else if (facts.int8_dot * 8 == facts.vector_bits) {
    const int most = slack && run > 8 ? facts.int8_dot : slack ? (run > 4 ? 8 : 4) : facts.int8_dot;
    for (int chunk = most; chunk >= 4; chunk /= 2) {
      if (!slack && run % chunk != 0) continue;
      p.method = Method::lanes;
      p.chunk = chunk;
      return;
    }
  }
}

int word_channels(Product& p, const Anchor& a, int64_t channels, int pixels, bool exactly) {
  p.pairs = a.weights_pair && p.sum == DType::i32 && channels > 1 && !(exactly && channels % 2 != 0);
  // Four sums at a time: with the factors, that is what sixteen general registers hold.
  int64_t count = std::min<int64_t>(4 / pixels, channels);
  if (p.pairs) count = round_up(count, 2);
  while (exactly && channels % count != 0) count -= p.pairs ? 2 : 1;
  return static_cast<int>(count);
}

int unrolled_steps(const Product& p, Optimize optimize, int64_t steps) {
  if (p.method != Method::words || p.pairs || optimize == Optimize::size) return 1;
  return steps % 4 == 0 ? 4 : steps % 3 == 0 ? 3 : steps % 2 == 0 ? 2 : 1;
}

Expr centred_weight(const Product& p, const Expr& w) {
  if (p.w_zero == 0) return w;
  return cast(halide_type(p.weights), cast<int32_t>(w) - static_cast<int>(p.w_zero));
}

Expr accumulate(const Product& p, const Expr& sum, const Expr& weight, const Expr& lane,
                const std::function<Expr(Expr)>& x) {
  const Halide::Type type = halide_type(p.acc);
  if (p.method == Method::words)
    return Halide::Internal::Call::make(type, "hl_dot4_s8", {word(x), weight, sum},
                                        Halide::Internal::Call::PureExtern);
  Expr value = widened(p, p.x, type, x(lane));
  if (!p.folded && p.x_zero != 0) value -= Halide::Internal::make_const(type, p.x_zero);
  return sum + widened(p, p.weights, type, weight) * value;
}

Expr accumulate_pair(const Product& p, const Expr& sum, const Expr& even, const Expr& odd,
                     const Expr& channel, const std::function<Expr(Expr)>& x) {
  return Halide::Internal::Call::make(halide_type(p.acc), "hl_pair4_s8",
                                      {word(x), even, odd, sum, channel % 2},
                                      Halide::Internal::Call::PureExtern);
}

Expr separated(const Halide::Func& acc, const std::vector<Expr>& here) {
  std::vector<Expr> even = here;
  even[0] = here[0] / 2 * 2;
  const Expr first = acc(even), both = acc(here);
  const Expr second = cast<int32_t>(cast<uint32_t>(both) - cast<uint32_t>(first)) >> 8;
  return Halide::select(here[0] % 2 == 0, first, second);
}

ir::Type packed_type(const Product& p, int64_t tiles, int64_t outer, int64_t run, int64_t width) {
  const int64_t steps = ceil_div(run, p.chunk);
  if (p.method == Method::words) return {DType::i32, {tiles, outer, steps, width}, {}};
  if (takes_chunks(p)) return {p.weights, {tiles, outer, steps, width, p.chunk}, {}};
  return {p.weights, {tiles, outer, steps, width}, {}};
}

ir::Tensor pack_weights(const Product& p, const ir::Tensor& weights, int64_t tiles, int64_t outer,
                        int64_t run, int64_t width, bool transposed) {
  const ir::Type type = packed_type(p, tiles, outer, run, width);
  const int64_t steps = ceil_div(run, p.chunk);
  // Words are packed as the bytes that they are made of.
  auto packed = ir::Tensor::zeros({p.weights, {tiles, outer, steps, width, p.chunk}, {}});
  const int64_t rows = weights.type().elements() / std::max<int64_t>(1, outer * run);
  for (int64_t o = 0; o < rows; ++o)
    for (int64_t r = 0; r < outer; ++r)
      for (int64_t k = 0; k < run; ++k) {
        const int64_t step = (o / width * outer + r) * steps + k / p.chunk;
        const int64_t from = transposed ? k * rows + o : (o * outer + r) * run + k;
        const int64_t at = p.pairs ? (step * width + o % width / 2 * 2 + k % 2) * 4 + k % 4 / 2 * 2 + o % 2
                                   : (step * width + o % width) * p.chunk + k % p.chunk;
        packed.set(at, weights.at(from) - static_cast<double>(p.w_zero));
      }
  // A halfword is a number: the upper byte lends where the lower one is negative.
  for (int64_t i = 0; p.pairs && i < packed.type().elements(); i += 2)
    if (packed.at(i) < 0) packed.set(i + 1, packed.at(i + 1) - 1);
  return packed.with_type(type);
}

ir::Tensor pack_bias(const Product& p, const ir::Tensor& bias, const ir::Tensor& weights, int64_t rows,
                     bool transposed) {
  auto packed = ir::Tensor::zeros({bias.type().dtype, {rows}, {}});
  if (ir::is_float(bias.type().dtype)) {
    std::ranges::copy(bias.bytes(), packed.mutable_bytes().begin());
    return packed;
  }
  const int64_t given = bias.type().elements(),
                steps = weights.type().elements() / std::max<int64_t>(1, given);
  for (int64_t o = 0; o < given; ++o) {
    uint64_t sum = 0;
    for (int64_t k = 0; p.folded && k < steps; ++k)
      sum += static_cast<uint64_t>(element(weights, transposed ? k * given + o : o * steps + k) - p.w_zero);
    if (bias.type().dtype == DType::i32) {
      const auto start = static_cast<uint32_t>(bias.data<int32_t>()[o]);
      packed.mutable_data<int32_t>()[o] =
          static_cast<int32_t>(start - static_cast<uint32_t>(static_cast<uint64_t>(p.x_zero) * sum));
    } else {
      const auto start = static_cast<uint64_t>(bias.data<int64_t>()[o]);
      packed.mutable_data<int64_t>()[o] = static_cast<int64_t>(start - static_cast<uint64_t>(p.x_zero) * sum);
    }
  }
  return packed;
}

}  // namespace halite::schedules
