// Composite operators where ONNX's tests are thin: other shapes, what newer versions call things, refusals.
#include <doctest/doctest.h>

#include <cmath>
#include <numbers>

#include "tests/frontend/run_onnx.h"

using namespace halite;
using ::onnx::TensorProto;
using test::ModelMaker;
using test::refusal;
using test::run;
using test::Values;

namespace {

void check_within(const Values& found, const Values& wanted, double tolerance = 1e-5) {
  REQUIRE(found.size() == wanted.size());
  for (size_t i = 0; i < found.size(); ++i) CHECK(std::fabs(found[i] - wanted[i]) <= tolerance);
}

ModelMaker one(const std::string& op, std::vector<int64_t> shape, int64_t opset = 17) {
  return ModelMaker(opset).input("x", std::move(shape)).node(op, {"x"}, {"y"}).output("y");
}

}  // namespace

TEST_CASE("bf16 is computed with in f32, each result rounded to its 8 bits") {
  ModelMaker m(17);
  m.input("x", {1, 2}, TensorProto::BFLOAT16).input("y", {2, 1}, TensorProto::BFLOAT16);
  m.node("MatMul", {"x", "y"}, {"product"}).node("Add", {"product", "x"}, {"sum"});
  m.node("Relu", {"sum"}, {"z"}).output("z", TensorProto::BFLOAT16);
  m.node("ArgMax", {"sum"}, {"largest"}).set("axis", int64_t{1}).output("largest", TensorProto::INT64);
  // Here bf16 goes in steps of 128: 129 * 129 = 16641 becomes 16640, to which 63.5 is too little (to 16641 it
  // would be enough).
  CHECK(run(m, {{129, 63.5}, {129, 0}}) == Values{16768, 16640, 0});
}

TEST_CASE("determinants need the pivots exchanged, and a singular matrix has none") {
  check_within(run(one("Det", {3, 3}), {{0, 2, 1, 1, 0, 3, 4, 1, 0}}), {25});
  check_within(run(one("Det", {2, 2, 2}), {{0, 1, 1, 0, 1, 2, 2, 4}}), {-1, 0});
  check_within(run(one("Det", {1, 1}), {{-7}}), {-7});
  CHECK(refusal(one("Det", {2, 3})).find("not a square matrix") != std::string::npos);
}

TEST_CASE("a transform there and back is the identity, with the axis as an operand too") {
  ModelMaker m(20);
  m.input("x", {1, 5, 2}).integers("axis", {1}).node("DFT", {"x", "", "axis"}, {"f"});
  m.node("DFT", {"f", "", "axis"}, {"y"}).set("inverse", int64_t{1}).output("y");
  const Values x{1, 2, 3, -4, 0.5, 0, -1, 7, 2, 2};
  check_within(run(m, {x}), x);
}

TEST_CASE("a real signal is cut or continued with zeros to the length of the transform") {
  for (const int64_t length : {4, 2}) {
    ModelMaker m(17);
    m.input("x", {1, 3, 1}).node("DFT", {"x", "n"}, {"y"}).set("onesided", int64_t{1}).output("y");
    auto* n = m.graph().add_initializer();
    n->set_name("n");
    n->set_data_type(TensorProto::INT64);
    n->add_int64_data(length);
    if (length == 4)
      check_within(run(m, {{1, 2, 3}}), {6, 0, -2, -2, 2, 0});
    else
      check_within(run(m, {{1, 2, 3}}), {3, 0, -1, 0});
  }
}

TEST_CASE("a transposed convolution in three dimensions spreads the kernel") {
  ModelMaker m;
  m.input("x", {1, 1, 2, 1, 1}).floats("w", {1, 1, 3, 1, 1}, {1, 2, 3}).floats("b", {1}, {0.5});
  m.node("ConvTranspose", {"x", "w", "b"}, {"y"}).list("strides", {2, 1, 1}).list("pads", {1, 0, 0, 0, 0, 0});
  m.list("output_padding", {1, 0, 0}).output("y");
  check_within(run(m, {{1, 10}}), {2.5, 13.5, 20.5, 30.5, 0.5});
}

TEST_CASE("pooling in three dimensions rounds up and leaves padding out of averages") {
  ModelMaker m = one("AveragePool", {1, 1, 3, 1, 2});
  m.list("kernel_shape", {2, 1, 2}).list("strides", {2, 1, 2}).set("ceil_mode", int64_t{1});
  check_within(run(m, {{1, 2, 3, 4, 5, 6}}), {2.5, 5.5});
}

TEST_CASE("sampling at the pixels' centres gives the pixels, in every mode") {
  for (const char* mode : {"nearest", "linear", "cubic"}) {
    CAPTURE(mode);
    ModelMaker m(20);
    m.input("x", {1, 1, 2, 3}).floats("g", {1, 2, 3, 2}, {-1, -1, 0, -1, 1, -1, -1, 1, 0, 1, 1, 1});
    m.node("GridSample", {"x", "g"}, {"y"}).set("mode", mode).set("align_corners", int64_t{1}).output("y");
    check_within(run(m, {{1, 2, 3, 4, 5, 6}}), {1, 2, 3, 4, 5, 6});
  }
}

