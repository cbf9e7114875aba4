// Matrix product, batched: the last two axes are matrices, the axes before them broadcast as in NumPy. Rank
// >= 2.
//   in: a [..,m,k] ([..,k,m] if transpose_a), b [..,k,n] ([..,n,k] if transpose_b), optional bias broadcast
//   to [..,m,n] out: [..,m,n]. f32, or all f16, or bf16 with bias and output of f32, or integers with zero
//   points a_zero and b_zero: as conv2d.
// https://onnx.ai/onnx/operators/onnx__MatMul.html
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ir/base/result.h"
#include "ir/tensor.h"

namespace halite::ir {

struct MatMul {
  static constexpr std::string_view kName = "matmul";
  bool transpose_a = false;
  bool transpose_b = false;
  int64_t a_zero = 0, b_zero = 0;  ///< zero points; 0 for f32
  bool operator==(const MatMul&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("transpose_a", self.transpose_a);
    visit("transpose_b", self.transpose_b);
    visit("a_zero", self.a_zero);
    visit("b_zero", self.b_zero);
  }
};

Result<Types> infer(const MatMul&, std::span<const Type> in);
void reference(const MatMul&, std::span<const Tensor> in, std::span<Tensor> out);

}  // namespace halite::ir
