// Tiles from outside: their text, which of them a kernel takes, and that each of those gives the same
// answers.
#include <doctest/doctest.h>

#include <algorithm>
#include <random>

#include "schedules/register_tile.h"
#include "schedules/tile_registers.h"
#include "tests/schedules/kernel_of.h"

namespace halite::schedules {
namespace {

const targets::Facts kByLane{.vector_bits = 128,
                             .vector_registers = 32,
                             .fma = true,
                             .fma_lanes = 4,
                             .lane_broadcast_fma = true,
                             .l1_bytes = 32 << 10,
                             .l2_bytes = 256 << 10};
const targets::Facts kByBroadcast{.vector_bits = 256,
                                  .vector_registers = 16,
                                  .fma = true,
                                  .fma_throughput = 2,
                                  .l1_bytes = 32 << 10,
                                  .l2_bytes = 256 << 10};

TEST_CASE("a tile's text can be read again, and what is none is refused") {
  for (const TileShape tile : {TileShape{4, 1, 3, 16}, TileShape{8, 2, 1, 4, 4, 2}})
    CHECK(parse_tile(to_string(tile)) == tile);
  CHECK(to_string(TileShape{4, 1, 3, 16}) == "4x1x3x16");
  CHECK(to_string(TileShape{8, 2, 1, 4, 4, 2}) == "8x2x1x4/4/2");
  for (const char* text :
       {"", "4", "4x1x3", "4x1x3x", "4x1x3x0", "4x-1x3x16", "4x1x3x16x2", "4x1x3x16/4", "4x1x3x16/4/",
        "4x1x3x16/4/2/1", "4x1x3x16 ", " 4x1x3x16", "ax1x3x16", "99999999999x1x1x1"})
    CHECK_MESSAGE(!parse_tile(text), text);
}

TEST_CASE("a forced tile is taken if it is one that fits, and is no reason to fail if not") {
  Space space{.channels = 64, .x = 28, .y = 28, .steps = 576, .inner_steps = 64};
  const Tile best = choose_tile(kByLane, Optimize::speed, space);
  const auto forced = [&](TileShape tile) {
    Space s = space;
    s.search.forced = tile;
    return strategy_of("", choose_tile(kByLane, Optimize::speed, s)).tiles.at(0);
  };
  CHECK(forced({4, 1, 2, 4, 4, 1}) == TileShape{4, 1, 2, 4, 4, 1});
  CHECK(forced({4, 1, 2, 4, 4, 4}) == TileShape{4, 1, 2, 4, 4, 4});
  const TileShape usual = strategy_of("", best).tiles.at(0);
  CHECK(forced({16, 1, 8, 4, 4, 1}) == usual);    // more accumulators than registers
  CHECK(forced({4, 1, 2, 4, 4, 3}) == usual);     // the reduction is no multiple of twelve
  CHECK(forced({4, 1, 2, 4, 4, 1024}) == usual);  // nobody unrolls that much
  CHECK(forced({4, 1, 2, 8}) == usual);           // longer vectors than there are
  CHECK(forced({4, 2, 2, 4, 4, 1}) == usual);     // rows are not tiled where columns are many
  // Where no pixel may be computed twice.
  space.once = true;
  CHECK(forced({5, 1, 2, 4, 4, 1}) != TileShape{5, 1, 2, 4, 4, 1});
}

TEST_CASE("a loop over steps takes as many of them a round as it may, and as divide them") {
  Space space{.channels = 64, .x = 28, .y = 28, .steps = 48, .inner_steps = 48, .panels = true};
  const auto unroll = [&](int64_t steps, int most) {
    space.steps = space.inner_steps = steps, space.most_unroll = most;
    return choose_tile(kByLane, Optimize::speed, space).unroll;
  };
  for (int most : {2, 4}) CHECK(unroll(48, most) == most);
  CHECK(unroll(24, 4) == 2);
  CHECK(unroll(12, 4) == 1);
  space.panels = false;
  CHECK(choose_tile(kByBroadcast, Optimize::speed, space).unroll == 1);
}

TEST_CASE("tiles keep fewer sums where those leave registers for loads of four") {
  const Space space{.channels = 64,
                    .x = 338,
                    .steps = 64,
                    .inner_steps = 64,
                    .repeats = 7,
                    .panels = true,
                    .most_unroll = 4};
  const auto sums = [&](int load_list) {
    targets::Facts facts = kByLane;
    facts.load_list = load_list;
    const Tile tile = choose_tile(facts, Optimize::speed, space);
    return tile.px * tile.py * tile.vectors;
  };
  CHECK(sums(0) > 20);
  CHECK(sums(4) == 16);
}

TEST_CASE("what bounds products in tile registers follows from their tile") {
  const auto bound = [](int64_t extent, int64_t steps) {
    return tile_of_registers({.channels = 64, .x = extent, .y = extent, .steps = steps}, 16).bound;
  };
  CHECK(bound(56, 144) == Bound::multipliers);
  CHECK(bound(7, 144) ==
        Bound::latency);  // two registers of seven pixels are too few products to wait for one
  CHECK(bound(56, 16) == Bound::tile_ends);
}

TEST_CASE("the next best tiles differ, fit, and cost more and more") {
  Space space{.channels = 64, .x = 28, .y = 28, .steps = 576, .inner_steps = 64, .search = {{}, 6}};
  for (const auto& facts : {kByLane, kByBroadcast}) {
    const auto tiles = strategy_of("", choose_tile(facts, Optimize::speed, space)).tiles;
    REQUIRE(tiles.size() == 7);
    double last = 0;
    for (size_t i = 0; i < tiles.size(); ++i) {
      CHECK(std::ranges::count(tiles, tiles[i]) == 1);
      Space s = space;
      s.search = {tiles[i], 0};
      const Tile taken = choose_tile(facts, Optimize::speed, s);
      CHECK(strategy_of("", taken).tiles == std::vector{tiles[i]});
      CHECK(taken.cycles >= last);
      last = taken.cycles;
    }
  }
}

TEST_CASE("estimates say what bounds a kernel, and no more than the peak") {
  const auto of = [](const targets::Facts& facts, const Space& space) {
    return strategy_of("", choose_tile(facts, Optimize::speed, space));
  };
  const Strategy wide = of(kByLane, {.channels = 64, .x = 28, .y = 28, .steps = 576, .inner_steps = 64});
  CHECK(wide.bound == Bound::multipliers);
  CHECK(wide.peak_cycles <= wide.cycles);
  CHECK(wide.peak_cycles > wide.cycles / 2);
  CHECK(of(kByLane, {.channels = 64, .x = 28, .y = 28, .steps = 1}).bound == Bound::tile_ends);
  targets::Facts slow = kByLane;
  slow.fma_latency = 100;
  CHECK(of(slow, {.channels = 64, .x = 28, .y = 28, .steps = 576}).bound == Bound::latency);
  targets::Facts quick = kByBroadcast;
  quick.fma_latency = 1;
  CHECK(of(quick, {.channels = 64, .steps = 576}).bound == Bound::memory);
  const Tile tile = choose_tile(kByLane, Optimize::speed, {.channels = 64, .steps = 576});
  CHECK(strategy_of("", tile, 2 * tile.cycles).bound == Bound::weights);
}

TEST_CASE("tiles of groups of registers take no more than there are, shorter vectors more of them") {
  targets::Facts groups = kByBroadcast;
  groups.vector_bits = 512, groups.vector_registers = 8, groups.register_group = 4;
  groups.lane_broadcast_fma = true;
  const auto tile_of = [&](const Space& space) { return choose_tile(groups, Optimize::speed, space); };
  const Space pixels{.channels = 64, .x = 56, .y = 56, .steps = 64};
  const Tile broadcast = tile_of(pixels);
  CHECK(broadcast.lanes == 16);
  CHECK(broadcast.px * broadcast.vectors + broadcast.vectors <= 8);
  Space of_eight = pixels;
  of_eight.channels = 8;
  const Tile shorter = tile_of(of_eight);
  CHECK(shorter.lanes == 8);
  CHECK(shorter.px > 8);
  const Tile depthwise =
      tile_of({.channels = 64, .x = 56, .y = 56, .steps = 9, .depthwise = true, .taps = 3});
  CHECK(depthwise.lanes / 4 * (2 * depthwise.px * depthwise.vectors + depthwise.vectors) <= 32);
}

/// Every tile that is offered as the next best gives exactly the reference's answer.
template <class Op>
void check_tiles(const Op& op, const std::vector<ir::Shape>& shapes) {
  std::mt19937 rng(7);
  std::vector<ir::Tensor> tensors;
  for (const auto& s : shapes) tensors.push_back(exact_tensor(rng, s));
  const Example made = example(op, std::move(tensors));
  const auto& [in, types, expected] = made;
  std::vector<bool> constant(in.size(), true);
  constant[0] = false;
  for (const auto& facts : {kByLane, kByBroadcast}) {
    Anchor anchor{types, constant, expected.type(), facts};
    anchor.tile.alternatives = 4;
    for (const Strategy& strategy : strategies(op, anchor)) {
      if (strategy.name.starts_with("winograd")) continue;  // rounds differently
      CHECK(strategy.tiles.size() > 1);
      for (const TileShape& tile : strategy.tiles) {
        CAPTURE(to_string(tile));
        Anchor forced = anchor;
        forced.tile = {tile, 0};
        OpKernel kernel = kernel_of(op, forced, in, strategy.name);
        const auto got = run(kernel, Halide::get_jit_target_from_environment());
        CHECK(std::ranges::equal(got[0].data<float>(), expected.data<float>()));
      }
    }
  }
}

TEST_CASE("each of the tiles that are offered gives the reference's answers") {
  check_tiles(ir::Conv2d{.pad = {1, 1, 1, 1}}, {{1, 9, 11, 8}, {20, 3, 3, 8}, {20}});
  check_tiles(ir::Conv2d{.pad = {1, 1, 1, 1}, .groups = 24}, {{1, 9, 11, 24}, {24, 3, 3, 1}, {24}});
  check_tiles(ir::MatMul{}, {{13, 24}, {24, 37}});
}

}  // namespace
}  // namespace halite::schedules
