// The walk from file to graph: names, shapes, order, what is not supported, functions, branches, data in
// other files.
#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>

#include "ir/interpret.h"
#include "ir/verify.h"
#include "tests/frontend/make_model.h"

using namespace halite;
using ::onnx::AttributeProto;
using ::onnx::TensorProto;
using test::ModelMaker;
namespace fs = std::filesystem;

namespace {

ir::Graph valid(const Result<ir::Graph>& graph) {
  const std::string problem = graph ? "" : to_string(graph.error());
  REQUIRE_MESSAGE(graph, problem);
  const auto checked = ir::verify(*graph);
  const std::string fault = checked ? "" : to_string(checked.error());
  REQUIRE_MESSAGE(checked, fault);
  return *graph;
}

void check_error(const Result<ir::Graph>& graph, const std::vector<const char*>& texts) {
  REQUIRE_FALSE(graph);
  const std::string text = to_string(graph.error());
  for (const char* part : texts) CHECK_MESSAGE(text.find(part) != std::string::npos, text, " lacks ", part);
}

ModelMaker relu_model() { return ModelMaker().input("x", {2, 3}).node("Relu", {"x"}, {"y"}).output("y"); }

ir::Tensor ramp(ir::Shape shape) {
  ir::Tensor t = ir::Tensor::zeros({ir::DType::f32, std::move(shape), {}});
  for (int64_t i = 0; i < t.type().elements(); ++i) t.set(i, static_cast<double>(i) - 2);
  return t;
}

struct TemporaryFolder {
  TemporaryFolder() : path(fs::temp_directory_path() / ("halite_frontend_" + std::to_string(::getpid()))) {
    fs::create_directories(path / "models");
  }
  ~TemporaryFolder() { fs::remove_all(path); }
  void write(const std::string& name, const std::string& bytes) const {
    std::ofstream(path / name, std::ios::binary) << bytes;
  }
  fs::path path;
};

}  // namespace

TEST_CASE("all nodes that are not supported are reported at once, with the reason") {
  ModelMaker m;
  m.input("x", {1, 2, 8, 8}).node("Frobnicate", {"x"}, {"a"}).node("MaxPool", {"x"}, {"b", "places"});
  m.list("kernel_shape", {32, 32})
      .list("pads", {16, 16, 16, 16})
      .node("Relu", {"a"}, {"c"})
      .node("RandomNormalLike", {"c"}, {"d"})
      .node("Relu", {"x"}, {"e"});
  m.set("colour", int64_t{3}).output("d");
  std::vector<frontend::UnsupportedNode> nodes;
  frontend::ImportOptions options;
  options.unsupported = &nodes;
  check_error(m.import(options), {"4 nodes cannot be compiled", "'ai.onnx::Frobnicate', 'ai.onnx::MaxPool'",
                                  "the first: Frobnicate_1"});
  REQUIRE(nodes.size() == 4);
  CHECK(to_string(nodes[0]) == "Frobnicate_1 (ai.onnx::Frobnicate, 17): the operator is not supported");
  CHECK(to_string(nodes[1]) ==
        "MaxPool_2 (ai.onnx::MaxPool, 17), Indices: places of maxima need windows of at most 256 pixels");
  CHECK(nodes[2].op == "ai.onnx::RandomNormalLike, 17");
  CHECK(nodes[3].attribute == "colour");
  CHECK(nodes[3].why == "the attribute is not known for this operator");
}

TEST_CASE("an operator of another domain is not taken for one of ONNX") {
  ModelMaker m = relu_model();
  m.last().set_domain("com.example");
  m.proto.add_opset_import()->set_domain("com.example");
  m.proto.mutable_opset_import(1)->set_version(1);
  check_error(m.import(), {"com.example::Relu"});
}

TEST_CASE("a free first axis becomes 1 with a note") {
  ModelMaker m = relu_model();
  m.graph()
      .mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->mutable_shape()
      ->mutable_dim(0)
      ->set_dim_param("batch");
  std::vector<std::string> notes;
  frontend::ImportOptions options;
  options.notes = &notes;
  const ir::Graph graph = valid(m.import(options));
  CHECK(graph.type(graph.inputs[0]).shape == ir::Shape{1, 3});
  REQUIRE(notes.size() == 1);
  CHECK(notes[0] ==
        "input 'x': the first axis ('batch') is free and was set to 1; give the shape with --shape x=... to "
        "change that");
}

