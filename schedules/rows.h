// Groups that reduce rows and use the results in the rows again, as normalisations do: a row at a time.
#pragma once

#include <vector>

#include "schedules/anchor.h"

namespace halite::schedules {

/// Schedules `stages.output`, of type `output`: each row's reductions (pairs of a total and, where it has
/// lanes, its partial results), then `per_row`, all other values with one element a row, then the row.
void schedule_rows(const Anchor&, const ir::Type& output, Stages& stages,
                   const std::vector<std::vector<Halide::Func>>& reductions,
                   const std::vector<Halide::Func>& per_row);

}  // namespace halite::schedules
