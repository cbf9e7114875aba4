// Strategies and tiles by the keys of groups: which kernel takes which, and what is said of those that none
// takes.
#include "codegen/choices.h"

#include <doctest/doctest.h>

#include <cmath>

#include "codegen/jit.h"
#include "ir/interpret.h"
#include "ir/text.h"
#include "tests/support/error_text.h"

using namespace halite;
using namespace halite::codegen;

namespace {

/// Two convolutions that differ in nothing but names and places, and one of another shape.
constexpr const char* kNet = R"(graph "net" (%x: f32[1,24,24,16]) -> (%c) {
  const %w1: f32[16,3,3,16] = #0000000000000001
  const %w2: f32[16,3,3,16] = #0000000000000002
  const %w3: f32[8,1,1,16] = #0000000000000003
  %a: f32[1,24,24,16] = conv2d(%x, %w1) pad=[1,1,1,1]
  %b: f32[1,24,24,16] = conv2d(%a, %w2) pad=[1,1,1,1]
  %d: f32[1,24,24,8] = conv2d(%a, %w3)
  %c: f32[1,24,24,24] = concat(%b, %d) axis=3
})";

CompileOptions options_for(const std::string& target) {
  CompileOptions options;
  options.name = "net";
  options.target = *targets::find(target);
  return options;
}

ir::Graph net() {
  auto graph = ir::parse(kNet);
  REQUIRE_MESSAGE(graph, error_text(graph));
  return *graph;
}

Artifact compiled(const CompileOptions& options) {
  auto artifact = compile(net(), options);
  REQUIRE_MESSAGE(artifact, error_text(artifact));
  return *std::move(artifact);
}

const StepReport& step_of(const Artifact& artifact, size_t i) { return artifact.report.steps.at(i); }

schedules::TileShape tile_of(const StepReport& step) {
  for (const auto& s : step.considered)
    if (s.name == step.strategy) return s.tiles.at(0);
  return {};
}

void check_answers(const Artifact& artifact) {
  ir::Tensor x = ir::Tensor::zeros({ir::DType::f32, {1, 24, 24, 16}, {}});
  for (int64_t i = 0; i < x.type().elements(); i++) x.set(i, std::sin(double(i)));
  const auto expected = ir::interpret(net(), std::vector{x});
  REQUIRE(expected);
  const auto jit = JitModel::load(artifact);
  REQUIRE(jit);
  const std::vector<std::vector<ir::Tensor>> inputs{{x}};
  const auto found = jit->run_sequence(inputs, 1);
  REQUIRE(found);
  const ir::Tensor &want = (*expected)[0], &got = (*found)[0][0];
  double largest = 0;
  for (int64_t i = 0; i < want.type().elements(); i++) largest = std::max(largest, std::abs(want.at(i)));
  REQUIRE(largest > 0);
  for (int64_t i = 0; i < want.type().elements(); i++)
    REQUIRE(std::abs(got.at(i) - want.at(i)) <= 1e-4 * largest);
}

}  // namespace

TEST_CASE("a group's key is the same on all targets, and for groups that compute the same") {
  const Artifact host = compiled(options_for("host")), arm = compiled(options_for("arm64"));
  REQUIRE(host.report.steps.size() == 3);
  for (size_t i = 0; i < 3; i++) CHECK(step_of(host, i).key == step_of(arm, i).key);
  CHECK(step_of(host, 0).key == step_of(host, 1).key);
  CHECK(step_of(host, 0).key != step_of(host, 2).key);
  CHECK(step_of(host, 0).key.starts_with("conv2d f32[1,24,24,16] f32[16,3,3,16] -> f32[1,24,24,16] #"));
}

