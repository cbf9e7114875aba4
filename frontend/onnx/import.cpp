// An ONNX file to a graph: its inputs, with shapes that the model leaves open and the user states, then its
// nodes (walk.h), then its outputs. An output that is a sequence becomes one output for each element.
#include "frontend/onnx/import.h"

#include <algorithm>
#include <set>

#include "frontend/onnx/walk.h"

namespace halite::frontend {
namespace {

class Importer {
 public:
  Importer(const OnnxModel& model, const ImportOptions& options)
      : model_(model), options_(options), b_(graph_), walk_(model, b_), symbols_(options.axes) {}

  Result<ir::Graph> run() {
    graph_.name = model_.graph.name;
    Scope scope;
    if (auto done = walk_.define_initializers(model_.graph, scope); !done) return done.error();
    if (auto done = define_inputs(scope); !done) return done.error();
    // Nodes that cannot be compiled come before other findings, which they may be the cause of.
    const auto walked = walk_.nodes(model_.graph.nodes, scope, model_.opsets, 0);
    if (!walk_.refusals.empty()) return walk_.refusals.report(options_);
    if (!walked) return walked.error();
    if (auto done = define_outputs(scope); !done) return done.error();
    ir::compact(graph_);
    return std::move(graph_);
  }

 private:
  void note(std::string text) {
    if (options_.notes) options_.notes->push_back(std::move(text));
  }

  /// An input with an initializer is a constant: old files list every weight so.
  Result<void> define_inputs(Scope& scope) {
    std::set<std::string> seen, axes;
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
      for (const OnnxDim& dim : input.shape.value_or(std::vector<OnnxDim>()))
        if (!dim.symbol.empty()) axes.insert(dim.symbol);
      V value;
      auto made = Builder::attempt(where, [&] { value = b_.input(input.name, {*input.dtype, *shape, {}}); });
      if (!made) return made.error();
      scope.define(input.name, OnnxSlot::of(value));
    }
    if (auto fits = check_axis_names(options_, {axes.begin(), axes.end()}); !fits) return fits;
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
    walk_.define(input.name, OnnxSlot::of(value), scope);
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

  Result<void> define_outputs(const Scope& scope) {
    if (model_.graph.outputs.empty()) return invalid_model("the graph has no outputs");
    ValueNames outputs;
    for (const OnnxValue& output : model_.graph.outputs) {
      const std::string where = "output '" + output.name + "'";
      const OnnxSlot* slot = scope.find(output.name);
      if (!slot) return invalid_model("no node makes it, and it is no input or initializer", where);
      switch (slot->kind) {
        case OnnxSlot::Kind::unsupported:
          return unsupported("it is a constant of a kind that is not supported", where);
        case OnnxSlot::Kind::nothing:
          return unsupported("it is an optional that holds nothing", where);
        case OnnxSlot::Kind::sequence:
          if (slot->elements.empty()) return unsupported("it is a sequence without elements", where);
          for (size_t i = 0; i < slot->elements.size(); ++i)
            outputs.emplace_back(slot->elements[i], output.name + "." + std::to_string(i));
          break;
        case OnnxSlot::Kind::value:
          if (slot->narrow)
            return unsupported("it has integers of 4 bits, which only nodes can pass on", where);
          if (auto fits = check_output(output, slot->value, where); !fits) return fits.error();
          outputs.emplace_back(slot->value, output.name);
      }
    }
    return Builder::attempt("outputs", [&] { name_values(b_, outputs, walk_.names); });
  }

  Result<void> check_output(const OnnxValue& declared, V value, const std::string& where) {
    const Type& found = b_.type(value);
    const auto varies = [&](size_t axis) {
      return std::ranges::any_of(b_.extents(value),
                                 [&](const Extent& e) { return e.axis == static_cast<int64_t>(axis); });
    };
    if (declared.dtype && *declared.dtype != found.dtype)
      return invalid_model("the model declares it as " + std::string(ir::to_string(*declared.dtype)) +
                               ", but its nodes make " + ir::to_string(found),
                           where);
    if (!declared.shape) return {};
    bool fits = declared.shape->size() == found.shape.size();
    for (size_t i = 0; fits && i < found.shape.size(); ++i)
      fits = !(*declared.shape)[i].extent || *(*declared.shape)[i].extent == found.shape[i] || varies(i);
    if (!fits)
      note(where + ": the model declares another shape than " + ir::to_string(found) +
           ", which its nodes make");
    return {};
  }

  const OnnxModel& model_;
  const ImportOptions& options_;
  ir::Graph graph_;
  Builder b_;
  OnnxWalk walk_;
  std::map<std::string, int64_t> symbols_;  ///< extents of symbolic axes, as given
};

}  // namespace

Result<ir::Graph> import_onnx(std::span<const std::byte> file_bytes, const ImportOptions& options) {
  const auto model = read_onnx_model(file_bytes, options.directory);
  if (!model) return model.error();
  return Importer(*model, options).run();
}

}  // namespace halite::frontend
