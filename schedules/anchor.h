// What an operator's file in this folder offers to lower.cpp, which assembles groups. Every operator has
// `algorithm`; an operator that may anchor a group has the other three as well. Overloads on the operator
// struct; std::visit in lower.cpp refuses to build while one is missing.
#pragma once

#include <span>

#include "schedules/kernel.h"
#include "schedules/reals.h"
#include "schedules/scaling.h"

namespace halite::schedules {

/// One node seen by its own file: types of its inputs and output, and the machine.
struct Anchor {
  std::vector<ir::Type> inputs;
  std::vector<bool> constant;  ///< parallel to inputs: known at compile time, so it may be packed
  ir::Type output;
  targets::Facts facts;
  Optimize optimize = Optimize::speed;
  bool in_place =
      false;  ///< the output may lie over an epilogue input: store every element once (no ShiftInwards)
  int epilogue_inputs =
      0;  ///< tensors that the fused epilogue reads besides the accumulator (register pressure)
  bool even_pixels = false;             ///< pixels of inputs[0] follow each other in memory without gaps
  Scaling scaling = Scaling::plain;     ///< of a requantize
  Rounded rounded = Rounded::anything;  ///< by a quantize or requantize
  bool weights_pair = false;            ///< of a convolution or product (pairs.h)
  bool shares_code = false;             ///< of the request
  int64_t fewest_rows = 0;              ///< of the request
  bool long_epilogue = false;           ///< a polynomial or more is computed from every sum
  TileSearch tile = {};                 ///< of the request, for the anchor of a group
};

/// The Funcs of one group when the schedule is set. All Funcs not named here are inlined.
struct Stages {
  std::string strategy;
  std::vector<Halide::Func>
      inputs;           ///< of the anchor, in operator order: wrappers of ImageParams, or a fused prologue
  Halide::Func anchor;  ///< what algorithm returned; its reduction is in its update definitions
  Halide::Func sums;  ///< `anchor` once more, where the epilogue is so long that it had better be a loop over
                      ///< a tile's vectors; who does not schedule it has it inlined
  std::vector<Halide::Func>
      parts;            ///< further Funcs that algorithm made and schedule must place (padded input, ...)
  Halide::Func output;  ///< pure; stores the group's result, epilogue included; same index space as the
                        ///< anchor unless `output_map` reshapes (never, in groups that partition makes)
  std::vector<Halide::Func>
      scratch;  ///< Funcs of `parts` that schedule wants in the arena: compute_root, bounds set;
                ///< lower.cpp makes them outputs of the pipeline and reports their types
  std::vector<ir::Type> scratch_types;
  std::vector<Number> numbers;  ///< that the pipeline takes as arguments, though they are known
};

/// A number that kernels of a kind differ in, as Halide sees it: where they share code it is hidden, lest
/// their loops be simplified in ways of their own.
Halide::Expr number(const Anchor&, Stages&, const std::string& name, int64_t value);

}  // namespace halite::schedules

// For each operator X (conv2d.cpp, matmul.cpp, pool2d.cpp, reduce.cpp, softmax.cpp, elementwise.cpp,
// movement.cpp, ...):
//   Halide::Func algorithm(const ir::X&, const Anchor&, Stages& parts, std::span<const Halide::Func> inputs);
//       inputs: one Func per operator input, indexed innermost axis first; a packed constant has the packed
//       layout.
//   std::vector<Strategy> strategies(const ir::X&, const Anchor&);             best first, never empty
//   std::vector<Packing> packing(const ir::X&, const Anchor&, const std::string& strategy);   parallel to
//   inputs void schedule(const ir::X&, const Anchor&, Stages&);
// declared in schedules/operators.h.
