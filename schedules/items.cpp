// The axis is found by comparing shapes: every value of the group either has the same shape in all variants,
// or differs along one axis, along which all that differ have the same extents. Each operator then says
// whether it maps that axis of its inputs to that of its output, index by index (items_operators.h).
#include "schedules/items.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "schedules/items_operators.h"
#include "schedules/register_tile.h"

namespace halite::schedules {
namespace {

constexpr int64_t kLeastUses = 16;       ///< of a weight in an item
constexpr double kTaskCycles = 20000;    ///< less work does not pay the waking of a thread
constexpr int64_t kTasksPerCore = 4;     ///< so that a slower core does not hold up the others
constexpr int64_t kMostShortItems = 64;  ///< calls that items of a few vectors are worth
constexpr int64_t kVectorsOfAnItem = 4;

bool are_strided_alike(const Operand& a, const Operand& b, const Axis& axis) {
  for (size_t d = 0; d < a.strides.size(); d++) {
    const bool any = a.type.shape[d] == 1 || (axis == Axis(d) && b.type.shape[d] == 1);
    if (!any && a.strides[d] != b.strides[d]) return false;
  }
  return true;
}

}  // namespace

class ItemsBuilder {
 public:
  explicit ItemsBuilder(std::span<const Request* const> requests)
      : requests_(requests), largest_(*most_elements(requests)) {}

  std::unique_ptr<Items> build() {
    if (!find_values() || extents_.empty() || !is_mapped() || !are_operands_alike()) return nullptr;
    item_ = std::accumulate(extents_.begin(), extents_.end(), int64_t{0},
                            [](int64_t a, int64_t b) { return std::gcd(a, b); });
    if (item_ == 0) return nullptr;
    std::unique_ptr<Items> items(new Items(largest_.target));
    make_graph(*items);
    if (!pays(*items)) return nullptr;
    make_request(*items);
    return items;
  }

 private:
  static const Request* most_elements(std::span<const Request* const> requests) {
    return *std::ranges::max_element(
        requests, {}, [](const Request* r) { return r->graph.type(r->group.outputs[0]).elements(); });
  }

  const ir::Node& node(const Request& request, size_t i) const {
    return request.graph.node(request.group.nodes[i]);
  }

  /// The axis of every value of the group.
  bool find_values() {
    for (const auto* other : requests_) {
      if (other->group.nodes.size() != largest_.group.nodes.size() ||
          other->group.inputs.size() != largest_.group.inputs.size() ||
          other->group.outputs.size() != largest_.group.outputs.size() ||
          other->in_place != largest_.in_place || other->optimize != largest_.optimize)
        return false;
    }
    for (size_t i = 0; i < largest_.group.nodes.size(); i++) {
      const ir::Node& own = node(largest_, i);
      for (const auto* other : requests_) {
        const ir::Node& theirs = node(*other, i);
        if (theirs.op.index() != own.op.index() || theirs.inputs.size() != own.inputs.size() ||
            theirs.outputs.size() != own.outputs.size())
          return false;
      }
      for (size_t k = 0; k < own.inputs.size(); k++)
        if (!find_value(own.inputs[k], [&](const Request& r) { return node(r, i).inputs[k]; })) return false;
      for (size_t k = 0; k < own.outputs.size(); k++)
        if (!find_value(own.outputs[k], [&](const Request& r) { return node(r, i).outputs[k]; }))
          return false;
    }
    return true;
  }

  bool find_value(ir::ValueId id, auto&& in_request) {
    const ir::Type& own = largest_.graph.type(id);
    Axis axis;
    std::vector<int64_t> extents;
    for (size_t d = 0; d < own.shape.size(); d++) {
      std::vector<int64_t> along;
      for (const auto* request : requests_) {
        const ir::Type& type = request->graph.type(in_request(*request));
        if (type.rank() != own.rank() || type.dtype != own.dtype) return false;
        along.push_back(type.shape[d]);
      }
      if (std::ranges::all_of(along, [&](int64_t e) { return e == along[0]; })) continue;
      if (axis) return false;
      axis = d;
      extents = std::move(along);
    }
    if (axis && extents_.empty()) extents_ = extents;
    if (axis && (extents != extents_ || largest_.graph.is_constant(id))) return false;
    const auto [known, added] = axes_.emplace(id, axis);
    return added || known->second == axis;
  }

  bool is_mapped() const {
    for (auto id : largest_.group.nodes) {
      const ir::Node& node = largest_.graph.node(id);
      const Axis out = axes_.at(node.outputs[0]);
      std::vector<Axis> in;
      std::vector<ir::Shape> shapes;
      for (auto input : node.inputs) {
        in.push_back(axes_.at(input));
        shapes.push_back(largest_.graph.type(input).shape);
      }
      const bool any = std::ranges::any_of(in, [](const Axis& axis) { return axis.has_value(); });
      if (node.outputs.size() != 1 || (any && !out)) return false;
      if (!out) continue;
      if (!any && !std::holds_alternative<ir::Broadcast>(node.op)) return false;
      const Maps maps{in, *out, shapes, largest_.graph.type(node.outputs[0]).shape};
      if (!std::visit(maps, node.op) || !is_same_operator(id, *out)) return false;
    }
    return true;
  }

