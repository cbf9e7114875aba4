// The checks that conv2d and conv_transpose2d share.
#include "ir/ops/convolution.h"

namespace halite::ir::checks {

Failure convolution(std::string_view op, std::span<const Type> in, int64_t groups) {
  if (auto failure = inputs(op, in, 2, 3, Elements::multiplied)) return failure;
  if (auto failure = rank(op, "the input", in[0], 4)) return failure;
  if (auto failure = rank(op, "the weights", in[1], 4)) return failure;
  for (int i = 1; i < 4; ++i)
    if (auto failure = range(op, "an extent of the input [n,h,w,c]", in[0].shape[i], 1, kMaxWindow))
      return failure;
  for (int64_t extent : in[1].shape)
    if (auto failure = range(op, "an extent of the weights", extent, 1, kMaxWindow)) return failure;
  if (auto failure = range(op, "groups", groups, 1, kMaxWindow)) return failure;
  const int64_t c = in[0].shape[3], oc = in[1].shape[0];
  if (c % groups != 0 || oc % groups != 0)
    return invalid(op, ": ", c, " input and ", oc, " output channels do not divide into ", groups, " groups");
  if (in[1].shape[3] != c / groups)
    return invalid(op, ": weights of shape ", in[1].shape, " take ", in[1].shape[3],
                   " channels a group, but the input of shape ", in[0].shape, " has ", c / groups,
                   " in each of ", groups, " groups");
  if (in.size() == 3 && in[2].shape != Shape{oc})
    return invalid(op, ": the bias has the shape ", in[2].shape, "; expected [", oc, "]");
  return {};
}

}  // namespace halite::ir::checks
