// Where everything that lives in memory lies: buffers, states, and what steps need for themselves. The first
// memory begins with the table of pointers (rt/abi.h).
#pragma once

#include <algorithm>

#include "codegen/kernels.h"
#include "rt/abi.h"

namespace halite::codegen {

/// What is settled before anything gets a place; must outlive who holds it.
struct Settled {
  const ir::Graph& graph;
  const Views& views;
  const std::vector<schedules::Group>& groups;  ///< by step
  const Storage& storage;
  const Cascades& cascades;
  const Controls& controls;
  const Kernels& kernels;
  const std::vector<size_t>& kernel_of;  ///< this variant's of Kernels::of_group
  const CompileOptions& options;

  /// nullptr: the step is one kernel.
  const Cascade* cascade_of(size_t step) const {
    const auto found = cascades.find(step);
    return found == cascades.end() ? nullptr : &found->second;
  }
  bool is_control(size_t step) const { return controls.contains(step); }
  /// `index` as in Layout::first_kernel.
  const CompiledKernel& kernel(size_t index) const { return kernels.unique[kernel_of[index]]; }
  /// Of several variants: they have one state, which lies at the same place in all of them.
  bool has_siblings() const { return kernels.of_group.size() > 1; }
  /// Bytes; the alignment of what vectors read, but need not have a cache line of its own.
  int64_t vector_align() const {
    return std::clamp<int64_t>(options.target.facts.vector_bits / 8, 8, HALITE_ARENA_ALIGN);
  }
};

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
Layout lay_out(const Settled&);

/// Layouts of variants that are never used at once: each memory becomes as large as any of them takes it.
void share_memories(std::vector<Layout>&);

/// As arguments name it; `offset` bytes behind its beginning.
rt_ref ref_of(const Layout&, const ir::Graph&, const Placement&, int64_t offset = 0);
/// Entries that the memories have in the table of pointers.
int64_t window_count(const Layout&);

}  // namespace halite::codegen
