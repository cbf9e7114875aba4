// Cuts what a builder has made since a mark out of its graph, to be the graph of a branch or a loop. So a
// body is built like everything else, with values from around it at hand: those that it reads and that are
// not constant are its captures.
#pragma once

#include <memory>
#include <set>

#include "ir/graph.h"

namespace halite::frontend {

class Cut {
 public:
  /// The mark.
  explicit Cut(ir::Graph&);

  /// A value that is to be an input of the body.
  ir::ValueId parameter(std::string name, ir::Type);
  /// Takes what was made since the mark away; values among it must not be used any more but as `outputs`.
  void take(std::vector<ir::ValueId> outputs);
  /// Takes it away for good: the body is not wanted.
  void undo();
  /// Whether it added states or inputs, which no body can have.
  bool is_closed() const;

  /// Values from around that what was taken reads, ascending.
  std::set<ir::ValueId> captures() const;
  /// Inputs: the parameters, then `captures`, all of them.
  std::shared_ptr<const ir::Graph> body(const std::set<ir::ValueId>& captures) const;

 private:
  ir::Graph& graph_;
  size_t nodes_, values_, inputs_, states_;  // of the graph, at the mark
  std::vector<ir::ValueId> parameters_, outputs_;
  std::vector<ir::Node> taken_;
  std::vector<ir::Value> made_;  // values from the mark on
  std::set<ir::ValueId> captures_;
};

}  // namespace halite::frontend
