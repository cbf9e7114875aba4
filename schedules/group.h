// A fused group of IR nodes and how its tensors are stored: what codegen's partitioner makes and a kernel is
// lowered from. Free of Halide, so that partitioning and memory planning build quickly.
#pragma once

#include <vector>

#include "ir/graph.h"
#include "targets/target.h"

namespace halite::schedules {

enum class Optimize : uint8_t { speed, size };

/// How the caller stores one tensor: its type and its strides in elements, outermost first.
struct Operand {
  ir::Type type;
  std::vector<int64_t> strides;
};

/// Nodes of one graph in execution order that one kernel computes.
struct Group {
  std::vector<ir::NodeId> nodes;
  ir::NodeId anchor;  ///< one of `nodes`: the one whose schedule rules
  std::vector<ir::ValueId>
      inputs;  ///< read from memory, in argument order, without repeats; constants included
  std::vector<ir::ValueId>
      outputs;  ///< written to memory, in argument order; the first is the last node's result
};

/// Multiply-accumulates of a node for reports: conv2d, conv_transpose2d and matmul; 0 for the rest.
int64_t macs(const ir::Graph&, ir::NodeId);

/// Whether every element of the node's output depends on the elements of its inputs at the same index alone
/// (repeated along extents of 1), constants aside: elementwise functions, casts, scaling of integers, and
/// looking up in a table.
bool is_pointwise(const ir::Graph&, ir::NodeId);

/// The block of scores that one kernel of softmax(q k) v keeps on its stack, their softmax beside it: rows of
/// all keys or, where those are too many, of a part of them. rows 0: that would not pay.
struct AttentionBlock {
  int64_t rows = 0, keys = 0;
};
/// `width`: columns of v.
AttentionBlock attention_block(const targets::Facts&, int64_t rows, int64_t keys, int64_t width);

/// Whether outputs[0] may be stored over group.inputs[input]: each element of that input is read only to
/// compute the output element at the same place, with the same size. The caller then sets Request::in_place,
/// and gives both the same strides.
bool may_alias(const ir::Graph&, const Group&, size_t input);

}  // namespace halite::schedules
