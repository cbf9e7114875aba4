// Transposed two-dimensional convolution (the gradient of conv2d): each input pixel adds its weighted kernel
// to the output, stride apart. Channel last.
//   in: x [n,h,w,c], weights [oc,kh,kw,c/groups], optional bias [oc]   out: [n,oh,ow,oc]
//   oh = (h-1)*stride.y + dilation.y*(kh-1) + 1 + output_pad.y - pad.top - pad.bottom; a pad may be negative
// out[oy,ox,o] = bias[o] + sum over (iy,ky) with iy*stride.y + ky*dilation.y - pad.top == oy, likewise x, of
// x*w. https://onnx.ai/onnx/operators/onnx__ConvTranspose.html
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ir/base/result.h"
#include "ir/tensor.h"

namespace halite::ir {

struct ConvTranspose2d {
  static constexpr std::string_view kName = "conv_transpose2d";
  std::array<int64_t, 2> stride{1, 1};      ///< y, x
  std::array<int64_t, 2> dilation{1, 1};    ///< y, x
  std::array<int64_t, 4> pad{0, 0, 0, 0};   ///< top, left, bottom, right: removed from the output
  std::array<int64_t, 2> output_pad{0, 0};  ///< y, x: added at the bottom and right
  int64_t groups = 1;
  bool operator==(const ConvTranspose2d&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("stride", self.stride);
    visit("dilation", self.dilation);
    visit("pad", self.pad);
    visit("output_pad", self.output_pad);
    visit("groups", self.groups);
  }
};

Result<Types> infer(const ConvTranspose2d&, std::span<const Type> in);
void reference(const ConvTranspose2d&, std::span<const Tensor> in, std::span<Tensor> out);

}  // namespace halite::ir
