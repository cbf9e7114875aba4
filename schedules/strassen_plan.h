// How Strassen's product covers an output with blocks, and what that takes: what its strategies, packing,
// algorithm and schedule agree on.
#pragma once

#include <array>

#include "schedules/conv_extents.h"
#include "schedules/halves.h"
#include "schedules/register_tile.h"

namespace halite::schedules::strassen {

constexpr int kProducts = 7;
/// Quarters of a matrix: two halves of its rows times two of its columns, [row half * 2 + column half].
using Quarters = std::array<int, 4>;

/// Product p is (weights . quarters of the weights) * (inputs . quarters of the inputs), and quarter q of the
/// results takes it results[q] times. Rows of the weights are output channels, of the inputs their channels;
/// columns of the inputs are pixels.
struct Product {
  Quarters weights, inputs, results;
};
constexpr std::array<Product, kProducts> kTable = {{
    {{1, 0, 0, 1}, {1, 0, 0, 1}, {1, 0, 0, 1}},
    {{0, 0, 1, 1}, {1, 0, 0, 0}, {0, 0, 1, -1}},
    {{1, 0, 0, 0}, {0, 1, 0, -1}, {0, 1, 0, 1}},
    {{0, 0, 0, 1}, {-1, 0, 1, 0}, {1, 0, 1, 0}},
    {{1, 1, 0, 0}, {0, 0, 0, 1}, {-1, 1, 0, 0}},
    {{-1, 0, 1, 0}, {1, 1, 0, 0}, {0, 0, 0, 1}},
    {{0, 1, 0, -1}, {0, 0, 1, 1}, {1, 0, 0, 0}},
}};

struct Plan : ConvExtents {
  Sums sums;      ///< of products; inputs are added in the type of their factors
  int64_t steps;  ///< of each product: half the input channels
  Space space;
  Tile tile;  ///< of one product; a block is two of these each way
  /// Inputs lie in blocks of so many pixels, innermost, times steps: a panel (panels.h), or 1 by all steps.
  int pixel_block, step_block;
  int input_lanes;
  int64_t blocks_x, blocks_c;
  bool in_scratch;          ///< inputs are added for the whole image, and tiles of channels are outermost
  int64_t blocks_per_task;  ///< of a row of pixels
  ir::Type packed, inputs;  ///< of the weights; of added inputs in scratch
  bool panels() const { return pixel_block > 1; }
  int pixel_blocks() const { return static_cast<int>(ceil_div(tile.px, pixel_block)); }
  int64_t step_blocks() const { return steps / step_block; }
  int64_t element_bytes() const { return sums.factor.bytes(); }
  int64_t products_bytes() const { return element_bytes() * kProducts * tile.channels() * tile.px; }
  int64_t inputs_bytes() const { return element_bytes() * kProducts * steps * pixel_blocks() * pixel_block; }
};

Plan make_plan(const ir::Conv2d&, const Anchor&);

}  // namespace halite::schedules::strassen
