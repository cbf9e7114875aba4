// Instructions on vectors that Halide cannot name: it calls functions of single elements, once for each lane.
#pragma once

#include <llvm/IR/Module.h>

namespace halite::codegen {

/// Makes instructions of MVE of the calls to these names, all of 32-bit integers, and plain arithmetic of
/// those that stand alone.
///   hl_mulh(a, b)     the upper half of a * b
///   hl_qrdmulh(a, b)  the upper half of 2 * a * b, rounded
///   hl_shl(a, by)     a << by, or a >> -by
///   hl_sat8(a)        a, between -128 and 127; of the result the low byte counts
void use_vector_calls(llvm::Module&);

/// Makes fused products and sums of fmaf(x, y, z), on every machine.
void use_fused_calls(llvm::Module&);

/// The same on AArch64 of hl_round_even(x): the integer next to a real, ties to even, saturated; NaN gives 0.
void use_rounding_calls(llvm::Module&);

/// Carries the elements of vectors through loops that compute them one by one, so that they stay in general
/// registers until the end.
void split_gathered_sums(llvm::Module&);

}  // namespace halite::codegen
