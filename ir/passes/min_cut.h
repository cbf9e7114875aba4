// Minimum s-t cut of a directed graph with capacities (Dinic's algorithm), for passes that choose between two
// ways of doing something at many places at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace halite::ir {

class MinCut {
 public:
  using Vertex = int;
  static constexpr Vertex kSource = 0, kSink = 1;
  static constexpr int64_t kInfinite = int64_t{1} << 60;

  MinCut() : edges_of_(2) {}
  Vertex add_vertex();
  /// Costs `capacity` if `from` ends on the source's side and `to` on the sink's.
  void add_edge(Vertex from, Vertex to, int64_t capacity);
  /// The cost of the cheapest cut.
  int64_t solve();
  /// After solve: on the sink's side. Vertices that may be on either are on the source's.
  bool on_sink_side(Vertex v) const { return sink_side_[v]; }

 private:
  struct Edge {
    Vertex to;
    int64_t left;  // residual capacity; the reverse edge is at index ^ 1
  };
  bool find_levels();
  int64_t push(Vertex v, int64_t limit);
  std::vector<Edge> edges_;
  std::vector<std::vector<int>> edges_of_;
  std::vector<int> level_;
  std::vector<std::size_t> next_;
  std::vector<bool> sink_side_;
};

}  // namespace halite::ir
