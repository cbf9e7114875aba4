// What turns Halide's pipeline into a kernel that the runtime calls (rt_kernel in rt/abi.h): it fills a
// halide_buffer_t per tensor, and where the pipeline computes one of several items (Request::steps) it is the
// loop over them.
#pragma once

#include <llvm/IR/Module.h>

#include <string>

#include "schedules/kernel.h"

namespace halite::codegen {

constexpr const char* kPipelineName = "halite_pipeline";

/// Adds `symbol` to the module that defines kPipelineName, which from here on is called by it alone. Numbers
/// of the kernel are calls of kNumber (merge.h); of items, the number of them follows, and where a parallel
/// loop shares them out the number of its tasks.
void add_wrapper(llvm::Module&, const schedules::Request&, const schedules::Kernel&,
                 const std::string& symbol);

}  // namespace halite::codegen
