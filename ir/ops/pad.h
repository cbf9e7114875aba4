// Extends a tensor at the ends of its axes; a negative amount crops.
//   in: x   out: extent before[i] + x.shape[i] + after[i]
// Crops come first: the modes extend what is left, so output i of an axis is element i - max(before,0) of x
// without its first max(-before,0) and last max(-after,0) elements. reflect mirrors without repeating the
// edge, edge repeats it, wrap continues from the other end; all repeat as often as it takes, and the
// reflection of a single element is that element. https://onnx.ai/onnx/operators/onnx__Pad.html
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ir/base/result.h"
#include "ir/tensor.h"

namespace halite::ir {

struct Pad {
  static constexpr std::string_view kName = "pad";
  enum class Mode : uint8_t { constant, reflect, edge, wrap };
  Mode mode = Mode::constant;
  std::vector<int64_t> before;  ///< one per axis
  std::vector<int64_t> after;   ///< one per axis
  double value = 0;             ///< of new elements in mode constant
  bool operator==(const Pad&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("mode", self.mode);
    visit("before", self.before);
    visit("after", self.after);
    visit("value", self.value);
  }
};

Result<Types> infer(const Pad&, std::span<const Type> in);
void reference(const Pad&, std::span<const Tensor> in, std::span<Tensor> out);

}  // namespace halite::ir
