// Passes on random graphs: channel-first tensors, channel-last operators between transposes, and everything
// that a transpose may have to move through.
#include <doctest/doctest.h>

#include <random>

#include "ir/op_text.h"
#include "ir/passes/passes.h"
#include "ir/passes/pipeline.h"
#include "ir/text.h"
#include "ir/verify.h"
#include "tests/passes/equivalence.h"

using namespace halite::ir;

namespace {

const std::vector<int64_t> kToLast{0, 2, 3, 1}, kToFirst{0, 3, 1, 2};

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  Graph make(int nodes, int states = 0) {
    g_.name = "random";
    for (int i = 0; i < 2; ++i) values_.push_back(g_.add_input("in" + std::to_string(i), image()));
    for (int i = 0; i < states; ++i)
      values_.push_back(
          g_.add_state("state" + std::to_string(i), *g_.value(constant({1, 4, 4, 6})).constant));
    while (static_cast<int>(g_.nodes.size()) < nodes) step();
    for (int i = 0; i < 3; ++i) g_.outputs.push_back(values_[values_.size() - 1 - pick(4)]);
    for (State& s : g_.states) s.output = image_value();
    return g_;
  }

 private:
  int64_t pick(int64_t n) { return static_cast<int64_t>(random_() % static_cast<uint64_t>(n)); }
  static Type image() { return {DType::f32, {1, 4, 4, 6}, {}}; }
  const Shape& shape(ValueId v) { return g_.type(v).shape; }

  ValueId constant(Shape s) {
    Tensor t = Tensor::zeros({DType::f32, std::move(s), {}});
    const bool uniform = pick(3) == 0;
    for (int64_t i = 0; i < t.type().elements(); ++i)
      t.set(i, uniform ? 1 : static_cast<double>(pick(17) - 8) / 8 + 0.0625);
    return g_.add_constant("", std::move(t));
  }
  ValueId add(Op op, std::vector<ValueId> inputs) {
    const auto made = g_.add_node("n" + std::to_string(g_.nodes.size()), std::move(op), std::move(inputs));
    if (!made) FAIL(to_string(made.error()));
    values_.push_back((*made)[0]);
    return values_.back();
  }
  Shape small_shape(const Shape& of) {
    Shape s = of;
    for (int64_t& e : s) e = pick(2) ? 1 : e;
    return s;
  }

  // Recent values are likelier, so that graphs grow deep.
  ValueId value() {
    return values_[values_.size() - 1 - pick(std::min<int64_t>(pick(2) ? 3 : 99, values_.size()))];
  }
  std::optional<ValueId> value_of_rank(size_t rank) {
    for (int i = 0; i < 8; ++i)
      if (const ValueId v = value(); shape(v).size() == rank) return v;
    return {};
  }

  // The last value, or one of the last, that a state may take: an operator's result, an input, another state.
  ValueId image_value() {
    std::vector<ValueId> images;
    for (const ValueId v : values_)
      if (g_.type(v) == image()) images.push_back(v);
    return images[images.size() - 1 - pick(std::min<int64_t>(3, images.size()))];
  }

  void step() {
    const ValueId x = value();
    const Shape s = shape(x);
    const auto rank = static_cast<int64_t>(s.size());
    switch (pick(13)) {
      case 0:
        add(Elementwise{std::vector{Fn::relu, Fn::neg, Fn::sigmoid, Fn::tanh, Fn::abs}[pick(5)]}, {x});
        break;
      case 1:
        add(Elementwise{std::vector{Fn::add, Fn::mul, Fn::max, Fn::sub, Fn::min}[pick(5)]},
            {x, constant(small_shape(s))});
        break;
      case 2: {
        const ValueId y = value();
        if (shape(y).size() == s.size() && broadcast(s, shape(y)))
          add(Elementwise{std::vector{Fn::add, Fn::mul, Fn::sub}[pick(3)]}, {x, y});
        break;
      }
      case 3:
      case 4:
        if (const auto v = value_of_rank(4)) add(Transpose{pick(2) ? kToLast : kToFirst}, {*v});
        break;
      case 5: {
        std::vector<int64_t> perm(rank);
        for (int64_t i = 0; i < rank; ++i) perm[i] = i;
        std::shuffle(perm.begin(), perm.end(), random_);
        if (rank > 0) add(Transpose{perm}, {x});
        break;
      }
      case 6:
        if (const auto v = value_of_rank(4)) {
          const int64_t c = shape(*v)[3];
          add(Conv2d{}, {add(Transpose{kToLast}, {*v}), constant({4, 1, 1, shape(*v)[1]})});
          add(Transpose{kToFirst}, {values_.back()});
          (void)c;
        }
        break;
      case 7: {
        const int64_t axis = pick(rank);
        if (s[axis] <= 12) add(Concat{axis}, {x, x});
        break;
      }
      case 8: {
        Slice slice{std::vector<int64_t>(rank, 0), std::vector<int64_t>(rank, 1), s};
        const int64_t axis = pick(rank);
        slice.sizes[axis] = (s[axis] + 1) / 2;
        slice.step[axis] = s[axis] > 1 && pick(2) ? 2 : 1;
        if (pick(3) == 0) slice.start[axis] = s[axis] - 1, slice.step[axis] = -1;
        add(slice, {x});
        break;
      }
      case 9: {
        std::vector<int64_t> before(rank, 0), after(rank, 0);
        before[pick(rank)] = pick(2), after[pick(rank)] = pick(2);
        if (g_.type(x).elements() < 500) add(Pad{Pad::Mode::constant, before, after, 0}, {x});
        break;
      }
      case 10:
        add(Reduce{pick(2) ? Reduce::Kind::mean : Reduce::Kind::max, {pick(rank)}}, {x});
        break;
      case 11:
        add(Softmax{pick(rank)}, {x});
        break;
      case 12:
        reshape(x, s, rank);
        break;
    }
  }

