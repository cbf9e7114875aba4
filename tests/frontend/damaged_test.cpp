// Damaged and hostile models. Whatever the bytes are, the import ends in an Error or in a valid graph; where
// the damage is known, the Error says where it is.
#include <doctest/doctest.h>

#include <functional>
#include <random>

#include "ir/verify.h"
#include "tests/frontend/make_model.h"
#include "tests/support/npy.h"

using namespace halite;
using ::onnx::ModelProto;
using ::onnx::TensorProto;
using test::ModelMaker;

namespace {

std::vector<std::byte> model_bytes(const std::string& name) {
  return test::read_bytes(std::filesystem::path(HALITE_SOURCE_DIR) / "../shared/models" / name /
                          "model.onnx");
}

ModelProto model_proto(const std::string& name) {
  ModelProto proto;
  const auto bytes = model_bytes(name);
  REQUIRE(proto.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
  return proto;
}

void check_survives(std::span<const std::byte> bytes) {
  const auto graph = frontend::import_onnx(bytes);
  if (!graph) {
    CHECK_FALSE(graph.error().message.empty());
    return;
  }
  const auto valid = ir::verify(*graph);
  const std::string why = valid ? "" : to_string(valid.error());
  CHECK_MESSAGE(valid, why);
}

/// The error must hold each of the texts.
void check_error(const Result<ir::Graph>& graph, const std::vector<const char*>& texts) {
  REQUIRE_FALSE(graph);
  const std::string text = to_string(graph.error());
  for (const char* part : texts) CHECK_MESSAGE(text.find(part) != std::string::npos, text, " lacks ", part);
}

struct Damage {
  const char* what;
  std::function<void(ModelProto&)> apply;
  std::vector<const char*> message;
};

::onnx::GraphProto& graph(ModelProto& m) { return *m.mutable_graph(); }
::onnx::NodeProto& node(ModelProto& m, int i) { return *m.mutable_graph()->mutable_node(i); }
TensorProto& weight(ModelProto& m, int i) { return *m.mutable_graph()->mutable_initializer(i); }

}  // namespace

TEST_CASE("a truncated model is an error or a valid graph") {
  for (const char* name : {"mnist_8_onnx", "tiny_vit_synthetic_onnx"}) {
    const auto bytes = model_bytes(name);
    std::mt19937 random(20);
    for (int i = 0; i < 30; ++i) check_survives(std::span(bytes).first(random() % bytes.size()));
  }
}

TEST_CASE("a model with flipped bits is an error or a valid graph") {
  for (const char* name : {"mnist_8_onnx", "tiny_vit_synthetic_onnx", "dtln_1_onnx_f32"}) {
    const auto bytes = model_bytes(name);
    std::mt19937 random(21);
    for (int i = 0; i < 100; ++i) {
      auto damaged = bytes;
      for (int k = 0; k < 1 + i % 7; ++k) damaged[random() % damaged.size()] ^= std::byte(1u << random() % 8);
      CAPTURE(i);
      check_survives(damaged);
    }
  }
}

TEST_CASE("flipped bits in the structure of a model are an error or a valid graph") {
  // Without weights nearly every byte is structure.
  ModelProto proto = model_proto("mnist_8_onnx");
  for (auto& tensor : *proto.mutable_graph()->mutable_initializer())
    if (tensor.data_type() == TensorProto::FLOAT) tensor.clear_float_data(), tensor.set_raw_data("");
  const std::string text = proto.SerializeAsString();
  std::mt19937 random(22);
  for (int i = 0; i < 300; ++i) {
    std::string damaged = text;
    for (int k = 0; k < 1 + i % 3; ++k)
      damaged[random() % damaged.size()] ^= static_cast<char>(1u << random() % 8);
    CAPTURE(i);
    check_survives(std::as_bytes(std::span(damaged)));
  }
}

TEST_CASE("damage that is known is named") {
  const std::vector<Damage> damages = {
      {"no graph", [](ModelProto& m) { m.clear_graph(); }, {"no graph"}},
      {"no outputs", [](ModelProto& m) { graph(m).clear_output(); }, {"no outputs"}},
      {"no nodes",
       [](ModelProto& m) { graph(m).clear_node(); },
       {"output 'Plus214_Output_0'", "no node makes it"}},
      {"no inputs",
       [](ModelProto& m) { graph(m).clear_input(); },
       {"Convolution28", "'Input3' is made by no node"}},
      {"no initializers",
       [](ModelProto& m) { graph(m).clear_initializer(); },
       {"Reshape", "computed at run time"}},
      {"a cycle",
       [](ModelProto& m) { node(m, 2).set_input(0, node(m, 4).output(0)); },
       {"node '", "has a cycle"}},
      {"a node that reads itself",
       [](ModelProto& m) { node(m, 2).set_input(0, node(m, 2).output(0)); },
       {"depends on itself"}},
      {"an undefined input",
       [](ModelProto& m) { node(m, 2).set_input(0, "nowhere"); },
       {"'nowhere' is made by no node"}},
      {"a value made twice",
       [](ModelProto& m) { node(m, 2).set_output(0, node(m, 1).output(0)); },
       {"makes already"}},
      {"an output named like an input",
       [](ModelProto& m) { node(m, 2).set_output(0, "Input3"); },
       {"already an input or initializer"}},
      {"an initializer twice",
       [](ModelProto& m) { *graph(m).add_initializer() = weight(m, 0); },
       {"initializer '", "twice"}},
      {"an input twice",
       [](ModelProto& m) { *graph(m).add_input() = graph(m).input(0); },
       {"input 'Input3'", "twice"}},
      {"an input without a name",
       [](ModelProto& m) { graph(m).mutable_input(0)->clear_name(); },
       {"input", "no name"}},
      {"weights cut off",
       [](ModelProto& m) {
         weight(m, 0).mutable_float_data()->RemoveLast(), weight(m, 0).set_raw_data("ab");
       },
       {"initializer '", "2 bytes of data", "needs"}},
      {"too few values",
       [](ModelProto& m) {
         weight(m, 0).clear_raw_data(), weight(m, 0).clear_float_data(), weight(m, 0).add_float_data(1);
       },
       {"initializer '", "1 values of data", "needs"}},
      {"huge weights",
       [](ModelProto& m) { weight(m, 0).set_dims(0, INT64_MAX); },
       {"initializer '", "is not that of a tensor"}},
      {"large weights",
       [](ModelProto& m) { weight(m, 0).set_dims(0, 1 << 30); },
       {"initializer '", "the file is damaged"}},
      {"negative extent of weights",
       [](ModelProto& m) { weight(m, 0).set_dims(0, -3); },
       {"initializer '", "is not that of a tensor"}},
      {"weights without a type",
       [](ModelProto& m) { weight(m, 0).clear_data_type(); },
       {"initializer '", "no element type"}},
      {"segmented weights",
       [](ModelProto& m) { weight(m, 0).mutable_segment()->set_begin(0); },
       {"stored in segments"}},
      {"a huge input",
       [](ModelProto& m) {
         graph(m)
             .mutable_input(0)
             ->mutable_type()
             ->mutable_tensor_type()
             ->mutable_shape()
             ->mutable_dim(2)
             ->set_dim_value(1ll << 40);
       },
       {"input 'Input3'", "at most 2147483647 elements"}},
      {"a negative input",
       [](ModelProto& m) {
         graph(m)
             .mutable_input(0)
             ->mutable_type()
             ->mutable_tensor_type()
             ->mutable_shape()
             ->mutable_dim(2)
             ->set_dim_value(-5);
       },
       {"input 'Input3'", "the extent -5"}},
      {"an input without a type",
       [](ModelProto& m) { graph(m).mutable_input(0)->clear_type(); },
       {"input 'Input3'", "no type"}},
      {"an input of strings",
       [](ModelProto& m) {
         graph(m).mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(TensorProto::STRING);
       },
       {"input 'Input3'", "STRING"}},
      {"an input of integers",
       [](ModelProto& m) {
         graph(m).mutable_input(0)->mutable_type()->mutable_tensor_type()->set_elem_type(TensorProto::INT32);
       },
       {"Convolution28 (ai.onnx::Conv, 8)", "i32"}},
      {"an input of another rank",
       [](ModelProto& m) {
         graph(m)
             .mutable_input(0)
             ->mutable_type()
             ->mutable_tensor_type()
             ->mutable_shape()
             ->mutable_dim()
             ->RemoveLast();
       },
       {"node 'Convolution28' (Conv)", "ranks must be equal"}},
      {"no operator set",
       [](ModelProto& m) { m.mutable_opset_import(0)->set_version(0); },
       {"node '", "operator set 'ai.onnx'"}},
      {"an output of another type",
       [](ModelProto& m) {
         graph(m).mutable_output(0)->mutable_type()->mutable_tensor_type()->set_elem_type(TensorProto::INT64);
       },
       {"output 'Plus214_Output_0'", "declares it as i64"}},
      {"a missing operand",
       [](ModelProto& m) { node(m, 1).mutable_input()->RemoveLast(); },
       {"node '", "input 1 is missing"}},
      {"an unknown operator",
       [](ModelProto& m) { node(m, 1).set_op_type("Frobnicate"); },
       {"1 node cannot be compiled", "Frobnicate"}},
      {"a group that divides nothing",
       [](ModelProto& m) {
         for (auto& attribute : *node(m, 1).mutable_attribute())
           if (attribute.name() == "group") attribute.set_i(3);
       },
       {"node 'Convolution28' (Conv)", "group is 3"}},
  };
  for (const Damage& damage : damages) {
    CAPTURE(damage.what);
    ModelProto proto = model_proto("mnist_8_onnx");
    damage.apply(proto);
    check_error(ModelMaker::import_proto(proto), damage.message);
  }
}

TEST_CASE("every attribute may hold nonsense") {
  for (const char* name : {"mnist_8_onnx", "tiny_vit_synthetic_onnx", "dtln_1_onnx_f32", "yolox_nano_onnx"}) {
    const ModelProto proto = model_proto(name);
    std::mt19937_64 random(23);
    const int64_t nonsense[] = {INT64_MAX, INT64_MIN, -1, 0, 1 << 30, 7};
    for (int i = 0; i < 60; ++i) {
      ModelProto damaged = proto;
      auto& at = node(damaged, static_cast<int>(random() % static_cast<uint64_t>(proto.graph().node_size())));
      if (at.attribute_size() == 0) continue;
      auto& attribute =
          *at.mutable_attribute(static_cast<int>(random() % static_cast<uint64_t>(at.attribute_size())));
      attribute.set_i(nonsense[random() % 6]);
      for (auto& n : *attribute.mutable_ints()) n = nonsense[random() % 6];
      if (random() % 4 == 0)
        attribute.set_type(static_cast<::onnx::AttributeProto::AttributeType>(1 + random() % 8));
      CAPTURE(i);
      CAPTURE(attribute.ShortDebugString());
      const std::string bytes = damaged.SerializePartialAsString();
      check_survives(std::as_bytes(std::span(bytes)));
    }
  }
}

TEST_CASE("every integer constant may hold nonsense") {
  for (const char* name : {"tiny_vit_synthetic_onnx", "dtln_1_onnx_f32", "fastestdet_onnx"}) {
    ModelProto proto = model_proto(name);
    std::mt19937_64 random(24);
    const int64_t nonsense[] = {INT64_MAX, INT64_MIN, -1, 0, 1 << 30, 7, 100000};
    std::vector<int> candidates;
    for (int i = 0; i < proto.graph().initializer_size(); ++i)
      if (proto.graph().initializer(i).data_type() == TensorProto::INT64) candidates.push_back(i);
    REQUIRE_FALSE(candidates.empty());
    for (int i = 0; i < 60; ++i) {
      ModelProto damaged = proto;
      auto& tensor = weight(damaged, candidates[random() % candidates.size()]);
      for (auto& n : *tensor.mutable_int64_data()) n = nonsense[random() % 7];
      for (size_t at = 0; at + 8 <= tensor.raw_data().size(); at += 8)
        std::memcpy(tensor.mutable_raw_data()->data() + at, &nonsense[random() % 7], 8);
      CAPTURE(i);
      const std::string bytes = damaged.SerializePartialAsString();
      check_survives(std::as_bytes(std::span(bytes)));
    }
  }
}
