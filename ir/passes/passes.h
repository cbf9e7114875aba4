// Graph-to-graph rewrites. Each is a free function with its own file; each keeps the graph valid (verify.h),
// keeps the types and order of the graph's inputs, outputs and states, and says whether it changed anything.
// codegen/compile.cpp holds the order. After a pass, dead nodes may remain; eliminate_dead removes them.
#pragma once

#include "ir/graph.h"

namespace halite::ir {

/// Nodes that reach no output, and values nobody mentions.
bool eliminate_dead(Graph&);
/// Nodes of equal operator and inputs, and constants of equal type and bytes, become one.
bool merge_common(Graph&);
/// Nodes whose inputs are all constant are replaced by their value (reference semantics). Results larger than
/// `max_bytes` that are also larger than their inputs together stay computed (a broadcast of one weight,
/// say).
bool fold_constants(Graph&, int64_t max_bytes = int64_t{64} << 20);
/// Tidies branches and loops: a capture that is constant becomes a constant inside, one that nobody reads
/// goes, and so do results that nobody reads but those that a loop carries.
bool simplify_regions(Graph&);
/// Identities: x+0, x*1, reshape of reshape, transpose of transpose, slice of everything, cast to the same
/// type, pad by nothing, double negation, clamp of clamp or relu, concat of one; transposes that only move
/// extents of 1 become reshapes; sqrt/div/pow chains with exact simpler forms.
bool simplify(Graph&);
/// Multiplications and additions by per-channel constants behind conv2d, conv_transpose2d and matmul go into
/// weights and bias (batch normalisation is imported as such a pair); a missing bias is made.
bool fold_scales(Graph&);
/// Explicit zero pads in front of conv2d and average/max pools (where exact) go into the operator's own
/// padding.
bool absorb_pads(Graph&);
/// Moves transposes through elementwise operators, concat, slice, pad, reduce, softmax, broadcast and resize,
/// where that brings them to cancel, and cancels them: regions of a channel-first model become channel last.
bool sink_transposes(Graph&);
/// Reassembled operators: x * sigmoid(x), layer normalisation parts, erf-gelu and so on are left to fusion;
/// here only rewrites that reach a cheaper operator: global average pool as reduce, 1x1 average, matmul with
/// constant weights plus add as biased matmul, reduce over reshaped axes.
bool strengthen(Graph&);
/// Operators between dequantize and quantize become integer operators and requantize; weights stay integers.
bool fold_quantization(Graph&);
/// Pointwise functions from one 8-bit tensor to 8 bits that contain work on reals, or more than a few steps
/// on integers, become a gather from a table of 256 entries.
bool tabulate(Graph&);

}  // namespace halite::ir
