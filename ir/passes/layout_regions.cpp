// One region at a time: from a transpose, a permutation spreads over all operators that can work on permuted
// operands (layout.h), both along and against the data flow, up to graph inputs and outputs, operators with a
// fixed layout, and other transposes. Each operator of the region is then computed in the old order (label 0)
// or permuted (label 1), and a value is transposed wherever its maker and a reader differ. The labelling that
// moves the fewest elements is a minimum cut. Constants come in any order for free, as they are transposed at
// compile time.
#include "ir/passes/layout_regions.h"

#include <algorithm>
#include <unordered_set>

#include "ir/passes/min_cut.h"

namespace halite::ir {
namespace {

// The cost of moving one element; preferences, one unit an operator, never add up to it.
constexpr int64_t kElement = int64_t{1} << 16;

struct Region {
  std::unordered_map<uint32_t, Perm> stored;    // by value: its permutation under label 1
  std::vector<uint32_t> values;                 // the same, in the order found
  std::unordered_map<uint32_t, Layouts> nodes;  // by node: operators that can take either label
  std::unordered_set<uint32_t> fixed;           // nodes looked at that can not
};

class Planner {
 public:
  explicit Planner(const Graph& g) : g_(g), uses_(g) {}

  std::unordered_map<uint32_t, Layouts> plan() {
    for (const Node& node : g_.nodes) {
      const auto* t = std::get_if<Transpose>(&node.op);
      if (!t) continue;
      const ValueId from = node.inputs[0], to = node.outputs[0];
      const auto& readers = uses_.consumers[to.index];
      const bool feeds_anchor =
          std::any_of(readers.begin(), readers.end(), [&](NodeId n) { return is_anchor(g_.node(n)); });
      try_region(to, inverse(t->perm), made_by_anchor(from) ? Prefer::permuted : Prefer::none);
      try_region(from, t->perm, feeds_anchor ? Prefer::permuted_unless_anchored : Prefer::none);
    }
    return std::move(chosen_);
  }

 private:
  // Operators that a following or leading elementwise chain is best fused with.
  static bool is_anchor(const Node& node) {
    return std::holds_alternative<Conv2d>(node.op) || std::holds_alternative<ConvTranspose2d>(node.op) ||
           std::holds_alternative<Pool2d>(node.op);
  }
  bool made_by_anchor(ValueId v) const {
    const auto maker = uses_.producer[v.index];
    return maker && is_anchor(g_.node(*maker));
  }
  // Which label wins where both move equally many elements. The order of an anchor's result comes first; what
  // no anchor made goes over to the order in which one reads it. (Were both alike, two anchors could pull an
  // operator between them to and fro.)
  enum class Prefer { none, permuted, permuted_unless_anchored };

  const Transpose* as_transpose(NodeId n) const { return std::get_if<Transpose>(&g_.node(n).op); }

  void try_region(ValueId seed, const Perm& perm, Prefer prefer) {
    if (g_.is_constant(seed)) return;
    auto& tried = tried_[seed.index];
    if (std::find(tried.begin(), tried.end(), perm) != tried.end()) return;
    const Region region = grow(seed, perm);
    for (const auto& [v, p] : region.stored) tried_[v].push_back(p);
    if (region.nodes.empty() || touches_chosen(region)) return;
    const auto anchored = [&](uint32_t v) { return made_by_anchor({v}); };
    const bool is_anchored = std::any_of(region.values.begin(), region.values.end(), anchored);
    label(region, prefer == Prefer::permuted || (prefer == Prefer::permuted_unless_anchored && !is_anchored));
  }

  // --- Spreading.

  Region grow(ValueId seed, const Perm& perm) const {
    Region r;
    add(r, seed, perm);
    for (size_t i = 0; i < r.values.size(); ++i) {
      const uint32_t v = r.values[i];
      const Perm p = r.stored.at(v);
      if (p == identity_perm(static_cast<int>(p.size())))
        continue;  // both labels are the same: nothing to spread
      if (uses_.producer[v]) visit(r, *uses_.producer[v], kOutput, p);
      for (NodeId n : uses_.consumers[v]) {
        const auto& inputs = g_.node(n).inputs;
        visit(r, n, static_cast<int>(std::find(inputs.begin(), inputs.end(), ValueId{v}) - inputs.begin()),
              p);
      }
    }
    return r;
  }
  static void add(Region& r, ValueId v, const Perm& p) {
    if (r.stored.emplace(v.index, p).second) r.values.push_back(v.index);
  }

  void visit(Region& r, NodeId n, int slot, const Perm& p) const {
    if (r.nodes.count(n.index) || r.fixed.count(n.index)) return;
    const Node& node = g_.node(n);
    auto l = layouts(g_, node, slot, p);
    bool fits = l.has_value();
    for (size_t i = 0; fits && i < node.inputs.size(); ++i) fits = may_store(r, node.inputs[i], l->inputs[i]);
    fits = fits && may_store(r, node.outputs[0], l->output);
    if (!fits) {
      r.fixed.insert(n.index);
      return;
    }
    for (size_t i = 0; i < node.inputs.size(); ++i)
      if (!g_.is_constant(node.inputs[i])) add(r, node.inputs[i], l->inputs[i]);
    add(r, node.outputs[0], l->output);
    r.nodes.emplace(n.index, std::move(*l));
  }

