// The C API on a hand-made model: two inputs, y = (a + b) * w, in two steps.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "rt/abi.h"

namespace {

constexpr int kCount = 4;
constexpr uint32_t kArenaBytes = 256, kStateBytes = 13;

uint32_t ref(uint32_t space, uint32_t offset) { return space << RT_SPACE_SHIFT | offset; }

void add(halite_session*, void* const* args, const int32_t*) {
  for (int i = 0; i < kCount; ++i)
    static_cast<float*>(args[2])[i] = static_cast<float*>(args[0])[i] + static_cast<float*>(args[1])[i];
}

// Scales by a weight each; its extent is a parameter.
void scale(halite_session*, void* const* args, const int32_t* extents) {
  for (int i = 0; i < extents[0]; ++i)
    static_cast<float*>(args[2])[i] = static_cast<float*>(args[0])[i] * static_cast<float*>(args[1])[i];
}

struct Model {
  int32_t shape[1] = {kCount};
  halite_tensor inputs[2] = {{"a", shape, 16, 0, 0, HALITE_F32, 1}, {"b", shape, 16, 0, 0, HALITE_F32, 1}};
  halite_tensor outputs[1] = {{"y", shape, 16, 0, 0, HALITE_F32, 1}};
  rt_ref refs[3] = {ref(RT_SPACE_ARENA, 64), ref(RT_SPACE_ARENA, 80), ref(RT_SPACE_ARENA, 128)};
  rt_ref add_args[3] = {ref(RT_SPACE_INPUT, 0), ref(RT_SPACE_INPUT, 1u << RT_PUBLIC_SHIFT),
                        ref(RT_SPACE_ARENA, 96)};
  rt_ref scale_args[3] = {ref(RT_SPACE_ARENA, 96), ref(RT_SPACE_WEIGHTS, 16), ref(RT_SPACE_OUTPUT, 0)};
  int32_t extents[1] = {kCount};
  rt_step steps[2] = {{add, add_args, nullptr, 3}, {scale, scale_args, extents, 3}};
  rt_variant variant = {.shapes = nullptr, .refs = refs, .steps = steps, .n_steps = 2};
  alignas(64) float weights[8] = {0, 0, 0, 0, 1, 2, 3, 4};
  unsigned char first_state[3] = {7, 8, 9};
  rt_initial initials[2] = {{first_state, 0, 3, 0}, {nullptr, 8, 4, 0x80}};
  uint32_t memory_bytes[1] = {kArenaBytes};
  halite_model model = {.abi_version = RT_ABI_VERSION,
                        .n_inputs = 2,
                        .n_outputs = 1,
                        .n_steps = 2,
                        .inputs = inputs,
                        .outputs = outputs,
                        .variants = &variant,
                        .weights = reinterpret_cast<unsigned char*>(weights),
                        .initials = initials,
                        .memory_bytes = memory_bytes,
                        .n_memories = 1,
                        .n_initials = 2,
                        .n_variants = 1,
                        .state = 144,
                        .state_bytes = kStateBytes,
                        .weights_bytes = sizeof weights,
                        .weights_hash = 0x1122334455667788};
};

struct Arena {
  alignas(HALITE_ARENA_ALIGN) unsigned char bytes[kArenaBytes];
};

using Values = std::array<float, kCount>;

void write(void* place, const Values& values) { std::memcpy(place, values.data(), sizeof values); }

Values read(const void* place) {
  Values values;
  std::memcpy(values.data(), place, sizeof values);
  return values;
}

}  // namespace

