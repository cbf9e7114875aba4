// The ways of running a graph; apart from the rest because of what they link.
#pragma once

#include <filesystem>
#include <optional>

#include "ir/graph.h"
#include "targets/target.h"

namespace halite::conformance {

struct Engine {
  enum class Kind : uint8_t { interpret, jit, target };
  Kind kind = Kind::jit;
  std::optional<targets::Target> target;  ///< of Kind::target: here or under its emulator
  std::filesystem::path cache;            ///< of compiled kernels; empty: none
};

Result<std::vector<ir::Tensor>> run_graph(const ir::Graph&, const Engine&,
                                          std::span<const ir::Tensor> inputs);

}  // namespace halite::conformance
