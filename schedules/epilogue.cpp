// See epilogue.h.
#include "schedules/epilogue.h"

#include <algorithm>

namespace halite::schedules {
namespace {

/// Functions that come to a polynomial, or to a call for every lane (math.h).
bool is_long_function(ir::Fn fn) {
  using enum ir::Fn;
  for (auto known : {exp,  log,   erf,   sin,   cos,     tan, asin, acos, atan,     sinh, cosh,
                     tanh, asinh, acosh, atanh, sigmoid, elu, celu, selu, softplus, pow})
    if (fn == known) return true;
  return false;
}

}  // namespace

bool has_long_epilogue(const Request& request) {
  const auto is_long = [&](ir::NodeId id) {
    const auto* op = std::get_if<ir::Elementwise>(&request.graph.node(id).op);
    return op && id != request.group.anchor && is_long_function(op->fn);
  };
  const auto& nodes = request.group.nodes;
  return std::any_of(std::ranges::find(nodes, request.group.anchor), nodes.end(), is_long);
}

}  // namespace halite::schedules
