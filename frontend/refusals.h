// The nodes of a model that cannot be compiled, collected over the whole import, so that the user learns of
// all of them at once.
#pragma once

#include "frontend/import.h"

namespace halite::frontend {

class Refusals {
 public:
  void add(UnsupportedNode node) { nodes_.push_back(std::move(node)); }
  bool empty() const { return nodes_.empty(); }
  /// One error for all of them; hands the list to options.unsupported.
  Error report(const ImportOptions& options);

 private:
  std::vector<UnsupportedNode> nodes_;
};

/// Fails if `options` speak of inputs that the model does not have.
Result<void> check_input_names(const ImportOptions& options, const std::vector<std::string>& inputs);

/// Fails if options name an axis that is not one of these.
Result<void> check_axis_names(const ImportOptions&, const std::vector<std::string>& axes);

}  // namespace halite::frontend
