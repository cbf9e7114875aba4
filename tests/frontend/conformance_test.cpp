// The ONNX project's own tests (Debian: libonnx-testdata), interpreted: each operator with inputs and outputs
// made by its reference implementation. A model is either imported, and then its outputs agree, or refused as
// not supported.
#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "frontend/import.h"
#include "frontend/onnx/tensor_proto.h"
#include "ir/interpret.h"
#include "ir/verify.h"
#include "tests/frontend/make_model.h"
#include "tests/support/npy.h"

using namespace halite;
namespace fs = std::filesystem;

namespace {

const fs::path kData = "/usr/share/libonnx-testdata/data";

enum class Outcome { agrees, unsupported, differs };

/// A NaN agrees with a NaN, an infinity with itself.
bool close(double a, double b) {
  return a == b || (std::isnan(a) && std::isnan(b)) || std::fabs(a - b) <= 1e-5 + 1e-3 * std::fabs(b);
}

std::string compare(const ir::Tensor& found, const ir::Tensor& golden) {
  if (found.type() != golden.type())
    return to_string(found.type()) + " instead of " + to_string(golden.type());
  for (int64_t i = 0; i < golden.type().elements(); ++i)
    if (!close(found.at(i), golden.at(i)))
      return "element " + std::to_string(i) + " is " + std::to_string(found.at(i)) + " instead of " +
             std::to_string(golden.at(i));
  return {};
}

/// The inputs that the model wants from outside, in its order.
std::vector<std::string> input_names(const fs::path& model) {
  ::onnx::ModelProto proto;
  const auto bytes = test::read_bytes(model);
  proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
  std::set<std::string> initialized;
  for (const auto& tensor : proto.graph().initializer()) initialized.insert(tensor.name());
  std::vector<std::string> names;
  for (const auto& input : proto.graph().input())
    if (!initialized.count(input.name())) names.push_back(input.name());
  return names;
}

using Tensors = std::map<std::string, ir::Tensor>;

std::string interpret_case(const ir::Graph& graph, const Tensors& values, const fs::path& data) {
  std::vector<ir::Tensor> inputs;
  for (const auto id : graph.inputs) inputs.push_back(values.at(graph.value(id).name));
  const auto outputs = ir::interpret(graph, inputs);
  if (!outputs) return to_string(outputs.error());
  for (size_t i = 0; i < outputs->size(); ++i) {
    const auto golden =
        frontend::read_tensor_pb(test::read_bytes(data / ("output_" + std::to_string(i) + ".pb")));
    if (!golden) return to_string(golden.error());
    if (const auto difference = compare((*outputs)[i], *golden); !difference.empty()) return difference;
  }
  return {};
}

/// Shapes, axes and sizes come as inputs in these tests. They must be known to the compiler, so that if a
/// model is refused for one, it is tried again with all inputs but the first known, and then with all of
/// them.
Outcome run(const fs::path& folder, std::string& why) {
  const auto names = input_names(folder / "model.onnx");
  Tensors values;
  for (size_t i = 0; i < names.size(); ++i) {
    auto tensor = frontend::read_tensor_pb(
        test::read_bytes(folder / "test_data_set_0" / ("input_" + std::to_string(i) + ".pb")));
    if (tensor) values.emplace(names[i], *std::move(tensor));
  }
  frontend::ImportOptions options;
  for (const auto& [name, value] : values) options.input_shapes.emplace(name, value.type().shape);
  for (size_t known_from : {names.size(), size_t{1}, size_t{0}}) {
    for (size_t i = known_from; i < names.size(); ++i)
      if (values.count(names[i])) options.constant_inputs.emplace(names[i], values.at(names[i]));
    auto graph = frontend::import_model(folder / "model.onnx", options);
    if (!graph) {
      why = to_string(graph.error());
      if (graph.error().code != ErrorCode::kUnsupported) return Outcome::differs;
      continue;
    }
    const auto valid = ir::verify(*graph);
    why = valid ? interpret_case(*graph, values, folder / "test_data_set_0") : to_string(valid.error());
    return why.empty() ? Outcome::agrees : Outcome::differs;
  }
  return Outcome::unsupported;
}

/// Runs every test of a folder. Those in `excepted` may end as they like; at least `floor` must agree.
void check_folder(const std::string& name, int floor, const std::set<std::string>& excepted) {
  if (!fs::exists(kData / name)) {
    MESSAGE("skipped: libonnx-testdata is not installed");
    return;
  }
  int agreed = 0;
  std::vector<fs::path> folders(fs::directory_iterator(kData / name), fs::directory_iterator{});
  std::sort(folders.begin(), folders.end());
  for (const auto& folder : folders) {
    if (!fs::exists(folder / "model.onnx")) continue;
    const std::string test = folder.filename().string();
    std::string why;
    const Outcome outcome = run(folder, why);
    agreed += outcome == Outcome::agrees;
    if (std::getenv("HALITE_CONFORMANCE_LIST") && outcome != Outcome::agrees)
      std::printf("%s %s: %s\n", outcome == Outcome::unsupported ? "unsupported" : "DIFFERS", test.c_str(),
                  why.c_str());
    if (excepted.count(test)) continue;
    CHECK_MESSAGE(outcome != Outcome::differs, test, ": ", why);
  }
  MESSAGE(name, ": ", agreed, " of ", folders.size(), " agree");
  CHECK(agreed >= floor);
}

}  // namespace

TEST_CASE("the operators agree with ONNX's own tests") {
  std::set<std::string> excepted{"test_if_opt", "test_if_seq"};
  // The suite keeps bfloat16 as uint16; tests/conformance makes of it what the models declare.
  for (const char* op : {"cast", "castlike"})
    for (const char* types : {"_BFLOAT16_to_FLOAT", "_FLOAT_to_BFLOAT16"})
      for (const char* form : {"", "_expanded"}) excepted.insert(std::string("test_") + op + types + form);
  check_folder("node", 873, excepted);
}
TEST_CASE("models converted from PyTorch agree with ONNX's own tests") {
  check_folder("pytorch-converted", 82, {});
}
TEST_CASE("PyTorch's operators agree with ONNX's own tests") { check_folder("pytorch-operator", 35, {}); }
TEST_CASE("the simple models agree with ONNX's own tests") { check_folder("simple", 15, {}); }
