// How fast single layers run through the whole compiler, against the machine's own peak measured in between.
// Not a test: prints a table. Arguments: a part of the layers' names to run (default all), then --target NAME
// --strategy NAME --stmt --asm --size; --int8 and --uint8 quantize the layers, sums scaled to bytes channel
// by channel. The peak is that of f32 multiply-adds, of int8 products there.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>

#include "codegen/jit.h"
#include "rt/halite.h"
#include "tools/peak.h"

namespace {

using namespace halite;

struct Layer {
  const char* name;
  int64_t h, w, ic, oc, k, stride, groups;
  int64_t pad = -1;  ///< -1: k / 2
};

const Layer kLayers[] = {
    {"goal 3x3 64->192 56", 56, 56, 64, 192, 3, 1, 1},
    {"goal 1x1 256->192 28", 28, 28, 256, 192, 1, 1, 1},
    {"resnet 7x7/2 3->64 224", 224, 224, 3, 64, 7, 2, 1},
    {"resnet 3x3 64->64 56", 56, 56, 64, 64, 3, 1, 1},
    {"resnet 3x3 128->128 28", 28, 28, 128, 128, 3, 1, 1},
    {"resnet 3x3 256->256 14", 14, 14, 256, 256, 3, 1, 1},
    {"resnet 3x3 512->512 7", 7, 7, 512, 512, 3, 1, 1},
    {"resnet 3x3/2 128->256 28", 28, 28, 128, 256, 3, 2, 1},
    {"resnet 1x1 64->256 56", 56, 56, 64, 256, 1, 1, 1},
    {"resnet 1x1 1024->256 14", 14, 14, 1024, 256, 1, 1, 1},
    {"resnet 1x1 512->2048 7", 7, 7, 512, 2048, 1, 1, 1},
    {"resnet 1x1/2 512->1024 28", 28, 28, 512, 1024, 1, 2, 1},
    {"mobilenet 3x3/2 3->32 224", 224, 224, 3, 32, 3, 2, 1},
    {"mobilenet dw3x3 32 112", 112, 112, 32, 32, 3, 1, 32},
    {"mobilenet dw3x3/2 64 112", 112, 112, 64, 64, 3, 2, 64},
    {"mobilenet dw3x3 128 56", 56, 56, 128, 128, 3, 1, 128},
    {"mobilenet dw3x3 512 14", 14, 14, 512, 512, 3, 1, 512},
    {"mobilenet dw3x3 1024 7", 7, 7, 1024, 1024, 3, 1, 1024},
    {"mobilenet 1x1 32->64 112", 112, 112, 32, 64, 1, 1, 1},
    {"mobilenet 1x1 512->512 14", 14, 14, 512, 512, 1, 1, 1},
    {"mobilenet 1x1 1024->1024 7", 7, 7, 1024, 1024, 1, 1, 1},
    {"squeezenet 3x3/2 3->64 224", 224, 224, 3, 64, 3, 2, 1, 0},
    {"squeezenet 1x1 64->16 55", 55, 55, 64, 16, 1, 1, 1},
    {"squeezenet 1x1 16->64 55", 55, 55, 16, 64, 1, 1, 1},
    {"squeezenet 3x3 16->64 55", 55, 55, 16, 64, 3, 1, 1},
    {"squeezenet 3x3 32->128 27", 27, 27, 32, 128, 3, 1, 1},
    {"squeezenet 3x3 64->256 13", 13, 13, 64, 256, 3, 1, 1},
    {"squeezenet 1x1 512->1000 13", 13, 13, 512, 1000, 1, 1, 1},
    {"yolox 3x3 12->16 208", 208, 208, 12, 16, 3, 1, 1},
    {"yolox dw3x3/2 16 208", 208, 208, 16, 16, 3, 2, 16},
    {"yolox 1x1 64->64 52", 52, 52, 64, 64, 1, 1, 1},
    {"yolox dw5x5 64 52", 52, 52, 64, 64, 5, 1, 64},
    {"yolox 1x1 64->85 52", 52, 52, 64, 85, 1, 1, 1},
    {"yolox 1x1 64->1 52", 52, 52, 64, 1, 1, 1, 1},
    {"dense 1024->1000", 1, 1, 1024, 1000, 1, 1, 1},
};

ir::Tensor random_tensor(ir::Shape shape, ir::DType dtype = ir::DType::f32, int scale = 1) {
  static std::mt19937 rng(7);
  auto t = ir::Tensor::zeros({dtype, std::move(shape), {}});
  if (dtype != ir::DType::f32) {
    const int low = dtype == ir::DType::u8 ? 0 : -127;
    for (int64_t i = 0; i < t.type().elements(); ++i) t.set(i, (static_cast<int>(rng() % 255) + low) * scale);
    return t;
  }
  for (float& v : t.mutable_data<float>())
    v = static_cast<float>(static_cast<int>(rng() % 201) - 100) / 100.0f;
  return t;
}

ir::Graph graph_of(const Layer& l) {
  ir::Graph g;
  g.name = "layer";
  const auto x = g.add_input("x", {ir::DType::f32, {1, l.h, l.w, l.ic}, {}});
  const auto w = g.add_constant("w", random_tensor({l.oc, l.k, l.k, l.ic / l.groups}));
  const auto b = g.add_constant("b", random_tensor({l.oc}));
  const int64_t pad = l.pad < 0 ? l.k / 2 : l.pad;
  ir::Conv2d op{.stride = {l.stride, l.stride}, .pad = {pad, pad, pad, pad}, .groups = l.groups};
  auto y = g.add_node("conv", op, {x, w, b});
  auto z = g.add_node("relu", ir::Elementwise{.fn = ir::Fn::relu}, {(*y)[0]});
  g.outputs = {(*z)[0]};
  return g;
}

/// The same layer of bytes, as TFLite has it.
ir::Graph integer_graph_of(const Layer& l, ir::DType dtype) {
  ir::Graph g;
  g.name = "layer";
  const int64_t pad = l.pad < 0 ? l.k / 2 : l.pad, zero = dtype == ir::DType::u8 ? 128 : 0;
  const auto x = g.add_input("x", {dtype, {1, l.h, l.w, l.ic}, {}});
  const auto w = g.add_constant("w", random_tensor({l.oc, l.k, l.k, l.ic / l.groups}, dtype));
  const auto b = g.add_constant("b", random_tensor({l.oc}, ir::DType::i32, 100));
  const auto table = [&](const char* name, int64_t value) {
    auto t = ir::Tensor::zeros({ir::DType::i32, {l.oc}, {}});
    for (int64_t i = 0; i < l.oc; ++i) t.set(i, static_cast<double>(value + i));
    return g.add_constant(name, std::move(t));
  };
  const auto m = table("m", 1 << 30);
  auto shifts = ir::Tensor::zeros({ir::DType::i32, {l.oc}, {}});
  for (int64_t i = 0; i < l.oc; ++i) shifts.set(i, 40);
  const auto s = g.add_constant("s", std::move(shifts));
  const ir::Conv2d op{.stride = {l.stride, l.stride},
                      .pad = {pad, pad, pad, pad},
                      .groups = l.groups,
                      .x_zero = zero - 3,
                      .w_zero = zero == 0 ? 0 : zero - 7};
  auto y = g.add_node("conv", op, {x, w, b});
  const ir::Requantize scale{.to = dtype, .zero_point = zero - 5};
  auto z = g.add_node("scale", scale, {(*y)[0], m, s});
  g.outputs = {(*z)[0]};
  return g;
}

/// Of this thread alone, in seconds: other programs' turns do not count.
double now() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/// The fastest of many runs, in seconds.
double time_of(const halite_model& model, const ir::Tensor& in) {
  double best = 1e9;
  const size_t bytes = (halite_arena_bytes(&model) + 63) / 64 * 64;
  const std::unique_ptr<void, decltype(&std::free)> arena(std::aligned_alloc(HALITE_ARENA_ALIGN, bytes),
                                                          &std::free);
  halite_session session;
  if (halite_open(&session, &model, arena.get(), bytes) != HALITE_OK) return best;
  std::memcpy(halite_input(&session, 0), in.bytes().data(), in.bytes().size());
  const double start = now();
  for (int i = 0; i < 5 || now() - start < 0.25; ++i) {
    const double before = now();
    halite_run(&session);
    best = std::min(best, now() - before);
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  std::string wanted, target = "host";
  codegen::CompileOptions options;
  bool only_code = false;
  ir::DType dtype = ir::DType::f32;
  for (int i = 1; i < argc; ++i) {
    const std::string arg = argv[i];
    if (arg == "--target")
      target = argv[++i], only_code = true;
    else if (arg == "--stmt")
      options.emit_stmt = true;
    else if (arg == "--asm")
      options.emit_asm = true;
    else if (arg == "--int8")
      dtype = ir::DType::i8;
    else if (arg == "--uint8")
      dtype = ir::DType::u8;
    else if (arg == "--strategy")
      options.strategy = argv[++i];
    else if (arg == "--size")
      options.optimize_size = true;
    else
      wanted = arg;
  }
  options.target = *targets::find(target);
  const bool floats = dtype == ir::DType::f32;
  const auto peak_of = [&] {
    return (floats ? tools::measure_peak(1, 0.03) : tools::measure_int8_peak(1, 0.03)).gflops;
  };
  std::printf("%-30s %-10s %9s %8s %6s %7s\n", "layer", "strategy", "us", floats ? "GFLOP/s" : "GOP/s",
              "peak", "bytes");
  for (const Layer& l : kLayers) {
    if (std::string(l.name).find(wanted) == std::string::npos) continue;
    const ir::Graph graph = floats ? graph_of(l) : integer_graph_of(l, dtype);
    const auto artifact = codegen::compile(graph, options);
    if (!artifact) {
      std::printf("%s: %s\n", l.name, to_string(artifact.error()).c_str());
      continue;
    }
    if (options.emit_stmt) std::puts(artifact->stmt.c_str());
    if (options.emit_asm) std::puts(artifact->assembly.c_str());
    const auto& step = artifact->report.steps[0];
    double seconds = 0, peak = 0;
    if (!only_code) {
      auto loaded = codegen::JitModel::load(*artifact);
      if (!loaded) return std::puts(to_string(loaded.error()).c_str()), 1;
      peak = peak_of();
      seconds = time_of(loaded->model(), random_tensor({1, l.h, l.w, l.ic}, dtype));
      peak = std::max(peak, peak_of());
    }
    const double gflops = seconds > 0 ? 2e-9 * static_cast<double>(step.macs) / seconds : 0;
    std::printf("%-30s %-10s %9.1f %8.1f %5.1f%% %7lld  (%zu steps, peak %.0f)\n", l.name,
                step.strategy.c_str(), seconds * 1e6, gflops, peak > 0 ? 100 * gflops / peak : 0,
                static_cast<long long>(artifact->report.code_bytes), artifact->report.steps.size(), peak);
    std::fflush(stdout);
  }
}