  // Splits an even axis in two, or merges two axes.
  void reshape(ValueId x, Shape s, int64_t rank) {
    const int64_t axis = pick(rank);
    if (pick(2) && s[axis] % 2 == 0 && rank < 6) {
      s[axis] /= 2;
      s.insert(s.begin() + axis + pick(2), 2);
    } else if (axis + 1 < rank) {
      s[axis] *= s[axis + 1];
      s.erase(s.begin() + axis + 1);
    }
    add(Reshape{s}, {x});
  }

  Graph g_;
  std::mt19937_64 random_;
  std::vector<ValueId> values_;
};

int64_t moved_elements(const Graph& g) {
  int64_t moved = 0;
  for (const Node& node : g.nodes)
    if (std::holds_alternative<Transpose>(node.op)) moved += g.type(node.outputs[0]).elements();
  return moved;
}

void check_pass(void (*pass)(Graph&), uint64_t seed, int states = 0) {
  const Graph before = Generator(seed).make(4 + static_cast<int>(seed % 24), states);
  CAPTURE(seed);
  const std::string text = print(before, {64});
  CAPTURE(text);
  Graph after = before;
  pass(after);
  eliminate_dead(after);
  const std::string text_after = print(after);
  CAPTURE(text_after);
  const auto ok = verify(after);
  if (!ok) FAIL(to_string(ok.error()));
  check_equivalent(before, after, seed);
}

}  // namespace

TEST_CASE("each pass keeps the meaning of random graphs") {
  for (uint64_t seed = 0; seed < 150; ++seed) {
    check_pass([](Graph& g) { simplify(g); }, seed);
    check_pass([](Graph& g) { merge_common(g); }, seed);
    check_pass([](Graph& g) { sink_transposes(g); }, seed);
    check_pass([](Graph& g) { strengthen(g); }, seed);
    check_pass([](Graph& g) { fold_scales(g); }, seed);
  }
}

TEST_CASE("all passes together keep the meaning of random graphs") {
  for (uint64_t seed = 1000; seed < 1400; ++seed) check_pass([](Graph& g) { optimize(g); }, seed);
}

TEST_CASE("passes keep the meaning of random graphs with states") {
  for (uint64_t seed = 3000; seed < 3200; ++seed) {
    const int states = 1 + static_cast<int>(seed % 3);
    check_pass([](Graph& g) { simplify(g); }, seed, states);
    check_pass([](Graph& g) { merge_common(g); }, seed, states);
    check_pass([](Graph& g) { sink_transposes(g); }, seed, states);
    check_pass([](Graph& g) { optimize(g); }, seed, states);
  }
}

TEST_CASE("sinking transposes never moves more elements than before") {
  for (uint64_t seed = 2000; seed < 2200; ++seed) {
    Graph g = Generator(seed).make(30);
    eliminate_dead(g);
    simplify(g);
    fold_constants(g);
    eliminate_dead(g);
    const int64_t before = moved_elements(g);
    CAPTURE(seed);
    const std::string text = print(g);
    CAPTURE(text);
    sink_transposes(g);
    fold_constants(g);
    eliminate_dead(g);
    const std::string text_after = print(g);
    CAPTURE(text_after);
    CHECK(moved_elements(g) <= before);
  }
}