TEST_CASE("a model of several memories opens with as many, as large and as aligned as it asks for") {
  Model m;
  uint32_t bytes[3] = {64, 0, RT_WINDOW_BYTES + 128};
  m.model.memory_bytes = bytes;
  m.model.n_memories = 3;
  // The third memory has two entries in the table, behind those of a, b and y; inputs are in the second.
  const auto second_window = [](uint32_t offset) {
    return ref(RT_SPACE_OUTPUT, 2u << RT_PUBLIC_SHIFT | offset);
  };
  const auto first_window = [](uint32_t offset) {
    return ref(RT_SPACE_OUTPUT, 1u << RT_PUBLIC_SHIFT | offset);
  };
  m.refs[0] = second_window(0);
  m.refs[1] = second_window(16);
  m.add_args[2] = m.scale_args[0] = second_window(32);
  m.refs[2] = first_window(48);
  m.model.state = second_window(64);
  std::vector<unsigned char> large(bytes[2] + HALITE_ARENA_ALIGN);
  auto* third = large.data();
  third +=
      (HALITE_ARENA_ALIGN - reinterpret_cast<uintptr_t>(third) % HALITE_ARENA_ALIGN) % HALITE_ARENA_ALIGN;
  Arena table;
  halite_memory memories[3] = {{table.bytes, 64}, {nullptr, 0}, {third, bytes[2]}};
  halite_session s;
  REQUIRE(halite_open_memories(&s, &m.model, memories, 3) == HALITE_OK);
  CHECK(halite_input(&s, 1) == third + RT_WINDOW_BYTES + 16);
  CHECK(halite_output(&s, 0) == third + 48);
  CHECK(third[RT_WINDOW_BYTES + 64] == 7);  // the state
  write(halite_input(&s, 0), {1, 2, 3, 4});
  write(halite_input(&s, 1), {10, 20, 30, 40});
  CHECK(halite_run(&s) == HALITE_OK);
  CHECK(read(halite_output(&s, 0)) == Values{11, 44, 99, 176});

  CHECK(halite_memory_count(&m.model) == 3);
  CHECK(halite_memory_bytes(&m.model, 2) == bytes[2]);
  CHECK(halite_memory_bytes(&m.model, 3) == 0);
  CHECK(halite_arena_bytes(&m.model) == 64 + bytes[2]);
  CHECK(halite_open(&s, &m.model, table.bytes, sizeof table.bytes) == HALITE_MEMORY_COUNT);
  CHECK(halite_open_memories(&s, &m.model, memories, 2) == HALITE_MEMORY_COUNT);
  CHECK(halite_open_memories(&s, &m.model, nullptr, 3) == HALITE_BAD_ARGUMENT);
  memories[2].bytes--;
  CHECK(halite_open_memories(&s, &m.model, memories, 3) == HALITE_ARENA_TOO_SMALL);
  memories[2] = {third + 8, bytes[2]};
  CHECK(halite_open_memories(&s, &m.model, memories, 3) == HALITE_ARENA_UNALIGNED);
  memories[2] = {nullptr, bytes[2]};
  CHECK(halite_open_memories(&s, &m.model, memories, 3) == HALITE_BAD_ARGUMENT);
}

TEST_CASE("a model describes its public tensors") {
  Model m;
  CHECK(halite_input_count(&m.model) == 2);
  CHECK(halite_output_count(&m.model) == 1);
  CHECK(halite_step_count(&m.model) == 2);
  CHECK(halite_arena_bytes(&m.model) == kArenaBytes);
  CHECK(halite_input_info(&m.model, 1) == &m.inputs[1]);
  CHECK(halite_input_info(&m.model, 2) == nullptr);
  CHECK(halite_output_info(&m.model, 0) == &m.outputs[0]);
  CHECK(halite_output_info(&m.model, 1) == nullptr);
  CHECK(halite_find_input(&m.model, "b") == 1);
  CHECK(halite_find_input(&m.model, "bb") == -1);
  CHECK(halite_find_input(&m.model, "") == -1);
  CHECK(halite_find_output(&m.model, "y") == 0);
  CHECK(halite_find_output(&m.model, nullptr) == -1);
}

TEST_CASE("open refuses what it cannot use") {
  Model m;
  Arena arena;
  halite_session s;
  CHECK(halite_open(nullptr, &m.model, arena.bytes, kArenaBytes) == HALITE_BAD_ARGUMENT);
  CHECK(halite_open(&s, nullptr, arena.bytes, kArenaBytes) == HALITE_BAD_ARGUMENT);
  CHECK(halite_open(&s, &m.model, nullptr, kArenaBytes) == HALITE_BAD_ARGUMENT);
  CHECK(halite_open(&s, &m.model, arena.bytes, kArenaBytes - 1) == HALITE_ARENA_TOO_SMALL);
  CHECK(halite_open(&s, &m.model, arena.bytes + 32, kArenaBytes) == HALITE_ARENA_UNALIGNED);
  m.model.abi_version += 1;
  CHECK(halite_open(&s, &m.model, arena.bytes, kArenaBytes) == HALITE_ABI_MISMATCH);
}

