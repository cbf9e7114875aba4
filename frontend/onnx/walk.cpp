// See walk.h.
#include "frontend/onnx/walk.h"

#include <algorithm>
#include <set>

#include "frontend/onnx/operators.h"
#include "frontend/onnx/sequence.h"
#include "frontend/onnx/standard.h"

namespace halite::frontend {
namespace {

/// Functions can call functions; a hostile file could so ask for any number of nodes.
constexpr int kMaxDepth = 32;
constexpr int64_t kMaxNodes = 1'000'000;

std::vector<std::optional<V>> values_of(const OnnxSlots& slots) {
  std::vector<std::optional<V>> values;
  for (const OnnxSlot& slot : slots)
    values.push_back(slot.kind == OnnxSlot::Kind::value ? std::optional(slot.value) : std::nullopt);
  return values;
}

/// What an attribute is within a call: stated, or the default; null if neither.
const OnnxAttribute* find_value(const OnnxFunction& function, const OnnxNode& call, const std::string& name) {
  for (const auto* values : {&call.attributes, &function.defaults})
    if (const auto found = values->find(name); found != values->end()) return &found->second;
  return nullptr;
}

/// The function's nodes with the caller's attributes in place of references to them, and without the inputs
/// that the caller leaves out.
std::vector<OnnxNode> instantiate(const OnnxFunction& function, const OnnxNode& call, const Scope& inputs) {
  std::vector<OnnxNode> body = function.nodes;
  for (OnnxNode& step : body) {
    step.name = call.name + "/" + step.name;
    for (auto& name : step.inputs) {
      const auto formal = std::find(function.inputs.begin(), function.inputs.end(), name);
      if (formal != function.inputs.end() && !inputs.defines(name)) name.clear();
    }
    for (auto it = step.attributes.begin(); it != step.attributes.end();) {
      const auto* reference = std::get_if<Reference>(&it->second);
      const OnnxAttribute* value = reference ? find_value(function, call, reference->name) : &it->second;
      if (!value) {
        it = step.attributes.erase(it);
        continue;
      }
      if (reference) it->second = OnnxAttribute(*value);
      ++it;
    }
  }
  return body;
}

}  // namespace

Result<void> OnnxWalk::define_initializers(const OnnxGraph& graph, Scope& scope) {
  for (const auto& [name, tensor] : graph.initializers) {
    const std::string where = "initializer '" + name + "'";
    if (name.empty()) return invalid_model("an initializer has no name");
    if (scope.defines(name)) return invalid_model("its name is there twice", where);
    if (const auto* unreadable = std::get_if<Unreadable>(&tensor)) {
      scope.define(name, {});
      unreadable_.emplace(name, unreadable->error);
      continue;
    }
    V value;
    const auto* narrow = std::get_if<Narrow>(&tensor);
    const Tensor& read = narrow ? narrow->tensor : std::get<Tensor>(tensor);
    auto made = Builder::attempt(where, [&] { value = b_.constant(read, "constant"); });
    if (!made) return made.error();
    define(name, OnnxSlot::of(value, narrow), scope);
  }
  return {};
}

void OnnxWalk::define(const std::string& name, OnnxSlot slot, Scope& scope) {
  if (slot.kind == OnnxSlot::Kind::value) names.emplace_back(slot.value, name);
  scope.define(name, std::move(slot));
}

Result<void> OnnxWalk::nodes(const std::vector<OnnxNode>& nodes, Scope& scope, const OpsetVersions& opsets,
                             int depth) {
  if (depth > kMaxDepth) return invalid_model("functions or branches are nested without end");
  const auto order = execution_order(nodes, scope);
  if (!order) return order.error();
  for (const OnnxNode* node : *order) {
    if (++node_count_ > kMaxNodes)
      return Error{ErrorCode::kResource, "the model has more than a million nodes", describe(*node)};
    if (auto done = import_node(*node, scope, opsets, depth); !done) return done.error();
  }
  return {};
}

Result<void> OnnxWalk::import_node(const OnnxNode& node, Scope& scope, const OpsetVersions& opsets,
                                   int depth) {
  const auto found = opsets.find(node.domain);
  const int64_t version = found == opsets.end() ? 0 : found->second;
  const Step control = find_control(node);
  const bool known = control || find_slot_importer(node.domain, node.op) ||
                     find_onnx_importer(node.domain, node.op) || find_function(node) ||
                     is_standard_function(node, version);
  if (!known) {
    refuse(node, version, "", "the operator is not supported");
    poison(node, scope);
    return {};
  }
  if (version < 1 && !find_function(node))
    return invalid_model("the model does not say which version of the operator set '" +
                             (node.domain.empty() ? "ai.onnx" : node.domain) + "' it uses",
                         describe(node));
  auto inputs = load_inputs(node, scope, version);
  if (!inputs) {
    poison(node, scope);
    return {};
  }
  b_.set_node_name(node.name);
  try {
    return dispatch({node, version, *std::move(inputs), scope, opsets, depth}, control);
  } catch (Rejected& rejected) {
    if (rejected.error.code != ErrorCode::kUnsupported) {
      rejected.error.where = describe(node);
      return std::move(rejected.error);
    }
    refuse(node, version, rejected.attribute, rejected.error.message);
    poison(node, scope);
  }
  return {};
}

/// What the node's inputs stand for; nullopt if one of them is not supported.
std::optional<OnnxSlots> OnnxWalk::load_inputs(const OnnxNode& node, const Scope& scope, int64_t version) {
  OnnxSlots inputs;
  bool known = true;
  for (const auto& name : node.inputs) {
    inputs.push_back(name.empty() ? OnnxSlot::nothing() : *scope.find(name));
    if (inputs.back().kind != OnnxSlot::Kind::unsupported) continue;
    known = false;
    const auto unreadable = unreadable_.find(name);
    if (unreadable != unreadable_.end()) refuse(node, version, name, unreadable->second.message);
  }
  return known ? std::optional(std::move(inputs)) : std::nullopt;
}

/// Whether results of an operator that takes integers of 4 bits have as many; nullopt: it does not take them.
static std::optional<bool> keeps_narrow(const OnnxNode& node) {
  static const std::map<std::string_view, bool> kKeeps = {
      {"Cast", false},   {"DequantizeLinear", false}, {"QuantizeLinear", true}, {"Flatten", true},
      {"Gather", true},  {"Identity", true},          {"Reshape", true},        {"Slice", true},
      {"Squeeze", true}, {"Transpose", true},         {"Unsqueeze", true}};
  const auto found = kKeeps.find(node.op);
  return node.domain.empty() && found != kKeeps.end() ? std::optional(found->second) : std::nullopt;
}

/// Whether an operator treats inputs right that are only as long as data decide: it is built of steps that
/// know of extents (frontend/extents.cpp), and uses no extent as a number.
static bool takes_extents(const OnnxNode& node) {
  static const std::set<std::string_view> kTakes = {"Abs",
                                                    "Acos",
                                                    "Acosh",
                                                    "Add",
                                                    "And",
                                                    "ArgMax",
                                                    "ArgMin",
                                                    "Asin",
                                                    "Asinh",
                                                    "Atan",
                                                    "Atanh",
                                                    "BatchNormalization",
                                                    "BitShift",
                                                    "BitwiseAnd",
                                                    "BitwiseNot",
                                                    "BitwiseOr",
                                                    "BitwiseXor",
                                                    "Cast",
                                                    "CastLike",
                                                    "Ceil",
                                                    "Celu",
                                                    "Clip",
                                                    "Concat",
                                                    "Conv",
                                                    "Cos",
                                                    "Cosh",
                                                    "DequantizeLinear",
                                                    "Div",
                                                    "Dropout",
                                                    "Elu",
                                                    "Equal",
                                                    "Erf",
                                                    "Exp",
                                                    "Expand",
                                                    "Flatten",
                                                    "Floor",
                                                    "Gather",
                                                    "GatherElements",
                                                    "GatherND",
                                                    "Gelu",
                                                    "Gemm",
                                                    "Greater",
                                                    "GreaterOrEqual",
                                                    "HardSigmoid",
                                                    "HardSwish",
                                                    "Identity",
                                                    "IsInf",
                                                    "IsNaN",
                                                    "LayerNormalization",
                                                    "LeakyRelu",
                                                    "Less",
                                                    "LessOrEqual",
                                                    "Log",
                                                    "LogSoftmax",
                                                    "MatMul",
                                                    "Max",
                                                    "MaxPool",
                                                    "Mean",
                                                    "Min",
                                                    "Mish",
                                                    "Mod",
                                                    "Mul",
                                                    "Neg",
                                                    "Not",
                                                    "Or",
                                                    "PRelu",
                                                    "Pow",
                                                    "QuantizeLinear",
                                                    "Reciprocal",
                                                    "ReduceL1",
                                                    "ReduceL2",
                                                    "ReduceLogSum",
                                                    "ReduceLogSumExp",
                                                    "ReduceMax",
                                                    "ReduceMean",
                                                    "ReduceMin",
                                                    "ReduceProd",
                                                    "ReduceSum",
                                                    "ReduceSumSquare",
                                                    "Relu",
                                                    "Reshape",
                                                    "RoiAlign",
                                                    "Round",
                                                    "ScatterND",
                                                    "Selu",
                                                    "Shape",
                                                    "Shrink",
                                                    "Sigmoid",
                                                    "Sign",
                                                    "Sin",
                                                    "Sinh",
                                                    "Size",
                                                    "Slice",
                                                    "Softmax",
                                                    "Softplus",
                                                    "Softsign",
                                                    "Split",
                                                    "Sqrt",
                                                    "Squeeze",
                                                    "Sub",
                                                    "Sum",
                                                    "Swish",
                                                    "Tan",
                                                    "Tanh",
                                                    "ThresholdedRelu",
                                                    "Transpose",
                                                    "Unsqueeze",
                                                    "Where",
                                                    "Xor"};
  return node.op.starts_with("Sequence") || node.op.starts_with("Optional") || kTakes.count(node.op) > 0;
}

Result<void> OnnxWalk::dispatch(const Site& site, Step control) {
  if (control) return (this->*control)(site);
  const bool takes =
      takes_extents(site.node) || find_function(site.node) ||
      !find_onnx_importer(site.node.domain, site.node.op);  // a function of operators that decide
  for (const OnnxSlot& slot : site.inputs)
    if (!takes && slot.kind == OnnxSlot::Kind::value && !b_.extents(slot.value).empty())
      reject_unsupported("the extent of its input along axis " +
                         std::to_string(b_.extents(slot.value)[0].axis) +
                         " depends on data, which it does not take");
  const bool narrow = std::ranges::any_of(site.inputs, &OnnxSlot::narrow);
  if (narrow && !keeps_narrow(site.node) && !find_function(site.node))
    reject_unsupported("an input has integers of 4 bits; it does not take them");
  const bool plain = std::ranges::all_of(site.inputs, [&](const OnnxSlot& s) {
    return s.kind == OnnxSlot::Kind::value ||
           (s.kind == OnnxSlot::Kind::nothing && site.node.inputs[&s - site.inputs.data()].empty());
  });
  const OnnxImporter importer = find_onnx_importer(site.node.domain, site.node.op);
  if (importer && plain) return import_operator(site, importer);
  if (const SlotImporter of_slots = find_slot_importer(site.node.domain, site.node.op)) {
    OnnxCall call = call_of(site);
    const OnnxSlots results = of_slots(call, site.inputs);
    if (const std::string name = call.unread(); !name.empty())
      reject_unsupported("the attribute is not known for this operator", name);
    return finish(site, results);
  }
  if (importer) reject_unsupported("an input is a sequence or an empty optional; it takes tensors");
  if (const OnnxFunction* function = find_function(site.node)) return import_function(site, *function);
  std::vector<std::optional<Type>> types;
  for (const auto& value : values_of(site.inputs))
    types.push_back(value ? std::optional(b_.type(*value)) : std::nullopt);
  return import_function(site, standard_function(site.node, site.version, types));
}

Result<void> OnnxWalk::import_operator(const Site& site, OnnxImporter importer) {
  OnnxCall call = call_of(site);
  const std::vector<V> outputs = importer(call);
  if (const std::string name = call.unread(); !name.empty())
    reject_unsupported("the attribute is not known for this operator", name);
  const bool narrow = std::ranges::any_of(site.inputs, &OnnxSlot::narrow) || call.makes_narrow();
  OnnxSlots results;
  for (const V v : outputs) results.push_back(OnnxSlot::of(v, narrow && keeps_narrow(site.node) == true));
  return finish(site, results);
}

OnnxCall OnnxWalk::call_of(const Site& site) const {
  OnnxCall call(b_, site.node, site.version, values_of(site.inputs));
  for (size_t i = 0; i < site.inputs.size(); ++i)
    if (site.inputs[i].narrow) call.narrow.insert(i);
  return call;
}

const OnnxFunction* OnnxWalk::find_function(const OnnxNode& node) const {
  for (const auto& function : model_.functions)
    if (function.name == node.op && function.domain == node.domain) return &function;
  return nullptr;
}

/// The function's nodes take the place of the call.
Result<void> OnnxWalk::import_function(const Site& site, const OnnxFunction& function) {
  const OnnxNode& node = site.node;
  if (site.inputs.size() > function.inputs.size() || node.outputs.size() > function.outputs.size())
    return invalid_model("it has more inputs or outputs than the function it calls", describe(node));
  Scope inner;
  for (size_t i = 0; i < site.inputs.size(); ++i)
    if (!node.inputs[i].empty()) inner.define(function.inputs[i], site.inputs[i]);
  const std::vector<OnnxNode> body = instantiate(function, node, inner);
  const OpsetVersions& opsets = function.opsets.empty() ? model_.opsets : function.opsets;
  if (auto done = nodes(body, inner, opsets, site.depth + 1); !done) return done.error();
  OnnxSlots results;
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    const OnnxSlot* slot = inner.find(function.outputs[i]);
    if (!slot && !node.outputs[i].empty())
      return invalid_model("nothing inside it makes its output '" + node.outputs[i] + "'", describe(node));
    results.push_back(slot ? *slot : OnnxSlot{});
  }
  return finish(site, results);
}

Result<void> OnnxWalk::finish(const Site& site, const OnnxSlots& results) {
  for (size_t i = 0; i < site.node.outputs.size(); ++i) {
    const std::string& name = site.node.outputs[i];
    if (name.empty()) continue;
    if (i >= results.size()) reject_unsupported("output " + std::to_string(i) + " is not supported", name);
    define(name, results[i], site.scope);
  }
  return {};
}

void OnnxWalk::refuse(const OnnxNode& node, int64_t version, const std::string& attribute, std::string why) {
  refusals.add(
      {node.name,
       (node.domain.empty() ? "ai.onnx" : node.domain) + "::" + node.op + ", " + std::to_string(version),
       attribute, std::move(why)});
}

void OnnxWalk::poison(const OnnxNode& node, Scope& scope) {
  for (const auto& name : node.outputs)
    if (!name.empty()) scope.define(name, {});
}

}  // namespace halite::frontend
