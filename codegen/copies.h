// Steps that move data and compute nothing, where a machine has no vectors: a function of the runtime moves
// them by words, which loops over bytes would not, and serves them all.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "schedules/kernel.h"

namespace halite::codegen {

inline constexpr const char* kCopyFunction = "rt_copy_rows";  ///< rt/copy.c

/// The extents of rt_copy_rows that do what the request asks for; nullopt if it asks for something else, or
/// if code made for it would be better.
std::optional<std::vector<int32_t>> copy_extents(const schedules::Request&);

}  // namespace halite::codegen
