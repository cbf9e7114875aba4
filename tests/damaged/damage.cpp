#include "tests/damaged/damage.h"

#include <stdexcept>

namespace halite::test {
namespace {

using onnx::AttributeProto;
using onnx::ModelProto;
using onnx::NodeProto;
using onnx::TensorProto;

constexpr int64_t kHuge = int64_t{1} << 62, kLarge = int64_t{1} << 40;

NodeProto& node(ModelProto& m, const std::string& op, int nth = 0) {
  for (NodeProto& n : *m.mutable_graph()->mutable_node()) {
    if (n.op_type() == op && nth-- == 0) return n;
  }
  throw std::logic_error("the model has no " + op);
}

AttributeProto& attribute(NodeProto& n, const std::string& name, AttributeProto::AttributeType type) {
  for (int i = n.attribute_size(); i-- > 0;) {
    if (n.attribute(i).name() == name) n.mutable_attribute()->DeleteSubrange(i, 1);
  }
  AttributeProto& a = *n.add_attribute();
  a.set_name(name);
  a.set_type(type);
  return a;
}

void set_ints(NodeProto& n, const std::string& name, const std::vector<int64_t>& values) {
  AttributeProto& a = attribute(n, name, AttributeProto::INTS);
  for (const int64_t v : values) a.add_ints(v);
}
void set_int(NodeProto& n, const std::string& name, int64_t value) {
  attribute(n, name, AttributeProto::INT).set_i(value);
}
void remove_attribute(NodeProto& n, const std::string& name) {
  attribute(n, name, AttributeProto::INT);
  n.mutable_attribute()->RemoveLast();
}

// The initializer that input `i` of a node names, or any float one.
TensorProto& initializer(ModelProto& m, const std::string& name) {
  for (TensorProto& t : *m.mutable_graph()->mutable_initializer()) {
    if (t.name() == name) return t;
  }
  throw std::logic_error("no initializer " + name);
}
TensorProto& weights(ModelProto& m) { return initializer(m, node(m, "Conv").input(1)); }

TensorProto& add_initializer(ModelProto& m, const std::string& name, const std::vector<int64_t>& values) {
  TensorProto& t = *m.mutable_graph()->add_initializer();
  t.set_name(name);
  t.set_data_type(TensorProto::INT64);
  t.add_dims(static_cast<int64_t>(values.size()));
  for (const int64_t v : values) t.add_int64_data(v);
  return t;
}

onnx::TypeProto_Tensor& input_type(ModelProto& m) {
  return *m.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type();
}

void set_data(TensorProto& t, const std::string& bytes) {
  t.clear_float_data();
  t.clear_int64_data();
  t.set_raw_data(bytes);
}

void external(ModelProto& m, const std::string& location, const std::string& offset = "0") {
  TensorProto& t = weights(m);
  t.clear_raw_data();
  t.clear_float_data();
  t.set_data_location(TensorProto::EXTERNAL);
  for (const auto& [key, value] :
       {std::pair{"location", location}, {"offset", offset}, {"length", std::string("800")}}) {
    auto* entry = t.add_external_data();
    entry->set_key(key);
    entry->set_value(value);
  }
}

std::vector<Damage> graph_damages() {
  return {
      {"no graph", [](ModelProto& m) { m.clear_graph(); }},
      {"no operator set", [](ModelProto& m) { m.clear_opset_import(); }},
      {"operator set 0", [](ModelProto& m) { m.mutable_opset_import(0)->set_version(0); }},
      {"operator set -1", [](ModelProto& m) { m.mutable_opset_import(0)->set_version(-1); }},
      {"operator set of another domain only",
       [](ModelProto& m) { m.mutable_opset_import(0)->set_domain("com.example"); }},
      {"no outputs", [](ModelProto& m) { m.mutable_graph()->clear_output(); }},
      {"no nodes", [](ModelProto& m) { m.mutable_graph()->clear_node(); }},
      {"an output that nothing makes",
       [](ModelProto& m) { m.mutable_graph()->mutable_output(0)->set_name("nobody"); }},
      {"an output without a name", [](ModelProto& m) { m.mutable_graph()->mutable_output(0)->clear_name(); }},
      {"no inputs", [](ModelProto& m) { m.mutable_graph()->clear_input(); }},
      {"the same input twice", [](ModelProto& m) { *m.mutable_graph()->add_input() = m.graph().input(0); }},
      {"a node that reads what nothing makes", [](ModelProto& m) { node(m, "Relu").set_input(0, "nobody"); }},
      {"a node that reads itself",
       [](ModelProto& m) { node(m, "Relu").set_input(0, node(m, "Relu").output(0)); }},
      {"a cycle of many nodes",
       [](ModelProto& m) { node(m, "Relu").set_input(0, m.graph().output(0).name()); }},
      {"two nodes that make one value",
       [](ModelProto& m) { node(m, "Relu", 1).set_output(0, node(m, "Relu").output(0)); }},
      {"a node that makes an initializer",
       [](ModelProto& m) { node(m, "Relu").set_output(0, weights(m).name()); }},
      {"a node that makes an input",
       [](ModelProto& m) { node(m, "Relu").set_output(0, m.graph().input(0).name()); }},
      {"a node without outputs", [](ModelProto& m) { node(m, "Relu").clear_output(); }},
      {"a node without inputs", [](ModelProto& m) { node(m, "Relu").clear_input(); }},
      {"a node with an empty input", [](ModelProto& m) { node(m, "Relu").set_input(0, ""); }},
      {"a node with too many outputs",
       [](ModelProto& m) {
         for (int i = 0; i < 5; ++i) node(m, "Relu").add_output("x" + std::to_string(i));
       }},
      {"an operator without a name", [](ModelProto& m) { node(m, "Relu").clear_op_type(); }},
      {"an operator that does not exist", [](ModelProto& m) { node(m, "Relu").set_op_type("Rolu"); }},
      {"an operator whose name is control characters",
       [](ModelProto& m) { node(m, "Relu").set_op_type("\x1b[2J\n\xff\xfe"); }},
      {"an operator name of a megabyte",
       [](ModelProto& m) { node(m, "Relu").set_op_type(std::string(1 << 20, 'R')); }},
      {"an operator of an unknown domain", [](ModelProto& m) { node(m, "Relu").set_domain("com.example"); }},
      {"a branch",
       [](ModelProto& m) {
         node(m, "Relu").set_op_type("If");
         attribute(node(m, "If"), "then_branch", AttributeProto::GRAPH).mutable_g();
       }},
  };
}

std::vector<Damage> tensor_damages() {
  return {
      {"a missing initializer",
       [](ModelProto& m) {
         m.mutable_graph()->mutable_input()->DeleteSubrange(1, m.graph().input_size() - 1);
         weights(m).set_name("elsewhere");
       }},
      {"the same initializer twice",
       [](ModelProto& m) { *m.mutable_graph()->add_initializer() = weights(m); }},
      {"weights cut short", [](ModelProto& m) { set_data(weights(m), std::string(799, 'a')); }},
      {"weights with bytes to spare", [](ModelProto& m) { set_data(weights(m), std::string(804, 'a')); }},
      {"weights without data", [](ModelProto& m) { set_data(weights(m), ""); }},
      {"a negative extent", [](ModelProto& m) { weights(m).set_dims(0, -8); }},
      {"an extent of 2^62", [](ModelProto& m) { weights(m).set_dims(0, kHuge); }},
      {"extents whose product overflows to the right size",
       [](ModelProto& m) {
         weights(m).set_dims(0, kHuge);
         weights(m).set_dims(1, 4);
         weights(m).set_dims(2, 2);
       }},
      {"terabytes of weights that are not there", [](ModelProto& m) { weights(m).set_dims(0, kLarge); }},
      {"too few extents", [](ModelProto& m) { weights(m).mutable_dims()->RemoveLast(); }},
      {"weights of rank 2",
       [](ModelProto& m) {
         weights(m).clear_dims();
         weights(m).add_dims(8);
         weights(m).add_dims(25);
       }},
      {"an element type that does not exist", [](ModelProto& m) { weights(m).set_data_type(999); }},
      {"an undefined element type", [](ModelProto& m) { weights(m).set_data_type(0); }},
      {"strings for weights", [](ModelProto& m) { weights(m).set_data_type(TensorProto::STRING); }},
      {"complex weights", [](ModelProto& m) { weights(m).set_data_type(TensorProto::COMPLEX64); }},
      {"integer weights of a float convolution",
       [](ModelProto& m) { weights(m).set_data_type(TensorProto::INT32); }},
      {"external weights outside of the directory",
       [](ModelProto& m) { external(m, "../../../../etc/passwd"); }},
      {"external weights at an absolute path", [](ModelProto& m) { external(m, "/etc/passwd"); }},
      {"external weights that are not there", [](ModelProto& m) { external(m, "nothing.bin"); }},
      {"external weights beyond the file",
       [](ModelProto& m) { external(m, "model.onnx", "9223372036854775807"); }},
      {"external weights at a negative offset", [](ModelProto& m) { external(m, "model.onnx", "-1"); }},
      {"an input without a type", [](ModelProto& m) { m.mutable_graph()->mutable_input(0)->clear_type(); }},
      {"an input of an undefined element type", [](ModelProto& m) { input_type(m).set_elem_type(0); }},
      {"an input of strings", [](ModelProto& m) { input_type(m).set_elem_type(TensorProto::STRING); }},
      {"an input of integers", [](ModelProto& m) { input_type(m).set_elem_type(TensorProto::INT32); }},
      {"an input without a shape", [](ModelProto& m) { input_type(m).clear_shape(); }},
      {"an input of rank 0", [](ModelProto& m) { input_type(m).mutable_shape()->clear_dim(); }},
      {"an input of a negative extent",
       [](ModelProto& m) { input_type(m).mutable_shape()->mutable_dim(2)->set_dim_value(-28); }},
      {"an input of 2^62 rows",
       [](ModelProto& m) { input_type(m).mutable_shape()->mutable_dim(2)->set_dim_value(kHuge); }},
      {"an input of 2^40 rows",
       [](ModelProto& m) { input_type(m).mutable_shape()->mutable_dim(2)->set_dim_value(kLarge); }},
      {"an input of two channels for weights of one",
       [](ModelProto& m) { input_type(m).mutable_shape()->mutable_dim(1)->set_dim_value(2); }},
      {"an input that is a sequence",
       [](ModelProto& m) { m.mutable_graph()->mutable_input(0)->mutable_type()->mutable_sequence_type(); }},
  };
}

std::vector<Damage> operator_damages() {
  return {
      {"a convolution in 0 groups", [](ModelProto& m) { set_int(node(m, "Conv"), "group", 0); }},
      {"a convolution in -1 groups", [](ModelProto& m) { set_int(node(m, "Conv"), "group", -1); }},
      {"a convolution in 3 groups", [](ModelProto& m) { set_int(node(m, "Conv"), "group", 3); }},
      {"a stride of 0", [](ModelProto& m) { set_ints(node(m, "Conv"), "strides", {0, 1}); }},
      {"a negative stride", [](ModelProto& m) { set_ints(node(m, "Conv"), "strides", {1, -1}); }},
      {"three strides for two axes", [](ModelProto& m) { set_ints(node(m, "Conv"), "strides", {1, 1, 1}); }},
      {"strides as a string",
       [](ModelProto& m) { attribute(node(m, "Conv"), "strides", AttributeProto::STRING).set_s("1,1"); }},
      {"a dilation of 0", [](ModelProto& m) { set_ints(node(m, "Conv"), "dilations", {0, 0}); }},
      {"a dilation of 2^62", [](ModelProto& m) { set_ints(node(m, "Conv"), "dilations", {kHuge, kHuge}); }},
      {"a kernel unlike the weights",
       [](ModelProto& m) { set_ints(node(m, "Conv"), "kernel_shape", {3, 3}); }},
      {"padding of an unknown kind",
       [](ModelProto& m) {
         attribute(node(m, "Conv"), "auto_pad", AttributeProto::STRING).set_s("SOMEHOW");
       }},
      {"padding of 2^62",
       [](ModelProto& m) {
         remove_attribute(node(m, "Conv"), "auto_pad");
         set_ints(node(m, "Conv"), "pads", {kHuge, 0, kHuge, 0});
       }},
      {"three pads for two axes",
       [](ModelProto& m) {
         remove_attribute(node(m, "Conv"), "auto_pad");
         set_ints(node(m, "Conv"), "pads", {1, 1, 1});
       }},
      {"a convolution without weights", [](ModelProto& m) { node(m, "Conv").mutable_input()->RemoveLast(); }},
      {"a convolution whose weights are computed from themselves",
       [](ModelProto& m) { node(m, "Conv").set_input(1, node(m, "Conv").output(0)); }},
      {"a pool without a kernel",
       [](ModelProto& m) { remove_attribute(node(m, "MaxPool"), "kernel_shape"); }},
      {"a pool of 0 by 0", [](ModelProto& m) { set_ints(node(m, "MaxPool"), "kernel_shape", {0, 0}); }},
      {"a pool larger than its input",
       [](ModelProto& m) { set_ints(node(m, "MaxPool"), "kernel_shape", {99, 99}); }},
      {"a pool with a stride of 0", [](ModelProto& m) { set_ints(node(m, "MaxPool"), "strides", {0, 0}); }},
      {"a reshape to another size",
       [](ModelProto& m) {
         add_initializer(m, "s", {1, 257});
         node(m, "Reshape").set_input(1, "s");
       }},
      {"a reshape with two open extents",
       [](ModelProto& m) {
         add_initializer(m, "s", {-1, -1});
         node(m, "Reshape").set_input(1, "s");
       }},
      {"a reshape to a negative extent",
       [](ModelProto& m) {
         add_initializer(m, "s", {-2, -128});
         node(m, "Reshape").set_input(1, "s");
       }},
      {"a reshape whose product overflows",
       [](ModelProto& m) {
         add_initializer(m, "s", {kHuge, kHuge, 256});
         node(m, "Reshape").set_input(1, "s");
       }},
      {"a reshape to a shape of floats",
       [](ModelProto& m) { node(m, "Reshape").set_input(1, weights(m).name()); }},
      {"a reshape to a shape that is not known",
       [](ModelProto& m) { node(m, "Reshape").set_input(1, m.graph().input(0).name()); }},
      {"a matrix product of shapes that do not fit",
       [](ModelProto& m) { node(m, "MatMul").set_input(1, node(m, "MatMul").input(0)); }},
      {"a sum of shapes that do not fit",
       [](ModelProto& m) { node(m, "Add").set_input(1, weights(m).name()); }},
      {"a sum of floats and integers",
       [](ModelProto& m) {
         add_initializer(m, "s", {1});
         node(m, "Add").set_input(1, "s");
       }},
  };
}

}  // namespace

std::vector<Damage> convolution_damages() {
  std::vector<Damage> all = graph_damages();
  for (auto&& more : {tensor_damages(), operator_damages()}) all.insert(all.end(), more.begin(), more.end());
  return all;
}

std::vector<Damage> transformer_damages() {
  return {
      {"a transpose that names an axis twice",
       [](ModelProto& m) { set_ints(node(m, "Transpose"), "perm", {0, 0, 1}); }},
      {"a transpose of too few axes", [](ModelProto& m) { set_ints(node(m, "Transpose"), "perm", {1, 0}); }},
      {"a transpose of an axis that is not there",
       [](ModelProto& m) { set_ints(node(m, "Transpose"), "perm", {0, 1, 99}); }},
      {"a softmax along axis 99", [](ModelProto& m) { set_int(node(m, "Softmax"), "axis", 99); }},
      {"a softmax along axis -2^62", [](ModelProto& m) { set_int(node(m, "Softmax"), "axis", -kHuge); }},
      {"a mean along axis 99", [](ModelProto& m) { set_ints(node(m, "ReduceMean"), "axes", {99}); }},
      {"a mean along an axis twice",
       [](ModelProto& m) { set_ints(node(m, "ReduceMean"), "axes", {-1, -1}); }},
      {"a concatenation along axis 99", [](ModelProto& m) { set_int(node(m, "Concat"), "axis", 99); }},
      {"a concatenation without an axis", [](ModelProto& m) { remove_attribute(node(m, "Concat"), "axis"); }},
      {"a gather along axis -99", [](ModelProto& m) { set_int(node(m, "Gather"), "axis", -99); }},
      {"a gather beyond the end",
       [](ModelProto& m) {
         add_initializer(m, "i", {kLarge});
         node(m, "Gather").set_input(1, "i");
       }},
      {"a gather by floats", [](ModelProto& m) { node(m, "Gather").set_input(1, node(m, "Gemm").input(1)); }},
      {"a gemm whose shapes do not fit",
       [](ModelProto& m) { node(m, "Gemm").set_input(1, node(m, "Conv").input(1)); }},
      {"a gemm with a transposition of text",
       [](ModelProto& m) { attribute(node(m, "Gemm"), "transB", AttributeProto::STRING).set_s("yes"); }},
  };
}

}  // namespace halite::test
