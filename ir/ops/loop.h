// Runs a graph again and again, on values that it carries from one iteration to the next.
//   in:   trip count (i64, one element), condition (boolean, one element), `carried` initial values,
//   captures... body: iteration number (i64, rank 0), carried..., captures...  ->  condition (boolean, one
//   element),
//         carried..., results to stack...
//   out:  the carried values behind the last iteration, then each result stacked along a new first axis of
//         extent `limit`: row i is of iteration i, rows of iterations that were not run are zeros
// The next iteration runs while the condition is true and fewer than min(trip count, limit) have been run; a
// negative trip count is 0. Element types and shapes of carried values do not change. What the body reads
// from around it is passed as captures, the same in every iteration.
// https://onnx.ai/onnx/operators/onnx__Loop.html
#pragma once

#include "ir/ops/region.h"

namespace halite::ir {

struct Loop {
  static constexpr std::string_view kName = "loop";
  int64_t limit =
      0;  ///< most iterations; INT64_MAX: none is known, which only a loop that stacks nothing may
  int64_t carried = 0;  ///< how many values
  Region body;
  bool operator==(const Loop&) const = default;
  static void fields(auto& self, auto&& visit) {
    visit("limit", self.limit);
    visit("carried", self.carried);
    visit("body", self.body);
  }
};

Result<Types> infer(const Loop&, std::span<const Type> in);
void reference(const Loop&, std::span<const Tensor> in, std::span<Tensor> out);

}  // namespace halite::ir
