// The builder's branches and loops. A body is built in place and then cut out (cut.h).
#include "frontend/build.h"
#include "frontend/cut.h"

namespace halite::frontend {
void Builder::build_body(Cut& cut, const std::function<std::vector<V>()>& build) {
  // The numbers of values that leave the graph are given again.
  const auto forget = [&] {
    std::erase_if(extents_, [&](const auto& known) { return known.first >= graph_.values.size(); });
  };
  try {
    std::vector<V> outputs = build();
    if (!cut.is_closed()) reject_unsupported("a graph inside it keeps a state or has inputs of the model");
    for (const V v : outputs)
      if (!extents(v).empty()) reject_unsupported("a result of a graph inside it is as long as data decide");
    cut.take(std::move(outputs));
  } catch (...) {
    cut.undo();
    forget();
    throw;
  }
  forget();
}

std::vector<V> Builder::ops(ir::Op op, std::vector<V> inputs) {
  ir::Types types;
  for (const V v : inputs) types.push_back(type(v));
  const auto outputs = ir::infer(op, types);
  if (!outputs) throw Rejected{outputs.error(), {}};
  for (const auto& t : *outputs) check_size(t);
  auto added = graph_.add_node(node_name_, std::move(op), std::move(inputs));
  if (!added) throw Rejected{added.error(), {}};
  return *std::move(added);
}

std::vector<V> Builder::branch(V condition, const Body& yes, const Body& no) {
  const std::string name = node_name_;
  const auto build = [&](const Body& side) {
    Cut cut(graph_);
    build_body(cut, side);
    set_node_name(name);
    return cut;
  };
  const Cut first = build(yes), second = build(no);
  auto captures = first.captures();
  captures.merge(second.captures());
  std::vector<V> inputs{reshape(condition, {})};
  inputs.insert(inputs.end(), captures.begin(), captures.end());
  return ops(ir::Branch{{first.body(captures)}, {second.body(captures)}}, std::move(inputs));
}

std::vector<V> Builder::loop(const LoopStart& start, const LoopBody& body) {
  const std::string name = node_name_;
  for (const V v : start.carried)
    if (!extents(v).empty()) reject_unsupported("a value that it carries is as long as data decide");
  std::vector<V> inputs{reshape(start.trips, {}),
                        start.condition ? reshape(*start.condition, {}) : scalar(1, DType::boolean)};
  inputs.insert(inputs.end(), start.carried.begin(), start.carried.end());
  Cut cut(graph_);
  build_body(cut, [&] {
    const V iteration = cut.parameter("iteration", {DType::i64, {}, {}});
    std::vector<V> carried;
    for (const V v : start.carried) {
      const Type type = this->type(v);
      carried.push_back(cut.parameter(graph_.value(v).name, {type.dtype, type.shape, {}}));
    }
    LoopStep step = body(iteration, carried);
    std::vector<V> outputs{step.condition ? reshape(*step.condition, {}) : scalar(1, DType::boolean)};
    outputs.insert(outputs.end(), step.carried.begin(), step.carried.end());
    outputs.insert(outputs.end(), step.stacked.begin(), step.stacked.end());
    if (step.carried.size() != carried.size()) reject_invalid("its body carries another number of values");
    return outputs;
  });
  set_node_name(name);
  const auto captures = cut.captures();
  inputs.insert(inputs.end(), captures.begin(), captures.end());
  const auto carried = static_cast<int64_t>(start.carried.size());
  return ops(ir::Loop{start.limit, carried, {cut.body(captures)}}, std::move(inputs));
}

}  // namespace halite::frontend
