// Maximum or average over sliding windows, channel last.
//   in: x [n,h,w,c]   out: [n,oh,ow,c], oh = (h + pad.top + pad.bottom - dilation.y*(kernel.y-1) - 1) /
//   stride.y + 1
// Pixels of the padding never win a maximum. An average divides by the pixels inside x, or, with
// count_include_pad, by those inside x plus its padding without `excess`: the rows and columns at the bottom
// and right that pad holds only because the model rounds the output extent up (ceil_mode). No window lies
// wholly in the padding; one that dilation carries past every pixel gives the lowest number as maximum and 0
// as average. Any number; an integer average is rounded to nearest, halves
// away from zero (TFLite). https://onnx.ai/onnx/operators/onnx__AveragePool.html
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ir/base/result.h"
#include "ir/tensor.h"

namespace halite::ir {

struct Pool2d {
  static constexpr std::string_view kName = "pool2d";
  enum class Kind : uint8_t { max, average };
  Kind kind = Kind::max;
  std::array<int64_t, 2> kernel{1, 1};     ///< y, x
  std::array<int64_t, 2> stride{1, 1};     ///< y, x
  std::array<int64_t, 2> dilation{1, 1};   ///< y, x
  std::array<int64_t, 4> pad{0, 0, 0, 0};  ///< top, left, bottom, right; includes excess
  std::array<int64_t, 2> excess{0, 0};     ///< bottom, right
  bool count_include_pad = false;
  bool operator==(const Pool2d&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("kind", self.kind);
    visit("kernel", self.kernel);
    visit("stride", self.stride);
    visit("dilation", self.dilation);
    visit("pad", self.pad);
    visit("excess", self.excess);
    visit("count_include_pad", self.count_include_pad);
  }
};

Result<Types> infer(const Pool2d&, std::span<const Type> in);
void reference(const Pool2d&, std::span<const Tensor> in, std::span<Tensor> out);

}  // namespace halite::ir
