// What a TFLite model keeps from one run to the next (resource variables, tensors marked as variable) in
// static single assignment: reading gives the value of the last assignment in this run, or, before any, that
// of a state of the graph.
#pragma once

#include <map>

#include "frontend/build.h"

namespace halite::frontend {

class Variables {
 public:
  explicit Variables(ir::Graph& graph) : graph_(graph) {}

  /// The value that a variable begins with; zeros where nothing is said.
  void set_initial(const std::string& name, Tensor value) {
    initial_.insert_or_assign(name, std::move(value));
  }
  /// The variable's value now. `type` is what the reader expects.
  V read(const std::string& name, const Type& type);
  void assign(const std::string& name, V value) { current_.insert_or_assign(name, value); }

  /// The values of assigned or read variables. Branches are walked from the same one and then joined.
  using Values = std::map<std::string, V>;
  const Values& values() const { return current_; }
  void restore(Values values) { current_ = std::move(values); }

  /// Makes the values now the states after the run. Throws Rejected if one has another type than before.
  void finish();

 private:
  ir::Graph& graph_;
  std::map<std::string, Tensor> initial_;
  std::map<std::string, size_t> states_;  ///< of the graph, made when a variable is first read unassigned
  Values current_;
  int64_t bytes_ = 0;  ///< of the states
};

}  // namespace halite::frontend
