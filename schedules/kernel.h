// From a fused group of IR nodes to Halide functions: the one door into this folder.
//
// A group is anchor + what is fused around it; it becomes one kernel. Each operator's file has two halves:
//   algorithm(op, ...)   what is computed, as Funcs over Vars; dimension 0 is the innermost axis (Halide's
//   order), so
//                        a tensor [n,h,w,c] is indexed (c, x, y, n)
//   schedule(op, ...)    in which order, chosen from targets::Facts
// The anchor's schedule rules the group: nodes fused behind it are inlined into the output Func, of which the
// anchor's accumulator is computed at a tile.
#pragma once

#include <Halide.h>

#include <functional>
#include <string>
#include <vector>

#include "schedules/choice.h"
#include "schedules/group.h"
#include "targets/target.h"

namespace halite::schedules {

struct Request {
  const ir::Graph& graph;
  const Group& group;
  std::vector<Operand> inputs;   ///< parallel to group.inputs; ignored for a constant that the strategy packs
  std::vector<Operand> outputs;  ///< parallel to group.outputs
  const targets::Target& target;
  Optimize optimize = Optimize::speed;
  bool in_place =
      false;  ///< outputs[0] is the very storage of an elementwise input: no element may be recomputed
  std::string strategy;  ///< forces a named strategy of the anchor; empty: the cost model chooses
  TileSearch tile = {};  ///< the same of its register tile
  /// Kernels of this kind that differ in numbers alone become one (codegen/merge.h): such numbers are hidden
  /// from Halide, and tiles are chosen alike.
  bool shares_code = false;
  /// Of a product whose rows vary: the fewest that a kernel with the same weights has, by which all choose
  /// how these are packed; 0: they do not vary.
  int64_t fewest_rows = 0;
  /// Where the request is for one of several items (items.h): elements from one item to the next of each
  /// input, then of each output; 0: the same for all. Empty: it is for the whole.
  std::vector<int64_t> steps = {};
  bool items_in_tasks = false;  ///< of a parallel loop
};

/// What the compiler does at compile time with a constant before the kernel may read it.
struct Packing {
  ir::Type type;                                       ///< of the packed tensor, stored contiguously
  std::function<ir::Tensor(const ir::Tensor&)> apply;  ///< empty: the tensor is used as it is
  /// Instead of `apply`, where the packed tensor depends on another constant too: input `with` of the
  /// operator (of the group, in a Kernel).
  std::function<ir::Tensor(const ir::Tensor&, const ir::Tensor&)> combine;
  size_t with = 0;

  bool packs() const { return apply || combine; }
  /// constant(i) is input i.
  ir::Tensor pack(const ir::Tensor& own, const std::function<ir::Tensor(size_t)>& constant) const {
    return combine ? combine(own, constant(with)) : apply ? apply(own) : own;
  }
};

/// A number that schedules hide from Halide, so that kernels that differ in it alone have the same code.
struct Number {
  Halide::Param<int> param;
  int value;
};

/// One kernel, algorithm and schedule set. Arguments are `inputs`, then `outputs`, then `scratch`.
struct Kernel {
  std::string strategy;                    ///< the one taken, for reports: "direct", "pointwise", "rows", ...
  std::vector<Strategy> considered;        ///< all that the anchor offers, best first
  std::vector<Halide::ImageParam> inputs;  ///< parallel to the request's; static bounds and strides set
  std::vector<Packing> packing;            ///< parallel to inputs
  std::vector<Halide::Func> outputs;       ///< parallel to the request's, then one Func per scratch tensor
  std::vector<ir::Type> scratch;  ///< contiguous tensors that the kernel needs while it runs; in the arena
  std::vector<Number> numbers;    ///< arguments of the pipeline behind its inputs
};

/// Whether a node may anchor a group of its own or can be fused behind/before others; used by
/// codegen/partition.
bool is_elementwise_like(
    const ir::Op&);  ///< output element depends on input elements through index maps alone

/// The strategies that the anchor of a group offers on this target, best first by the cost model.
std::vector<Strategy> strategies(const Request&);

/// CHECKs that the group is one that partition makes; never fails on a valid graph.
Kernel lower(const Request&);

}  // namespace halite::schedules