TEST_CASE("shapes given by the user bind free axes, in all inputs that share them") {
  ModelMaker m;
  m.input("x", {1, 1}).input("y", {1, 1}).node("Add", {"x", "y"}, {"z"}).output("z");
  for (int i : {0, 1}) {
    auto* shape = m.graph().mutable_input(i)->mutable_type()->mutable_tensor_type()->mutable_shape();
    shape->mutable_dim(0)->set_dim_param("n");
    shape->mutable_dim(1)->set_dim_param("m");
  }
  check_error(m.import(), {"input 'x'", "axis 1 ('m') is free", "--shape x="});
  frontend::ImportOptions options;
  options.input_shapes["x"] = {4, 5};
  const ir::Graph graph = valid(m.import(options));
  CHECK(graph.type(graph.outputs[0]).shape == ir::Shape{4, 5});
  CHECK(graph.type(graph.inputs[1]).shape == ir::Shape{4, 5});
  options = {};
  options.axes = {{"n", 6}, {"m", 7}};
  CHECK(valid(m.import(options)).type({0}).shape == ir::Shape{6, 7});
  options.axes["k"] = 1;
  check_error(m.import(options), {"'k' is in no --shape", "names for axes are 'm', 'n'"});
}

TEST_CASE("a shape that does not fit the model is refused") {
  frontend::ImportOptions options;
  options.input_shapes["q"] = {1};
  check_error(relu_model().import(options), {"'q' is given, but the model's inputs are 'x'"});
  options.input_shapes = {{"x", {1, 2, 3}}};
  check_error(relu_model().import(options), {"input 'x'", "[1,2,3]", "the model has 2 axes"});
  options.input_shapes = {{"x", {1, -2}}};
  check_error(relu_model().import(options), {"input 'x'", "is negative"});
  ModelMaker m = relu_model();
  m.graph().mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  check_error(m.import(), {"input 'x'", "states no shape"});
}

TEST_CASE("a fixed axis may be replaced, which is noted") {
  frontend::ImportOptions options;
  std::vector<std::string> notes;
  options.notes = &notes;
  options.input_shapes["x"] = {5, 3};
  CHECK(valid(relu_model().import(options)).nodes.size() == 1);
  REQUIRE_FALSE(notes.empty());
  CHECK(notes[0] == "input 'x': axis 0 is 2 in the model and 5 as given");
}

TEST_CASE("an input can be bound to a constant") {
  ModelMaker m;
  m.input("x", {6})
      .input("shape", {2}, TensorProto::INT64)
      .node("Reshape", {"x", "shape"}, {"y"})
      .output("y");
  check_error(m.import(), {"Reshape_1", "shape is computed at run time"});
  frontend::ImportOptions options;
  const int64_t shape[] = {2, 3};
  options.constant_inputs["shape"] = ir::Tensor::of<int64_t>(shape, {2});
  const ir::Graph graph = valid(m.import(options));
  CHECK(graph.inputs.size() == 1);
  CHECK(graph.type(graph.outputs[0]).shape == ir::Shape{2, 3});
  options.constant_inputs["shape"] = ramp({2});
  check_error(m.import(options), {"input 'shape'", "f32[2], which does not fit"});
}

TEST_CASE("nodes out of order are sorted") {
  ModelMaker m;
  m.input("x", {2}).node("Neg", {"a"}, {"y"}).node("Relu", {"x"}, {"a"}).output("y");
  const ir::Graph graph = valid(m.import());
  REQUIRE(graph.nodes.size() == 2);
  CHECK(graph.nodes[0].name == "Relu_2");
}

TEST_CASE("outputs keep their names when they are inputs, constants or one value twice") {
  ModelMaker m;
  m.input("x", {2}).floats("w", {2}, {1, 2}).node("Relu", {"x"}, {"a"}).node("Identity", {"a"}, {"b"});
  m.node("Identity", {"x"}, {"c"}).output("a").output("b").output("c").output("w").output("x").output("a");
  const ir::Graph graph = valid(m.import());
  std::vector<std::string> names;
  for (const auto id : graph.outputs) names.push_back(graph.value(id).name);
  CHECK(names == std::vector<std::string>{"a", "b", "c", "w", "x", "a"});
  const auto outputs = ir::interpret(graph, std::vector{ramp({2})});
  REQUIRE(outputs);
  CHECK((*outputs)[2].at(0) == -2);
  CHECK((*outputs)[3].at(1) == 2);
}

TEST_CASE("a function of the model takes the place of its call") {
  ModelMaker m;
  m.input("x", {4}).node("Twice", {"x"}, {"y"}).set("slope", 0.5f).output("y");
  m.last().set_domain("own");
  auto* function = m.proto.add_functions();
  function->set_name("Twice");
  function->set_domain("own");
  function->add_input("in");
  function->add_output("out");
  function->add_opset_import()->set_version(17);
  const char* steps[][2] = {{"in", "middle"}, {"middle", "out"}};
  for (const auto& [from, to] : steps) {
    auto* node = function->add_node();
    node->set_op_type("LeakyRelu");
    node->add_input(from);
    node->add_output(to);
    auto* alpha = node->add_attribute();
    alpha->set_name("alpha");
    alpha->set_type(AttributeProto::FLOAT);
    alpha->set_ref_attr_name("slope");
  }
  const auto outputs = ir::interpret(valid(m.import()), std::vector{ramp({4})});
  REQUIRE(outputs);
  CHECK((*outputs)[0].at(0) == -0.5);
  CHECK((*outputs)[0].at(3) == 1);
  // One that calls itself has no end.
  function->mutable_node(0)->set_op_type("Twice");
  function->mutable_node(0)->set_domain("own");
  check_error(m.import(), {"nested without end"});
}

