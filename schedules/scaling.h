// Requantize in 32 bits. Products of 64 bits are slow on vectors and small machines, but where the multiplier
// takes at least 32 bits off (shift > 32) only the upper half of a product counts, and rounding and zero
// point are one addition:
//   single  ((x * m >> 32) + offset) >> (shift - 32), offset = 2^(shift-33) + (zero_point << (shift-32))
//   twice   h = (2x * m + 2^31) >> 32; (h + (h >> 31) + offset) >> (shift - 31), offset likewise
// Both are exact where nothing overflows 32 bits, which is proved from the range of x and the tables.
#pragma once

#include <cstdint>

#include "schedules/group.h"

namespace halite::schedules {

enum class Scaling : uint8_t {
  plain,       ///< by the definition
  upper_half,  ///< as above; the shift table is packed as [2][c]: offsets, then what is left of the shifts
  upper_half_then_zero,  ///< the same, but the zero point is added at the end: with large shifts it would
                         ///< overflow
};

/// How a requantize of a group may be computed. Depends on the values of constants, so it is part of the
/// identity of a kernel.
Scaling scaling_of(const ir::Graph&, const Group&, ir::NodeId);

enum class Shifts : uint8_t { right, left };  ///< left: as negative amounts

/// The packed shift table.
ir::Tensor pack_scaling(const ir::Requantize&, const ir::Tensor& shift, const ir::Tensor& multiplier, Scaling,
                        Shifts);

}  // namespace halite::schedules
