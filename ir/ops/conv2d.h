// Two-dimensional convolution (cross-correlation), grouped and dilated; depthwise is groups == input
// channels. Layout is channel last; 1-D convolution is a 2-D one with an extent of 1.
//   in: x [n,h,w,c], weights [oc,kh,kw,c/groups], optional bias [oc]   out: [n,oh,ow,oc]
//   oh = (h + pad.top + pad.bottom - dilation.y*(kh-1) - 1) / stride.y + 1, rounded down
// Output channel o belongs to group o / (oc/groups). f32, or all f16: padding is with zeros; kernels
// accumulate in f32 (f16: a bounded number of products in f16, their sums in f32), the reference in f64.
// bf16: x and weights; bias and output are f32. Products are exact, sums f32, in which kernels may take what
// is below 2^-126 for zero. Integers: x and weights i8, u8 or i16, bias i32 or i64;
//   out = sum (x - x_zero) * (weights - w_zero) + bias, where padding adds nothing,
// wrapping, in i32, or in i64 where the bias is i64 or x is i16 without a bias.
// https://onnx.ai/onnx/operators/onnx__Conv.html
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ir/base/result.h"
#include "ir/tensor.h"

namespace halite::ir {

struct Conv2d {
  static constexpr std::string_view kName = "conv2d";
  std::array<int64_t, 2> stride{1, 1};     ///< y, x
  std::array<int64_t, 2> dilation{1, 1};   ///< y, x
  std::array<int64_t, 4> pad{0, 0, 0, 0};  ///< top, left, bottom, right
  int64_t groups = 1;
  int64_t x_zero = 0, w_zero = 0;  ///< zero points; 0 for f32
  bool operator==(const Conv2d&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("stride", self.stride);
    visit("dilation", self.dilation);
    visit("pad", self.pad);
    visit("groups", self.groups);
    visit("x_zero", self.x_zero);
    visit("w_zero", self.w_zero);
  }
};

Result<Types> infer(const Conv2d&, std::span<const Type> in);
void reference(const Conv2d&, std::span<const Tensor> in, std::span<Tensor> out);

}  // namespace halite::ir