TEST_CASE("a choice changes its groups alone, and no answer") {
  auto options = options_for("host");
  options.tile_alternatives = 2;
  const Artifact plain = compiled(options);
  const StepReport& first = step_of(plain, 0);
  REQUIRE(first.considered.size() > 1);
  const auto other = first.considered[1];
  REQUIRE(other.tiles.size() > 1);
  options.choices["host"][first.key] = {other.name, other.tiles[1]};
  const Artifact forced = compiled(options);
  for (size_t i : {0, 1}) {
    CHECK(step_of(forced, i).strategy == other.name);
    CHECK(tile_of(step_of(forced, i)) == other.tiles[1]);
  }
  CHECK(step_of(forced, 2).strategy == step_of(plain, 2).strategy);
  CHECK(tile_of(step_of(forced, 2)) == tile_of(step_of(plain, 2)));
  CHECK(forced.report.unmet_choices.empty());
  CHECK(forced.object != plain.object);
  CHECK(compiled(options).object == forced.object);
  check_answers(plain);
  check_answers(forced);
}

TEST_CASE("a choice without a tile leaves the tile to the cost model") {
  auto options = options_for("host");
  const Artifact plain = compiled(options);
  const auto other = step_of(plain, 0).considered.at(1);
  options.choices["host"][step_of(plain, 0).key] = {other.name, {}};
  const Artifact forced = compiled(options);
  CHECK(step_of(forced, 0).strategy == other.name);
  CHECK(tile_of(step_of(forced, 0)) == other.tiles.at(0));
}

TEST_CASE("choices of another target are not for this one") {
  auto options = options_for("host");
  const Artifact plain = compiled(options);
  options.choices["arm64"][step_of(plain, 0).key] = {step_of(plain, 0).considered.at(1).name, {}};
  const Artifact same = compiled(options);
  CHECK(same.object == plain.object);
  CHECK(same.report.unmet_choices.empty());
}

TEST_CASE("what a choice cannot have is said, and the cost model decides") {
  auto options = options_for("host");
  const Artifact plain = compiled(options);
  const std::string key = step_of(plain, 0).key, pointwise = step_of(plain, 2).key;
  auto& choices = options.choices["host"];
  choices["conv2d f32[1] -> f32[1] #000000000000"] = {"direct", {}};
  choices[key] = {"magic", {}};
  choices[pointwise] = {"pointwise", schedules::TileShape{99, 1, 1, 1}};
  const Artifact same = compiled(options);
  CHECK(same.object == plain.object);
  const auto& unmet = same.report.unmet_choices;
  REQUIRE(unmet.size() == 3);
  const auto said = [&](const std::string& of, const std::string& why) {
    for (const auto& line : unmet)
      if (line.starts_with(of) && line.find(why) != std::string::npos) return true;
    return false;
  };
  CHECK(said("conv2d f32[1] -> f32[1] #000000000000: ", "the model has no such group"));
  CHECK(said(key + ": ", "the strategy magic is not offered; there is "));
  CHECK(said(pointwise + ": ", "the tile 99x1x1x1 does not suit the kernel, which takes "));
}

TEST_CASE("a strategy forced on all is taken where it is offered, and each gives the same answers") {
  auto options = options_for("host");
  const Artifact plain = compiled(options);
  for (const auto& strategy : step_of(plain, 0).considered) {
    CAPTURE(strategy.name);
    options.strategy = strategy.name;
    const Artifact forced = compiled(options);
    CHECK(step_of(forced, 0).strategy == strategy.name);
    CHECK(step_of(forced, 1).strategy == strategy.name);
    CHECK(step_of(forced, 2).strategy == step_of(plain, 2).strategy);
    check_answers(forced);
  }
}

TEST_CASE("a strategy forced on all goes before a tuning's choices") {
  auto options = options_for("host");
  const Artifact plain = compiled(options);
  const auto& considered = step_of(plain, 0).considered;
  options.choices["host"][step_of(plain, 0).key] = {considered.at(1).name, considered.at(1).tiles.at(0)};
  options.strategy = considered.at(0).name;
  const Artifact forced = compiled(options);
  CHECK(step_of(forced, 0).strategy == options.strategy);
  CHECK(forced.report.unmet_choices.empty());
}
