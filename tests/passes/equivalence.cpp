#include "tests/passes/equivalence.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "ir/interpret.h"

namespace halite::ir {
namespace {

void check_close(const Tensor& a, const Tensor& b, const std::string& name, double rounding) {
  CAPTURE(name);
  REQUIRE(a.type() == b.type());
  const double tolerance = is_float(a.type().dtype) ? rounding : 0;
  for (int64_t i = 0; i < a.type().elements(); ++i) {
    const double x = a.at(i), y = b.at(i);
    if (x == y || (std::isnan(x) && std::isnan(y))) continue;
    if (!(std::fabs(x - y) <= tolerance * (1 + std::fabs(x)))) {
      FAIL_CHECK("element ", i, " was ", x, " and became ", y);
      return;
    }
  }
}

}  // namespace

std::vector<Tensor> random_inputs(const Graph& g, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Tensor> inputs;
  for (ValueId v : g.inputs) {
    Tensor t = Tensor::zeros(g.type(v));
    for (int64_t i = 0; i < t.type().elements(); ++i) {
      const double unit = static_cast<double>(random() >> 11) * 0x1p-53;
      t.set(i, is_float(t.type().dtype) ? unit * 4 - 2 : std::floor(unit * 8));
    }
    inputs.push_back(std::move(t));
  }
  return inputs;
}

void check_equivalent(const Graph& before, const Graph& after, uint64_t seed, double rounding) {
  REQUIRE(before.inputs.size() == after.inputs.size());
  REQUIRE(before.outputs.size() == after.outputs.size());
  for (size_t i = 0; i < before.inputs.size(); ++i)
    CHECK(before.value(before.inputs[i]).name == after.value(after.inputs[i]).name);
  REQUIRE(before.states.size() == after.states.size());
  StateValues expected_states = initial_states(before), found_states = initial_states(after);
  const int runs = before.states.empty() ? 1 : 3;
  for (int run = 0; run < runs; ++run) {
    const auto inputs = random_inputs(before, seed + static_cast<uint64_t>(run));
    const auto expected = interpret(before, inputs, expected_states);
    const auto found = interpret(after, inputs, found_states);
    REQUIRE(expected);
    REQUIRE(found);
    for (size_t i = 0; i < before.outputs.size(); ++i) {
      const std::string& name = before.value(before.outputs[i]).name;
      CHECK(after.value(after.outputs[i]).name == name);
      check_close((*expected)[i], (*found)[i], name, rounding);
    }
    for (size_t i = 0; i < before.states.size(); ++i) {
      CHECK(after.states[i].name == before.states[i].name);
      check_close(expected_states[i], found_states[i], before.states[i].name, rounding);
    }
  }
}

}  // namespace halite::ir
