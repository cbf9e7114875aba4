// One step of a model that is compiled for several extents of an axis: where the step does the same for each
// index along that axis and nothing across, one kernel of a few indices, an item, serves every extent. It is
// called in a loop whose count is an argument (Request::steps; codegen/wrapper.h writes the loop).
//
// It does not pay where all items share weights that an item uses too rarely to be worth reading them again:
// rows of a dense layer, whose tiles hold several rows. Such steps have a kernel for each extent.
#pragma once

#include <memory>
#include <span>

#include "schedules/kernel.h"

namespace halite::schedules {

/// How often an item is computed, and in how many tasks of a parallel loop.
struct Repeat {
  int64_t count = 1, tasks = 1;
  bool operator==(const Repeat&) const = default;
};

class Items {
 public:
  /// Of the requests that variants of a model have for the same step, in their order; null where the step
  /// does not fall into items, the requests differ in anything but one axis, or it would not pay.
  static std::unique_ptr<Items> of(std::span<const Request* const>);
  Items(const Items&) = delete;

  /// The kernel of one item; refers to this object.
  const Request& request() const { return *request_; }
  /// Parallel to the requests.
  const std::vector<Repeat>& repeats() const { return repeats_; }

 private:
  explicit Items(const targets::Target& target) : target_(target) {}

  targets::Target target_;  ///< of one core where items are shared out among cores
  ir::Graph graph_;
  Group group_;
  std::optional<Request> request_;
  std::vector<Repeat> repeats_;

  friend class ItemsBuilder;
};

}  // namespace halite::schedules