TEST_CASE("a session runs the steps in order over its arena") {
  Model m;
  Arena arena;
  halite_session s;
  REQUIRE(halite_open(&s, &m.model, arena.bytes, kArenaBytes) == HALITE_OK);
  write(halite_input(&s, 0), {1, 2, 3, 4});
  write(halite_input(&s, 1), {10, 20, 30, 40});
  CHECK(halite_run(&s) == HALITE_OK);
  CHECK(read(halite_output(&s, 0)) == Values{11, 44, 99, 176});
  CHECK(halite_input(&s, 2) == nullptr);
  CHECK(halite_output(&s, 1) == nullptr);
}

TEST_CASE("sessions of one model run side by side") {
  Model m;
  std::vector<Arena> arenas(4);
  std::vector<int> wrong(4);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      halite_session s;
      if (halite_open(&s, &m.model, arenas[t].bytes, kArenaBytes) != HALITE_OK) ++wrong[t];
      for (float i = 0; i < 200; ++i) {
        write(halite_input(&s, 0), {i, i, i, i});
        write(halite_input(&s, 1), {float(t), 0, 0, 0});
        if (halite_run(&s) != HALITE_OK) ++wrong[t];
        if (read(halite_output(&s, 0)) != Values{i + t, 2 * i, 3 * i, 4 * i}) ++wrong[t];
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(wrong == std::vector<int>(4));
}

TEST_CASE("bound buffers are read and written in place, and can be given up again") {
  Model m;
  Arena arena;
  halite_session s;
  REQUIRE(halite_open(&s, &m.model, arena.bytes, kArenaBytes) == HALITE_OK);
  void* own_input = halite_input(&s, 0);
  void* own_output = halite_output(&s, 0);
  const Values a = {1, 1, 1, 1};
  Values y = {};
  write(halite_input(&s, 1), {1, 2, 3, 4});
  CHECK(halite_bind_input(&s, 0, a.data()) == HALITE_OK);
  CHECK(halite_bind_output(&s, 0, y.data()) == HALITE_OK);
  CHECK(halite_output(&s, 0) == y.data());
  CHECK(halite_run(&s) == HALITE_OK);
  CHECK(y == Values{2, 6, 12, 20});
  CHECK(halite_bind_input(&s, 0, nullptr) == HALITE_OK);
  CHECK(halite_bind_output(&s, 0, nullptr) == HALITE_OK);
  CHECK(halite_input(&s, 0) == own_input);
  CHECK(halite_output(&s, 0) == own_output);
}

TEST_CASE("binding refuses wrong indices and buffers that are aligned to less than an element") {
  Model m;
  Arena arena;
  halite_session s;
  REQUIRE(halite_open(&s, &m.model, arena.bytes, kArenaBytes) == HALITE_OK);
  alignas(4) char buffer[20];
  CHECK(halite_bind_input(&s, 2, buffer) == HALITE_BAD_ARGUMENT);
  CHECK(halite_bind_output(&s, 1, buffer) == HALITE_BAD_ARGUMENT);
  CHECK(halite_bind_input(nullptr, 0, buffer) == HALITE_BAD_ARGUMENT);
  CHECK(halite_bind_input(&s, 0, buffer + 2) == HALITE_UNALIGNED_BUFFER);
  CHECK(halite_bind_output(&s, 0, buffer + 1) == HALITE_UNALIGNED_BUFFER);
  m.inputs[0].dtype = HALITE_I8;
  CHECK(halite_bind_input(&s, 0, buffer + 1) == HALITE_OK);
}

TEST_CASE("a session says how long an output was in the last run") {
  Model m;
  rt_extent extent{0, 0, ref(RT_SPACE_ARENA, 192)};
  m.variant.extents = &extent;
  m.variant.n_extents = 1;
  Arena arena;
  halite_session s;
  REQUIRE(halite_open(&s, &m.model, arena.bytes, sizeof arena) == HALITE_OK);
  int32_t shape[1] = {-1};
  CHECK(halite_output_shape(&s, 0, shape) == HALITE_OK);
  CHECK(shape[0] == kCount);
  const int64_t three = 3;  // as a step would write it
  std::memcpy(arena.bytes + 192, &three, sizeof three);
  CHECK(halite_output_shape(&s, 0, shape) == HALITE_OK);
  CHECK(shape[0] == 3);
  CHECK(halite_output_shape(&s, 1, shape) == HALITE_BAD_ARGUMENT);
  CHECK(halite_output_shape(&s, 0, nullptr) == HALITE_BAD_ARGUMENT);
  CHECK(halite_output_shape(nullptr, 0, shape) == HALITE_BAD_ARGUMENT);
  m.variant.n_extents = 0;
  CHECK(halite_output_shape(&s, 0, shape) == HALITE_OK);
  CHECK(shape[0] == kCount);
}

TEST_CASE("an inference can be run in pieces") {
  Model m;
  Arena arena;
  halite_session s;
  REQUIRE(halite_open(&s, &m.model, arena.bytes, kArenaBytes) == HALITE_OK);
  write(halite_input(&s, 0), {1, 2, 3, 4});
  write(halite_input(&s, 1), {1, 1, 1, 1});
  write(halite_output(&s, 0), {});
  CHECK(halite_run_steps(&s, 0, 1) == HALITE_OK);
  CHECK(read(halite_output(&s, 0)) == Values{});
  CHECK(halite_run_steps(&s, 1, 1) == HALITE_OK);
  CHECK(read(halite_output(&s, 0)) == Values{2, 6, 12, 20});
  CHECK(halite_run_steps(&s, 2, 0) == HALITE_OK);
  CHECK(halite_run_steps(&s, 2, 1) == HALITE_BAD_ARGUMENT);
  CHECK(halite_run_steps(&s, 1, 0xffffffff) == HALITE_BAD_ARGUMENT);
  CHECK(halite_run_steps(&s, 3, 0) == HALITE_BAD_ARGUMENT);
}

TEST_CASE("an observer sees each step before and after it runs") {
  Model m;
  Arena arena;
  halite_session s;
  REQUIRE(halite_open(&s, &m.model, arena.bytes, kArenaBytes) == HALITE_OK);
  struct Log {
    std::string text;
    float last = 0;
  } log;
  halite_observe(
      &s,
      [](void* user, uint32_t step, int done, void* const* args, uint32_t n_args) {
        auto* log = static_cast<Log*>(user);
        log->text += std::to_string(step) + (done ? "]" : "[");
        if (done) log->last = static_cast<float*>(args[n_args - 1])[3];
      },
      &log);
  write(halite_input(&s, 0), {1, 2, 3, 4});
  write(halite_input(&s, 1), {1, 1, 1, 1});
  CHECK(halite_run(&s) == HALITE_OK);
  CHECK(log.text == "0[0]1[1]");
  CHECK(log.last == 20);
  halite_observe(&s, nullptr, nullptr);
  CHECK(halite_run(&s) == HALITE_OK);
  CHECK(log.text == "0[0]1[1]");
}

TEST_CASE("a session's state begins as the model says, can be saved, restored and reset") {
  Model m;
  Arena arena;
  std::memset(arena.bytes, 0x55, sizeof arena.bytes);
  halite_session s;
  REQUIRE(halite_open(&s, &m.model, arena.bytes, kArenaBytes) == HALITE_OK);
  const std::vector<unsigned char> first = {7, 8, 9, 0, 0, 0, 0, 0, 0x80, 0x80, 0x80, 0x80, 0};
  const auto state = [&] { return std::vector(arena.bytes + 144, arena.bytes + 144 + kStateBytes); };
  CHECK(halite_state_bytes(&m.model) == kStateBytes);
  CHECK(state() == first);
  CHECK(arena.bytes[143] == 0x55);
  CHECK(arena.bytes[144 + kStateBytes] == 0x55);

  arena.bytes[150] = 42;  // as a run would
  const auto later = state();
  unsigned char saved[kStateBytes];
  CHECK(halite_save_state(&s, saved) == HALITE_OK);
  CHECK(halite_reset(&s) == HALITE_OK);
  CHECK(state() == first);
  CHECK(halite_restore_state(&s, saved, sizeof saved - 1) == HALITE_STATE_MISMATCH);
  CHECK(state() == first);
  CHECK(halite_restore_state(&s, saved, sizeof saved) == HALITE_OK);
  CHECK(state() == later);

  CHECK(halite_reset(nullptr) == HALITE_BAD_ARGUMENT);
  CHECK(halite_save_state(&s, nullptr) == HALITE_BAD_ARGUMENT);
  CHECK(halite_restore_state(&s, nullptr, kStateBytes) == HALITE_BAD_ARGUMENT);
}

namespace {

/// The model with two variants more: a and b of two elements each, computed elsewhere in one step; and a
/// alone of three, which leaves b as the first variant has it.
struct Shapes : Model {
  int32_t two[1] = {2}, three[1] = {3};
  const int32_t* shapes[3][3] = {{shape, shape, shape}, {two, two, two}, {three, shape, three}};
  rt_ref other_refs[3] = {ref(RT_SPACE_ARENA, 72), ref(RT_SPACE_ARENA, 88), ref(RT_SPACE_ARENA, 112)};
  rt_ref other_args[3] = {ref(RT_SPACE_INPUT, 0), ref(RT_SPACE_INPUT, 1u << RT_PUBLIC_SHIFT),
                          ref(RT_SPACE_OUTPUT, 0)};
  rt_step one_step[1] = {{add_two, other_args, nullptr, 3}};
  rt_variant variants[3] = {{shapes[0], refs, steps, nullptr, 2, 0},
                            {shapes[1], other_refs, one_step, nullptr, 1, 0},
                            {shapes[2], other_refs, one_step, nullptr, 1, 0}};
  Shapes() {
    model.variants = variants;
    model.n_variants = 3;
  }
  static void add_two(halite_session*, void* const* args, const int32_t*) {
    for (int i = 0; i < 2; ++i)
      static_cast<float*>(args[2])[i] = static_cast<float*>(args[0])[i] + static_cast<float*>(args[1])[i];
  }
};

int32_t extent_of(const halite_session& s, uint32_t input) {
  int32_t extent = -1;
  CHECK(halite_input_shape(&s, input, &extent) == HALITE_OK);
  return extent;
}

}  // namespace

TEST_CASE("a session goes over to the shapes of an input, which bring steps and places of their own") {
  Shapes m;
  Arena arena;
  halite_session s;
  REQUIRE(halite_open(&s, &m.model, arena.bytes, kArenaBytes) == HALITE_OK);
  CHECK(extent_of(s, 0) == 4);
  void* first_home = halite_input(&s, 0);
  CHECK(halite_set_input_shape(&s, 0, m.two, 1) == HALITE_OK);
  CHECK(extent_of(s, 0) == 2);
  CHECK(extent_of(s, 1) == 2);
  int32_t extent = 0;
  CHECK(halite_output_shape(&s, 0, &extent) == HALITE_OK);
  CHECK(extent == 2);
  CHECK(halite_input(&s, 0) == arena.bytes + 72);
  CHECK(halite_output(&s, 0) == arena.bytes + 112);
  write(halite_input(&s, 0), {1, 2});
  write(halite_input(&s, 1), {10, 20});
  CHECK(halite_run(&s) == HALITE_OK);
  const auto* y = static_cast<const float*>(halite_output(&s, 0));
  CHECK(y[0] == 11);
  CHECK(y[1] == 22);
  CHECK(halite_run_steps(&s, 1, 1) == HALITE_OK);  // these shapes have one step
  CHECK(halite_run_steps(&s, 1, 2) == HALITE_BAD_ARGUMENT);

  CHECK(halite_set_input_shape(&s, 0, m.shape, 1) == HALITE_OK);
  CHECK(halite_input(&s, 0) == first_home);
  write(halite_input(&s, 0), {1, 2, 3, 4});
  write(halite_input(&s, 1), {10, 20, 30, 40});
  CHECK(halite_run(&s) == HALITE_OK);
  CHECK(read(halite_output(&s, 0)) == Values{11, 44, 99, 176});
}

TEST_CASE("of the shapes that fit an input, those are taken that leave the others as they are") {
  Shapes m;
  Arena arena;
  halite_session s;
  REQUIRE(halite_open(&s, &m.model, arena.bytes, kArenaBytes) == HALITE_OK);
  CHECK(halite_set_input_shape(&s, 0, m.three, 1) == HALITE_OK);
  CHECK(extent_of(s, 1) == 4);
  // b is of four in the first variant and in the present one, whose a stays.
  CHECK(halite_set_input_shape(&s, 1, m.shape, 1) == HALITE_OK);
  CHECK(extent_of(s, 0) == 3);
  CHECK(halite_set_input_shape(&s, 1, m.two, 1) == HALITE_OK);
  CHECK(extent_of(s, 0) == 2);
}

TEST_CASE("a shape that the model does not have is refused, and nothing changes") {
  Shapes m;
  Arena arena;
  halite_session s;
  REQUIRE(halite_open(&s, &m.model, arena.bytes, kArenaBytes) == HALITE_OK);
  const int32_t five[2] = {5, 1}, four[2] = {4, 1};
  CHECK(halite_set_input_shape(&s, 0, five, 1) == HALITE_BAD_SHAPE);
  CHECK(halite_set_input_shape(&s, 0, four, 2) == HALITE_BAD_SHAPE);
  CHECK(halite_set_input_shape(&s, 1, m.three, 1) == HALITE_BAD_SHAPE);
  CHECK(extent_of(s, 0) == 4);
  CHECK(halite_set_input_shape(nullptr, 0, four, 1) == HALITE_BAD_ARGUMENT);
  CHECK(halite_set_input_shape(&s, 2, four, 1) == HALITE_BAD_ARGUMENT);
  CHECK(halite_set_input_shape(&s, 0, nullptr, 1) == HALITE_BAD_ARGUMENT);
  int32_t extent;
  CHECK(halite_input_shape(&s, 2, &extent) == HALITE_BAD_ARGUMENT);
  CHECK(halite_output_shape(&s, 1, &extent) == HALITE_BAD_ARGUMENT);
  CHECK(halite_output_shape(&s, 0, nullptr) == HALITE_BAD_ARGUMENT);
  Model one;  // its tensors state its shape
  REQUIRE(halite_open(&s, &one.model, arena.bytes, kArenaBytes) == HALITE_OK);
  CHECK(halite_set_input_shape(&s, 0, four, 1) == HALITE_OK);
  CHECK(halite_set_input_shape(&s, 0, five, 1) == HALITE_BAD_SHAPE);
  CHECK(extent_of(s, 1) == 4);
}

TEST_CASE("what is bound stays bound, and the state stays as it is, when shapes change") {
  Shapes m;
  Arena arena;
  halite_session s;
  REQUIRE(halite_open(&s, &m.model, arena.bytes, kArenaBytes) == HALITE_OK);
  Values y = {};
  CHECK(halite_bind_output(&s, 0, y.data()) == HALITE_OK);
  arena.bytes[150] = 42;  // of the state
  CHECK(halite_set_input_shape(&s, 0, m.two, 1) == HALITE_OK);
  CHECK(halite_output(&s, 0) == y.data());
  CHECK(arena.bytes[150] == 42);
  CHECK(arena.bytes[144] == 7);
  CHECK(halite_bind_output(&s, 0, nullptr) == HALITE_OK);
  CHECK(halite_output(&s, 0) == arena.bytes + 112);
}

TEST_CASE("every status has a text of its own") {
  std::vector<std::string> texts;
  for (int i = HALITE_OK; i <= HALITE_BAD_SHAPE; ++i)
    texts.push_back(halite_status_text(static_cast<halite_status>(i)));
  std::sort(texts.begin(), texts.end());
  CHECK(std::unique(texts.begin(), texts.end()) == texts.end());
  CHECK(std::find(texts.begin(), texts.end(), "unknown status") == texts.end());
}
