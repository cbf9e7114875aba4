// Branches and loops that run at run time (ir/ops/branch.h, ir/ops/loop.h). A body is tried as a graph of its
// own; where that cannot be (it makes sequences, changes shapes, or needs the number of its iteration to be
// known), the graph is as it was before, and the caller falls back on computing both branches or on
// unrolling.
#include "frontend/onnx/control_run.h"

#include <algorithm>

#include "frontend/cut.h"
#include "frontend/onnx/walk.h"

namespace halite::frontend {
namespace {

/// The model's own mistake, which no other way of importing mends.
struct BadBody {
  Error error;
};

std::vector<V> values_of_slots(const OnnxSlots& slots) {
  std::vector<V> values;
  for (const OnnxSlot& slot : slots) {
    if (slot.kind != OnnxSlot::Kind::value) throw NoBody{};
    values.push_back(slot.value);
  }
  return values;
}

OnnxSlots slots_of(const std::vector<V>& values) {
  OnnxSlots slots;
  for (const V v : values) slots.push_back(OnnxSlot::of(v));
  return slots;
}

}  // namespace

int64_t count_nodes(const OnnxGraph& graph) {
  auto count = static_cast<int64_t>(graph.nodes.size());
  for (const OnnxNode& node : graph.nodes)
    for (const auto& [name, attribute] : node.attributes)
      if (const auto* nested = std::get_if<std::shared_ptr<OnnxGraph>>(&attribute))
        count += count_nodes(**nested);
  return count;
}

bool is_short(const OnnxGraph& body, int64_t iterations) {
  constexpr int64_t kMostNodes = 512;
  return iterations <= kMostNodes / std::max<int64_t>(count_nodes(body), 1);
}

std::optional<OnnxSlots> OnnxWalk::try_build(const std::function<OnnxSlots()>& build, Result<void>& result) {
  const size_t named = names.size();
  const Refusals before = refusals;
  Cut mark(b_.graph());
  try {
    return build();
  } catch (const NoBody&) {
  } catch (const Rejected&) {
  } catch (const BadBody& bad) {
    result = bad.error;
  }
  mark.undo();
  names.resize(named);
  refusals = before;
  return {};
}

std::vector<V> OnnxWalk::body_values(const Site& site, const OnnxGraph& body, const OnnxSlots& inputs) {
  const size_t named = names.size();
  auto outputs = run_body(site, body, inputs);
  names.resize(named);  // what they name goes into a graph of its own
  if (!outputs) throw BadBody{outputs.error()};
  if (!*outputs) throw NoBody{};
  return values_of_slots(**outputs);
}

std::optional<OnnxSlots> OnnxWalk::run_branch(const Site& site, V condition, const OnnxGraph& yes,
                                              const OnnxGraph& no, Result<void>& result) {
  return try_build(
      [&] {
        return slots_of(b_.branch(
            condition, [&] { return body_values(site, yes, {}); },
            [&] { return body_values(site, no, {}); }));
      },
      result);
}

std::optional<OnnxSlots> OnnxWalk::run_loop(const Site& site, const OnnxGraph& body,
                                            const Builder::LoopStart& start, Result<void>& result) {
  const size_t values = start.carried.size();
  const bool counted = start.limit != INT64_MAX;
  const auto always = [&](std::optional<V> condition) {
    return !condition || (b_.constant(*condition) && b_.constant(*condition)->at(0) != 0);
  };
  return try_build(
      [&] {
        return slots_of(b_.loop(start, [&](V iteration, const std::vector<V>& carried) {
          OnnxSlots inputs{OnnxSlot::of(iteration), OnnxSlot::of(b_.scalar(1, DType::boolean))};
          for (const V v : carried) inputs.push_back(OnnxSlot::of(v));
          const auto made = body_values(site, body, inputs);
          if (b_.dtype(made[0]) != DType::boolean || b_.type(made[0]).elements() != 1) throw NoBody{};
          const auto behind = made.begin() + 1 + static_cast<std::ptrdiff_t>(values);
          Builder::LoopStep step{{made.begin() + 1, behind}, {behind, made.end()}, made[0]};
          // How many rows there are must be known.
          if (!step.stacked.empty() && !(counted && always(start.condition) && always(step.condition)))
            throw NoBody{};
          return step;
        }));
      },
      result);
}

std::optional<OnnxSlots> OnnxWalk::run_scan(const Site& site, const OnnxGraph& body, const ScanPlan& plan,
                                            Result<void>& result) {
  const V steps = b_.scalar(static_cast<double>(plan.steps), DType::i64);
  return try_build(
      [&] {
        auto made =
            b_.loop({steps, plan.steps, plan.states, {}}, [&](V iteration, const std::vector<V>& carried) {
              OnnxSlots inputs = slots_of(carried);
              for (size_t i = 0; i < plan.inputs.size(); ++i) {
                const V last = b_.scalar(static_cast<double>(plan.steps - 1), DType::i64);
                const V at = plan.backward[i] ? b_.sub(last, iteration) : iteration;
                inputs.push_back(OnnxSlot::of(b_.op(ir::Gather{plan.axes[i]}, {plan.inputs[i], at})));
              }
              const auto outputs = body_values(site, body, inputs);
              const auto behind = outputs.begin() + static_cast<std::ptrdiff_t>(carried.size());
              return Builder::LoopStep{{outputs.begin(), behind}, {behind, outputs.end()}, {}};
            });
        for (size_t k = plan.states.size(); k < made.size(); ++k) {
          const size_t out = k - plan.states.size();
          V& stacked = made[k];
          if (plan.out_backward[out]) {
            Axes rows = axis_range(0, plan.steps);
            std::reverse(rows.begin(), rows.end());
            stacked = b_.op(ir::Gather{0}, {stacked, b_.integers(rows)});
          }
          const int64_t axis = normalize_axis(plan.out_axes[out], b_.rank(stacked), "scan_output_axes");
          std::vector<int64_t> perm = axis_range(1, b_.rank(stacked));
          perm.insert(perm.begin() + axis, 0);
          stacked = b_.transpose(stacked, perm);
        }
        return slots_of(made);
      },
      result);
}

}  // namespace halite::frontend
