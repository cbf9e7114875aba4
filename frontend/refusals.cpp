// See refusals.h.
#include "frontend/refusals.h"

#include <algorithm>
#include <set>

namespace halite::frontend {
namespace {

std::string join(const auto& list) {
  std::string text;
  for (const auto& item : list) text += (text.empty() ? "'" : ", '") + std::string(item) + "'";
  return text;
}

}  // namespace

std::string to_string(const UnsupportedNode& node) {
  return node.node + " (" + node.op + ")" + (node.attribute.empty() ? "" : ", " + node.attribute) + ": " +
         node.why;
}

Error Refusals::report(const ImportOptions& options) {
  std::set<std::string> kinds;
  for (const auto& node : nodes_) kinds.insert(node.op.substr(0, node.op.find(',')));
  const std::string count = nodes_.size() == 1 ? "1 node" : std::to_string(nodes_.size()) + " nodes";
  Error error =
      unsupported(count + " cannot be compiled: " + join(kinds) + "; the first: " + to_string(nodes_[0]));
  if (options.unsupported) *options.unsupported = std::move(nodes_);
  return error;
}

Result<void> check_input_names(const ImportOptions& options, const std::vector<std::string>& inputs) {
  std::set<std::string> named;
  for (const auto& [name, shape] : options.input_shapes) named.insert(name);
  for (const auto& [name, value] : options.constant_inputs) named.insert(name);
  for (const auto& name : named)
    if (std::find(inputs.begin(), inputs.end(), name) == inputs.end())
      return Error{ErrorCode::kInvalidInput,
                   "'" + name + "' is given, but the model's inputs are " + join(inputs),
                   {}};
  return {};
}

Result<void> check_axis_names(const ImportOptions& options, const std::vector<std::string>& axes) {
  for (const auto& [name, extent] : options.axes) {
    if (std::find(axes.begin(), axes.end(), name) != axes.end()) continue;
    const std::string found =
        axes.empty() ? "the model has no names for axes" : "the model's names for axes are " + join(axes);
    return Error{ErrorCode::kInvalidInput,
                 "'" + name + "' is in no --shape, and " + found +
                     "; give the shape of an input with it, as in " + "--shape NAME=" + name + "x3x224x224",
                 "--range"};
  }
  return {};
}

}  // namespace halite::frontend
