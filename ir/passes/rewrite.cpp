#include "ir/passes/rewrite.h"

#include <algorithm>
#include <utility>

namespace halite::ir {

Rewriter::Rewriter(Graph& g)
    : graph_(g),
      old_(std::exchange(g.nodes, {})),
      producer_(g.values.size()),
      replaced_by_(g.values.size()),
      reads_(g.values.size()),
      is_output_(g.values.size()) {
  for (const Node& node : old_)
    for (ValueId v : node.inputs) ++reads_[v.index];
  for (ValueId v : g.outputs) {
    ++reads_[v.index];
    is_output_[v.index] = true;
  }
  for (const State& s : g.states) ++reads_[s.output.index];
  for (const Extent& e : g.extents) ++reads_[e.value.index];
}

ValueId Rewriter::resolve(ValueId v) const {
  while (replaced_by_[v.index] != ValueId{}) v = replaced_by_[v.index];
  return v;
}

bool Rewriter::is_output(ValueId v) const {
  return is_output_[v.index] ||
         std::ranges::any_of(graph_.states, [&](const State& s) { return s.output == v; }) ||
         std::ranges::any_of(graph_.extents, [&](const Extent& e) { return e.value == v; });
}

bool Rewriter::replaceable(ValueId old, ValueId with) const {
  return !is_output_[old.index] || (producer_[with.index] && !is_output_[with.index]);
}

void Rewriter::begin(Node& node) {
  for (ValueId& v : node.inputs) {
    v = resolve(v);
    --reads_[v.index];
  }
}

void Rewriter::keep(Node node) {
  for (ValueId v : node.inputs) ++reads_[v.index];
  append(std::move(node));
}

const Node* Rewriter::append(Node node) {
  emitted_.push_back(std::move(node));
  for (ValueId v : emitted_.back().outputs) producer_[v.index] = &emitted_.back();
  return &emitted_.back();
}

// Grows the tables for a value that was just added.
ValueId Rewriter::add_value(ValueId v) {
  producer_.resize(v.index + 1);
  replaced_by_.resize(v.index + 1);
  reads_.resize(v.index + 1);
  is_output_.resize(v.index + 1);
  return v;
}

ValueId Rewriter::add_constant(std::string name, Tensor tensor) {
  return add_value(graph_.add_constant(std::move(name), std::move(tensor)));
}

ValueId Rewriter::emit(std::string name, Op op, std::vector<ValueId> inputs) {
  Types in;
  for (ValueId v : inputs) in.push_back(type(v));
  auto out = infer(op, in);
  HALITE_CHECK(out && out->size() == 1, "a pass made an invalid " + std::string(name_of(op)) + " for " +
                                            name + (out ? "" : ": " + out.error().message));
  const ValueId v = add_value(graph_.add_value(name, std::move((*out)[0])));
  define(v, std::move(name), std::move(op), std::move(inputs));
  return v;
}

void Rewriter::define(ValueId output, std::string name, Op op, std::vector<ValueId> inputs) {
  for (ValueId v : inputs) ++reads_[v.index];
  append({std::move(name), std::move(op), std::move(inputs), {output}});
}

void Rewriter::replace(ValueId old, ValueId with) {
  HALITE_CHECK(type(old) == type(with),
               "replacing " + graph_.value(old).name + " by a value of another type");
  // A state takes its new value from wherever that is, and so does an extent.
  for (State& s : graph_.states)
    if (s.output == old) s.output = with;
  for (Extent& e : graph_.extents)
    if (e.value == old) e.value = with;
  if (is_output_[old.index]) {
    if (!replaceable(old, with)) {
      // The output's name must survive, so the value is copied under it; others read the source.
      size_t outputs = 0;
      for (ValueId v : graph_.outputs) outputs += v == old;
      reads_[with.index] += reads_[old.index] - outputs;
      reads_[old.index] = outputs;
      define(old, graph_.value(old).name, Reshape{type(old).shape}, {with});
      replaced_by_[old.index] = with;
      return;
    }
    for (ValueId& v : graph_.outputs)
      if (v == old) v = with;
    is_output_[old.index] = false;
    is_output_[with.index] = true;
    std::swap(graph_.value(old).name, graph_.value(with).name);
    std::swap(graph_.value(old).type.quantization, graph_.value(with).type.quantization);
  }
  reads_[with.index] += std::exchange(reads_[old.index], 0);
  replaced_by_[old.index] = with;
}

// The value that now stands for a dropped node's output takes its name if it was made for that.
void Rewriter::name_outputs_after(const Node& node, size_t emitted_before) {
  for (ValueId old : node.outputs) {
    const ValueId now = resolve(old);
    if (now == old || is_output_[now.index] || is_output_[old.index]) continue;
    for (size_t n = emitted_before; n < emitted_.size(); ++n)
      if (producer_[now.index] == &emitted_[n]) std::swap(graph_.value(old).name, graph_.value(now).name);
  }
}

void Rewriter::finish() {
  graph_.nodes.assign(std::make_move_iterator(emitted_.begin()), std::make_move_iterator(emitted_.end()));
  old_.clear();
}

}  // namespace halite::ir
