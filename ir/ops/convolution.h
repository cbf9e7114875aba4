// What conv2d and conv_transpose2d ask of their tensors alike.
#pragma once

#include "ir/ops/checks.h"

namespace halite::ir::checks {

/// x [n,h,w,c], weights [oc,kh,kw,c/groups], optional bias [oc]; no extent but n empty. Dtypes are the
/// operator's.
Failure convolution(std::string_view op, std::span<const Type> in, int64_t groups);

}  // namespace halite::ir::checks
