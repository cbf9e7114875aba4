// What each group of a model costs in two builds of it, which differ in the choices of their kernels alone:
// in seconds on this machine, the builds run in turn and the least times taken, so that neither a clock that
// changes nor a neighbour favours one; or in instructions under a target's emulator.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tools/arguments.h"

namespace halite::tools {

struct Costs {
  std::map<std::string, double> groups;  ///< by key, of all steps of the group
  double total = 0;                      ///< of an inference
};
struct Comparison {
  Costs before, after;
};

class BuildComparer {
 public:
  virtual ~BuildComparer() = default;
  virtual const char* unit() const = 0;
  /// Less is noise.
  virtual double least_gain() const = 0;
  /// Costs of the groups of these keys, and of the whole.
  virtual Result<Comparison> compare(const codegen::Artifact& before, const codegen::Artifact& after,
                                     const std::vector<std::string>& keys) = 0;
};

/// Everything that is passed must outlive the comparer. `seconds`: of each comparison, at least a few runs.
std::unique_ptr<BuildComparer> compare_times(const Model&, const std::vector<ir::Tensor>& inputs, int threads,
                                             double seconds);
std::unique_ptr<BuildComparer> compare_instructions(const Model&, const std::vector<ir::Tensor>& inputs,
                                                    const targets::Target&, const std::string& plugin);

}  // namespace halite::tools
