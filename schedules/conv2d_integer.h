// conv2d of integers and of bf16: what conv2d.cpp hands over, and what its files share.
#pragma once

#include <optional>

#include "schedules/conv_extents.h"
#include "schedules/operators.h"
#include "schedules/products.h"
#include "schedules/register_tile.h"

namespace halite::schedules::integer {

/// Where an input with its padding is copied to.
enum class Copy : uint8_t { none, strip, image };

/// Extents by name, and everything that algorithm, packing and schedule must agree on.
struct ConvPlan : ConvExtents {
  bool even_pixels;
  bool converts;  ///< the copied input is not what is in memory
  Product product;
  Copy copy;
  int64_t row;             ///< elements of a copied row, read past its padding included
  int64_t taps;            ///< runs of a row of the kernel: 1 or kw
  int64_t run, steps;      ///< elements that follow each other in memory, and what they are cut into
  int64_t rows_per_task;   ///< in tiles
  int64_t strip_rows;      ///< of input that a task reads
  bool weights_outermost;  ///< tiles of channels are the outer loop: the weights do not fit in a cache
  int panel_block = 0;     ///< steps of a block of a panel (dot_panels.h); 0: inputs are broadcast
  Space space;
  Tile tile;
  int64_t tiles_per_group() const { return ceil_div(ocg, tile.channels()); }
};

std::vector<Strategy> conv_strategies(const ir::Conv2d&, const Anchor&);
std::vector<Packing> conv_packing(const ir::Conv2d&, const Anchor&);
Halide::Func conv_algorithm(const ir::Conv2d&, const Anchor&, Stages&, Inputs);
void conv_schedule(const ir::Conv2d&, const Anchor&, Stages&);

std::vector<Packing> depthwise_packing(const ir::Conv2d&, const Anchor&);
Halide::Func depthwise_algorithm(const ir::Conv2d&, const Anchor&, Stages&, Inputs);
void depthwise_schedule(const ir::Conv2d&, const Anchor&, Stages&);

/// A depthwise layer by dot products of columns of the kernel (depthwise_dots.cpp has the layouts), if the
/// machine has them and the layer's extents allow it: the plan `p` with method, steps and tile changed.
std::optional<ConvPlan> plan_depthwise_dots(const Anchor&, ConvPlan p);
Packing depthwise_dots_packing(const ConvPlan&);
Halide::Func depthwise_dots_algorithm(const ir::Conv2d&, const ConvPlan&, const Anchor&, Stages&, Inputs);
void depthwise_dots_schedule(const ConvPlan&, const Anchor&, Stages&);

/// `copies_for_speed`: an input may be copied where that is not needed for its padding.
ConvPlan plan_conv(const ir::Conv2d&, const Anchor&, bool copies_for_speed = true);
ConvPlan plan_depthwise(const ir::Conv2d&, const Anchor&);
/// The input with x_zero around it. Indexed by c + x * channels, y, b.
Halide::Func copied_input(const ir::Conv2d&, const ConvPlan&, const Anchor&, Stages&, const Halide::Func& in);
void schedule_copied_input(const ConvPlan&, const Anchor&, Stages&, Halide::Func, const Halide::Var& task);
/// What sums begin with, and what is done to them at the end.
Halide::Expr first_sum(const ConvPlan&, const Anchor&, Inputs, const Halide::Var& c);
Halide::Func finished_sum(const ConvPlan&, const Anchor&, Inputs, const Halide::Func& acc);
Packing bias_packing(const ConvPlan&, const Anchor&);
/// Loops over an output: over tasks, over rows of tiles of a task, and over tiles of channels of a row of
/// tiles.
struct OutputLoops {
  Halide::Var task, row, channels;
};
/// Tiles of the output, the sums computed in each.
OutputLoops schedule_output(const ConvPlan&, const Anchor&, Stages&, Halide::Func acc);

}  // namespace halite::schedules::integer
