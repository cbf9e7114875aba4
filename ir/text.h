// The text form of a graph; print and parse are inverse. Constants of up to `inline_limit` elements are
// printed in full, larger ones as a content hash that parse fills with seeded pseudo-random data (for tests
// and dumps).
//
//   graph "mnist" (%x: f32[1,28,28,1]) -> (%y) {
//     state %h: f32[1,8] = zeros -> %h.next @"lstm/h"
//     const %w: f32[8,5,5,1] = #89abcdef01234567
//     const %s: i64[2] = {1, 256}
//     %c: f32[1,28,28,8] = conv2d(%x, %w) stride=[1,1] pad=[2,2,2,2] @"Conv_0"
//     %y: f32[1,28,28,8] = elementwise(%c) fn=relu
//   }
//
// A graph that an operator holds stands behind its field's name, indented: yes=graph "" (...) -> (...) {...}
// An output's axis whose extent data decide is stated behind it with the value that holds the extent: (%y[0:
// %n]). A state's line says its input, its initial value, its output, and its name where that is not its
// input's. Fields at their default are left out, but for enumerations. Names outside [A-Za-z0-9_.] are
// quoted: %"a b".
#pragma once

#include <string>
#include <string_view>

#include "ir/graph.h"

namespace halite::ir {

struct PrintOptions {
  int64_t inline_limit = 16;
};
std::string print(const Graph&, const PrintOptions& = {});
/// One operator with its fields: `conv2d stride=[2,2] groups=8`.
std::string print(const Op&, const PrintOptions& = {});
Result<Graph> parse(std::string_view text);

/// Stable 64-bit content hash (xxHash64 is not in std; FNV-1a over the bytes in chunks is enough here).
uint64_t hash_bytes(std::span<const std::byte>, uint64_t seed = 0);

}  // namespace halite::ir
