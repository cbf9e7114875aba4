// Each loop keeps kChains independent accumulators, more than latency times throughput of any core known (4
// cycles x 2 units up to 4 x 4), and few enough to stay in registers.
#include "tools/peak.h"

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdint>
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
  int lanes;
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

Loop best_loop() {
  if (__builtin_cpu_supports("avx512f")) return {loop_avx512, 16, "512-bit FMA"};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return {loop_avx2, 8, "256-bit FMA"};
  return {loop_sse, 4, "128-bit multiply and add"};
}
#else
float loop_128() { return chain_body<Float4>(); }
Loop best_loop() { return {loop_128, 4, "128-bit FMA"}; }
#endif

volatile float sink;

// Seconds of one loop.
double sample(const Loop& loop) {
  const auto start = std::chrono::steady_clock::now();
  sink = loop.run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

Peak measure_peak(int threads, double seconds) {
  const Loop loop = best_loop();
  const double flops = 2.0 * kChains * static_cast<double>(kSteps) * loop.lanes;
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

}  // namespace halite::tools
