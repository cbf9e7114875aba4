// Where everything that lives in memory lies: buffers, states, and what steps need for themselves. The first
// memory begins with the table of pointers (rt/abi.h).
#pragma once

#include "codegen/kernels.h"
#include "rt/abi.h"

namespace halite::codegen {

struct Layout {
  std::vector<Placement> placements;  ///< states first
  std::vector<MemoryReport> memories;
  std::vector<std::optional<size_t>> of_buffer;  ///< index into placements; none: bound
  std::vector<size_t> scratch_at;                ///< by step: index there of what it alone needs
  std::vector<size_t> first_kernel;              ///< by step: index into Kernels::of_group
  Placement states;                              ///< all of them, side by side
  std::vector<size_t> first_window;  ///< by memory: its first entry in the table, behind the public tensors'
};

/// With CompileOptions::memories, tensors that are used most for their size are in fast ones. What does not
/// fit is seen in MemoryReport.
Layout lay_out(const ir::Graph&, const Views&, const std::vector<schedules::Group>&, const Storage&,
               const Kernels&, const CompileOptions&, const Cascades&);

const CompiledKernel& kernel_at(const Kernels&, size_t index);

/// As arguments name it; `offset` bytes behind its beginning.
rt_ref ref_of(const Layout&, const ir::Graph&, const Placement&, int64_t offset = 0);
/// Entries that the memories have in the table of pointers.
int64_t window_count(const Layout&);

}  // namespace halite::codegen
