#include "ir/passes/simplify.h"

#include "ir/passes/passes.h"

namespace halite::ir {

bool replace_by(Rewriter& r, const Node& node, ValueId x) {
  const ValueId out = node.outputs[0];
  if (r.type(x).dtype != r.type(out).dtype || r.type(x).rank() != r.type(out).rank()) return false;
  if (r.type(x).shape != r.type(out).shape) x = r.emit(node.name, Broadcast{r.type(out).shape}, {x});
  if (r.type(x) != r.type(out)) return false;
  if (std::holds_alternative<Reshape>(node.op) && !r.replaceable(out, x)) return false;
  r.replace(out, x);
  return true;
}

namespace {

bool simplify_once(Graph& g) {
  Rewriter r(g);
  return r.run([&](const Node& node) {
    if (node.outputs.size() != 1) return false;
    if (const auto* e = std::get_if<Elementwise>(&node.op)) return simplify_elementwise(r, node, *e);
    if (const auto* s = std::get_if<Slice>(&node.op); s && simplify_slice(r, node, *s)) return true;
    if (const auto* h = std::get_if<Reshape>(&node.op); h && simplify_split(r, node, *h)) return true;
    if (const auto* c = std::get_if<Concat>(&node.op); c && simplify_concat(r, node, *c)) return true;
    return simplify_movement(r, node);
  });
}

}  // namespace

bool simplify(Graph& g) {
  // One walk does most, as operands are simplified before their readers; a replacement may itself be
  // simplified in the next.
  int rounds = 0;
  while (rounds < 8 && simplify_once(g)) ++rounds;
  return rounds > 0;
}

}  // namespace halite::ir
