// What the runtime reads of branches and loops (rt_branch, rt_while in rt/abi.h).
#pragma once

#include <vector>

#include "rt/abi.h"

namespace halite::codegen {

struct StepTable;

struct ControlTable {
  std::vector<std::vector<StepTable>> bodies;  ///< of a branch: yes, no; of a loop: one
  bool is_loop = false;
  rt_ref condition = 0, trips = 0, iteration = RT_REF_NONE, again = RT_REF_NONE;
  std::vector<rt_move> begin, stacked;
  int64_t limit = 0;
};

}  // namespace halite::codegen
