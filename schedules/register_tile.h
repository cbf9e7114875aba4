// Register tiles: how many output pixels times output channels one innermost loop accumulates, and the loop
// nest that all contractions (conv2d, conv_transpose2d, matmul) share. A tile of px*py pixels and `vectors`
// vectors of channels keeps px*py*vectors accumulators in registers; each step of the reduction loads
// `vectors` weights and broadcasts one input element per pixel.
#pragma once

#include <Halide.h>

#include <cstdint>
#include <vector>

#include "schedules/anchor.h"

namespace halite::schedules {

struct Tile {
  int lanes = 1;    ///< elements of one vector; 1: scalar code
  int vectors = 1;  ///< vectors of output channels
  int px = 1, py = 1;
  int lane_step =
      0;  ///< reduction steps whose inputs are loaded as one vector and used lane by lane; 0: broadcasts
  int unroll = 1;          ///< of the loop over those vectors of inputs
  double cycles = 0;       ///< estimate for the whole contraction
  double peak_cycles = 0;  ///< of the same, if it did nothing but multiply, with vectors as long as there are
  Bound bound = Bound::unknown;
  std::vector<TileShape> others = {};  ///< the next best, as many as Space::search asks for
  int channels() const { return lanes * vectors; }
};

/// What happens where the channels are no multiple of a tile's.
enum class Rest : uint8_t {
  padded,   ///< weights are packed with zeros up to the tile; what does not exist is not stored
  shifted,  ///< the last tile is moved back over the one before; channels are at least a tile's
  none,     ///< only tiles that divide the channels
};

/// The iteration space of a contraction, of one group and one batch.
struct Space {
  int64_t channels = 1, x = 1, y = 1;
  int64_t steps = 1;  ///< length of the reduction
  int64_t inner_steps =
      1;                ///< of it, adjacent in memory in the input; 1 also where the input has no taps Func
  int64_t repeats = 1;  ///< groups times batches
  Rest rest = Rest::padded;
  int64_t fewest_x = 0;    ///< 0, or what x is at least where the same weights are used for other extents
  bool once = false;       ///< no pixel may be computed twice: the tile divides x and y
  bool depthwise = false;  ///< the input is read as vectors of channels, not broadcast
  int64_t taps = 0, stride = 1;  ///< of a depthwise kernel, along x; 0: pixels share no inputs in registers
  bool panels = false;         ///< a vector of inputs is four pixels of one step, not four steps of one pixel
  bool side_by_side = false;   ///< inputs of a tile's pixels follow each other where tiles divide x
  bool stores_rests = false;   ///< a rest of channels is computed like a whole tile
  bool long_epilogue = false;  ///< a polynomial or more is computed from every sum
  int most_unroll = 2;         ///< vectors of steps in one round of the loop over them; a power of two
  TileSearch search = {};
};

/// The fastest tile by the cost model, or the one that is forced, if it is among those that fit.
Tile choose_tile(const targets::Facts&, Optimize, const Space&);

/// A strategy that costs what its tile does, and `more` cycles in which it waits for weights.
Strategy strategy_of(std::string name, const Tile&, double more = 0);

/// Loops over tiles of an output Func, and inside one tile.
struct TileLoops {
  Halide::Var c{"ct"}, x{"xt"}, y{"yt"};
  Halide::Var ci{"ci"}, xi{"xi"}, yi{"yi"}, cv{"cv"};
};
/// Splits the axes of `output` into tiles; the inner loops are vectorised and unrolled, the order of the
/// outer ones is up to the caller. A rest of channels is guarded where weights are padded (tiles stay aligned
/// to the packing), else the last tile is shifted inwards.
TileLoops split_output(Halide::Func output, const Halide::Var& c, const Halide::Var& x, const Halide::Var& y,
                       const Tile&, const Space&, Halide::Func sums = {});
/// Writes out the vectors and pixels of a tile, of which there is one at each round of the loop `tiles`.
/// Where `sums` is defined (Stages::sums), the tile's sums are stored, and its vectors are a loop.
void schedule_epilogue(Halide::Func output, const Halide::Var& vectors,
                       const std::vector<Halide::Var>& pixels, const Halide::Var& tiles, const Tile&,
                       Halide::Func sums);
/// Holds the accumulators of one tile in registers: fixed extents, vectorised and unrolled initialisation,
/// and the update with the tile innermost and `reduction` (innermost first) around it.
void schedule_accumulator(Halide::Func acc, const Halide::Var& c, const Halide::Var& x, const Halide::Var& y,
                          const Tile&, const std::vector<Halide::RVar>& reduction);
/// Where the tile uses inputs lane by lane: `taps`, the inputs of the update with the reduction's innermost
/// axis as its first variable, is loaded a vector at a time and stays in registers.
void schedule_taps(Halide::Func taps, Halide::Func acc, const Tile&);

/// Steps of a row of taps that is a run, at most: the loop over them is unrolled.
constexpr int64_t kLongestRow = 32;

/// A run of reduction steps that is used in blocks of so many lanes, the last of which overlaps the one
/// before where it is not whole.
struct Blocks {
  int64_t run;
  int lanes;
  bool even() const { return run % lanes == 0; }
  /// Where a block begins, and which step of its block a step is. What the last block lacks is known only
  /// once the loop over the run is unrolled.
  Halide::Expr start(const Halide::Expr& block) const;
  Halide::Expr step(const Halide::Expr& k) const;
};

/// Unrolls the taps of a row of a depthwise kernel: pixel by pixel where neighbours share inputs in
/// registers. The weights of the row are loaded before, in their order: LLVM orders a sum by its loads, and
/// what the border of an image leaves out must not change the sums of pixels within.
void unroll_taps(const targets::Facts&, Halide::Func acc, Halide::Func weights, const Space&, const Tile&);

/// Elements of one vector register.
int f32_lanes(const targets::Facts&);
/// Largest frame that a kernel may take, in bytes.
int64_t stack_limit(const targets::Facts&);
/// What planned arrays may take of it: a frame holds more than these.
int64_t usable_stack(const targets::Facts&);
/// Whether a contraction of that many multiply-accumulates is worth a parallel loop.
bool worth_parallel(const targets::Facts&, int64_t macs);
/// Rows of tiles of each task, out of `count`, at most `most`: a divisor where a good one is near, since a
/// shorter last task is a second copy of the loops.
int64_t task_rows(int64_t most, int64_t count, Optimize);

inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
inline int64_t round_up(int64_t a, int64_t b) { return ceil_div(a, b) * b; }

}  // namespace halite::schedules
