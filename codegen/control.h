// Branches and loops as steps that run other steps over the same arena. Each body is settled like a model of
// its own: views, groups, their order; a loop's carried values are its states, so that they are written in
// place wherever nothing needs the old ones any more. Then bodies are grafted into the model's graph:
// captures become the values that they stand for, results of a branch lie where the branch's own do, and a
// carried value lies where the loop leaves it. All steps stand in one list, those of bodies in front of the
// step that runs them: so what it reads outlives them, and the planner needs to know no more.
#pragma once

#include <map>
#include <optional>

#include "codegen/compile.h"
#include "codegen/rows.h"

namespace halite::codegen {

struct Control {
  struct Steps {
    size_t begin = 0, end = 0;
  };
  std::vector<Steps> bodies;  ///< of a branch: yes, no; of a loop: one
  ir::ValueId condition;      ///< in front of the first iteration
  // Of a loop:
  bool is_loop = false;
  int64_t limit = 0;
  ir::ValueId trips;
  std::optional<ir::ValueId> iteration;  ///< none: nobody reads it
  std::optional<ir::ValueId> again;      ///< made by the body; none: always true
  struct Move {
    ir::ValueId from, to;
  };
  std::vector<Move> begin;    ///< initial values, to where carried ones lie
  std::vector<Move> stacked;  ///< results of an iteration, to the row of theirs
  size_t first() const { return bodies.front().begin; }
};
using Controls = std::map<size_t, Control>;  ///< by step

struct Flat {
  std::vector<schedules::Group> steps;
  std::vector<bool> over_itself;  ///< by step: writes a carried value over the one before
  Cascades cascades;
  Controls controls;
};

/// Adds the bodies' values and nodes to the graph and to its views.
Flat flatten(ir::Graph&, Views&, const std::vector<schedules::Group>& steps, const Cascades&,
             const CompileOptions&);

}  // namespace halite::codegen
