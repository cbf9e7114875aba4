// Dynamic programming over the sets of steps that are done: what is live depends on the set alone, so of all
// orders that lead to a set only the one of least peak matters. One layer of sets per step, of which the best
// kWidth are kept: exact while there are no more, a beam search beyond.
#include "codegen/order.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "codegen/states.h"

namespace halite::codegen {
namespace {

using schedules::Group;

constexpr size_t kWidth = 64;          ///< sets kept per layer
constexpr int64_t kWork = 20'000'000;  ///< groups times sets times groups; beyond, the beam gets narrower

using Bits = std::vector<bool>;

/// A stored tensor: who writes parts of it, who reads it, by group.
struct Tensor {
  int64_t bytes = 0;
  std::vector<size_t> writers, readers;
  bool input = false, output = false;
};

struct State {
  Bits done;
  int64_t live = 0, peak = 0;
  std::vector<size_t> order;
};

class Orderer {
 public:
  Orderer(const ir::Graph& graph, const Views& views, const std::vector<Group>& groups)
      : graph_(graph), views_(views), groups_(groups), touches_(groups.size()), needs_(groups.size()) {
    find_tensors();
    find_dependencies();
  }

  std::vector<size_t> run() {
    std::vector<size_t> given(groups_.size());
    for (size_t i = 0; i < given.size(); i++) given[i] = i;
    State start{Bits(groups_.size()), 0, 0, {}};
    for (const auto& t : tensors_) start.live += t.input ? t.bytes : 0;
    start.peak = start.live;
    State original = start;
    int64_t least = start.live;  // every order has this peak or a larger one
    for (size_t g : given) {
      original = after(original, g);
      least = std::max(least, bytes_at(g));
    }
    if (original.peak <= least) return given;
    const auto best = search(start);
    return best.peak < original.peak ? best.order : given;
  }

 private:
  void find_tensors() {
    std::map<uint32_t, size_t> known;  // by root value
    const auto tensor_of = [&](ir::ValueId id) {
      const ir::ValueId root = views_.places[id.index].root;
      const auto [it, is_new] = known.emplace(root.index, tensors_.size());
      if (is_new) tensors_.push_back({graph_.type(root).bytes(), {}, {}});
      return it->second;
    };
    for (auto id : graph_.inputs) tensors_[tensor_of(id)].input = true;
    for (const auto& state : graph_.states) {  // always alive, in one buffer
      auto& tensor = tensors_[tensor_of(state.input)];
      tensor.input = tensor.output = true;
      known.emplace(state.output.index, known.at(state.input.index));
    }
    for (size_t g = 0; g < groups_.size(); g++) {
      const auto touch = [&](ir::ValueId id, std::vector<size_t> Tensor::* who) {
        if (graph_.is_constant(id)) return;
        const size_t t = tensor_of(id);
        auto& list = tensors_[t].*who;
        if (list.empty() || list.back() != g) list.push_back(g);
        if (std::find(touches_[g].begin(), touches_[g].end(), t) == touches_[g].end())
          touches_[g].push_back(t);
      };
      for (auto id : groups_[g].outputs) touch(id, &Tensor::writers);
      for (auto id : groups_[g].inputs) touch(id, &Tensor::readers);
    }
    for (auto id : graph_.outputs) tensors_[tensor_of(id)].output = true;
    for (const auto& extent : graph_.extents) tensors_[tensor_of(extent.value)].output = true;
  }

  /// Groups that make what a group reads, seen through the nodes that are views.
  void find_dependencies() {
    std::vector<std::set<size_t>> made_by(graph_.values.size());
    std::vector<size_t> group_of(graph_.nodes.size(), SIZE_MAX);
    for (size_t g = 0; g < groups_.size(); g++) {
      for (auto id : groups_[g].nodes) group_of[id.index] = g;
    }
    for (size_t n = 0; n < graph_.nodes.size(); n++) {
      const auto& node = graph_.nodes[n];
      std::set<size_t> makers;
      if (group_of[n] != SIZE_MAX) {
        makers = {group_of[n]};
      } else {
        for (auto id : node.inputs) makers.insert(made_by[id.index].begin(), made_by[id.index].end());
      }
      for (auto id : node.outputs) made_by[id.index] = makers;
    }
    for (size_t g = 0; g < groups_.size(); g++) {
      std::set<size_t> needs;
      for (auto id : groups_[g].inputs) needs.insert(made_by[id.index].begin(), made_by[id.index].end());
      needs_[g].assign(needs.begin(), needs.end());
    }
    for (const auto& access : state_accesses(graph_, views_, groups_)) {
      if (access.reader != access.writer) needs_[access.writer].push_back(access.reader);
    }
  }

  int64_t bytes_at(size_t g) const {
    int64_t bytes = 0;
    for (size_t t : touches_[g]) bytes += tensors_[t].bytes;
    return bytes;
  }

  bool is_ready(const State& state, size_t g) const {
    return !state.done[g] &&
           std::all_of(needs_[g].begin(), needs_[g].end(), [&](size_t need) { return state.done[need]; });
  }

  State after(const State& before, size_t g) const {
    State state = before;
    const auto is_done = [&](size_t other) { return bool(state.done[other]); };
    for (size_t t : touches_[g]) {
      const auto& tensor = tensors_[t];
      if (!tensor.input && !std::any_of(tensor.writers.begin(), tensor.writers.end(), is_done))
        state.live += tensor.bytes;
    }
    state.peak = std::max(state.peak, state.live);
    state.done[g] = true;
    for (size_t t : touches_[g]) {
      const auto& tensor = tensors_[t];
      const bool dead = std::all_of(tensor.readers.begin(), tensor.readers.end(), is_done) &&
                        std::all_of(tensor.writers.begin(), tensor.writers.end(), is_done);
      if (!tensor.output && dead) state.live -= tensor.bytes;
    }
    state.order.push_back(g);
    return state;
  }

  State search(const State& start) const {
    const int64_t n = int64_t(groups_.size());
    const size_t width = std::clamp<size_t>(size_t(kWork / (n * n * n)), 1, kWidth);
    std::vector<State> layer{start};
    for (int64_t step = 0; step < n; step++) {
      std::map<Bits, State> next;
      for (const auto& state : layer) {
        for (size_t g = 0; g < groups_.size(); g++) {
          if (!is_ready(state, g)) continue;
          State reached = after(state, g);
          const auto [it, is_new] = next.emplace(reached.done, reached);
          if (!is_new && reached.peak < it->second.peak) it->second = std::move(reached);
        }
      }
      layer.clear();
      for (auto& [done, state] : next) layer.push_back(std::move(state));
      std::sort(layer.begin(), layer.end(), [](const State& a, const State& b) {
        return std::tie(a.peak, a.live, a.order) < std::tie(b.peak, b.live, b.order);
      });
      if (layer.size() > width) layer.resize(width);
    }
    return layer.front();
  }

  const ir::Graph& graph_;
  const Views& views_;
  const std::vector<Group>& groups_;
  std::vector<Tensor> tensors_;
  std::vector<std::vector<size_t>> touches_;  // by group: tensors
  std::vector<std::vector<size_t>> needs_;    // by group: groups
};

}  // namespace

std::vector<Group> order_steps(const ir::Graph& graph, const Views& views, std::vector<Group> groups) {
  std::vector<Group> ordered;
  for (size_t g : Orderer(graph, views, groups).run()) ordered.push_back(groups[g]);
  return ordered;
}

}  // namespace halite::codegen
