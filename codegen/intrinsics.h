// What Halide cannot say, mended in the bitcode that it makes, before any optimisation.
#pragma once

#include <llvm/IR/Module.h>

namespace halite::codegen {

/// Makes intrinsics of calls to C's names for what LLVM has as an instruction on some targets, and of calls
/// to the names that schedules/ uses for instructions; lets products of bytes be seen as such.
void use_intrinsics(llvm::Module&);

/// Makes instructions of the products that find_word_loops has left (word_loops.h).
void use_remaining_products(llvm::Module&);

/// Makes one instruction (x86) of rounding a vector of f32 to even and converting it to i32, `lanes` at a
/// time at most.
void use_rounding_conversions(llvm::Module&, unsigned lanes);

/// Makes minima and maxima of bounds that let a NaN through, `x > c ? c : x`, for machines whose instructions
/// do the same.
void use_minima(llvm::Module&);

}  // namespace halite::codegen
