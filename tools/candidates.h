// The ways in which each group of a compiled model can be computed, as choices: what `halite tune` tries and
// `halite verify --strategy each` verifies. Groups are told apart by their keys (codegen/choices.h).
#pragma once

#include <map>
#include <string>
#include <vector>

#include "codegen/compile.h"

namespace halite::tools {

using Choices = std::map<std::string, schedules::Choice>;

struct Candidates {
  schedules::Choice taken;
  /// All others: each strategy with its best tile, then tiles from better to worse, of every strategy in
  /// turn.
  std::vector<schedules::Choice> others;
};
/// Of a model that was compiled with CompileOptions::tile_alternatives; by key.
std::map<std::string, Candidates> candidates_of(const codegen::Report&);

/// Round `i` takes other i of each group that has so many; empty: there are no more.
Choices round_of(const std::map<std::string, Candidates>&, size_t i);

/// Strategies that are offered beside others somewhere in the model, sorted.
std::vector<std::string> rival_strategies(const codegen::Report&);

}  // namespace halite::tools
