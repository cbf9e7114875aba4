// Dot products of vectors: each 32-bit lane of a sum takes a few products of adjacent input channels at once.
// The factors are what the machine's instruction multiplies, so the input is shifted or widened when it is
// copied (conv2d) or where it is read (matmul), and its zero point follows.
//   four products: bytes, u8 x i8 or i8 x i8 as facts say; a shift by 128 is folded into the bias
//   two products:  i16 x i16, less zero points on both sides; bf16 x bf16
// Weights are packed [steps][width][chunk], so a vector of them is a vector of chunks of as many channels;
// one chunk of the input is broadcast.
#pragma once

#include <optional>

#include "schedules/products.h"
#include "schedules/register_tile.h"

namespace halite::schedules {

/// Whether the machine has dot products of vectors.
inline bool multiplies_vectors(const targets::Facts& f) {
  return f.vector_bits >= 128 && (f.int8_dot == 4 || f.int8_pairs || f.bf16_dot);
}

/// Chooses Method::dots where the machine has dot products of vectors for the factors; `steps` products a
/// sum, of which `run` follow each other in memory.
void choose_dots(Product&, const targets::Facts&, int64_t steps, int64_t run, bool slack);

/// Whether the factors are those that are stored.
inline bool reads_in_place(const Product& p, ir::DType stored) { return p.x == stored && p.shift == 0; }

/// An element of the input as the innermost loop takes it.
Halide::Expr as_factor(const Product&, const Halide::Expr& element);

/// Where channel c is in a packed tile, said so that vectors of it stay vectors whatever their number.
Halide::Expr packed_lane(const Halide::Expr& c, const Tile&);

/// The loops of a converting copy of `count` runs: r.x is a vector of elements, r.y vectors, r.z runs. The
/// last vector of a run is moved back over the one before.
Halide::RDom converted_run(int64_t run, int64_t count);

/// The tile of a contraction by dot products.
Tile dot_tile(const Product&, const targets::Facts&, Optimize, const Space&);

/// schedule_accumulator of register_tile.h, for sums whose reduction begins with the variable of a chunk.
/// `y`: absent where there are no rows.
void schedule_dots(Halide::Func acc, const Halide::Var& c, const Halide::Var& x,
                   const std::optional<Halide::Var>& y, const Tile&);

}  // namespace halite::schedules
