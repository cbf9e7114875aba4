// Products of matrices in registers of 16 rows of 64 bytes. One instruction adds to 16 rows of 16 sums the
// product of two such registers: a row for each pixel, 64 bytes of its channels as they lie in memory; and
// weights packed as for dot products (dot.h), a row for each chunk of four bytes, side by side those of 16
// channels. All signs of bytes can be multiplied, so the input is read as it is.
//
// Halide knows no such registers. A schedule leaves the loops over a tile's sums as they are,
// find_tile_products puts a call in their place, and codegen/tile_registers.h makes instructions of that.
// Where no pass does so, as in tests of schedules, the loops compute the same.
#pragma once

#include "schedules/products.h"
#include "schedules/register_tile.h"

namespace halite::schedules {

inline constexpr int kTileRows = 16, kTileRowBytes = 64, kTileRegisters = 8;
inline constexpr int kChunkBytes = 4;  ///< of x and of weights that one sum takes in a step
inline constexpr int kTileLanes = kTileRowBytes / kChunkBytes;  ///< sums of a row
/// What a Func of sums is called whose loops become products of tile registers.
inline constexpr const char* kTileSums = "tile_sums";
/// The call: hl_tile_product(for sums, x and weights a pointer and bytes from there; TileCall's numbers in
/// their order; for each further loop of the reduction, innermost first, its rounds and the bytes by which x
/// and weights move on).
inline constexpr const char* kTileProduct = "hl_tile_product";

inline constexpr int kBFloat16 = 2;
/// The numbers of a call. Registers of sums are `across` * `down`.
struct TileCall {
  int x_signed, weights_signed;  ///< bytes are; both kBFloat16: no bytes
  int rows, row_bytes;           ///< of x in a register: pixels, and bytes of their channels
  int x_stride, sums_stride;     ///< bytes from a pixel to the next
  int down, x_down, sums_down;   ///< registers of pixels, and bytes from one to the next
  int across;                    ///< registers of 16 channels, side by side
  int weights_stride;            ///< bytes from a chunk to the next
};
inline constexpr int kTileNumbers = sizeof(TileCall) / sizeof(int);

/// Chooses Method::tile_registers where the machine has them for the factors and they are faster than dot
/// products: `rows` sums for each output channel, of `steps` products, of which `run` follow each other in
/// memory. `slack`: x may be read past the end of a run.
void choose_tile_registers(Product&, const Anchor&, int64_t rows, int64_t steps, int64_t run, bool slack);

/// Steps that a register holds of a run: as many as divide it.
int64_t tile_depth(int64_t run_steps);

/// The fastest tile: `run_steps` steps of the reduction follow each other in memory.
Tile tile_of_registers(const Space&, int64_t run_steps);

/// Puts calls in the place of loops over Funcs that are called kTileSums.
void find_tile_products(Halide::Pipeline&);

}  // namespace halite::schedules
