// Merges axes of a whole group: extents of 1 are dropped, and neighbours that every tensor of the group
// stores and treats as one axis become one. An elementwise group over contiguous tensors turns into a flat
// loop, a transpose from channel first to channel last into a plain matrix transpose. Groups whose anchor
// knows its axes by position (convolution, pooling, matrix product) stay as they are.
#pragma once

#include <optional>

#include "schedules/kernel.h"

namespace halite::schedules {

/// A request for the same kernel over fewer axes. Owns the small graph that the request refers to.
class Collapsed {
 public:
  explicit Collapsed(const Request&);
  Collapsed(const Collapsed&) = delete;
  const Request& request() const { return merged_ ? *merged_ : given_; }

 private:
  const Request& given_;
  ir::Graph graph_;
  Group group_;
  std::optional<Request> merged_;
};

}  // namespace halite::schedules
