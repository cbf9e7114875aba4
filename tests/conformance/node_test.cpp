// Loads a conformance test, makes inputs constant where needed, runs it and compares.
#include "tests/conformance/node_test.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <optional>
#include <set>

#include "frontend/onnx/import.h"
#include "frontend/onnx/tensor_proto.h"
#include "tests/conformance/not_served.h"
#include "tests/conformance/sequences.h"
#include "tools/compare.h"

namespace halite::conformance {
namespace {

namespace fs = std::filesystem;
using ir::Tensor;

constexpr tools::Tolerance kReal{1e-3, 1e-7}, kExact{0, 0};

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

/// Without the inputs that are initializers too, as models of old list them: the data has no files for those.
onnx::ModelProto read_model(const NodeTest& test) {
  onnx::ModelProto model;
  model.ParseFromString(read_file(test.directory / "model.onnx"));
  std::set<std::string> constant;
  for (const auto& initializer : model.graph().initializer()) constant.insert(initializer.name());
  auto& inputs = *model.mutable_graph()->mutable_input();
  const auto end =
      std::remove_if(inputs.begin(), inputs.end(), [&](const auto& i) { return constant.count(i.name()); });
  inputs.erase(end, inputs.end());
  return model;
}

/// PREFIX_0.pb, PREFIX_1.pb, ...
std::vector<std::string> read_files(const fs::path& directory, const std::string& prefix) {
  std::vector<std::string> files;
  for (int i = 0;; ++i) {
    const fs::path path = directory / (prefix + "_" + std::to_string(i) + ".pb");
    if (!fs::exists(path)) return files;
    files.push_back(read_file(path));
  }
}

/// The suite keeps bfloat16 as uint16.
void restore_bf16(onnx::TensorProto& tensor, const onnx::ValueInfoProto& declared) {
  if (declared.type().tensor_type().elem_type() == onnx::TensorProto::BFLOAT16 &&
      tensor.data_type() == onnx::TensorProto::UINT16)
    tensor.set_data_type(onnx::TensorProto::BFLOAT16);
}

Result<std::vector<Tensor>> values_of(const std::vector<onnx::TensorProto>& messages) {
  std::vector<Tensor> tensors;
  for (const auto& message : messages) {
    auto tensor = frontend::read_tensor(message);
    if (!tensor) return tensor.error();
    tensors.push_back(std::move(*tensor));
  }
  return tensors;
}

struct DataSet {
  std::vector<onnx::TensorProto> inputs;
  std::vector<Tensor> input_values, outputs;
};

/// The data, and the model with tensors for inputs.
Result<std::vector<DataSet>> read_data(const NodeTest& test, onnx::ModelProto& model) {
  std::vector<DataSet> sets;
  const onnx::ModelProto original = model;
  for (int i = 0;; ++i) {
    const fs::path directory = test.directory / ("test_data_set_" + std::to_string(i));
    if (!fs::exists(directory)) return sets;
    model = original;
    DataSet set{flatten_inputs(model, read_files(directory, "input")), {}, {}};
    std::vector<onnx::TensorProto> wanted;
    for (int k = 0; k < std::min<int>(model.graph().input_size(), static_cast<int>(set.inputs.size())); ++k)
      restore_bf16(set.inputs[k], model.graph().input(k));
    const auto files = read_files(directory, "output");
    for (size_t k = 0; k < files.size() && static_cast<int>(k) < model.graph().output_size(); ++k)
      for (auto& tensor : read_elements(model.graph().output(static_cast<int>(k)).type(), files[k])) {
        restore_bf16(tensor, model.graph().output(static_cast<int>(k)));
        wanted.push_back(std::move(tensor));
      }
    auto inputs = values_of(set.inputs), outputs = values_of(wanted);
    if (!inputs) return inputs.error();
    if (!outputs) return outputs.error();
    set.input_values = std::move(*inputs);
    set.outputs = std::move(*outputs);
    sets.push_back(std::move(set));
  }
}

// Which inputs become constants, in the order in which this is tried.
constexpr std::array kFreezes{"", "integers", "parameters", "everything"};

std::set<int> frozen(size_t freeze, const DataSet& set) {
  std::set<int> result;
  for (int i = 0; i < static_cast<int>(set.inputs.size()); ++i) {
    const auto& t = set.inputs[i];
    const bool integer =
        t.data_type() == onnx::TensorProto::INT64 || t.data_type() == onnx::TensorProto::INT32;
    const bool by_kind[] = {false, integer && t.dims_size() <= 1, i > 0, true};
    if (by_kind[freeze]) result.insert(i);
  }
  return result;
}

/// The model with those inputs as initializers.
std::string freeze_inputs(onnx::ModelProto model, const std::set<int>& indices, const DataSet& set) {
  auto& graph = *model.mutable_graph();
  for (auto i = indices.rbegin(); i != indices.rend(); ++i) {
    auto& initializer = *graph.add_initializer();
    initializer = set.inputs[*i];
    initializer.set_name(graph.input(*i).name());
    graph.mutable_input()->DeleteSubrange(*i, 1);
  }
  return model.SerializeAsString();
}

/// Empty if equal within tolerance.
std::string difference(const std::vector<Tensor>& got, const std::vector<Tensor>& want) {
  if (got.size() < want.size())
    return "gives " + std::to_string(got.size()) + " outputs, expected " + std::to_string(want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    const std::string which = "output " + std::to_string(i);
    if (got[i].type().dtype != want[i].type().dtype || got[i].type().shape != want[i].type().shape)
      return which + " is " + to_string(got[i].type()) + ", expected " + to_string(want[i].type());
    const auto d = tools::compare(got[i], want[i], ir::is_float(want[i].type().dtype) ? kReal : kExact);
    if (d.count > 0)
      return which + ": " + std::to_string(d.count) + " of " + std::to_string(d.elements) +
             " differ, first " + tools::index_text(d.first, want[i].type().shape) + " is " +
             std::to_string(d.got) + ", expected " + std::to_string(d.want);
  }
  return {};
}

std::string run_data_set(const ir::Graph& graph, const Engine& engine, const DataSet& set,
                         const std::set<int>& constant) {
  std::vector<Tensor> inputs;
  for (int i = 0; i < static_cast<int>(set.input_values.size()); ++i)
    if (!constant.count(i)) inputs.push_back(set.input_values[i]);
  auto outputs = run_graph(graph, engine, inputs);
  return outputs ? difference(*outputs, set.outputs) : to_string(outputs.error());
}

/// Axes that a model leaves free are as long as in the data.
frontend::ImportOptions shapes_of(const onnx::ModelProto& model, const std::set<int>& constant,
                                  const DataSet& set) {
  frontend::ImportOptions options;
  for (int i = 0; i < model.graph().input_size(); ++i)
    if (!constant.count(i))
      options.input_shapes[model.graph().input(i).name()] = set.input_values[i].type().shape;
  return options;
}

/// Some data is not what the model declares, or was not rounded as ONNX rounds (not_served.cpp), which says
/// nothing about a compiler.
std::string data_mismatch(const onnx::ModelProto& model, const DataSet& set) {
  const auto& graph = model.graph();
  if (graph.input_size() != static_cast<int>(set.inputs.size()))
    return "the data has not a file for each input";
  for (int i = 0; i < graph.input_size(); ++i)
    if (graph.input(i).type().tensor_type().elem_type() != set.inputs[i].data_type())
      return "data of input " + std::to_string(i) + " is not of the declared type";
  for (const auto& output : graph.output())
    if (output.type().tensor_type().elem_type() == onnx::TensorProto::BFLOAT16) return "gives bfloat16";
  return {};
}

Outcome run_sets(const onnx::ModelProto& model, const Engine& engine, const std::vector<DataSet>& sets) {
  if (auto why = data_mismatch(model, sets[0]); !why.empty()) return {Status::unsupported, why};
  std::optional<Error> refusal;
  std::set<int> tried{-1};
  for (size_t freeze = 0; freeze < kFreezes.size(); ++freeze) {
    const std::set<int> constant = frozen(freeze, sets[0]);
    if (constant == tried || (!constant.empty() && sets.size() > 1)) continue;
    tried = constant;
    const std::string bytes = freeze_inputs(model, constant, sets[0]);
    const auto graph = frontend::import_onnx(bytes_of(bytes), shapes_of(model, constant, sets[0]));
    if (!graph) {
      if (!refusal) refusal = graph.error();
      continue;
    }
    for (const DataSet& set : sets)
      if (auto why = run_data_set(*graph, engine, set, constant); !why.empty()) return {Status::failed, why};
    return {Status::passed, kFreezes[freeze]};
  }
  return {refusal->code == ErrorCode::kUnsupported ? Status::unsupported : Status::failed,
          to_string(*refusal)};
}

}  // namespace

std::vector<NodeTest> find_tests(const fs::path& root) {
  std::vector<NodeTest> tests;
  std::map<std::string, std::string> ops;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.path().filename() != "model.onnx" ||
        !fs::exists(entry.path().parent_path() / "test_data_set_0"))
      continue;
    const fs::path directory = entry.path().parent_path();
    NodeTest test{directory.lexically_relative(root).string(), "several", directory};
    const auto model = read_model(test);
    if (model.graph().node_size() == 1) test.op = ops[test.name] = model.graph().node(0).op_type();
    tests.push_back(std::move(test));
  }
  for (NodeTest& test : tests)
    if (const size_t end = test.name.find("_expanded"); end != std::string::npos)
      if (auto whole = ops.find(test.name.substr(0, end)); whole != ops.end()) test.op = whole->second;
  std::ranges::sort(tests, {}, &NodeTest::name);
  return tests;
}

Outcome run(const NodeTest& test, const Engine& engine) try {
  onnx::ModelProto model = read_model(test);
  const auto sets = read_data(test, model);
  const Outcome outcome = sets ? run_sets(model, engine, *sets)
                               : Outcome{Status::unsupported, "data: " + to_string(sets.error())};
  if (outcome.status != Status::unsupported) return outcome;
  const std::string why = why_not_served(model);
  return why.empty() ? outcome : Outcome{Status::not_served, why};
} catch (const std::exception& e) {
  return {Status::failed, e.what()};
}

}  // namespace halite::conformance
