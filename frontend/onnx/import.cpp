// An ONNX file to a graph. The nodes are walked once, in execution order; each is handed to its importer
// (operators.h), functions of the model and branches of a decided If are walked in its place. A node that is
// not supported is noted and what depends on it is passed over, so that the user learns of all such nodes at
// once.
#include "frontend/onnx/import.h"

#include <algorithm>

#include "frontend/names.h"
#include "frontend/onnx/operators.h"
#include "frontend/onnx/scope.h"
#include "frontend/refusals.h"

namespace halite::frontend {
namespace {

/// Functions can call functions; a hostile file could so ask for any number of nodes.
constexpr int kMaxDepth = 32;
constexpr int64_t kMaxNodes = 1'000'000;

class Importer {
 public:
  Importer(const OnnxModel& model, const ImportOptions& options)
      : model_(model), options_(options), b_(graph_) {}

  Result<ir::Graph> run() {
    graph_.name = model_.graph.name;
    Scope scope;
    if (auto done = define_initializers(model_.graph, scope); !done) return done.error();
    if (auto done = define_inputs(scope); !done) return done.error();
    // Nodes that cannot be compiled come before other findings, which they may be the cause of.
    const auto walked = walk(model_.graph.nodes, scope, model_.opsets, 0);
    if (!unsupported_.empty()) return unsupported_.report(options_);
    if (!walked) return walked.error();
    if (auto done = define_outputs(scope); !done) return done.error();
    ir::compact(graph_);
    return std::move(graph_);
  }

 private:
  void note(std::string text) {
    if (options_.notes) options_.notes->push_back(std::move(text));
  }

  Result<void> define_initializers(const OnnxGraph& graph, Scope& scope) {
    for (const auto& [name, tensor] : graph.initializers) {
      const std::string where = "initializer '" + name + "'";
      if (name.empty()) return invalid_model("an initializer has no name");
      if (scope.defines(name)) return invalid_model("its name is there twice", where);
      if (const auto* unreadable = std::get_if<Unreadable>(&tensor)) {
        scope.define(name, std::nullopt);
        unreadable_.emplace(name, unreadable->error);
        continue;
      }
      V value;
      auto made =
          Builder::attempt(where, [&, &t = tensor] { value = b_.constant(std::get<Tensor>(t), "constant"); });
      if (!made) return made.error();
      names_.emplace_back(value, name);
      scope.define(name, value);
    }
    return {};
  }

  /// An input with an initializer is a constant: old files list every weight so.
  Result<void> define_inputs(Scope& scope) {
    std::set<std::string> seen;
    for (const OnnxValue& input : model_.graph.inputs) {
      const std::string where = "input '" + input.name + "'";
      if (input.name.empty()) return invalid_model("an input of the graph has no name");
      if (!seen.insert(input.name).second) return invalid_model("its name is there twice", where);
      if (scope.defines(input.name)) continue;
      if (!input.dtype) return unsupported(input.problem, where);
      if (auto bound = bind_constant(input, scope); !bound) return bound.error();
      if (scope.defines(input.name)) continue;
      const auto shape = shape_of(input, where);
      if (!shape) return shape.error();
      V value;
      auto made = Builder::attempt(where, [&] { value = b_.input(input.name, {*input.dtype, *shape, {}}); });
      if (!made) return made.error();
      scope.define(input.name, value);
    }
    return check_input_names(options_, {seen.begin(), seen.end()});
  }

  Result<void> bind_constant(const OnnxValue& input, Scope& scope) {
    const auto given = options_.constant_inputs.find(input.name);
    if (given == options_.constant_inputs.end()) return {};
    const Type& type = given->second.type();
    bool fits = type.dtype == *input.dtype && (!input.shape || input.shape->size() == type.shape.size());
    for (size_t i = 0; fits && input.shape && i < type.shape.size(); ++i)
      fits = (*input.shape)[i].extent.value_or(type.shape[i]) == type.shape[i];
    const std::string where = "input '" + input.name + "'";
    if (!fits)
      return Error{ErrorCode::kInvalidInput,
                   "the value given is " + ir::to_string(type) + ", which does not fit", where};
    const V value = b_.constant(given->second, "constant");
    names_.emplace_back(value, input.name);
    scope.define(input.name, value);
    return {};
  }

