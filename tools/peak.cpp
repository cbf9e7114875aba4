// Each loop keeps kChains independent accumulators, more than latency times throughput of any core known (4
// cycles x 2 units up to 4 x 4), and few enough to stay in registers.
#include "tools/peak.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <fstream>
#include <thread>
#include <vector>

namespace halite::tools {
namespace {

constexpr int kChains = 12;
constexpr int64_t kSteps = 20000;

// acc = acc * x + y, kept by the compiler as written: x and y come from volatile memory, the results go to a
// sink.
template <class Vector>
[[gnu::always_inline]] inline float chain_body() {
  volatile float source = 0.5f;
  const Vector x = Vector{} + source, y = Vector{} + source;
  Vector acc[kChains];
  for (int c = 0; c < kChains; ++c) acc[c] = Vector{} + source * static_cast<float>(c);
  for (int64_t s = 0; s < kSteps; ++s) {
#pragma clang loop unroll(full)
    for (int c = 0; c < kChains; ++c) acc[c] = __builtin_elementwise_fma(acc[c], x, y);
  }
  float sum = 0;
  for (int c = 0; c < kChains; ++c) sum += acc[c][0];
  return sum;
}

typedef float Float4 __attribute__((ext_vector_type(4)));
typedef float Float8 __attribute__((ext_vector_type(8)));
typedef float Float16 __attribute__((ext_vector_type(16)));

struct Loop {
  float (*run)();
  int products;  ///< of one step of one chain
  const char* name;
};

#if defined(__x86_64__)
[[gnu::target("avx512f")]] float loop_avx512() { return chain_body<Float16>(); }
[[gnu::target("avx2,fma")]] float loop_avx2() { return chain_body<Float8>(); }

// Machines without FMA: a multiplication and an addition, which they issue side by side.
float loop_sse() {
  volatile float source = 0.5f;
  const Float4 x = Float4{} + source;
  Float4 sum[kChains / 2], product[kChains / 2];
  for (int c = 0; c < kChains / 2; ++c) sum[c] = product[c] = Float4{} + source * static_cast<float>(c);
  for (int64_t s = 0; s < 2 * kSteps; ++s) {
#pragma clang loop unroll(full)
    for (int c = 0; c < kChains / 2; ++c) {
      product[c] = product[c] * x;
      sum[c] = sum[c] + x;
    }
  }
  float total = 0;
  for (int c = 0; c < kChains / 2; ++c) total += sum[c][0] + product[c][0];
  return total;
}

[[gnu::target("avx512f,avx512vnni")]] float loop_dots() {
  volatile int source = 0x01010101;
  const __m512i x = _mm512_set1_epi32(source);
  __m512i acc[kChains];
  for (int c = 0; c < kChains; ++c) acc[c] = _mm512_set1_epi32(source + c);
  for (int64_t s = 0; s < kSteps; ++s) {
#pragma clang loop unroll(full)
    for (int c = 0; c < kChains; ++c) acc[c] = _mm512_dpbusd_epi32(acc[c], x, x);
  }
  for (int c = 1; c < kChains; ++c) acc[0] = _mm512_add_epi32(acc[0], acc[c]);
  return static_cast<float>(_mm512_cvtsi512_si32(acc[0]));
}

// Bytes widened to 16 bits, multiplied and summed in pairs. The factors depend on the sum, lest the product
// leave the loop.
#define HALITE_LOOP_OF_PAIRS(NAME, FEATURES, VECTOR, SET1, MADD, ADD, FIRST)        \
  [[gnu::target(FEATURES)]] float NAME() {                                          \
    volatile int source = 0x00010001;                                               \
    const VECTOR x = SET1(source);                                                  \
    VECTOR acc[kChains];                                                            \
    for (int c = 0; c < kChains; ++c) acc[c] = SET1(source + c);                    \
    for (int64_t s = 0; s < kSteps; ++s) {                                          \
      _Pragma("clang loop unroll(full)") for (int c = 0; c < kChains; ++c) acc[c] = \
          ADD(acc[c], MADD(acc[c], x));                                             \
    }                                                                               \
    for (int c = 1; c < kChains; ++c) acc[0] = ADD(acc[0], acc[c]);                 \
    return static_cast<float>(FIRST(acc[0]));                                       \
  }
HALITE_LOOP_OF_PAIRS(loop_pairs_avx512, "avx512bw", __m512i, _mm512_set1_epi32, _mm512_madd_epi16,
                     _mm512_add_epi32, _mm512_cvtsi512_si32)
HALITE_LOOP_OF_PAIRS(loop_pairs_avx2, "avx2", __m256i, _mm256_set1_epi32, _mm256_madd_epi16, _mm256_add_epi32,
                     _mm256_cvtsi256_si32)
HALITE_LOOP_OF_PAIRS(loop_pairs_sse, "sse2", __m128i, _mm_set1_epi32, _mm_madd_epi16, _mm_add_epi32,
                     _mm_cvtsi128_si32)
#undef HALITE_LOOP_OF_PAIRS

Loop best_int8_loop() {
  if (__builtin_cpu_supports("avx512vnni")) return {loop_dots, 64, "512-bit dot products"};
  if (__builtin_cpu_supports("avx512bw")) return {loop_pairs_avx512, 32, "512-bit pairs of products"};
  if (__builtin_cpu_supports("avx2")) return {loop_pairs_avx2, 16, "256-bit pairs of products"};
  return {loop_pairs_sse, 8, "128-bit pairs of products"};
}

Loop best_loop() {
  if (__builtin_cpu_supports("avx512f")) return {loop_avx512, 16, "512-bit FMA"};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return {loop_avx2, 8, "256-bit FMA"};
  return {loop_sse, 4, "128-bit multiply and add"};
}
#else
float loop_128() { return chain_body<Float4>(); }
Loop best_loop() { return {loop_128, 4, "128-bit FMA"}; }

typedef int32_t Int4 __attribute__((ext_vector_type(4)));

float loop_products() {
  volatile int source = 3;
  const Int4 x = Int4{} + source;
  Int4 acc[kChains];
  for (int c = 0; c < kChains; ++c) acc[c] = Int4{} + source + c;
  for (int64_t s = 0; s < kSteps; ++s) {
#pragma clang loop unroll(full)
    for (int c = 0; c < kChains; ++c) acc[c] = acc[c] * x + x;
  }
  for (int c = 1; c < kChains; ++c) acc[0] += acc[c];
  return static_cast<float>(acc[0][0]);
}
Loop best_int8_loop() { return {loop_products, 4, "128-bit multiply-adds of 32 bits"}; }
#endif

volatile float sink;

// Seconds of one loop.
double sample(const Loop& loop) {
  const auto start = std::chrono::steady_clock::now();
  sink = loop.run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Peak measure(const Loop& loop, int threads, double seconds) {
  const double flops = 2.0 * kChains * static_cast<double>(kSteps) * loop.products;
  std::vector<double> best(static_cast<size_t>(threads), 0.0);
  std::barrier together(threads);
  auto work = [&](size_t t) {
    together.arrive_and_wait();
    const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    while (std::chrono::steady_clock::now() < end) best[t] = std::max(best[t], flops / sample(loop));
  };
  std::vector<std::jthread> others;
  for (size_t t = 1; t < best.size(); ++t) others.emplace_back(work, t);
  work(0);
  others.clear();
  double sum = 0;
  for (const double b : best) sum += b;
  return {sum * 1e-9, loop.name};
}

}  // namespace

Peak measure_peak(int threads, double seconds) { return measure(best_loop(), threads, seconds); }
Peak measure_int8_peak(int threads, double seconds) { return measure(best_int8_loop(), threads, seconds); }

std::string machine_name() {
  std::ifstream cpus("/proc/cpuinfo");
  for (std::string line; std::getline(cpus, line);) {
    const size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

}  // namespace halite::tools
