// Where maxima were found, and putting them back there. Places count the elements of a whole tensor.
#pragma once

#include "frontend/build.h"

namespace halite::frontend {

/// x [n,c,h,w]; the place of the maximum of each window in x, as i64 [n,c,oh,ow]: the first, row by row.
/// `by_columns`: places count a picture column by column.
V max_pool_places(Builder&, V x, const ir::Pool2d&, int64_t oh, int64_t ow, bool by_columns);

/// x [n,c,h,w] at `places` of a tensor [n,c,oh,ow] of zeros.
V max_unpool(Builder&, V x, V places, int64_t oh, int64_t ow);

}  // namespace halite::frontend