  Result<Shape> shape_of(const OnnxValue& input, const std::string& where) {
    const auto given = options_.input_shapes.find(input.name);
    if (given == options_.input_shapes.end()) return declared_shape(input, where);
    const Shape& shape = given->second;
    for (const int64_t extent : shape)
      if (extent < 0)
        return Error{ErrorCode::kInvalidInput, "the shape " + ir::to_string(shape) + " is negative", where};
    if (input.shape && input.shape->size() != shape.size())
      return Error{ErrorCode::kInvalidInput,
                   "the shape " + ir::to_string(shape) + " is given, but the model has " +
                       std::to_string(input.shape->size()) + " axes",
                   where};
    for (size_t i = 0; input.shape && i < shape.size(); ++i) {
      const OnnxDim& dim = (*input.shape)[i];
      if (!dim.symbol.empty()) symbols_.emplace(dim.symbol, shape[i]);
      if (dim.extent && *dim.extent != shape[i])
        note(where + ": axis " + std::to_string(i) + " is " + std::to_string(*dim.extent) +
             " in the model and " + std::to_string(shape[i]) + " as given");
    }
    return shape;
  }

  Result<Shape> declared_shape(const OnnxValue& input, const std::string& where) {
    const std::string advice = "; give the shape with --shape " + input.name + "=...";
    if (!input.shape) return invalid_model("the model states no shape" + advice, where);
    Shape shape;
    for (size_t i = 0; i < input.shape->size(); ++i) {
      const OnnxDim& dim = (*input.shape)[i];
      const auto bound = symbols_.find(dim.symbol);
      if (dim.extent && *dim.extent < 0)
        return invalid_model("axis " + std::to_string(i) + " has the extent " + std::to_string(*dim.extent),
                             where);
      if (dim.extent) {
        shape.push_back(*dim.extent);
      } else if (!dim.symbol.empty() && bound != symbols_.end()) {
        shape.push_back(bound->second);
      } else if (i == 0) {
        shape.push_back(1);
        note(where + ": the first axis" + (dim.symbol.empty() ? "" : " ('" + dim.symbol + "')") +
             " is free and was set to 1" + advice + " to change that");
      } else {
        return invalid_model("axis " + std::to_string(i) +
                                 (dim.symbol.empty() ? "" : " ('" + dim.symbol + "')") + " is free" + advice,
                             where);
      }
    }
    return shape;
  }

