// Which buffers a compiled model needs and when: one per root value (views.h), shared where a kernel may
// write over what it reads. The planner then gives each an offset in the arena.
#pragma once

#include "codegen/compile.h"
#include "codegen/control.h"
#include "codegen/plan.h"
#include "codegen/rows.h"
#include "codegen/views.h"
#include "schedules/group.h"

namespace halite::codegen {

struct Buffer {
  enum class Space : uint8_t { arena, input, output, state } space = Space::arena;
  /// Of the public tensor (those have a place in the arena too, used while nothing is bound) or the state.
  uint32_t io_index = 0;
  bool bound = false;  ///< a public tensor that has no such place
  bool kept = false;   ///< read after the last step, as outputs are: an extent (ir::Graph::extents)
  std::string name;    ///< of the first value in it
  Interval interval;
};

struct Storage {
  std::vector<Buffer> buffers;                     ///< those of states first, in the graph's order
  std::vector<std::optional<uint32_t>> buffer_of;  ///< by value index; roots that are stored, and no others
  std::vector<bool> in_place;     ///< by group: its output is the storage of one of its inputs
  std::vector<Overlap> overlaps;  ///< of buffers, by index; what cascades allow
};

/// Alignment of a buffer of such elements: a cache line where cores share caches, else what vector and word
/// accesses want.
int64_t buffer_align(const targets::Facts&, ir::DType);

/// `groups` run one a step, in order.
Storage assign_storage(const ir::Graph&, const Views&, const std::vector<schedules::Group>& groups,
                       const CompileOptions&);
/// The same with cascades, branches and loops among them.
Storage assign_storage(const ir::Graph&, const Views&, const Flat&, const CompileOptions&);

/// How a kernel sees a stored value.
schedules::Operand operand_of(const ir::Graph&, const Views&, ir::ValueId);

}  // namespace halite::codegen