TEST_CASE("an If with a known condition is its branch") {
  ModelMaker m;
  m.input("x", {4})
      .node("Shape", {"x"}, {"s"})
      .integers("four", {4})
      .node("Equal", {"s", "four"}, {"is_four"});
  m.node("If", {"is_four"}, {"y"}).output("y");
  for (const char* branch : {"then_branch", "else_branch"}) {
    auto* attribute = m.last().add_attribute();
    attribute->set_name(branch);
    attribute->set_type(AttributeProto::GRAPH);
    auto* node = attribute->mutable_g()->add_node();
    node->set_op_type(std::string(branch) == "then_branch" ? "Neg" : "Abs");
    node->add_input("x");
    node->add_output("z");
    attribute->mutable_g()->add_output()->set_name("z");
  }
  const auto outputs = ir::interpret(valid(m.import()), std::vector{ramp({4})});
  REQUIRE(outputs);
  CHECK((*outputs)[0].at(0) == 2);
  m.input("condition", {2}, TensorProto::BOOL).last().set_input(0, "condition");
  check_error(m.import(), {"cond must be one boolean"});
}

TEST_CASE("names that are no text are made readable") {
  ModelMaker m;
  m.input("x\xff\n", {2}).node("Relu", {"x\xff\n"}, {"y"}).output("y");
  const ir::Graph graph = valid(m.import());
  CHECK(graph.value(graph.inputs[0]).name == "x\\xff\\x0a");
}

TEST_CASE("weights are read from the file beside the model, and from nowhere else") {
  TemporaryFolder folder;
  const float values[] = {0, 1, 2, 3};
  const std::string bytes(reinterpret_cast<const char*>(values), sizeof values);
  folder.write("secret.bin", bytes);
  folder.write("models/w.bin", bytes);
  ModelMaker m;
  m.input("x", {2}).floats("w", {2}, {}).node("Add", {"x", "w"}, {"y"}).output("y");
  auto* weights = m.graph().mutable_initializer(0);
  weights->set_data_location(TensorProto::EXTERNAL);
  const auto import_with = [&](const std::string& location, const std::string& offset,
                               const std::string& length) {
    weights->clear_external_data();
    const std::pair<const char*, std::string> entries[] = {
        {"location", location}, {"offset", offset}, {"length", length}};
    for (const auto& [key, value] : entries) {
      auto* entry = weights->add_external_data();
      entry->set_key(key);
      entry->set_value(value);
    }
    folder.write("models/model.onnx", m.proto.SerializeAsString());
    return frontend::import_model(folder.path / "models/model.onnx");
  };
  const auto outputs = ir::interpret(valid(import_with("w.bin", "8", "8")), std::vector{ramp({2})});
  REQUIRE(outputs);
  CHECK((*outputs)[0].at(1) == 2);
  check_error(import_with("../secret.bin", "0", "8"),
              {"initializer 'w'", "not inside the model's directory"});
  check_error(import_with((folder.path / "secret.bin").string(), "0", "8"),
              {"not inside the model's directory"});
  fs::create_symlink(folder.path / "secret.bin", folder.path / "models/link.bin");
  check_error(import_with("link.bin", "0", "8"), {"not inside the model's directory"});
  check_error(import_with("other.bin", "0", "8"), {"'other.bin' is missing beside the model"});
  check_error(import_with("w.bin", "12", "8"), {"'w.bin' has 16 bytes, but the tensor's 8 begin at 12"});
  check_error(import_with("w.bin", "8", "4"), {"4 bytes of data", "needs 8"});
  check_error(import_with("w.bin", "-8", "8"), {"the offset of its external data is not a number"});
  check_error(import_with("", "0", "8"), {"which is not named"});
  CHECK(import_with("w.bin", "8", "8"));
  check_error(m.import(), {"Add_1", "only when the model is given as a file"});
}

TEST_CASE("files that are no model are told apart") {
  TemporaryFolder folder;
  const auto import_bytes = [&](const std::string& bytes) {
    folder.write("model", bytes);
    return frontend::import_model(folder.path / "model");
  };
  check_error(frontend::import_model(folder.path / "none"), {"none", "no such file"});
  check_error(frontend::import_model(folder.path), {"not a file"});
  check_error(import_bytes(""), {"the file is empty"});
  check_error(import_bytes(std::string("\x1c\0\0\0TFL3....", 12)), {"damaged", "TFLite model"});
  check_error(import_bytes("MGBS...."), {"MegEngine model"});
  check_error(import_bytes("GIF89a.."), {"not a model in a format that is known"});
  check_error(import_bytes("\x08\x07\x12\x7f..."), {"not an ONNX model, or is cut off"});
}
