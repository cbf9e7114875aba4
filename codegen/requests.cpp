// Steps of several variants are the same step if their anchors and results have the same names and they are
// of one kind; a step that stands several times under one name is told by its number.
#include "codegen/requests.h"

#include <algorithm>
#include <map>

#include "codegen/choices.h"
#include "codegen/copies.h"
#include "codegen/kernel.h"

namespace halite::codegen {
namespace {

using schedules::Request;

/// Kernels without products that compute fewer elements are compiled for size, where flash is scarce; 0:
/// none. (Those with products are not: in size mode their tiles are others, and no smaller for that.)
int64_t little_work(const ir::Graph& graph, const std::vector<schedules::Group>& groups,
                    const CompileOptions& options) {
  if (options.target.platform != targets::Platform::none) return 0;
  constexpr int64_t kShare = 400;
  int64_t all = 0;
  for (const auto& group : groups) {
    for (auto id : group.nodes) all += schedules::macs(graph, id);
  }
  return all / kShare;
}

/// Of a step: one, or one for each layer of a cascade.
void add_requests(const Variant& variant, size_t step, int64_t little, const CompileOptions& options,
                  std::vector<Request>& requests) {
  const ir::Graph& graph = variant.graph;
  if (const auto rows = variant.cascades.find(step); rows != variant.cascades.end()) {
    for (const auto& group : rows->second.groups)
      requests.push_back(request_for(graph, variant.views, group, false, options));
    return;
  }
  const auto& group = variant.steps[step];
  if (ir::has_regions(graph.node(group.anchor).op)) return;
  requests.push_back(request_for(graph, variant.views, group, variant.storage.in_place[step], options));
  const ir::Type& made = graph.type(group.outputs[0]);
  if (schedules::macs(graph, group.anchor) == 0 && made.elements() < little)
    requests.back().optimize = schedules::Optimize::size;
}

std::vector<Request> requests_for(const Variant& variant, const CompileOptions& options) {
  const int64_t little = little_work(variant.graph, variant.steps, options);
  std::vector<Request> requests;
  for (size_t step = 0; step < variant.steps.size(); step++)
    add_requests(variant, step, little, options, requests);
  return requests;
}

std::string position_of(const Request& request) {
  const auto& node = request.graph.node(request.group.anchor);
  return node.name + ' ' + request.graph.value(request.group.outputs[0]).name + ' ' + describe_kind(request);
}

/// What a step's request has to do with those that other variants have for it.
struct Relation {
  const schedules::Items* items = nullptr;  ///< or null
  size_t index = 0;                         ///< of the request among theirs
  int64_t fewest_rows = 0;                  ///< Request::fewest_rows
};

/// Rows of a product with weights; 0: it is something else.
int64_t product_rows(const Request& request) {
  const auto& node = request.graph.node(request.group.anchor);
  const auto& shape = request.graph.type(node.outputs[0]).shape;
  if (!std::holds_alternative<ir::MatMul>(node.op) || !request.graph.is_constant(node.inputs[1])) return 0;
  return shape[shape.size() - 2];
}

/// Relates requests for the same step.
class Relations {
 public:
  void add_variant(const std::vector<Request>& requests) {
    std::map<std::string, int> times;
    for (const auto& request : requests) {
      if (copy_extents(request)) continue;  // one function copies whatever extents
      const std::string position = position_of(request);
      same_[{position, times[position]++}].push_back(&request);
    }
  }

  std::map<const Request*, Relation> find(std::vector<std::unique_ptr<schedules::Items>>& owned) const {
    std::map<const Request*, Relation> relations;
    for (const auto& [position, requests] : same_) {
      auto items = schedules::Items::of(requests);
      int64_t fewest_rows = product_rows(*requests[0]);
      for (const auto* request : requests) fewest_rows = std::min(fewest_rows, product_rows(*request));
      for (size_t i = 0; i < requests.size(); i++)
        relations[requests[i]] = {items.get(), i, requests.size() > 1 ? fewest_rows : 0};
      if (items) owned.push_back(std::move(items));
    }
    return relations;
  }

 private:
  std::map<std::pair<std::string, int>, std::vector<const Request*>> same_;
};

}  // namespace

schedules::Request request_for(const ir::Graph& graph, const Views& views, const schedules::Group& group,
                               bool in_place, const CompileOptions& options) {
  Request request{graph, group, {}, {}, options.target};
  for (auto id : group.inputs) request.inputs.push_back(operand_of(graph, views, id));
  for (auto id : group.outputs) request.outputs.push_back(operand_of(graph, views, id));
  request.optimize = options.optimize_size ? schedules::Optimize::size : schedules::Optimize::speed;
  request.in_place = in_place;
  choose(request, options);
  return request;
}

KernelRequests kernel_requests(std::span<const Variant> variants, const CompileOptions& options) {
  std::vector<std::vector<Request>> whole;
  for (const auto& variant : variants) whole.push_back(requests_for(variant, options));
  Relations relations;
  if (options.extents_vary)
    for (const auto& of_variant : whole) relations.add_variant(of_variant);
  KernelRequests requests;
  const auto related = relations.find(requests.items);
  for (const auto& of_variant : whole) {
    auto& made = requests.of_variant.emplace_back();
    for (const auto& request : of_variant) {
      const auto known = related.find(&request);
      const Relation relation = known == related.end() ? Relation{} : known->second;
      if (const auto* items = relation.items) {
        made.push_back({items->request(), items->repeats()[relation.index], position_of(request)});
        choose(made.back().request, options);
      } else {
        made.push_back({request, {}, position_of(request)});
        made.back().request.fewest_rows = relation.fewest_rows;
      }
    }
  }
  return requests;
}

}  // namespace halite::codegen