  // A value has one permutation in a region (but for extents of 1), and the two ends of a transpose are never
  // both in it, since the cost of that transpose would depend on two labels.
  bool may_store(const Region& r, ValueId v, const Perm& p) const {
    if (g_.is_constant(v)) return true;
    if (const auto found = r.stored.find(v.index); found != r.stored.end())
      return same_order(g_.type(v).shape, found->second, p);
    if (const auto maker = uses_.producer[v.index])
      if (as_transpose(*maker) && r.stored.count(g_.node(*maker).inputs[0].index)) return false;
    for (NodeId n : uses_.consumers[v.index])
      if (as_transpose(n) && r.stored.count(g_.node(n).outputs[0].index)) return false;
    return true;
  }

  // --- Labelling.

  // What it costs to make transpose(v, p); capped, so that sums stay in range.
  int64_t cost(const Shape& shape, const Perm& p) const {
    if (moves_nothing(shape, p)) return 0;
    return std::min(*element_count(shape), int64_t{1} << 32) * kElement;
  }

  bool moves_something(const Node& node, const Layouts& l) const {
    bool moves = !moves_nothing(g_.type(node.outputs[0]).shape, l.output);
    for (size_t i = 0; i < node.inputs.size(); ++i)
      moves |= !moves_nothing(g_.type(node.inputs[i]).shape, l.inputs[i]);
    return moves;
  }

  void label(const Region& r, bool prefer_permuted) {
    MinCut cut;
    std::unordered_map<uint32_t, MinCut::Vertex> vertex;
    int64_t now = 0;
    for (const auto& [n, l] : r.nodes) {
      vertex[n] = cut.add_vertex();
      if (!prefer_permuted || !moves_something(g_.node({n}), l)) continue;
      cut.add_edge(vertex[n], MinCut::kSink, 1);
      now += 1;
    }
    for (uint32_t v : r.values) now += add_costs(cut, vertex, r, {v});
    if (cut.solve() >= now) return;
    claim(r);
    for (const auto& [n, l] : r.nodes)
      if (cut.on_sink_side(vertex[n])) chosen_.emplace(n, l);
  }

  // Adds what the transposes at value v may cost, and returns what they cost now.
  int64_t add_costs(MinCut& cut, const std::unordered_map<uint32_t, MinCut::Vertex>& vertex, const Region& r,
                    ValueId v) const {
    const Shape& shape = g_.type(v).shape;
    const Perm& stored = r.stored.at(v.index);
    int64_t now = 0;
    // `plain` is on the source's side if anybody reads v in the old order, `permuted` on the sink's if
    // anybody reads it permuted.
    const MinCut::Vertex plain = cut.add_vertex(), permuted = cut.add_vertex();
    const auto add_reader = [&](MinCut::Vertex reader) {
      cut.add_edge(reader, plain, MinCut::kInfinite);
      cut.add_edge(permuted, reader, MinCut::kInfinite);
    };
    for (NodeId n : uses_.consumers[v.index]) {
      if (const auto* t = as_transpose(n)) {
        const int64_t from_plain = cost(shape, t->perm);
        const int64_t from_permuted = cost(permute(shape, stored), compose(inverse(stored), t->perm));
        const MinCut::Vertex reader = cut.add_vertex();
        cut.add_edge(reader, MinCut::kSink, from_plain);
        cut.add_edge(MinCut::kSource, reader, from_permuted);
        add_reader(reader);
        now += from_plain;
      } else {
        const auto found = vertex.find(n.index);
        add_reader(found == vertex.end() ? MinCut::kSource : found->second);
      }
    }
    if (uses_.is_output[v.index]) add_reader(MinCut::kSource);

    const auto maker = uses_.producer[v.index];
    if (const auto* t = maker ? as_transpose(*maker) : nullptr) {
      // The transposed value is at hand: either order is made from it.
      const Shape& source = g_.type(g_.node(*maker).inputs[0]).shape;
      cut.add_edge(plain, MinCut::kSink, cost(source, t->perm));
      cut.add_edge(MinCut::kSource, permuted, cost(source, compose(t->perm, stored)));
      return now + cost(source, t->perm);
    }
    const auto found = maker ? vertex.find(maker->index) : vertex.end();
    const MinCut::Vertex made = found == vertex.end() ? MinCut::kSource : found->second;
    cut.add_edge(made, permuted, cost(shape, stored));
    cut.add_edge(plain, made, cost(shape, stored));
    return now;
  }

  // --- Several regions are changed in one round if they and the transposes between them are apart.

  template <class F>
  void for_each_touched(const Region& r, F f) const {
    for (uint32_t v : r.values) {
      f(v);
      if (const auto maker = uses_.producer[v]; maker && as_transpose(*maker))
        f(g_.node(*maker).inputs[0].index);
      for (NodeId n : uses_.consumers[v])
        if (as_transpose(n)) f(g_.node(n).outputs[0].index);
    }
  }
  bool touches_chosen(const Region& r) const {
    bool touches = false;
    for_each_touched(r, [&](uint32_t v) { touches |= claimed_.count(v) > 0; });
    return touches;
  }
  void claim(const Region& r) {
    for_each_touched(r, [&](uint32_t v) { claimed_.insert(v); });
  }

  const Graph& g_;
  const Uses uses_;
  std::unordered_map<uint32_t, std::vector<Perm>> tried_;
  std::unordered_set<uint32_t> claimed_;
  std::unordered_map<uint32_t, Layouts> chosen_;
};

}  // namespace

std::unordered_map<uint32_t, Layouts> choose_layouts(const Graph& g) { return Planner(g).plan(); }

}  // namespace halite::ir
