// What may be decided about a kernel from outside, and what its schedule says about its decisions: strategies
// with their estimates, and register tiles by their shape. Free of Halide, because codegen carries choices
// and tools print them.
//
// A tile's text is PXxPYxVECTORSxLANES: pixels along x and y, vectors of output channels, elements of a
// vector; then, where inputs are used lane by lane, /LANE_STEP/UNROLL.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace halite::schedules {

/// A register tile (register_tile.h) without its estimate.
struct TileShape {
  int px = 1, py = 1, vectors = 1, lanes = 1, lane_step = 0, unroll = 1;
  bool operator==(const TileShape&) const = default;
};
std::string to_string(const TileShape&);
/// Nothing if it is no tile's text. Whether the tile suits a kernel is another question (Request::tile).
std::optional<TileShape> parse_tile(std::string_view);

/// What keeps a kernel from being faster, by the cost model.
enum class Bound : uint8_t {
  unknown,
  multipliers,  ///< nothing can be gained but by fewer multiplications
  memory,       ///< loads and stores of the innermost loop
  front_end,    ///< instructions of the innermost loop
  latency,      ///< of a multiply-add: too few accumulators
  tile_ends,    ///< what is done around short reductions
  weights,      ///< they come from beyond the cache
};
std::string_view to_string(Bound);

/// A named way to compute an anchor, with the cost model's estimate.
struct Strategy {
  std::string name;
  double cycles =
      0;  ///< estimated; comparable between strategies of one anchor; 0: there is nothing to compare
  double peak_cycles = 0;  ///< if the multipliers were always busy; 0: unknown
  Bound bound = Bound::unknown;
  /// The register tile that it takes, then as many of the next best as were asked for; empty: it has none.
  std::vector<TileShape> tiles = {};
};

/// Forces a kernel's schedule as far as the kernel allows it; what is empty is left to the cost model.
struct Choice {
  std::string strategy;
  std::optional<TileShape> tile;
};

/// The part of a request that is about register tiles.
struct TileSearch {
  std::optional<TileShape> forced;  ///< taken where it is one of those that choose_tile considers
  int alternatives = 0;             ///< further tiles that Strategy::tiles is to list
};

}  // namespace halite::schedules