  Result<void> walk(const std::vector<OnnxNode>& nodes, Scope& scope, const OpsetVersions& opsets,
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

  Result<void> import_node(const OnnxNode& node, Scope& scope, const OpsetVersions& opsets, int depth) {
    const auto version = opsets.find(node.domain);
    const int64_t number = version == opsets.end() ? 0 : version->second;
    const OnnxImporter importer = find_onnx_importer(node.domain, node.op);
    const OnnxFunction* function = find_function(node);
    const bool is_branch = node.domain.empty() && node.op == "If";
    if (!importer && !function && !is_branch) {
      refuse(node, number, "", "the operator is not supported");
      return poison(node, scope);
    }
    if (number < 1 && !function)
      return invalid_model("the model does not say which version of the operator set '" +
                               (node.domain.empty() ? "ai.onnx" : node.domain) + "' it uses",
                           describe(node));
    std::vector<std::optional<V>> inputs;
    bool known = true;
    for (const auto& name : node.inputs) {
      if (name.empty()) {
        inputs.emplace_back();
        continue;
      }
      inputs.push_back(*scope.find(name));
      if (inputs.back()) continue;
      known = false;
      const auto unreadable = unreadable_.find(name);
      if (unreadable != unreadable_.end()) refuse(node, number, name, unreadable->second.message);
    }
    if (!known) return poison(node, scope);
    b_.set_node_name(node.name);
    if (is_branch) return import_branch(node, number, inputs, scope, opsets, depth);
    if (importer) return import_operator(node, number, importer, std::move(inputs), scope);
    return import_function(node, *function, inputs, scope, depth);
  }

  Result<void> import_operator(const OnnxNode& node, int64_t version, OnnxImporter importer,
                               std::vector<std::optional<V>> inputs, Scope& scope) {
    OnnxCall call(b_, node, version, std::move(inputs));
    try {
      const std::vector<V> outputs = importer(call);
      if (const std::string name = call.unread(); !name.empty())
        reject_unsupported("the attribute is not known for this operator", name);
      for (size_t i = 0; i < node.outputs.size(); ++i) {
        if (node.outputs[i].empty()) continue;
        if (i >= outputs.size())
          reject_unsupported("output " + std::to_string(i) + " is not supported", node.outputs[i]);
        define(node.outputs[i], outputs[i], scope);
      }
    } catch (Rejected& rejected) {
      if (rejected.error.code != ErrorCode::kUnsupported) {
        rejected.error.where = describe(node);
        return std::move(rejected.error);
      }
      refuse(node, version, rejected.attribute, rejected.error.message);
      return poison(node, scope);
    }
    return {};
  }

  void define(const std::string& name, V value, Scope& scope) {
    names_.emplace_back(value, name);
    scope.define(name, value);
  }

  const OnnxFunction* find_function(const OnnxNode& node) const {
    for (const auto& function : model_.functions)
      if (function.name == node.op && function.domain == node.domain) return &function;
    return nullptr;
  }

  /// The function's nodes take the place of the call.
  Result<void> import_function(const OnnxNode& node, const OnnxFunction& function,
                               const std::vector<std::optional<V>>& inputs, Scope& scope, int depth) {
    if (inputs.size() > function.inputs.size() || node.outputs.size() > function.outputs.size())
      return invalid_model("it has more inputs or outputs than the function it calls", describe(node));
    Scope inner;
    for (size_t i = 0; i < function.inputs.size(); ++i)
      if (i < inputs.size() && inputs[i]) inner.define(function.inputs[i], inputs[i]);
    std::vector<OnnxNode> body = function.nodes;
    for (OnnxNode& step : body) {
      step.name = node.name + "/" + step.name;
      for (auto& name : step.inputs) {
        const auto formal = std::find(function.inputs.begin(), function.inputs.end(), name);
        if (formal != function.inputs.end() && !inner.defines(name)) name.clear();  // left out by the caller
      }
      for (auto it = step.attributes.begin(); it != step.attributes.end();) {
        const auto* reference = std::get_if<Reference>(&it->second);
        const auto given = reference ? node.attributes.find(reference->name) : node.attributes.end();
        if (reference && given == node.attributes.end()) {
          it = step.attributes.erase(it);
          continue;
        }
        if (reference) it->second = given->second;
        ++it;
      }
    }
    const OpsetVersions& opsets = function.opsets.empty() ? model_.opsets : function.opsets;
    if (auto done = walk(body, inner, opsets, depth + 1); !done) return done.error();
    return take_results(node, function.outputs, inner, scope);
  }

  /// An If whose condition is known is its branch.
  Result<void> import_branch(const OnnxNode& node, int64_t version,
                             const std::vector<std::optional<V>>& inputs, Scope& scope,
                             const OpsetVersions& opsets, int depth) {
    const Tensor* condition = inputs.size() == 1 && inputs[0] ? b_.constant(*inputs[0]) : nullptr;
    if (!condition || condition->type().elements() != 1) {
      refuse(node, version, "cond",
             "its condition is computed at run time; it must follow from constants and shapes");
      return poison(node, scope);
    }
    const auto found = node.attributes.find(condition->at(0) != 0 ? "then_branch" : "else_branch");
    const auto* branch =
        found == node.attributes.end() ? nullptr : std::get_if<std::shared_ptr<OnnxGraph>>(&found->second);
    if (!branch) return invalid_model("the branch that its condition chooses is missing", describe(node));
    Scope inner(&scope);
    if (auto done = define_initializers(**branch, inner); !done) return done.error();
    if (auto done = walk((*branch)->nodes, inner, opsets, depth + 1); !done) return done.error();
    std::vector<std::string> outputs;
    for (const auto& output : (*branch)->outputs) outputs.push_back(output.name);
    return take_results(node, outputs, inner, scope);
  }

  Result<void> take_results(const OnnxNode& node, const std::vector<std::string>& results, const Scope& inner,
                            Scope& scope) {
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      if (node.outputs[i].empty()) continue;
      const std::optional<V>* value = i < results.size() ? inner.find(results[i]) : nullptr;
      if (!value)
        return invalid_model("nothing inside it makes its output '" + node.outputs[i] + "'", describe(node));
      if (*value)
        define(node.outputs[i], **value, scope);
      else
        scope.define(node.outputs[i], std::nullopt);
    }
    return {};
  }