TEST_CASE("results that constants decide the length of have a known shape") {
  ModelMaker m;
  m.integers("k", {4, 0, 4, -1}).input("x", {1}).node("Unique", {"k"}, {"y", "first", "inverse", "counts"});
  for (const char* name : {"y", "first", "inverse", "counts"}) m.output(name, TensorProto::INT64);
  CHECK(run(m, {{0}}) == Values{-1, 0, 4, 3, 1, 0, 2, 1, 2, 0, 1, 1, 2});
  CHECK(m.import()->extents.empty());
  ModelMaker c;
  auto* condition = c.graph().add_initializer();
  condition->set_name("c");
  condition->set_data_type(TensorProto::BOOL);
  condition->add_dims(3);
  for (const int bit : {1, 0, 1}) condition->add_int32_data(bit);
  c.input("x", {2, 3}).node("Compress", {"x", "c"}, {"y"}).set("axis", int64_t{1}).output("y");
  CHECK(run(c, {{1, 2, 3, 4, 5, 6}}) == Values{1, 3, 4, 6});
  CHECK(c.import()->extents.empty());
}

TEST_CASE("the middle of long axes is kept, and short ones are padded around it") {
  ModelMaker m(18);
  m.input("x", {5, 2}).integers("shape", {2, 5}).node("CenterCropPad", {"x", "shape"}, {"y"}).output("y");
  CHECK(run(m, {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}}) == Values{0, 3, 4, 0, 0, 0, 5, 6, 0, 0});
  ModelMaker k(18);
  k.input("x", {5}).integers("shape", {2, 5}).node("CenterCropPad", {"x", "shape"}, {"y"}).output("y");
  CHECK(refusal(k).find("shape has 2 numbers for 1 axes") != std::string::npos);
}

TEST_CASE("an affine grid of the identity names the pixels' own places") {
  for (const int64_t align : {0, 1}) {
    ModelMaker m(20);
    m.input("t", {1, 2, 3}).integers("size", {1, 1, 2, 3}).node("AffineGrid", {"t", "size"}, {"y"});
    m.set("align_corners", align).output("y");
    const double x = align ? 1 : 2.0 / 3, y = align ? 1 : 0.5;
    check_within(run(m, {{1, 0, 0, 0, 1, 0}}), {-x, -y, 0, -y, x, -y, -x, y, 0, y, x, y});
    check_within(run(m, {{0, 0, 7, 0, 2, 1}}),
                 {7, 1 - 2 * y, 7, 1 - 2 * y, 7, 1 - 2 * y, 7, 1 + 2 * y, 7, 1 + 2 * y, 7, 1 + 2 * y});
  }
}

TEST_CASE("maxima go back to where they were found, in one dimension too") {
  ModelMaker m;
  m.input("x", {1, 2, 4})
      .node("MaxPool", {"x"}, {"y", "places"})
      .list("kernel_shape", {2})
      .list("strides", {2});
  m.node("MaxUnpool", {"y", "places"}, {"z"}).list("kernel_shape", {2}).list("strides", {2}).output("z");
  CHECK(run(m, {{1, 3, 5, 4, -2, -3, 7, 7}}) == Values{0, 3, 5, 0, -2, 0, 7, 0});
}

TEST_CASE("places of maxima count rows or columns, and leave padding out") {
  for (const int64_t order : {0, 1}) {
    ModelMaker m;
    m.input("x", {1, 1, 2, 3}).node("MaxPool", {"x"}, {"y", "places"}).list("kernel_shape", {2, 2});
    m.list("pads", {1, 1, 0, 0}).set("storage_order", order).output("places", TensorProto::INT64);
    CHECK(run(m, {{-1, -2, -3, -6, -5, -4}}) ==
          (order ? Values{0, 0, 2, 0, 0, 2} : Values{0, 0, 1, 0, 0, 1}));
  }
}

TEST_CASE("the largest of booleans is whether any is true, the least whether all are") {
  for (const auto& [op, wanted] :
       {std::pair("ReduceMax", Values{1, 0, 1}), std::pair("ReduceMin", Values{0, 0, 1})}) {
    ModelMaker m(20);
    m.input("x", {3, 2}, TensorProto::BOOL).integers("axes", {1}).node(op, {"x", "axes"}, {"y"});
    m.set("keepdims", int64_t{0}).output("y", TensorProto::BOOL);
    CHECK(run(m, {{0, 1, 0, 0, 1, 1}}) == wanted);
  }
}

TEST_CASE("a reduction over no axes still does what it does to each element") {
  const double e = std::exp(1.0);
  for (const auto& [op, wanted] :
       {std::pair("ReduceSum", Values{e, 3}), std::pair("ReduceSumSquare", Values{e * e, 9}),
        std::pair("ReduceL2", Values{e, 3}), std::pair("ReduceLogSum", Values{1, std::log(3)}),
        std::pair("ReduceLogSumExp", Values{e, 3})}) {
    CAPTURE(op);
    ModelMaker m = one(op, {2}, 18);
    check_within(run(m.set("noop_with_empty_axes", int64_t{1}), {{static_cast<float>(e), 3}}), wanted);
  }
  ModelMaker m = one("ReduceL1", {2}, 18);
  check_within(run(m.set("noop_with_empty_axes", int64_t{1}), {{-2, 3}}), {2, 3});
}
