// Branches and loops. What constants decide is decided here: one branch, or the iterations of a short loop
// one behind the other. What data decides, and long loops, run at run time (control_run.cpp). Where that
// cannot be, both branches are computed and data chooses between their results, and a loop of known length is
// unrolled; if it may end early it keeps its values from there on.
// https://onnx.ai/onnx/operators/onnx__Loop.html
#include <algorithm>

#include "frontend/decompose/movement.h"
#include "frontend/onnx/control_run.h"
#include "frontend/onnx/walk.h"

namespace halite::frontend {
namespace {

constexpr int64_t kMaxIterations = 1024;

V one_boolean(Builder& b, const OnnxSlot& slot, const char* what) {
  if (slot.kind != OnnxSlot::Kind::value || b.dtype(slot.value) != DType::boolean ||
      b.type(slot.value).elements() != 1)
    reject_invalid(std::string(what) + " must be one boolean", what);
  return b.reshape(slot.value, {});
}

/// A list attribute with one number for each of `count` inputs or outputs.
Axes read_list(const OnnxCall& call, const char* name, size_t count) {
  Axes list = call.integers(name).value_or(Axes(count, 0));
  if (list.size() != count)
    reject_invalid(std::string(name) + " has " + std::to_string(list.size()) + " numbers, but " +
                       std::to_string(count) + " are needed",
                   name);
  return list;
}

void expect_arguments(const OnnxGraph& body, size_t inputs, size_t outputs) {
  if (body.inputs.size() != inputs || body.outputs.size() < outputs)
    reject_invalid("its body has " + std::to_string(body.inputs.size()) + " inputs and " +
                       std::to_string(body.outputs.size()) + " outputs, but " + std::to_string(inputs) +
                       " and " + std::to_string(outputs) + " or more are needed",
                   "body");
}

/// What the iterations made, stacked along a new axis. Of no iterations, the body says the type.
V stack(Builder& b, std::vector<V> parts, int64_t axis, const OnnxValue& declared) {
  if (parts.empty()) {
    if (!declared.dtype || !declared.shape)
      reject_unsupported("it runs no iteration, and its body does not state the shape of an output");
    Shape shape{0};
    for (const OnnxDim& dim : *declared.shape) shape.push_back(dim.extent.value_or(0));
    return b.constant(Tensor::zeros({*declared.dtype, std::move(shape), {}}));
  }
  axis = normalize_axis(axis, b.rank(parts[0]) + 1, "scan_output_axes");
  for (V& part : parts) part = b.unsqueeze(part, {axis});
  return b.concat(parts, axis);
}

}  // namespace

const std::map<std::string, OnnxWalk::Step>& OnnxWalk::control() {
  static const std::map<std::string, Step> kSteps = {{"If", &OnnxWalk::import_if},
                                                     {"Loop", &OnnxWalk::import_loop},
                                                     {"Scan", &OnnxWalk::import_scan},
                                                     {"SequenceMap", &OnnxWalk::import_sequence_map}};
  return kSteps;
}

OnnxWalk::Step OnnxWalk::find_control(const OnnxNode& node) {
  const auto found = control().find(node.op);
  return node.domain.empty() && found != control().end() ? found->second : nullptr;
}

std::vector<std::string> OnnxWalk::control_names() {
  std::vector<std::string> names;
  for (const auto& row : control()) names.push_back(row.first);
  return names;
}

Result<std::optional<OnnxSlots>> OnnxWalk::run_body(const Site& site, const OnnxGraph& body,
                                                    const OnnxSlots& inputs) {
  Scope inner(&site.scope);
  if (auto done = define_initializers(body, inner); !done) return done.error();
  for (size_t i = 0; i < inputs.size(); ++i) inner.define(body.inputs[i].name, inputs[i]);
  if (auto done = nodes(body.nodes, inner, site.opsets, site.depth + 1); !done) return done.error();
  b_.set_node_name(site.node.name);
  OnnxSlots results;
  for (const OnnxValue& output : body.outputs) {
    const OnnxSlot* slot = inner.find(output.name);
    if (!slot)
      return invalid_model("nothing inside it makes its output '" + output.name + "'", describe(site.node));
    if (slot->kind == OnnxSlot::Kind::unsupported) return std::optional<OnnxSlots>();
    if (slot->narrow) reject_unsupported("a graph inside it gives integers of 4 bits");
    results.push_back(*slot);
  }
  return std::optional(std::move(results));
}

/// Element by element the one or the other.
OnnxSlots OnnxWalk::join(V condition, const OnnxSlots& yes, const OnnxSlots& no) {
  const auto choose = [&](V a, V b) {
    if (a == b) return a;
    const Type x = b_.type(a), y = b_.type(b);
    if (x != y)
      reject_unsupported("its results are " + ir::to_string(x) + " or " + ir::to_string(y) +
                         ", as data decides; shapes must not depend on data");
    return b_.select(condition, a, b);
  };
  if (yes.size() != no.size()) reject_invalid("its branches have different numbers of outputs");
  OnnxSlots joined;
  for (size_t i = 0; i < yes.size(); ++i) {
    if (yes[i].kind != no[i].kind || yes[i].elements.size() != no[i].elements.size())
      reject_unsupported("whether a result is there, or how long it is, depends on data");
    joined.push_back(yes[i]);
    if (yes[i].kind == OnnxSlot::Kind::value) joined[i].value = choose(yes[i].value, no[i].value);
    for (size_t k = 0; k < yes[i].elements.size(); ++k)
      joined[i].elements[k] = choose(yes[i].elements[k], no[i].elements[k]);
  }
  return joined;
}

Result<void> OnnxWalk::import_if(const Site& site) {
  const OnnxCall call = call_of(site);
  const OnnxGraph &yes = call.graph("then_branch"), &no = call.graph("else_branch");
  if (site.inputs.size() != 1) reject_invalid("it needs one input, the condition", "cond");
  const V condition = one_boolean(b_, site.inputs[0], "cond");
  const auto branch = [&](const OnnxGraph& graph) { return run_body(site, graph, {}); };
  std::optional<OnnxSlots> results;
  if (const Tensor* known = b_.constant(condition)) {
    auto taken = branch(known->at(0) != 0 ? yes : no);
    if (!taken) return taken.error();
    results = *std::move(taken);
  } else {
    Result<void> good;
    results = run_branch(site, condition, yes, no, good);
    if (!good) return good.error();
  }
  if (!results && !b_.constant(condition)) {
    const auto a = branch(yes), b = branch(no);
    if (!a) return a.error();
    if (!b) return b.error();
    if (*a && *b) results = join(condition, **a, **b);
  }
  if (results) return finish(site, *results);
  poison(site.node, site.scope);
  return {};
}

/// The loop's results, one iteration behind the other; nullopt if something in it is not supported. `trips`:
/// at most; none: as long as the condition, which must be known then.
Result<std::optional<OnnxSlots>> OnnxWalk::unroll_loop(const Site& site, const OnnxGraph& body,
                                                       OnnxSlots carried, V condition,
                                                       std::optional<int64_t> trips, Undecided undecided) {
  const size_t values = carried.size();
  std::vector<std::vector<V>> stacked(body.outputs.size() - 1 - values);
  for (int64_t i = 0; i < trips.value_or(INT64_MAX); ++i) {
    const Tensor* known = b_.constant(condition);
    if (known && known->at(0) == 0) break;
    if (!known && undecided == Undecided::leave) throw NoBody{};
    if (!known && !trips)
      reject_unsupported(
          "how often it runs is computed at run time, and its body cannot run then: it must stack nothing, "
          "keep the shapes of what it carries, and know its shapes without the number of the iteration",
          "cond");
    if (!known && !stacked.empty())
      reject_unsupported("it stacks a number of results that is computed at run time", "cond");
    if (i == kMaxIterations)
      reject_unsupported("it runs more than " + std::to_string(kMaxIterations) +
                             " times, and its body cannot run at run time: it would be unrolled",
                         "M");
    OnnxSlots inputs{OnnxSlot::of(b_.scalar(static_cast<double>(i), DType::i64)), OnnxSlot::of(condition)};
    inputs.insert(inputs.end(), carried.begin(), carried.end());
    auto outputs = run_body(site, body, inputs);
    if (!outputs) return outputs.error();
    if (!*outputs) return std::optional<OnnxSlots>();
    const OnnxSlots next((*outputs)->begin() + 1, (*outputs)->begin() + 1 + static_cast<long>(values));
    carried = known ? next : join(condition, next, carried);
    for (size_t k = 0; k < stacked.size(); ++k) {
      const OnnxSlot& result = (**outputs)[1 + values + k];
      if (result.kind != OnnxSlot::Kind::value) reject_invalid("it stacks what is not a tensor", "body");
      stacked[k].push_back(result.value);
    }
    const V again = one_boolean(b_, (**outputs)[0], "the condition that its body makes");
    condition = known ? again : b_.binary(Fn::logical_and, condition, again);
  }
  OnnxSlots results = std::move(carried);
  for (size_t k = 0; k < stacked.size(); ++k)
    results.push_back(OnnxSlot::of(stack(b_, stacked[k], 0, body.outputs[1 + values + k])));
  return std::optional(std::move(results));
}

/// Inputs: the largest number of iterations, whether to begin, the values carried from one to the next.
Result<void> OnnxWalk::import_loop(const Site& site) {
  OnnxCall call = call_of(site);
  const OnnxGraph& body = call.graph("body");
  if (site.inputs.size() < 2) reject_invalid("it needs a trip count and a condition, or both left out");
  const OnnxSlots carried(site.inputs.begin() + 2, site.inputs.end());
  expect_arguments(body, carried.size() + 2, carried.size() + 1);
  const V condition = call.has(1) ? one_boolean(b_, site.inputs[1], "cond") : b_.scalar(1, DType::boolean);
  const bool computed = call.has(0) && !b_.constant(call.in(0));
  if (computed && (b_.dtype(call.in(0)) != DType::i64 || b_.type(call.in(0)).elements() != 1))
    reject_invalid("M must be one integer of 64 bits", "M");
  std::optional<int64_t> trips;
  if (call.has(0) && !computed) trips = call.known_integer(0, "M");

  const bool tensors =
      std::ranges::all_of(carried, [](const OnnxSlot& s) { return s.kind == OnnxSlot::Kind::value; });
  const bool decided = !computed && b_.constant(condition);
  Result<void> good;
  std::optional<OnnxSlots> results;
  if (decided && (!trips || is_short(body, *trips))) {
    const auto unroll = [&] {
      auto unrolled = unroll_loop(site, body, carried, condition, trips, Undecided::leave);
      if (!unrolled || !*unrolled) throw NoBody{};
      return **std::move(unrolled);
    };
    results = try_build(unroll, good);
  }
  if (!results && tensors) {
    const Tensor most = Tensor::of<int64_t>(std::vector<int64_t>{trips.value_or(INT64_MAX)}, {});
    Builder::LoopStart start{computed ? call.in(0) : b_.constant(most), INT64_MAX, {}, condition};
    if (trips) start.limit = std::max<int64_t>(*trips, 0);
    for (const OnnxSlot& slot : carried) start.carried.push_back(slot.value);
    results = run_loop(site, body, start, good);
    if (!good) return good.error();
  }
  if (results) return finish(site, *results);
  if (computed)
    reject_unsupported(
        "how often it runs is computed at run time, and its body cannot run then: it must stack nothing, "
        "keep "
        "the shapes of what it carries, and know its shapes without the number of the iteration",
        "M");
  auto unrolled = unroll_loop(site, body, carried, condition, trips, Undecided::choose);
  if (!unrolled) return unrolled.error();
  if (*unrolled) return finish(site, **unrolled);
  poison(site.node, site.scope);
  return {};
}

/// Inputs: values carried from one iteration to the next, then tensors of which each iteration gets a slice.
/// Version 8 has a batch in front of everything, and lengths before all inputs.
Result<void> OnnxWalk::import_scan(const Site& site) {
  OnnxCall call = call_of(site);
  const OnnxGraph& body = call.graph("body");
  const bool batched = site.version < 9;
  const size_t first = batched ? 1 : 0;
  const auto scanned =
      static_cast<size_t>(std::clamp<int64_t>(call.required_integer("num_scan_inputs"), 0, 1 << 20));
  if (scanned < 1 || site.inputs.size() < scanned + first)
    reject_invalid("num_scan_inputs does not fit its inputs", "num_scan_inputs");
  const size_t states = site.inputs.size() - first - scanned;
  expect_arguments(body, states + scanned, states);
  const size_t made = body.outputs.size() - states;
  const Axes backward = read_list(call, batched ? "directions" : "scan_input_directions", scanned);
  const Axes axes = read_list(call, "scan_input_axes", scanned);
  const Axes out_axes = read_list(call, "scan_output_axes", made);
  const Axes out_backward = read_list(call, "scan_output_directions", made);
  if (batched && call.has(0))
    reject_unsupported("sequences of stated lengths are not supported", "sequence_lens");
  for (size_t i = first; i < site.inputs.size(); ++i)
    if (!call.has(i) || call.rank(i) < (batched ? 1 : 0) + (i >= first + states ? 1 : 0))
      reject_invalid("input " + std::to_string(i) + " must be a tensor with an axis for each iteration");
  const int64_t batches = batched ? call.shape(first)[0] : 1;

  if (!batched) {
    ScanPlan plan{{}, {}, {}, backward, out_axes, out_backward, 0};
    for (size_t i = 0; i < states; ++i) plan.states.push_back(call.in(i));
    bool same = true;
    for (size_t i = 0; i < scanned; ++i) {
      plan.inputs.push_back(call.in(states + i));
      plan.axes.push_back(normalize_axis(axes[i], b_.rank(plan.inputs[i]), "scan_input_axes"));
      const int64_t length = b_.shape(plan.inputs[i])[plan.axes[i]];
      same = same && (i == 0 || length == plan.steps);
      plan.steps = length;
    }
    Result<void> good;
    std::optional<OnnxSlots> made;
    if (same && !is_short(body, plan.steps)) made = run_scan(site, body, plan, good);
    if (!good) return good.error();
    if (made) return finish(site, *made);
  }
  std::vector<std::vector<V>> results(body.outputs.size());  // by output, then batch
  for (int64_t n = 0; n < batches; ++n) {
    const auto of_batch = [&](size_t i) {
      const V x = call.in(i);
      if (batched && b_.shape(x)[0] != batches) reject_invalid("its inputs differ in the batch");
      return batched ? b_.squeeze(b_.slice(x, 0, n, 1), {0}) : x;
    };
    OnnxSlots carried;
    std::vector<V> inputs;
    for (size_t i = 0; i < states; ++i) carried.push_back(OnnxSlot::of(of_batch(first + i)));
    for (size_t i = 0; i < scanned; ++i) inputs.push_back(of_batch(first + states + i));
    std::vector<int64_t> along;
    for (size_t i = 0; i < scanned; ++i)
      along.push_back(normalize_axis(axes[i], b_.rank(inputs[i]), "scan_input_axes"));
    const int64_t steps = b_.shape(inputs[0])[along[0]];
    if (steps > kMaxIterations)
      reject_unsupported("it runs more than " + std::to_string(kMaxIterations) +
                         " times, and its body cannot run at run time: it would be unrolled");
    std::vector<std::vector<V>> stacked(made);
    for (int64_t t = 0; t < steps; ++t) {
      OnnxSlots arguments = carried;
      for (size_t i = 0; i < scanned; ++i) {
        if (b_.shape(inputs[i])[along[i]] != steps) reject_invalid("its scanned inputs differ in length");
        const V slice = b_.slice(inputs[i], along[i], backward[i] ? steps - 1 - t : t, 1);
        arguments.push_back(OnnxSlot::of(b_.squeeze(slice, {along[i]})));
      }
      auto outputs = run_body(site, body, arguments);
      if (!outputs) return outputs.error();
      if (!*outputs) return poison(site.node, site.scope), Result<void>();
      carried.assign((*outputs)->begin(), (*outputs)->begin() + static_cast<long>(states));
      for (size_t k = 0; k < made; ++k) {
        const OnnxSlot& result = (**outputs)[states + k];
        if (result.kind != OnnxSlot::Kind::value) reject_invalid("it stacks what is not a tensor", "body");
        stacked[k].insert(out_backward[k] ? stacked[k].begin() : stacked[k].end(), result.value);
      }
    }
    for (size_t k = 0; k < states; ++k) {
      if (carried[k].kind != OnnxSlot::Kind::value) reject_invalid("its states must be tensors", "body");
      results[k].push_back(carried[k].value);
    }
    for (size_t k = 0; k < made; ++k)
      results[states + k].push_back(stack(b_, stacked[k], out_axes[k], body.outputs[states + k]));
  }
  OnnxSlots outputs;
  for (size_t k = 0; k < results.size(); ++k)
    outputs.push_back(OnnxSlot::of(batched ? stack(b_, results[k], 0, body.outputs[k]) : results[k][0]));
  return finish(site, outputs);
}

/// The body for each element of the first input; further inputs are sequences of the same length, or tensors
/// that every call gets.
Result<void> OnnxWalk::import_sequence_map(const Site& site) {
  const OnnxCall call = call_of(site);
  const OnnxGraph& body = call.graph("body");
  if (site.inputs.empty() || site.inputs[0].kind != OnnxSlot::Kind::sequence)
    reject_invalid("its first input must be a sequence");
  expect_arguments(body, site.inputs.size(), 1);
  const size_t count = site.inputs[0].elements.size();
  std::vector<std::vector<V>> made(body.outputs.size());
  for (size_t i = 0; i < count; ++i) {
    OnnxSlots arguments;
    for (const OnnxSlot& input : site.inputs) {
      if (input.kind == OnnxSlot::Kind::sequence && input.elements.size() != count)
        reject_invalid("its sequences differ in length");
      arguments.push_back(input.kind == OnnxSlot::Kind::sequence ? OnnxSlot::of(input.elements[i]) : input);
    }
    const auto outputs = run_body(site, body, arguments);
    if (!outputs) return outputs.error();
    if (!*outputs) return poison(site.node, site.scope), Result<void>();
    for (size_t k = 0; k < made.size(); ++k) {
      if ((**outputs)[k].kind != OnnxSlot::Kind::value) reject_invalid("its body must make tensors", "body");
      made[k].push_back((**outputs)[k].value);
    }
  }
  OnnxSlots results;
  for (auto& elements : made) results.push_back(OnnxSlot::sequence(std::move(elements)));
  return finish(site, results);
}

}  // namespace halite::frontend
