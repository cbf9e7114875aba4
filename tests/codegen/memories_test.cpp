// Tensors spread over several memories: by the assigner, and in compiled models of every kind, which answer
// as those with one arena do.
#include "codegen/memories.h"

#include <doctest/doctest.h>

#include <cstring>
#include <random>

#include "codegen/compile.h"
#include "codegen/jit.h"
#include "codegen/link.h"
#include "ir/interpret.h"
#include "ir/text.h"
#include "targets/machine.h"
#include "tests/support/error_text.h"

using namespace halite;
using namespace halite::codegen;

namespace {

/// A state, a cascade where rows are asked for, and steps that are none.
constexpr const char* kNet = R"(graph "net" (%x: f32[1,32,20,3]) -> (%y, %z) {
  state %old: f32[1,1,1,16] = zeros -> %new
  const %w1: f32[8,3,3,3] = #0000000000000001
  const %d1: f32[8,3,3,1] = #0000000000000003
  const %p1: f32[16,1,1,8] = #0000000000000004
  %a: f32[1,16,10,8] = conv2d(%x, %w1) stride=[2,2] pad=[0,0,1,1]
  %b: f32[1,16,10,8] = conv2d(%a, %d1) pad=[1,1,1,1] groups=8
  %c: f32[1,16,10,16] = conv2d(%b, %p1)
  %y: f32[1,8,5,16] = pool2d(%c) kind=max kernel=[2,2] stride=[2,2]
  %m: f32[1,1,1,16] = reduce(%y) kind=mean axes=[1,2]
  %new: f32[1,1,1,16] = elementwise(%m, %old) fn=add
  %z: f32[1,1,1,16] = softmax(%new) axis=3
})";

constexpr int64_t kKiB = 1024;

CompileOptions options_for(const char* target, RowsMode rows, std::vector<Memory> memories) {
  CompileOptions options;
  options.name = "net";
  options.target = *targets::find(target);
  options.rows = rows;
  options.memories = std::move(memories);
  return options;
}

std::vector<std::vector<ir::Tensor>> some_inputs(const ir::Graph& graph) {
  std::mt19937 random(5);
  std::vector<std::vector<ir::Tensor>> sets(2);
  for (auto& set : sets) {
    for (auto id : graph.inputs) {
      auto tensor = ir::Tensor::zeros(graph.type(id));
      for (int64_t i = 0; i < tensor.type().elements(); i++)
        tensor.set(i, double(random()) / double(random.max()) * 2 - 1);
      set.push_back(std::move(tensor));
    }
  }
  return sets;
}

/// No tensors alive together overlap but a cascade's input and output; each is within its memory.
void check_plan(const Report& report) {
  for (const auto& p : report.arena) {
    REQUIRE(size_t(p.memory) < report.memories.size());
    CHECK(p.offset + p.bytes <= report.memories[size_t(p.memory)].bytes);
  }
  for (const auto& m : report.memories) {
    if (m.capacity) CHECK(m.bytes <= m.capacity);
  }
}

void check_equal(const std::vector<std::vector<ir::Tensor>>& found,
                 const std::vector<std::vector<ir::Tensor>>& expected) {
  REQUIRE(found.size() == expected.size());
  for (size_t n = 0; n < found.size(); n++) {
    REQUIRE(found[n].size() == expected[n].size());
    for (size_t i = 0; i < found[n].size(); i++) {
      const auto a = found[n][i].bytes(), b = expected[n][i].bytes();
      CHECK(std::equal(a.begin(), a.end(), b.begin(), b.end()));
    }
  }
}

}  // namespace

TEST_CASE("what is used most for its size goes to the fast room, the rest where it fits") {
  const std::vector<Interval> intervals{{100, 4, 0, 3}, {40, 4, 0, 3}, {40, 4, 0, 3}, {60, 4, 2, 3}};
  const auto found = assign_rooms(intervals, {100, 4000, 400, 90}, {}, {{200, 8, false}, {84, 0, true}});
  CHECK(found.fits);
  CHECK(found.room == std::vector<size_t>{0, 1, 1, 0});
  CHECK(found.bytes == std::vector<int64_t>{168, 80});
  CHECK(found.offsets[0] >= 8);  // behind what is reserved
}

