// From a fused group of IR nodes to Halide functions: the one door into this folder.
//
// A group is anchor + what is fused around it; it becomes one kernel. Each operator's file has two halves:
//   algorithm(op, ...)   what is computed, as Funcs over Vars; dimension 0 is the innermost axis (Halide's order), so
//                        a tensor [n,h,w,c] is indexed (c, x, y, n)
//   schedule(op, ...)    in which order, chosen from targets::Facts
// The anchor's schedule rules the group: nodes fused behind it are inlined into the output Func, of which the anchor's
// accumulator is computed at a tile.
#pragma once

#include <Halide.h>

#include <functional>
#include <string>
#include <vector>

#include "ir/graph.h"
#include "targets/target.h"

namespace halite::schedules {

enum class Optimize : uint8_t { speed, size };

/// How the caller stores one tensor: its type and its strides in elements, outermost first.
struct Operand {
  ir::Type type;
  std::vector<int64_t> strides;
  int64_t alignment = 1;  ///< bytes; of the first element
};

/// Nodes of one graph in execution order that one kernel computes.
struct Group {
  std::vector<ir::NodeId> nodes;
  ir::NodeId anchor;                 ///< one of `nodes`: the one whose schedule rules
  std::vector<ir::ValueId> inputs;   ///< read from memory, in argument order, without repeats; constants included
  std::vector<ir::ValueId> outputs;  ///< written to memory, in argument order; the first is the last node's result
};

struct Request {
  const ir::Graph& graph;
  const Group& group;
  std::vector<Operand> inputs;   ///< parallel to group.inputs; ignored for a constant that the strategy packs
  std::vector<Operand> outputs;  ///< parallel to group.outputs
  const targets::Target& target;
  Optimize optimize = Optimize::speed;
  std::string strategy;          ///< forces a named strategy of the anchor (tests); empty: the cost model chooses
};

/// What the compiler does at compile time with a constant before the kernel may read it.
struct Packing {
  ir::Type type;                                            ///< of the packed tensor, stored contiguously
  std::function<ir::Tensor(const ir::Tensor&)> apply;       ///< empty: the tensor is used as it is
};

/// One kernel, algorithm and schedule set. Arguments are `inputs`, then `outputs`, then `scratch`.
struct Kernel {
  std::string strategy;                    ///< the one taken, for reports: "direct", "pointwise", "rows", ...
  std::vector<Halide::ImageParam> inputs;  ///< parallel to the request's; static bounds and strides set
  std::vector<Packing> packing;            ///< parallel to inputs
  std::vector<Halide::Func> outputs;       ///< parallel to the request's, then one Func per scratch tensor
  std::vector<ir::Type> scratch;           ///< contiguous tensors that the kernel needs while it runs; in the arena
};

/// Whether a node may anchor a group of its own or can be fused behind/before others; used by codegen/partition.
bool is_elementwise_like(const ir::Op&);   ///< output element depends on input elements through index maps alone

/// The strategies that the anchor of a group offers on this target, best first by the cost model.
std::vector<std::string> strategies(const Request&);

/// CHECKs that the group is one that partition makes; never fails on a valid graph.
Kernel lower(const Request&);

/// Multiply-accumulates (or plain operations) of a node for reports: conv2d and matmul count MACs, the rest 0.
int64_t macs(const ir::Graph&, ir::NodeId);

}  // namespace halite::schedules
