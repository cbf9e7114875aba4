// Where the elements of a resized tensor lie in the one before.
#pragma once

#include "ir/ops/resize.h"

namespace halite::ir {

/// The coordinate along `axis`, `extent` long before, that element i stands for; elements lie at whole
/// numbers.
double source_coordinate(const Resize&, size_t axis, int64_t i, int64_t extent);

}  // namespace halite::ir
