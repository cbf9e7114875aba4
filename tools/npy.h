// NumPy's .npy files (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html), versions 1.0
// and 2.0, C order, little-endian: every dtype that Halite has.
#pragma once

#include <filesystem>

#include "ir/base/result.h"
#include "ir/tensor.h"

namespace halite::tools {

Result<ir::Tensor> read_npy(const std::filesystem::path&);
/// Whole or not at all: written beside its place and renamed.
Result<void> write_npy(const std::filesystem::path&, const ir::Tensor&);

}  // namespace halite::tools
