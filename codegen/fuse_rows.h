// Chooses which runs of steps are computed row by row (rows.h).
#pragma once

#include "codegen/compile.h"
#include "codegen/rows.h"

namespace halite::codegen {

struct RowWise {
  std::vector<schedules::Group> steps;  ///< one for each step; of a cascade: all its nodes, and what it reads
                                        ///< and writes as a whole
  Cascades cascades;
};

/// Cuts ordered groups into plain steps and cascades such that little memory is live at any step: at most
/// `arena_target` bytes, or the least possible where that cannot be reached, and of all such cuts the one
/// that copies fewest bytes. Adds the cascades' nodes to the graph.
RowWise fuse_rows(ir::Graph&, Views&, const std::vector<schedules::Group>&, const CompileOptions&);

}  // namespace halite::codegen