TEST_CASE("a large cold interval gets the fast room where no other holds it") {
  const std::vector<Interval> intervals{{90, 1, 0, 1}, {30, 1, 0, 1}, {30, 1, 0, 1}};
  const auto found = assign_rooms(intervals, {1, 1000, 1000}, {}, {{64, 0, false}, {100, 0, true}});
  CHECK(found.fits);
  CHECK(found.room == std::vector<size_t>{1, 0, 0});
}

TEST_CASE("intervals that fit no room are told, and random ones never overlap") {
  CHECK_FALSE(assign_rooms({{100, 1, 0, 0}}, {1}, {}, {{50, 0, false}, {60, 0, true}}).fits);
  std::mt19937 random(11);
  for (int round = 0; round < 10; round++) {
    std::vector<Interval> intervals;
    std::vector<int64_t> accesses;
    for (int i = 0; i < 25; i++) {
      const int first = int(random() % 20);
      intervals.push_back(
          {int64_t(1 + random() % 500), int64_t{1} << (random() % 5), first, first + int(random() % 5)});
      accesses.push_back(int64_t(random() % 5000));
    }
    const std::vector<Room> rooms{{1500, 20, false}, {700, 0, true}, {5000, 0, false}};
    const auto found = assign_rooms(intervals, accesses, {}, rooms);
    REQUIRE(found.fits);
    for (size_t i = 0; i < intervals.size(); i++) {
      CHECK(found.offsets[i] % intervals[i].align == 0);
      CHECK(found.offsets[i] + intervals[i].size <= rooms[found.room[i]].bytes);
      for (size_t j = 0; j < i; j++) {
        if (found.room[i] != found.room[j] || intervals[i].first > intervals[j].last ||
            intervals[j].first > intervals[i].last)
          continue;
        const bool apart = found.offsets[i] + intervals[i].size <= found.offsets[j] ||
                           found.offsets[j] + intervals[j].size <= found.offsets[i];
        CHECK(apart);
      }
    }
  }
}

TEST_CASE("a model over two memories answers as over one, with rows and without, with public tensors bound") {
  const auto graph = *ir::parse(kNet);
  const auto inputs = some_inputs(graph);
  for (const RowsMode rows : {RowsMode::never, RowsMode::always}) {
    for (const Home home : {Home::arena, Home::bound}) {
      auto options = options_for("host", rows, {});
      options.inputs = options.outputs = home;
      const auto one = compile(graph, options);
      options.memories = {{"sram", 24 * kKiB, false}, {"dtcm", 8 * kKiB, true}};
      const auto two = compile(graph, options);
      REQUIRE_MESSAGE(two, error_text(two));
      check_plan(two->report);
      CHECK(one->report.memories.size() == 1);
      CHECK(two->report.memories[1].bytes > 0);
      const auto jit_one = JitModel::load(*one), jit_two = JitModel::load(*two);
      REQUIRE((jit_one && jit_two));
      CHECK(halite_memory_count(&jit_two->model()) == 2);
      check_equal(*jit_two->run_sequence(inputs), *jit_one->run_sequence(inputs));
      halite_session session;
      alignas(64) static unsigned char arena[64 * 1024];
      CHECK(halite_open(&session, &jit_two->model(), arena, sizeof arena) == HALITE_MEMORY_COUNT);
    }
  }
}

