// Results that are as long as data decide, and what becomes of them: against lists that the tests make.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <map>

#include "tests/frontend/run_onnx.h"

using namespace halite;
using ::onnx::TensorProto;
using test::ModelMaker;
using test::numbers;
using test::refusal;
using test::Values;

namespace {

struct Output {
  ir::Shape shape;
  Values values;
  bool operator==(const Output&) const = default;
};

/// All outputs, as long as they are.
std::vector<Output> outputs_of(const ModelMaker& model, const std::vector<Values>& inputs) {
  std::vector<Output> outputs;
  for (const auto& tensor : test::run_whole(model, inputs)) {
    outputs.push_back({tensor.type().shape, {}});
    for (int64_t i = 0; i < tensor.type().elements(); ++i) outputs.back().values.push_back(tensor.at(i));
  }
  return outputs;
}

/// Where x is not 0: [1, n], its first n elements places, zeros between.
ModelMaker non_zero(int64_t n) {
  ModelMaker m;
  m.input("x", {n}).node("NonZero", {"x"}, {"places"});
  return m;
}

/// Rows of t [5,2] at the places where x [5] is not 0.
ModelMaker picked_rows() {
  ModelMaker m(18);
  m.input("x", {5}).input("t", {5, 2});
  m.node("NonZero", {"x"}, {"places"}).integers("first", {0}).node("Squeeze", {"places", "first"}, {"at"});
  m.node("Gather", {"t", "at"}, {"rows"});
  return m;
}

const Values kTable{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

}  // namespace

TEST_CASE("non-zero elements are found wherever they are, few or many") {
  for (const int64_t n : {1, 2, 7, 64, 256, 257, 1000}) {
    CAPTURE(n);
    for (const int64_t step : {int64_t{1}, int64_t{3}, n + 1}) {
      Values x(static_cast<size_t>(n)), wanted;
      for (int64_t i = step - 1; i < n; i += step) x[i] = -0.5, wanted.push_back(static_cast<double>(i));
      const auto count = static_cast<int64_t>(wanted.size());
      const auto found = outputs_of(non_zero(n).output("places", TensorProto::INT64), {x});
      CHECK(found == std::vector<Output>{{{1, count}, wanted}});
    }
  }
}

TEST_CASE("an empty tensor has no element that is not 0") {
  CHECK(outputs_of(non_zero(0).output("places", TensorProto::INT64), {{}}) ==
        std::vector<Output>{{{1, 0}, {}}});
}

TEST_CASE("the graph says which axis data decide, and where the extent is") {
  const auto graph = non_zero(4).output("places", TensorProto::INT64).import();
  REQUIRE(graph);
  CHECK(graph->type(graph->outputs[0]).shape == ir::Shape{1, 4});
  REQUIRE(graph->extents.size() == 1);
  CHECK(graph->extents[0].output == 0);
  CHECK(graph->extents[0].axis == 1);
  CHECK(graph->type(graph->extents[0].value) == ir::Type{ir::DType::i64, {}, {}});
}

TEST_CASE("rows at found places keep their number through elementwise operators, shapes and sums") {
  const Values x{0, 1, 0, 1, 1};
  ModelMaker rows = picked_rows();
  CHECK(outputs_of(rows.output("rows"), {x, kTable}) == std::vector<Output>{{{3, 2}, {3, 4, 7, 8, 9, 10}}});

  ModelMaker turned = picked_rows();
  turned.node("Add", {"rows", "rows"}, {"twice"}).node("Transpose", {"twice"}, {"y"}).output("y");
  turned.node("Shape", {"y"}, {"s"}).output("s", TensorProto::INT64);
  turned.node("Size", {"rows"}, {"n"}).output("n", TensorProto::INT64);
  CHECK(outputs_of(turned, {x, kTable}) ==
        std::vector<Output>{{{2, 3}, {6, 14, 18, 8, 16, 20}}, {{2}, {2, 3}}, {{}, {6}}});

  ModelMaker flat = picked_rows();
  flat.integers("all", {-1}).node("Reshape", {"rows", "all"}, {"y"}).output("y");
  CHECK(outputs_of(flat, {x, kTable}) == std::vector<Output>{{{6}, {3, 4, 7, 8, 9, 10}}});

  const struct {
    const char* op;
    Values y;
  } kReductions[] = {{"ReduceMean", {(3 + 7 + 9) / 3.0, (4 + 8 + 10) / 3.0}},
                     {"ReduceMax", {9, 10}},
                     {"ReduceMin", {3, 4}},
                     {"ReduceProd", {3 * 7 * 9, 4 * 8 * 10}}};
  for (const auto& r : kReductions) {
    CAPTURE(r.op);
    ModelMaker m = picked_rows();
    m.node(r.op, {"rows"}, {"y"}).list("axes", {0}).set("keepdims", int64_t{0}).output("y");
    m.proto.mutable_opset_import(0)->set_version(13);
    test::check_near(outputs_of(m, {x, kTable})[0].values, r.y);
  }
}

TEST_CASE("rows behind the last one never count: the largest, products of matrices, softmax") {
  const Values x{0, 1, 0, 0, 1}, t{-1, -2, -3, -4, 99, 99, 99, 99, -9, -10};
  ModelMaker largest = picked_rows();
  largest.node("ArgMax", {"rows"}, {"y"}).set("axis", int64_t{0}).set("keepdims", int64_t{0});
  CHECK(outputs_of(largest.output("y", TensorProto::INT64), {x, t}) == std::vector<Output>{{{2}, {0, 0}}});

  ModelMaker gram = picked_rows();
  gram.node("Transpose", {"rows"}, {"columns"}).node("MatMul", {"columns", "rows"}, {"y"}).output("y");
  CHECK(outputs_of(gram, {x, t}) == std::vector<Output>{{{2, 2}, {90, 102, 102, 116}}});

  ModelMaker soft = picked_rows();
  soft.node("Softmax", {"rows"}, {"y"}).set("axis", int64_t{0}).output("y");
  const auto found = outputs_of(soft, {x, t});
  CHECK(found[0].shape == ir::Shape{2, 2});
  const double far = 1 / (1 + std::exp(6.0));
  test::check_near(found[0].values, {1 - far, 1 - far, far, far});
}

TEST_CASE("a slice of what data decide is at most as long as it, and negative places count from its end") {
  for (const auto& [start, end, step, wanted] : std::vector<std::tuple<int64_t, int64_t, int64_t, Values>>{
           {0, 2, 1, {1, 3}}, {0, 4, 1, {1, 3, 4}}, {1, 5, 1, {3, 4}}, {0, 5, 2, {1, 4}}, {4, 5, 1, {}}}) {
    ModelMaker m = non_zero(5);
    m.integers("s", {start}).integers("e", {end}).integers("a", {1}).integers("k", {step});
    m.node("Slice", {"places", "s", "e", "a", "k"}, {"y"}).output("y", TensorProto::INT64);
    const auto count = static_cast<int64_t>(wanted.size());
    CHECK(outputs_of(m, {{0, 1, 0, 1, 1}}) == std::vector<Output>{{{1, count}, wanted}});
  }
  ModelMaker last = non_zero(5);
  last.integers("i", {-1}).node("Gather", {"places", "i"}, {"y"}).set("axis", int64_t{1});
  CHECK(outputs_of(last.output("y", TensorProto::INT64), {{0, 1, 0, 1, 0}}) ==
        std::vector<Output>{{{1, 1}, {3}}});
}

TEST_CASE("what would mix elements with what lies behind them is refused by name") {
  const auto message = [](ModelMaker m) { return refusal(m.output("y", TensorProto::INT64)); };
  ModelMaker joined = non_zero(5);
  joined.node("Concat", {"places", "places"}, {"y"}).set("axis", int64_t{1});
  CHECK(message(joined).find("Concat_2") != std::string::npos);
  CHECK(message(joined).find("the extent of its input along axis 1 depends on data, and tensors cannot be "
                             "joined there") != std::string::npos);
  ModelMaker two = non_zero(5);
  two.node("Neg", {"x"}, {"z"}).node("Relu", {"z"}, {"r"}).node("NonZero", {"r"}, {"other"});
  two.node("Add", {"places", "other"}, {"y"});
  CHECK(message(two).find("so does that of another input") != std::string::npos);
  ModelMaker cut = non_zero(5);
  cut.integers("s", {-2}).integers("e", {5}).integers("a", {1}).node("Slice", {"places", "s", "e", "a"},
                                                                     {"y"});
  CHECK(message(cut).find("places there are counted from the end") != std::string::npos);
  ModelMaker parts = non_zero(4);
  parts.node("Split", {"places"}, {"y", "z"}).set("axis", int64_t{1});
  CHECK(message(parts).find("it is split there") != std::string::npos);
  ModelMaker removed = non_zero(1);
  removed.node("Squeeze", {"places"}, {"y"});
  CHECK(message(removed).find("and the axis would be removed") != std::string::npos);
  ModelMaker padded = non_zero(4);
  padded.node("CumSum", {"places", "axis"}, {"y"}).integers("axis", {1});
  CHECK(message(padded).find("depends on data, which it does not take") != std::string::npos);
}

TEST_CASE("updates at found places change as many rows as there are") {
  ModelMaker m(18);
  m.input("x", {4}).input("t", {4});
  m.node("NonZero", {"x"}, {"places"}).node("Transpose", {"places"}, {"at"});
  m.node("GatherND", {"t", "at"}, {"old"}).node("Neg", {"old"}, {"new"});
  m.node("ScatterND", {"t", "at", "new"}, {"y"}).output("y");
  CHECK(outputs_of(m, {{0, 1, 0, 1}, {1, 2, 3, 4}}) == std::vector<Output>{{{4}, {1, -2, 3, -4}}});
  CHECK(outputs_of(m, {{0, 0, 0, 0}, {1, 2, 3, 4}}) == std::vector<Output>{{{4}, {1, 2, 3, 4}}});
}

TEST_CASE("slices are picked by a condition, which may be shorter than the axis") {
  ModelMaker m;
  m.input("x", {2, 3}).input("c", {2}, TensorProto::BOOL);
  m.node("Compress", {"x", "c"}, {"y"}).set("axis", int64_t{1}).output("y");
  CHECK(outputs_of(m, {{1, 2, 3, 4, 5, 6}, {0, 1}}) == std::vector<Output>{{{2, 1}, {2, 5}}});
  CHECK(outputs_of(m, {{1, 2, 3, 4, 5, 6}, {0, 0}}) == std::vector<Output>{{{2, 0}, {}}});
}

TEST_CASE("different elements, sorted or as they come, with their places, numbers and counts") {
  for (const bool sorted : {true, false}) {
    CAPTURE(sorted);
    Values x;
    for (int i = 0; i < 40; ++i) x.push_back((i * 7 + 3) % 11 - 4);
    std::map<double, std::vector<double>> seen;
    std::vector<double> order;
    for (size_t i = 0; i < x.size(); ++i) {
      if (seen[x[i]].empty()) order.push_back(x[i]);
      seen[x[i]].push_back(static_cast<double>(i));
    }
    if (sorted) std::ranges::sort(order);
    const auto n = static_cast<int64_t>(order.size());
    std::vector<Output> wanted{{{n}, order}, {{n}, {}}, {{40}, {}}, {{n}, {}}};
    for (const double v : order) {
      wanted[1].values.push_back(seen[v][0]);
      wanted[3].values.push_back(static_cast<double>(seen[v].size()));
    }
    for (const double v : x)
      wanted[2].values.push_back(static_cast<double>(std::ranges::find(order, v) - order.begin()));
    ModelMaker m;
    m.input("x", {40})
        .node("Unique", {"x"}, {"y", "first", "inverse", "counts"})
        .set("sorted", int64_t{sorted});
    m.output("y").output("first", TensorProto::INT64).output("inverse", TensorProto::INT64);
    m.output("counts", TensorProto::INT64);
    CHECK(outputs_of(m, {x}) == wanted);
  }
}

TEST_CASE("different rows are ordered by the first elements that differ") {
  ModelMaker m;
  m.input("x", {4, 3}).node("Unique", {"x"}, {"y"}).set("axis", int64_t{0}).output("y");
  CHECK(outputs_of(m, {{2, 1, 0, 1, 9, 9, 2, 0, 5, 2, 1, 0}}) ==
        std::vector<Output>{{{3, 3}, {1, 9, 9, 2, 0, 5, 2, 1, 0}}});
  ModelMaker large;
  large.input("x", {20000}).node("Unique", {"x"}, {"y"}).output("y");
  CHECK(refusal(large).find("it compares each of 20000 slices") != std::string::npos);
}

namespace {

using Box = std::array<double, 4>;  // y1, x1, y2, x2

double share(const Box& p, const Box& q) {
  const double height = std::min(p[2], q[2]) - std::max(p[0], q[0]);
  const double width = std::min(p[3], q[3]) - std::max(p[1], q[1]);
  if (height <= 0 || width <= 0) return 0;
  const auto area = [](const Box& b) { return (b[2] - b[0]) * (b[3] - b[1]); };
  return height * width / (area(p) + area(q) - height * width);
}

/// Boxes of one picture: a few places, each shaken a little; scores of `classes` classes.
struct Scene {
  std::vector<Box> boxes;
  Values box_values, scores;
};
Scene make_scene(int64_t count, int64_t classes) {
  Scene scene;
  const Values shake = numbers(count * 4, 3);
  for (int64_t i = 0; i < count; ++i) {
    const double y = static_cast<double>(i % 3) * 12, x = static_cast<double>(i % 2) * 9;
    const auto at = [&](int64_t k) { return 2 * shake[i * 4 + k]; };
    scene.boxes.push_back({y + at(0), x + at(1), y + 8 + at(2), x + 7 + at(3)});
    for (const double v : scene.boxes.back()) scene.box_values.push_back(static_cast<float>(v));
  }
  scene.scores = numbers(classes * count, 5);
  return scene;
}

/// Class and box, as the specification says it: by score, unless a better box of the class overlaps.
std::vector<std::array<int64_t, 2>> suppress(const Scene& scene, int64_t classes, int64_t most,
                                             double overlap, double score) {
  const auto count = static_cast<int64_t>(scene.boxes.size());
  std::vector<std::array<int64_t, 2>> chosen;
  for (int64_t c = 0; c < classes; ++c) {
    std::vector<int64_t> order, kept;
    for (int64_t i = 0; i < count; ++i)
      if (scene.scores[c * count + i] > score) order.push_back(i);
    std::ranges::sort(order, [&](int64_t i, int64_t k) {
      return scene.scores[c * count + i] > scene.scores[c * count + k];
    });
    for (const int64_t i : order) {
      const auto hides = [&](int64_t k) { return share(scene.boxes[i], scene.boxes[k]) > overlap; };
      if (static_cast<int64_t>(kept.size()) < most && std::ranges::none_of(kept, hides)) kept.push_back(i);
    }
    for (const int64_t i : kept) chosen.push_back({c, i});
  }
  return chosen;
}

constexpr int64_t kBoxes = 30, kClasses = 3;

/// Boxes and scores, of which those are selected that remain; at most twelve of a class.
ModelMaker detector() {
  ModelMaker m;
  m.input("boxes", {1, kBoxes, 4}).input("scores", {1, kClasses, kBoxes});
  m.integers("most", {12}).floats("overlap", {1}, {0.3F}).floats("least", {1}, {-0.2F});
  m.node("NonMaxSuppression", {"boxes", "scores", "most", "overlap", "least"}, {"selected"});
  return m;
}

}  // namespace

TEST_CASE("the best boxes of each class hide those that overlap them") {
  const Scene scene = make_scene(kBoxes, kClasses);
  Output wanted{{0, 3}, {}};
  for (const auto& [c, i] : suppress(scene, kClasses, 12, 0.3, -0.2)) {
    wanted.values.insert(wanted.values.end(), {0, static_cast<double>(c), static_cast<double>(i)});
    ++wanted.shape[0];
  }
  REQUIRE(wanted.shape[0] > kClasses);
  REQUIRE(wanted.shape[0] < 12 * kClasses);
  ModelMaker m = detector();
  m.output("selected", TensorProto::INT64);
  CHECK(outputs_of(m, {scene.box_values, scene.scores}) == std::vector<Output>{wanted});
}

TEST_CASE("a detector's last part gives boxes, scores and labels of what remains, as exporters write it") {
  const Scene scene = make_scene(kBoxes, kClasses);
  std::vector<Output> wanted{{{0, 4}, {}}, {{0}, {}}, {{0}, {}}, {{0, 6}, {}}};
  for (const auto& [c, i] : suppress(scene, kClasses, 12, 0.3, -0.2)) {
    const double score = scene.scores[c * kBoxes + i], label = static_cast<double>(c);
    for (Output& w : wanted) ++w.shape[0];
    const auto* box = &scene.box_values[i * 4];
    wanted[0].values.insert(wanted[0].values.end(), box, box + 4);
    wanted[1].values.push_back(score);
    wanted[2].values.push_back(label);
    wanted[3].values.insert(wanted[3].values.end(), box, box + 4);
    wanted[3].values.insert(wanted[3].values.end(), {score, label});
  }
  ModelMaker m = detector();
  m.integers("two", {2})
      .integers("one", {1})
      .integers("zero", {0})
      .integers("end", {3})
      .integers("flat", {-1});
  // Boxes by the last column, which is cut out and squeezed.
  m.node("Gather", {"selected", "two"}, {"box_column"}).set("axis", int64_t{1});
  m.node("Squeeze", {"box_column", "one"}, {"box"});
  m.node("Squeeze", {"boxes", "zero"}, {"all_boxes"}).node("Gather", {"all_boxes", "box"}, {"kept_boxes"});
  // Scores at all three columns.
  m.node("GatherND", {"scores", "selected"}, {"kept_scores"});
  // Labels by a slice.
  m.node("Slice", {"selected", "one", "two", "one"}, {"class_column"});
  m.node("Reshape", {"class_column", "flat"}, {"labels"});
  // And all side by side.
  m.node("Unsqueeze", {"kept_scores", "one"}, {"score_column"});
  m.node("Cast", {"class_column"}, {"label_column"}).set("to", int64_t{TensorProto::FLOAT});
  m.node("Concat", {"kept_boxes", "score_column", "label_column"}, {"rows"}).set("axis", int64_t{1});
  m.output("kept_boxes").output("kept_scores").output("labels", TensorProto::INT64).output("rows");
  CHECK(outputs_of(m, {scene.box_values, scene.scores}) == wanted);
}

TEST_CASE("how many boxes are kept may be known at run time only; boxes may be centres") {
  ModelMaker m;
  m.input("boxes", {1, 4, 4}).input("scores", {1, 1, 4}).input("most", {1}, TensorProto::INT64);
  m.input("overlap", {1}).node("NonMaxSuppression", {"boxes", "scores", "most", "overlap"}, {"y"});
  m.set("center_point_box", int64_t{1}).output("y", TensorProto::INT64);
  // Two pairs of equal squares around (2,2) and (8,8).
  const Values boxes{2, 2, 2, 2, 8, 8, 2, 2, 2, 2, 2, 2, 8, 8, 2, 2}, scores{0.1F, 0.4F, 0.3F, 0.2F};
  CHECK(outputs_of(m, {boxes, scores, {3}, {0.5}}) == std::vector<Output>{{{2, 3}, {0, 0, 1, 0, 0, 2}}});
  CHECK(outputs_of(m, {boxes, scores, {1}, {0.5}}) == std::vector<Output>{{{1, 3}, {0, 0, 1}}});
  CHECK(outputs_of(m, {boxes, scores, {9}, {1}}) ==
        std::vector<Output>{{{4, 3}, {0, 0, 1, 0, 0, 2, 0, 0, 3, 0, 0, 0}}});
}

TEST_CASE("suppression keeps as many boxes as there are, in the order of their scores") {
  constexpr int64_t kBoxes = 307;  // a prime
  ModelMaker m;
  m.input("boxes", {1, kBoxes, 4}).input("scores", {1, 1, kBoxes}).integers("most", {1000});
  m.node("NonMaxSuppression", {"boxes", "scores", "most"}, {"y"}).output("y", TensorProto::INT64);
  Values boxes, scores(kBoxes), wanted;
  for (int64_t i = 0; i < kBoxes; ++i) {
    const auto x = static_cast<double>(10 * i);
    boxes.insert(boxes.end(), {x, 0, x + 5, 5});  // apart from one another
    const int64_t rank = i * 7 % kBoxes;
    scores[static_cast<size_t>(i)] = static_cast<double>(kBoxes - rank);
  }
  for (int64_t rank = 0; rank < kBoxes; ++rank) {
    int64_t box = 0;
    while (box * 7 % kBoxes != rank) ++box;
    wanted.insert(wanted.end(), {0, 0, static_cast<double>(box)});
  }
  CHECK(outputs_of(m, {boxes, scores}) == std::vector<Output>{{{kBoxes, 3}, wanted}});
}

TEST_CASE("suppression refuses tensors that do not fit") {
  ModelMaker m;
  m.input("boxes", {1, 4, 4})
      .input("scores", {1, 1, 5})
      .node("NonMaxSuppression", {"boxes", "scores"}, {"y"});
  CHECK(refusal(m.output("y", TensorProto::INT64)).find("f32 [n,b,4] and [n,c,b] are needed") !=
        std::string::npos);
}
