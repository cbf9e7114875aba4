// Why a model is as fast as it is, a row for each of its groups: what its steps cost by the cost model, what
// else was considered, and what bounds it; and where it was measured, the time that it takes.
#pragma once

#include <string>
#include <vector>

#include "codegen/compile.h"
#include "tools/profile.h"

namespace halite::tools {

/// The steps of a model that compute the same, of which the first stands for all. What is no kernel of the
/// compiler's own is a group by itself.
struct GroupOfSteps {
  std::vector<size_t> steps;
  std::string label;  ///< operators and shapes
};
std::vector<GroupOfSteps> groups_of(const codegen::Report&);

/// Of the report's model on this machine.
struct Measured {
  const Profile& profile;
  double peak_gflops = 0;  ///< 0: not measured
};

/// --explain: strategies with their predicted cycles, the tile, shares of the peak as predicted and, if there
/// is one, as measured.
std::string explain_text(const codegen::Report&, const Measured* = nullptr);
Json explain_json(const codegen::Report&, const Measured* = nullptr);

/// --per-group: times of all steps of a group together.
std::string group_times_text(const codegen::Report&, const Measured&);
Json group_times_json(const codegen::Report&, const Measured&);

}  // namespace halite::tools
