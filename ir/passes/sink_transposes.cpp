// Decides in which axis order each tensor is stored. Models arrive with every channel-last operator between a
// transpose from the model's order and one back; here the operators in between change over, and transposes
// meet and cancel, until only those remain that are really needed.
//
// layout_regions.h chooses the operators that change over. It ends because each change lowers the number of
// elements moved, or keeps it and moves operators to the side of a convolution or pool (so that they can be
// fused with it), and because rounds are bounded.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "ir/passes/layout_regions.h"
#include "ir/passes/passes.h"
#include "ir/passes/rewrite.h"

namespace halite::ir {
namespace {

// Rebuilds the graph with the chosen nodes on permuted operands.
class Relayout {
 public:
  Relayout(Graph& g, std::unordered_map<uint32_t, Layouts> chosen)
      : uses_(g), chosen_(std::move(chosen)), is_transpose_(transposes_of(g)), r_(g) {}

  void run() {
    uint32_t n = 0;
    r_.run([&](const Node& node) {
      const auto found = chosen_.find(n++);
      if (found != chosen_.end()) {
        compute_permuted(node, found->second);
        return true;
      }
      const auto* t = std::get_if<Transpose>(&node.op);
      return t && read_permuted(node, *t);
    });
  }

 private:
  struct Stored {
    ValueId value;
    Perm perm;
  };
  static std::vector<bool> transposes_of(const Graph& g) {
    std::vector<bool> is;
    for (const Node& node : g.nodes) is.push_back(std::holds_alternative<Transpose>(node.op));
    return is;
  }

  void compute_permuted(const Node& node, const Layouts& l) {
    std::vector<ValueId> inputs;
    for (size_t i = 0; i < node.inputs.size(); ++i) inputs.push_back(stored_as(node.inputs[i], l.inputs[i]));
    const ValueId old = node.outputs[0];
    const ValueId made = r_.emit(node.name, permuted(r_.graph(), node, l), std::move(inputs));
    stored_[old.index].push_back({made, l.output});
    made_permuted_.insert(old.index);
    const auto& readers = uses_.consumers[old.index];
    const bool plain_reader = std::any_of(readers.begin(), readers.end(), [&](NodeId n) {
      return !chosen_.count(n.index) && !is_transpose_[n.index];
    });
    const bool both = plain_reader || r_.is_output(old);
    if (both) r_.define(old, node.name, Transpose{inverse(l.output)}, {made});
    // "conv1.t" for conv1 in another order: the model's own name stays recognisable in dumps and reports.
    const std::string name = r_.graph().value(old).name;
    if (!name.ends_with(".t"))
      r_.rename(made, name + ".t");
    else if (!both)
      r_.swap_names(made, old);
  }

  // v under the permutation p, made if there is none yet.
  ValueId stored_as(ValueId v, const Perm& p) {
    const bool is_plain = p == identity_perm(static_cast<int>(p.size()));
    if (is_plain && !made_permuted_.count(v.index)) return v;
    auto& forms = stored_[v.index];
    for (const Stored& s : forms) {
      const Perm rest = compose(inverse(s.perm), p);
      if (moves_nothing(r_.type(s.value).shape, rest)) return transposed(s.value, rest);
    }
    ValueId result;
    if (made_permuted_.count(v.index))
      result = transposed(forms[0].value, compose(inverse(forms[0].perm), p));
    else if (const auto* t = r_.defined_by<Transpose>(v))
      result = transposed(r_.producer(v)->inputs[0], compose(t->perm, p));
    else
      result = transposed(v, p);
    stored_[v.index].push_back({result, p});
    return result;
  }
  ValueId transposed(ValueId v, const Perm& p) {
    if (p == identity_perm(static_cast<int>(p.size()))) return v;
    return r_.emit(r_.graph().value(v).name, Transpose{p}, {v});
  }

  // A transpose whose operand is there in permuted order reads that, if it must or if that costs nothing.
  bool read_permuted(const Node& node, const Transpose& t) {
    const ValueId v = node.inputs[0];
    auto& forms = stored_[v.index];
    for (const Stored& s : forms) {
      const Perm rest = compose(inverse(s.perm), t.perm);
      if (!moves_nothing(r_.type(s.value).shape, rest)) continue;
      r_.replace(node.outputs[0], transposed(s.value, rest));
      return true;
    }
    if (made_permuted_.count(v.index)) {
      r_.replace(node.outputs[0], transposed(forms[0].value, compose(inverse(forms[0].perm), t.perm)));
      return true;
    }
    forms.push_back({node.outputs[0], t.perm});
    return false;
  }

  const Uses uses_;
  const std::unordered_map<uint32_t, Layouts> chosen_;
  std::vector<bool> is_transpose_;
  Rewriter r_;
  std::unordered_map<uint32_t, std::vector<Stored>> stored_;  // by value: the other orders at hand
  std::unordered_set<uint32_t> made_permuted_;  // values whose own order exists only if somebody reads it
};

}  // namespace

bool sink_transposes(Graph& g) {
  bool changed = false;
  // Each round cancels transposes in many places; a few are enough for any real model.
  for (int round = 0; round < 64; ++round) {
    auto chosen = choose_layouts(g);
    if (chosen.empty()) break;
    Relayout(g, std::move(chosen)).run();
    simplify(g);
    eliminate_dead(g);
    changed = true;
  }
  return changed;
}

}  // namespace halite::ir
