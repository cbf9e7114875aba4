// The kernels that the steps of all variants ask for.
#pragma once

#include <memory>

#include "codegen/kernels.h"
#include "schedules/items.h"

namespace halite::codegen {

struct KernelRequest {
  schedules::Request request;
  std::optional<schedules::Repeat> repeat;  ///< where the kernel computes items
  std::string position;                     ///< what the step is called in every variant
};

struct KernelRequests {
  /// By variant: one for each step, in place of a cascade's those of its groups; none of branches and loops.
  std::vector<std::vector<KernelRequest>> of_variant;
  std::vector<std::unique_ptr<schedules::Items>> items;  ///< what requests refer to
};

/// Refers to the variants and the options.
KernelRequests kernel_requests(std::span<const Variant>, const CompileOptions&);

/// Of a plain step.
schedules::Request request_for(const ir::Graph&, const Views&, const schedules::Group&, bool in_place,
                               const CompileOptions&);

}  // namespace halite::codegen