TEST_CASE("models over several memories run on boards, whose drivers guard each of them") {
  const auto graph = *ir::parse(kNet);
  const auto inputs = some_inputs(graph);
  for (const std::string name : {"cortex-m4", "cortex-m55", "riscv32f", "arm64-none"}) {
    const auto target = *targets::find(name);
    if (!targets::run_command(target)) {
      MESSAGE("skipped: " << target.name << " " << targets::how_to_run(target));
      continue;
    }
    CAPTURE(name);
    auto options = options_for(name.c_str(), RowsMode::automatic, {});
    options.strategy = "pointwise";  // other ways to compute a layer, or its rows, round otherwise
    const auto one = compile(graph, options);
    options.memories = {{"dtcm", 3 * kKiB, true}, {"sram", 14 * kKiB, false}, {"more", 2 * kKiB, false}};
    const auto several = compile(graph, options);
    REQUIRE_MESSAGE(several, error_text(several));
    check_plan(several->report);
    const auto expected = run_on_target(*one, graph, target, inputs);
    const auto found = run_on_target(*several, graph, target, inputs);
    REQUIRE_MESSAGE(expected, error_text(expected));
    REQUIRE_MESSAGE(found, error_text(found));
    check_equal(*found, *expected);
  }
}

TEST_CASE(
    "what does not fit its memories is an error that says by how much and which tensors are in the way") {
  const auto graph = *ir::parse(kNet);
  const auto tight = compile(
      graph, options_for("cortex-m4", RowsMode::automatic, {{"a", 2 * kKiB, false}, {"b", 1 * kKiB, true}}));
  REQUIRE_FALSE(tight);
  CHECK(tight.error().code == ErrorCode::kResource);
  const std::string& message = tight.error().message;
  CAPTURE(message);
  CHECK(message.find("bytes more than the memories hold are needed (a ") != std::string::npos);
  CHECK(message.find("of 2048, b ") != std::string::npos);
  CHECK(message.find("alive at the peak, step") != std::string::npos);
  CHECK(message.find("x (input)") != std::string::npos);
}

TEST_CASE("rows are taken for the sake of the memories, as few as it takes") {
  const auto graph = *ir::parse(kNet);
  auto options = options_for("host", RowsMode::never, {});
  const int64_t plain = compile(graph, options)->report.arena_bytes;
  options.rows = RowsMode::automatic;
  options.memories = {{"one", plain * 4 / 5, false}, {"two", kKiB, true}};
  const auto fits = compile(graph, options);
  REQUIRE_MESSAGE(fits, error_text(fits));
  check_plan(fits->report);
}

TEST_CASE("names of memories are C identifiers, each its own") {
  const auto graph = *ir::parse(kNet);
  for (const char* name : {"", "1st", "a-b"})
    CHECK_FALSE(compile(graph, options_for("host", RowsMode::never, {{name, kKiB, false}})));
  const auto twice = compile(
      graph, options_for("host", RowsMode::never, {{"ram", 64 * kKiB, false}, {"RAM", 64 * kKiB, false}}));
  REQUIRE_FALSE(twice);
  CHECK(twice.error().message.find("two memories") != std::string::npos);
}

TEST_CASE("the header states each memory, the report where each tensor is") {
  const auto graph = *ir::parse(kNet);
  const auto artifact = compile(graph, options_for("cortex-m4", RowsMode::automatic,
                                                   {{"sram", 24 * kKiB, false}, {"dtcm", 8 * kKiB, true}}));
  REQUIRE_MESSAGE(artifact, error_text(artifact));
  const auto& header = artifact->header;
  CAPTURE(header);
  const auto& memories = artifact->report.memories;
  CHECK(header.find("#define net_MEMORIES 2u") != std::string::npos);
  CHECK(header.find("#define net_MEMORY_DTCM 1u") != std::string::npos);
  CHECK(header.find("#define net_MEMORY_SRAM_BYTES " + std::to_string(memories[0].bytes) + "u") !=
        std::string::npos);
  CHECK(header.find("#define net_MEMORY_DTCM_ALIGN HALITE_ARENA_ALIGN") != std::string::npos);
  CHECK(header.find("ARENA_BYTES") == std::string::npos);
}
