// Index of the largest or smallest element along one axis.
//   in: x, any numeric dtype, rank >= 1   out: i64, the axis kept as extent 1
// Ties: the first index, or the last with select_last. ONNX ArgMax/ArgMin; keepdims=0 is a reshape behind it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ir/base/result.h"
#include "ir/tensor.h"

namespace halite::ir {

struct ArgReduce {
  static constexpr std::string_view kName = "arg_reduce";
  enum class Kind : uint8_t { max, min };
  Kind kind = Kind::max;
  int64_t axis = 0;  ///< 0 <= axis < rank
  bool select_last = false;
  bool operator==(const ArgReduce&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("kind", self.kind);
    visit("axis", self.axis);
    visit("select_last", self.select_last);
  }
};

Result<Types> infer(const ArgReduce&, std::span<const Type> in);
void reference(const ArgReduce&, std::span<const Tensor> in, std::span<Tensor> out);

}  // namespace halite::ir