  void refuse(const OnnxNode& node, int64_t version, const std::string& attribute, std::string why) {
    unsupported_.add(
        {node.name,
         (node.domain.empty() ? "ai.onnx" : node.domain) + "::" + node.op + ", " + std::to_string(version),
         attribute, std::move(why)});
  }

  static Result<void> poison(const OnnxNode& node, Scope& scope) {
    for (const auto& name : node.outputs)
      if (!name.empty()) scope.define(name, std::nullopt);
    return {};
  }

  Result<void> define_outputs(const Scope& scope) {
    if (model_.graph.outputs.empty()) return invalid_model("the graph has no outputs");
    ValueNames outputs;
    for (const OnnxValue& output : model_.graph.outputs) {
      const std::string where = "output '" + output.name + "'";
      const std::optional<V>* value = scope.find(output.name);
      if (!value) return invalid_model("no node makes it, and it is no input or initializer", where);
      if (!*value) return unsupported("it is a constant of a kind that is not supported", where);
      if (auto fits = check_output(output, b_.type(**value), where); !fits) return fits.error();
      outputs.emplace_back(**value, output.name);
    }
    return Builder::attempt("outputs", [&] { name_values(b_, outputs, names_); });
  }

  Result<void> check_output(const OnnxValue& declared, const Type& found, const std::string& where) {
    if (declared.dtype && *declared.dtype != found.dtype)
      return invalid_model("the model declares it as " + std::string(ir::to_string(*declared.dtype)) +
                               ", but its nodes make " + ir::to_string(found),
                           where);
    if (!declared.shape) return {};
    bool fits = declared.shape->size() == found.shape.size();
    for (size_t i = 0; fits && i < found.shape.size(); ++i)
      fits = !(*declared.shape)[i].extent || *(*declared.shape)[i].extent == found.shape[i];
    if (!fits)
      note(where + ": the model declares another shape than " + ir::to_string(found) +
           ", which its nodes make");
    return {};
  }

  const OnnxModel& model_;
  const ImportOptions& options_;
  ir::Graph graph_;
  Builder b_;
  ValueNames names_;
  std::map<std::string, int64_t> symbols_;   ///< extents of symbolic axes, from the given shapes
  std::map<std::string, Error> unreadable_;  ///< initializers of kinds that we do not read
  Refusals unsupported_;
  int64_t node_count_ = 0;
};

}  // namespace

Result<ir::Graph> import_onnx(std::span<const std::byte> file_bytes, const ImportOptions& options) {
  const auto model = read_onnx_model(file_bytes, options.directory);
  if (!model) return model.error();
  return Importer(*model, options).run();
}

}  // namespace halite::frontend
