#include "ir/passes/min_cut.h"

#include <algorithm>

namespace halite::ir {

MinCut::Vertex MinCut::add_vertex() {
  edges_of_.emplace_back();
  return static_cast<Vertex>(edges_of_.size() - 1);
}

void MinCut::add_edge(Vertex from, Vertex to, int64_t capacity) {
  if (capacity == 0 || from == to) return;
  edges_of_[from].push_back(static_cast<int>(edges_.size()));
  edges_.push_back({to, capacity});
  edges_of_[to].push_back(static_cast<int>(edges_.size()));
  edges_.push_back({from, 0});
}

bool MinCut::find_levels() {
  level_.assign(edges_of_.size(), -1);
  level_[kSource] = 0;
  std::vector<Vertex> queue{kSource};
  for (size_t i = 0; i < queue.size(); ++i) {
    for (int e : edges_of_[queue[i]]) {
      if (edges_[e].left == 0 || level_[edges_[e].to] >= 0) continue;
      level_[edges_[e].to] = level_[queue[i]] + 1;
      queue.push_back(edges_[e].to);
    }
  }
  return level_[kSink] >= 0;
}

// Sends up to `limit` along one augmenting path; iterative, since paths may be as long as a network is deep.
int64_t MinCut::push(Vertex from, int64_t limit) {
  std::vector<int> path;
  Vertex v = from;
  while (v != kSink) {
    bool advanced = false;
    for (; next_[v] < edges_of_[v].size(); ++next_[v]) {
      const int e = edges_of_[v][next_[v]];
      if (edges_[e].left == 0 || level_[edges_[e].to] != level_[v] + 1) continue;
      path.push_back(e);
      v = edges_[e].to;
      advanced = true;
      break;
    }
    if (advanced) continue;
    if (path.empty()) return 0;
    v = edges_[path.back() ^ 1].to;
    path.pop_back();
    ++next_[v];
  }
  for (int e : path) limit = std::min(limit, edges_[e].left);
  for (int e : path) {
    edges_[e].left -= limit;
    edges_[e ^ 1].left += limit;
  }
  return limit;
}

int64_t MinCut::solve() {
  int64_t flow = 0;
  while (find_levels()) {
    next_.assign(edges_of_.size(), 0);
    while (const int64_t sent = push(kSource, kInfinite)) flow += sent;
  }
  // The sink's side is what can still reach the sink: the largest source side of all cheapest cuts.
  sink_side_.assign(edges_of_.size(), false);
  sink_side_[kSink] = true;
  std::vector<Vertex> queue{kSink};
  for (size_t i = 0; i < queue.size(); ++i) {
    for (int e : edges_of_[queue[i]]) {
      const Vertex from = edges_[e].to;  // of the edge e ^ 1, which leads to queue[i]
      if (edges_[e ^ 1].left == 0 || sink_side_[from]) continue;
      sink_side_[from] = true;
      queue.push_back(from);
    }
  }
  return flow;
}

}  // namespace halite::ir
