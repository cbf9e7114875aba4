// Sums of products of f16. Where arithmetic in f16 is native, vectors hold twice as many elements, and a
// bounded number of products is summed in f16, a run, before f32 takes over; elsewhere f16 is how elements
// are stored, and they are widened where they are read.
//
// Errors, with u = 2^-11 and s the sum of the products' magnitudes: a sum of one run is off by at most
// kLongestRun u s, as are all runs of a longer one together; commonly it is the square root of that. The
// result is rounded once more.
#pragma once

#include "schedules/anchor.h"
#include "schedules/register_tile.h"

namespace halite::schedules {

/// Most products that are summed in f16.
constexpr int64_t kLongestRun = 128;

inline bool has_halves(const Anchor& a) { return a.inputs[0].dtype == ir::DType::f16; }

/// A machine whose vectors of f16 are to be seen as vectors of f32, of which there are twice as many lanes:
/// all that tiles depend on is how many elements there are.
targets::Facts halves_facts(targets::Facts);

/// How a contraction over channels, columns and rows of taps adds up.
struct Sums {
  Halide::Type factor = Halide::Float(32);  ///< of factors, their products and the sums of a run
  int64_t channels, columns, rows;          ///< of a run
  bool in_runs = false;                     ///< there are several; their sums are added in f32
  Halide::Type total() const { return in_runs ? Halide::Float(32) : factor; }
  ir::DType element() const { return factor.bits() == 16 ? ir::DType::f16 : ir::DType::f32; }
};
Sums plan_sums(const Anchor&, int64_t channels, int64_t columns, int64_t rows);

/// Holds the sums `acc` of a tile in registers, indexed by channels and pixels first, and those of a `run` at
/// a time where there are several. Gives the one of them that adds products.
Halide::Func schedule_sums(Halide::Func acc, Halide::Func run, const Sums&, const Tile&);

}  // namespace halite::schedules
