// Convolutions of one kind are one function: on bare metal whatever their extents, elsewhere where their
// loops differ in little; answers stay those of the interpreter.
#include <doctest/doctest.h>

#include <set>

#include "tests/codegen/integer_models.h"

using namespace halite;
using namespace halite::codegen;

namespace {

/// One layer after the other, each an i8 convolution with its scaling.
class Chain {
 public:
  explicit Chain(Shape input) : shape_(std::move(input)), first_(shape_) {}

  Chain& conv(int channels, int kernel, int stride, bool depthwise) {
    const int last = count_++, depth = depthwise ? 1 : shape_[3];
    const std::string n = std::to_string(count_);
    Shape to{1, (shape_[1] + stride - 1) / stride, (shape_[2] + stride - 1) / stride, channels};
    const int after = kernel / 2;
    const auto before = [&](int extent) { return stride == 2 && extent % 2 == 0 ? 0 : after; };
    const Shape weights{channels, kernel, kernel, depth};
    text_ += "  const %w" + n + ": i8" + list(weights) + " = " +
             elements(channels * kernel * kernel * depth) + "\n  const %b" + n + ": i32" + list({channels}) +
             " = " + elements(channels) + "\n  const %m" + n + ": i32" + list({channels}) + " = " +
             elements(channels, {1500000000, 1200000000}) + "\n  const %s" + n + ": i32" + list({channels}) +
             " = " + elements(channels, {41, 40}) + "\n  %c" + n + ": i32" + list(to) + " = conv2d(%v" +
             std::to_string(last) + ", %w" + n + ", %b" + n + ") x_zero=-3 stride=" + list({stride, stride}) +
             " pad=" + list({before(shape_[1]), before(shape_[2]), after, after}) +
             " groups=" + std::to_string(depthwise ? channels : 1) + "\n  %v" + n + ": i8" + list(to) +
             " = requantize(%c" + n + ", %m" + n + ", %s" + n +
             ") to=i8 zero_point=-3 rounding=" + (depthwise ? "twice" : "single") + "\n";
    shape_ = std::move(to);
    return *this;
  }

  std::string text() const {
    return "graph \"g\" (%v0: i8" + list(first_) + ") -> (%v" + std::to_string(count_) + ") {\n" + text_ +
           "}";
  }

 private:
  Shape shape_, first_;
  int count_ = 0;
  std::string text_;
};

/// How many functions the steps that convolve have.
size_t kernels_of(const Artifact& artifact) {
  std::set<std::string> kernels;
  for (const auto& step : artifact.report.steps) kernels.insert(step.kernel);
  return kernels.size();
}

}  // namespace

TEST_CASE("depthwise convolutions of other extents share their code") {
  const auto text = Chain({1, 24, 24, 8})
                        .conv(8, 3, 1, true)
                        .conv(16, 1, 1, false)
                        .conv(16, 3, 2, true)
                        .conv(32, 1, 1, false)
                        .conv(32, 3, 1, true)
                        .conv(64, 1, 1, false)
                        .conv(64, 3, 2, true)
                        .conv(64, 1, 1, false)
                        .conv(64, 3, 1, true);
  for (const char* target : {"cortex-m4", "cortex-m55", "cortex-m0plus", "riscv32"}) {
    CAPTURE(target);
    const auto artifact = checked(text.text(), target);
    // 9 layers: one function for each stride of depthwise kernels, the others for 1x1.
    CHECK(kernels_of(artifact) <= 6);
  }
}

TEST_CASE("columns that no tile divides, and a row of one tile, keep the interpreter's answers") {
  for (const int width : {3, 5, 7, 10}) {
    CAPTURE(width);
    const auto text = Chain({1, 6, width, 4})
                          .conv(4, 3, 1, true)
                          .conv(12, 1, 1, false)
                          .conv(12, 3, 1, true)
                          .conv(20, 1, 1, false)
                          .conv(20, 3, 2, true)
                          .conv(20, 5, 1, true);
    for (const char* target : {"cortex-m4", "cortex-m55"}) checked(text.text(), target);
  }
}

namespace {

/// Layers of 1x1 of reals, each worth a parallel loop, whose sums of whole numbers are exact; then x
/// sigmoid(x).
std::string layers_of_reals(const std::vector<int>& channels, bool silu = false) {
  std::string text;
  int from = 64, count = 0;
  for (const int to : channels) {
    const std::string n = std::to_string(count++), next = std::to_string(count);
    const std::string type = ": f32" + list({1, 26, 26, to}) + " = ", sums = (silu ? "%s" : "%v") + next;
    text += "  const %w" + n + ": f32" + list({to, 1, 1, from}) + " = " +
            elements(to * from, {1, 0, 0, 0, 0, 0, 0, -1, 0, 0, 0, 0, 0}) + "\n  " + sums + type +
            "conv2d(%v" + n + ", %w" + n + ")\n";
    if (silu)
      text += "  %g" + next + type + "elementwise(" + sums + ") fn=sigmoid\n  %v" + next + type +
              "elementwise(" + sums + ", %g" + next + ") fn=mul\n";
    from = to;
  }
  return "graph \"g\" (%v0: f32[1,26,26,64]) -> (%v" + std::to_string(count) + ") {\n" + text + "}";
}

}  // namespace

TEST_CASE("machines with several cores share the tasks of parallel loops") {
  for (const char* target : {"host", "arm64"}) {
    CAPTURE(target);
    const auto artifact = checked(layers_of_reals({96, 64, 128, 64}), target);
    CHECK(artifact.assembly.find("halide_do_par_for") != std::string::npos);
    CHECK(kernels_of(artifact) < 4);
  }
}

TEST_CASE("loops share code in however many numbers they differ that they only move by, or add to others") {
  // Inputs are added and transposed from eight pixels, each at a distance of its own; a long epilogue stores
  // eight vectors at distances that differ by constants.
  for (const bool silu : {false, true}) {
    CAPTURE(silu);
    const auto text = layers_of_reals({128, 256, 128}, silu);
    const auto artifact = silu ? compiled(text, "arm64") : checked(text, "arm64");  // only sums are exact
    int layers = 0;
    std::set<std::string> kernels;
    for (const auto& step : artifact.report.steps) {
      if (step.strategy != "strassen") continue;
      kernels.insert(step.kernel);
      layers++;
    }
    CHECK(layers >= 2);
    CHECK(kernels.size() == 1);
  }
}

TEST_CASE("in size mode convolutions of reals are one function, however many tiles of channels") {
  const auto artifact = checked(layers_of_reals({128, 32, 64}), "arm64", {}, true);
  CHECK(kernels_of(artifact) == 1);
}