  /// Attributes may differ in the extent alone.
  bool is_same_operator(ir::NodeId id, size_t axis) const {
    const size_t i = size_t(std::ranges::find(largest_.group.nodes, id) - largest_.group.nodes.begin());
    const auto shortened = [&](const Request& request) {
      return std::visit(Shortened{axis, 1}, node(request, i).op);
    };
    return std::ranges::all_of(
        requests_, [&](const Request* other) { return shortened(*other) == shortened(largest_); });
  }

  bool are_operands_alike() const {
    for (const auto* other : requests_) {
      for (size_t i = 0; i < largest_.inputs.size(); i++)
        if (!are_strided_alike(largest_.inputs[i], other->inputs[i], axes_.at(largest_.group.inputs[i])))
          return false;
      for (size_t i = 0; i < largest_.outputs.size(); i++)
        if (!are_strided_alike(largest_.outputs[i], other->outputs[i], axes_.at(largest_.group.outputs[i])))
          return false;
    }
    return true;
  }

  void shorten(ir::Shape& shape, ir::ValueId id) const {
    if (const auto known = axes_.find(id); known != axes_.end() && known->second)
      shape[*known->second] = item_;
  }

  /// Values and nodes of the group; they keep their numbers.
  void make_graph(Items& items) const {
    const ir::Graph& given = largest_.graph;
    items.group_ = largest_.group;
    for (uint32_t i = 0; i < given.values.size(); i++) {
      const auto& value = given.values[i];
      items.graph_.values.push_back({value.name, value.type, {}});
      if (axes_.contains({i})) items.graph_.values.back().constant = value.constant;
      shorten(items.graph_.values.back().type.shape, {i});
    }
    for (uint32_t i = 0; i < items.group_.nodes.size(); i++) {
      ir::Node node = given.node(items.group_.nodes[i]);
      if (const Axis out = axes_.at(node.outputs[0])) node.op = std::visit(Shortened{*out, item_}, node.op);
      if (items.group_.nodes[i] == items.group_.anchor) items.group_.anchor = {i};
      items.group_.nodes[i] = {i};
      items.graph_.nodes.push_back(std::move(node));
    }
  }

  /// Whether items on their own are about as fast as all at once.
  bool pays(const Items& items) const {
    const ir::Node& anchor = items.graph_.node(items.group_.anchor);
    const int64_t products = macs(items.graph_, items.group_.anchor);
    if (products > 0 && items.graph_.is_constant(anchor.inputs[1]))
      return products >= kLeastUses * items.graph_.type(anchor.inputs[1]).elements();
    const int64_t most = *std::ranges::max_element(extents_) / item_;
    const int64_t vectors =
        items.graph_.type(items.group_.outputs[0]).elements() / f32_lanes(items.target_.facts);
    return most <= kMostShortItems || vectors >= kVectorsOfAnItem;
  }

  /// Cycles of one item, roughly.
  double work(const Items& items) const {
    double elements = 0;
    for (auto id : items.group_.outputs) elements += double(items.graph_.type(id).elements());
    for (auto id : items.group_.inputs)
      if (axes_.at(id)) elements += double(items.graph_.type(id).elements());
    return elements +
           double(macs(items.graph_, items.group_.anchor)) / double(f32_lanes(items.target_.facts));
  }

  void make_request(Items& items) const {
    const int64_t cores = items.target_.facts.cores;
    const double cycles = work(items);
    // Items that are work enough for all cores share out their own loops.
    const bool alone = cores == 1 || cycles >= double(cores * kTasksPerCore) * kTaskCycles;
    bool in_tasks = false;
    for (const int64_t extent : extents_) {
      const int64_t count = extent / item_;
      const auto worth = int64_t(cycles * double(count) / kTaskCycles);
      const int64_t tasks = alone ? 1 : std::clamp<int64_t>(std::min(worth, count), 1, cores * kTasksPerCore);
      items.repeats_.push_back({count, tasks});
      in_tasks |= tasks > 1;
    }
    if (in_tasks) items.target_.facts.cores = 1;
    items.request_.emplace(Request{.graph = items.graph_,
                                   .group = items.group_,
                                   .inputs = largest_.inputs,
                                   .outputs = largest_.outputs,
                                   .target = items.target_,
                                   .optimize = largest_.optimize,
                                   .in_place = largest_.in_place,
                                   .strategy = largest_.strategy,
                                   .tile = largest_.tile,
                                   .shares_code = largest_.shares_code});
    Request& request = *items.request_;
    for (size_t i = 0; i < request.inputs.size(); i++)
      add_step(request, request.inputs[i], items.group_.inputs[i]);
    for (size_t i = 0; i < request.outputs.size(); i++)
      add_step(request, request.outputs[i], items.group_.outputs[i]);
    request.items_in_tasks = in_tasks;
  }

  void add_step(Request& request, Operand& operand, ir::ValueId id) const {
    const Axis axis = axes_.at(id);
    request.steps.push_back(axis ? item_ * operand.strides[*axis] : 0);
    shorten(operand.type.shape, id);
  }

  std::span<const Request* const> requests_;
  const Request& largest_;
  std::map<ir::ValueId, Axis> axes_;  ///< of the group's values, by the largest request's numbers
  std::vector<int64_t> extents_;      ///< parallel to requests_; empty: nothing differs
  int64_t item_ = 1;                  ///< indices that one item has
};

std::unique_ptr<Items> Items::of(std::span<const Request* const> requests) {
  if (requests.size() < 2) return nullptr;
  return ItemsBuilder(requests).build();
}

}  // namespace halite::schedules
