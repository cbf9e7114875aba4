// Operators that run subgraphs, and variables. Called subgraphs take the place of the call; a branch whose
// condition is computed at run time is a choice between the results of both; a loop is unrolled, so its
// length must follow from constants and shapes.
#include "frontend/tflite/walk.h"
#include "ir/interpret.h"

namespace halite::frontend {
namespace {

using Op = tflite::BuiltinOperator;

constexpr int kMaxIterations = 4096;
/// What initialising variables may touch at compile time.
constexpr int64_t kMaxInitialBytes = int64_t{256} << 20;

template <class T>
const T& options_of(const TfliteNode& node) {
  const T* table = node.table->builtin_options_as<T>();
  if (!table) reject_invalid("its options are missing");
  return *table;
}

void expect_inputs(const TfliteNode& node, size_t count) {
  if (node.inputs.size() < count) reject_invalid("it has too few inputs");
}

/// Runs a graph without inputs; it is small and has no loops.
std::vector<Tensor> evaluate(ir::Graph& graph) {
  int64_t bytes = 0;
  ir::compact(graph);
  for (const auto& value : graph.values) bytes += value.type.bytes();
  if (bytes > kMaxInitialBytes) reject_unsupported("the initial values of its variables are too large");
  for (const auto& node : graph.nodes)
    if (std::holds_alternative<ir::Conv2d>(node.op) || std::holds_alternative<ir::MatMul>(node.op))
      reject_unsupported(
          "the initial values of its variables are computed by convolutions or matrix products");
  auto values = ir::interpret(graph, {});
  if (!values) throw Rejected{values.error(), {}};
  return *std::move(values);
}

}  // namespace

const std::map<Op, TfliteWalk::Step>& TfliteWalk::control() {
  static const std::map<Op, Step> kSteps = {{Op::IF, &TfliteWalk::import_if},
                                            {Op::WHILE, &TfliteWalk::import_while},
                                            {Op::CALL_ONCE, &TfliteWalk::import_call_once},
                                            {Op::CALL, &TfliteWalk::import_called},
                                            {Op::STABLEHLO_COMPOSITE, &TfliteWalk::import_composite},
                                            {Op::VAR_HANDLE, &TfliteWalk::import_variable},
                                            {Op::READ_VARIABLE, &TfliteWalk::import_variable},
                                            {Op::ASSIGN_VARIABLE, &TfliteWalk::import_variable}};
  return kSteps;
}

bool TfliteWalk::import_control(Frame& frame, const TfliteNode& node) {
  const auto found = control().find(node.op);
  if (found == control().end()) return false;
  (this->*found->second)(frame, node);
  return true;
}

std::vector<std::string> TfliteWalk::control_names() {
  std::vector<std::string> names;
  for (const auto& row : control()) names.emplace_back(tflite::EnumNameBuiltinOperator(row.first));
  return names;
}

void TfliteWalk::import_called(Frame& frame, const TfliteNode& node) {
  import_call(frame, node, options_of<tflite::CallOptions>(node).subgraph(), 0);
}

void TfliteWalk::import_composite(Frame& frame, const TfliteNode& node) {
  const auto* options = node.table->builtin_options_2_as<tflite::StableHLOCompositeOptions>();
  if (!options) reject_invalid("its options are missing");
  import_call(frame, node, options->decomposition_subgraph_index(), 0);
}

void TfliteWalk::store_outputs(Frame& frame, const TfliteNode& node, const Slots& values) {
  if (values.size() != node.outputs.size())
    reject_invalid("it has " + std::to_string(node.outputs.size()) + " outputs, but its subgraph has " +
                   std::to_string(values.size()));
  for (size_t i = 0; i < values.size(); ++i) store(frame, node.outputs[i], values[i]);
}

void TfliteWalk::import_call(Frame& frame, const TfliteNode& node, int64_t graph, size_t first_input) {
  Slots inputs = load_inputs(frame, node);
  inputs.erase(inputs.begin(), inputs.begin() + static_cast<long>(first_input));
  store_outputs(frame, node, call(graph, inputs, frame.depth + 1));
}

/// yes where the condition holds, else no.
Slots TfliteWalk::join(V condition, const Slots& yes, const Slots& no) {
  if (yes.size() != no.size()) reject_invalid("its branches have different numbers of outputs");
  const V choice = b_.reshape(condition, {});
  Slots joined;
  for (size_t i = 0; i < yes.size(); ++i) {
    if (yes[i].kind != Slot::Kind::value || no[i].kind != Slot::Kind::value) {
      if (yes[i].kind == Slot::Kind::resource || no[i].kind == Slot::Kind::resource)
        reject_unsupported("it chooses between variables");
      joined.push_back({Slot::Kind::unsupported, {}, {}});
      continue;
    }
    const Type &a = b_.type(yes[i].value), &b = b_.type(no[i].value);
    if (a.dtype != b.dtype || a.shape != b.shape)
      reject_unsupported("its branches give " + ir::to_string(a) + " and " + ir::to_string(b) +
                         "; shapes must not depend on data");
    joined.push_back(yes[i].value == no[i].value ? yes[i]
                                                 : Slot::of(b_.select(choice, yes[i].value, no[i].value)));
  }
  return joined;
}

void TfliteWalk::import_if(Frame& frame, const TfliteNode& node) {
  const auto& options = options_of<tflite::IfOptions>(node);
  expect_inputs(node, 1);
  const Slot condition = load_inputs(frame, node)[0];
  if (condition.kind == Slot::Kind::unsupported) return poison(frame, node);
  if (condition.kind != Slot::Kind::value || b_.dtype(condition.value) != DType::boolean ||
      b_.type(condition.value).elements() != 1)
    reject_invalid("its condition must be one boolean");
  const auto branch = [&](int64_t graph) {
    Slots inputs = load_inputs(frame, node);
    inputs.erase(inputs.begin());
    return call(graph, inputs, frame.depth + 1);
  };
  if (const Tensor* known = b_.constant(condition.value)) {
    const bool yes = known->at(0) != 0;
    return store_outputs(frame, node,
                         branch(yes ? options.then_subgraph_index() : options.else_subgraph_index()));
  }
  const Variables::Values before = variables.values();
  const Slots yes = branch(options.then_subgraph_index());
  const Variables::Values after_yes = variables.values();
  variables.restore(before);
  const Slots no = branch(options.else_subgraph_index());
  const Variables::Values after_no = variables.values();
  // What a variable is behind a branch that does not touch it.
  const auto untouched = [&](const std::string& name, const Type& type) {
    variables.restore(before);
    return variables.read(name, type);
  };
  Variables::Values joined = after_no;
  for (const auto& [name, value] : after_yes) {
    const auto other = after_no.find(name);
    const V otherwise = other != after_no.end() ? other->second : untouched(name, b_.type(value));
    joined[name] = join(condition.value, {Slot::of(value)}, {Slot::of(otherwise)})[0].value;
  }
  for (const auto& [name, value] : after_no)
    if (!after_yes.count(name))
      joined[name] =
          join(condition.value, {Slot::of(untouched(name, b_.type(value)))}, {Slot::of(value)})[0].value;
  variables.restore(std::move(joined));
  store_outputs(frame, node, join(condition.value, yes, no));
}

void TfliteWalk::import_while(Frame& frame, const TfliteNode& node) {
  const auto& options = options_of<tflite::WhileOptions>(node);
  Slots values = load_inputs(frame, node);
  for (int iteration = 0;; ++iteration) {
    if (iteration > kMaxIterations)
      reject_unsupported("it runs more than " + std::to_string(kMaxIterations) + " times");
    const Slots condition = call(options.cond_subgraph_index(), values, frame.depth + 1);
    if (condition.size() != 1) reject_invalid("its condition must be one boolean");
    if (condition[0].kind == Slot::Kind::unsupported) return poison(frame, node);
    const Tensor* known = condition[0].kind == Slot::Kind::value ? b_.constant(condition[0].value) : nullptr;
    if (!known || known->type().elements() != 1)
      reject_unsupported(
          "how often it runs is computed at run time; it must follow from constants and shapes");
    if (known->at(0) == 0) break;
    values = call(options.body_subgraph_index(), values, frame.depth + 1);
  }
  store_outputs(frame, node, values);
}

/// The subgraph runs at compile time; what it assigns are the initial values of variables.
void TfliteWalk::import_call_once(Frame& frame, const TfliteNode& node) {
  ir::Graph graph;
  Builder builder(graph);
  TfliteWalk inner(import_, builder);
  inner.call(options_of<tflite::CallOnceOptions>(node).init_subgraph_index(), {}, frame.depth + 1);
  std::vector<std::string> names;
  for (const auto& [name, value] : inner.variables.values()) {
    names.push_back(name);
    graph.outputs.push_back(value);
  }
  const std::vector<Tensor> values = evaluate(graph);
  for (size_t i = 0; i < names.size(); ++i) variables.set_initial(names[i], values[i]);
}

void TfliteWalk::import_variable(Frame& frame, const TfliteNode& node) {
  if (node.op == Op::VAR_HANDLE) {
    const auto& options = options_of<tflite::VarHandleOptions>(node);
    std::string name;
    if (options.container() && options.container()->size() > 0) name = options.container()->str() + "/";
    if (options.shared_name()) name += options.shared_name()->str();
    if (node.outputs.size() != 1) reject_invalid("it must have one output");
    return store(frame, node.outputs[0], {Slot::Kind::resource, {}, std::move(name)});
  }
  expect_inputs(node, node.op == Op::READ_VARIABLE ? 1 : 2);
  const Slots inputs = load_inputs(frame, node);
  if (inputs[0].kind != Slot::Kind::resource)
    reject_unsupported("which variable it means is computed at run time");
  if (node.op == Op::ASSIGN_VARIABLE) {
    if (inputs[1].kind == Slot::Kind::resource) reject_invalid("it assigns a variable itself");
    if (inputs[1].kind == Slot::Kind::value) variables.assign(inputs[0].variable, inputs[1].value);
    return;
  }
  if (node.outputs.size() != 1) reject_invalid("it must have one output");
  const TfliteTensor& to = frame.graph.tensors[static_cast<size_t>(node.outputs[0])];
  if (!to.dtype || !ir::element_count(to.shape))
    reject_unsupported("the variable is of a type that is not supported");
  const V value = variables.read(inputs[0].variable, {*to.dtype, to.shape, {}});
  if (b_.dtype(value) != *to.dtype)
    reject_invalid("the variable '" + inputs[0].variable + "' is " + ir::to_string(b_.type(value)) +
                   ", but is read as " + std::string(ir::to_string(*to.dtype)));
  store(frame, node.outputs[0], Slot::of(value));
}

}  // namespace halite::frontend
