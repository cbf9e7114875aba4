#include "ir/passes/pipeline.h"

#include "ir/passes/passes.h"
#include "ir/verify.h"

namespace halite::ir {
namespace {

void check([[maybe_unused]] const Graph& g, [[maybe_unused]] std::string_view pass) {
#ifndef NDEBUG
  const auto ok = verify(g);
  HALITE_CHECK(ok, std::string(pass) + " broke the graph: " + to_string(ok.error()));
#endif
}

// The graphs of branches and loops, each as a whole graph of its own.
void optimize_regions(Graph& g) {
  for (Node& node : g.nodes) {
    for (Region* region : regions_of(node.op)) {
      Graph inside = *region->graph;
      optimize(inside);
      region->graph = std::make_shared<const Graph>(std::move(inside));
    }
  }
}

}  // namespace

void optimize(Graph& g, const PassObserver& observe) {
  const auto run = [&](std::string_view name, auto pass) {
    const bool changed = pass(g);
    check(g, name);
    if (changed && observe) observe(name, g);
    return changed;
  };
  const auto fold = [](Graph& graph) { return fold_constants(graph); };
  // Quantized regions first, while their weights are still integers.
  bool folded = true;
  for (int round = 0; folded && round < 16; ++round) {
    folded = run("simplify", simplify);
    folded |= run("fold_quantization", fold_quantization);
    folded |= run("eliminate_dead", eliminate_dead);
  }
  // Each round sees what the one before it uncovered; real models settle in two to four. The limit guards
  // against rules that undo each other, which would be a bug but must not hang the compiler.
  bool changed = true;
  for (int round = 0; changed && round < 16; ++round) {
    changed = false;
    // Cheap clean-up first, so that the rest sees canonical operators and constants.
    changed |= run("simplify", simplify);
    changed |= run("fold_constants", fold);
    changed |= run("strengthen", strengthen);
    changed |= run("eliminate_dead", eliminate_dead);
    changed |= run("merge_common", merge_common);
    // From here on values are stored channel last where that helps; scales and pads sit right beside their
    // operator.
    changed |= run("sink_transposes", sink_transposes);
    changed |= run("fold_constants", fold);
    changed |= run("absorb_pads", absorb_pads);
    changed |= run("fold_scales", fold_scales);
    // What is still computed from one byte here is computed in advance.
    changed |= run("tabulate", tabulate);
    changed |= run("simplify_regions", simplify_regions);
    changed |= run("eliminate_dead", eliminate_dead);
  }
  optimize_regions(g);
  if (run("simplify_regions", simplify_regions)) run("eliminate_dead", eliminate_dead);
}

}  // namespace halite::ir
