// A model needs no byte more than its report says: run with exactly that much arena between guard patterns,
// on a painted stack, it leaves the guards alone and digs no deeper than stated. On boards the driver of
// every verification looks at that (targets/driver/session.c); here, that it does.
#include <doctest/doctest.h>
#include <ucontext.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "codegen/compile.h"
#include "codegen/jit.h"
#include "codegen/link.h"
#include "ir/text.h"
#include "rt/halite.h"
#include "targets/machine.h"
#include "tests/support/error_text.h"

using namespace halite;
using namespace halite::codegen;

namespace {

constexpr unsigned char kPaint = 0xA5;
constexpr size_t kGuard = 4096;
#if __has_feature(address_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

/// One call on a stack of its own.
struct Call {
  ucontext_t caller{}, callee{};
  halite_session* session = nullptr;
  halite_status status = HALITE_OK;
  std::vector<unsigned char> stack = std::vector<unsigned char>(1 << 20, kPaint);
};
Call* current = nullptr;

void enter() { current->status = halite_run(current->session); }

/// Bytes of stack that halite_run takes, what calls it included.
int64_t stack_of(halite_session* session, halite_status expected) {
  Call call;
  call.session = session;
  current = &call;
  REQUIRE(getcontext(&call.callee) == 0);
  call.callee.uc_stack.ss_sp = call.stack.data();
  call.callee.uc_stack.ss_size = call.stack.size();
  call.callee.uc_link = &call.caller;
  makecontext(&call.callee, enter, 0);
  REQUIRE(swapcontext(&call.caller, &call.callee) == 0);
  CHECK(call.status == expected);
  const auto untouched =
      std::find_if(call.stack.begin(), call.stack.end(), [](auto b) { return b != kPaint; });
  return call.stack.end() - untouched;
}

void check_guards(const char* text, RowsMode rows) {
  CompileOptions options;
  options.name = "net";
  options.target = *targets::find("host");
  options.rows = rows;
  options.inputs = options.outputs = Home::arena;
  const auto artifact = compile(*ir::parse(text), options);
  REQUIRE_MESSAGE(artifact, error_text(artifact));
  const auto jit = JitModel::load(*artifact);
  REQUIRE(jit);
  const size_t bytes = size_t(artifact->report.arena_bytes);
  CHECK(bytes == halite_arena_bytes(&jit->model()));
  std::vector<unsigned char> memory(bytes + 2 * kGuard + HALITE_ARENA_ALIGN, kPaint);
  auto* arena = memory.data() + kGuard;
  arena +=
      (HALITE_ARENA_ALIGN - reinterpret_cast<uintptr_t>(arena) % HALITE_ARENA_ALIGN) % HALITE_ARENA_ALIGN;
  halite_session session;
  REQUIRE(halite_open(&session, &jit->model(), arena, bytes) == HALITE_OK);
  for (uint32_t i = 0; i < halite_input_count(&jit->model()); i++)
    std::memset(halite_input(&session, i), 0, halite_input_info(&jit->model(), i)->bytes);
  const int64_t without = stack_of(nullptr, HALITE_BAD_ARGUMENT), with = stack_of(&session, HALITE_OK);
  const auto painted = [](unsigned char b) { return b == kPaint; };
  CHECK(std::all_of(memory.data(), arena, painted));
  CHECK(std::all_of(arena + bytes, memory.data() + memory.size(), painted));
  const int64_t used = with - without, stated = artifact->report.stack_bytes;
  MESSAGE("stack: ", used, " bytes used, ", stated, " stated");
  // The runtime here is this program's own, and sanitizers widen its frames: what is stated is not of them.
  if (kSanitized) return;
  CHECK(used <= stated);
  CHECK(2 * used + 512 >= stated);
}

constexpr const char* kNet = R"(graph "net" (%x: f32[1,32,20,3]) -> (%y, %z) {
  const %w1: f32[8,3,3,3] = #0000000000000001
  const %d1: f32[8,3,3,1] = #0000000000000003
  const %p1: f32[16,1,1,8] = #0000000000000004
  %a: f32[1,16,10,8] = conv2d(%x, %w1) stride=[2,2] pad=[0,0,1,1]
  %b: f32[1,16,10,8] = conv2d(%a, %d1) pad=[1,1,1,1] groups=8
  %c: f32[1,16,10,16] = conv2d(%b, %p1)
  %y: f32[1,8,5,16] = pool2d(%c) kind=max kernel=[2,2] stride=[2,2]
  %m: f32[1,1,1,16] = reduce(%y) kind=mean axes=[1,2]
  %z: f32[1,1,1,16] = softmax(%m) axis=3
})";

}  // namespace

TEST_CASE("a model run layer by layer stays within its arena and its stack") {
  check_guards(kNet, RowsMode::never);
}

TEST_CASE("a model run row by row stays within its arena and its stack") {
  check_guards(kNet, RowsMode::always);
}

TEST_CASE("on boards models take no more arena and stack than stated, and one that did would be caught") {
  const auto graph = *ir::parse(kNet);
  const std::vector<std::vector<ir::Tensor>> inputs{{ir::Tensor::zeros(graph.type(graph.inputs[0]))}};
  for (const char* name : {"cortex-m0plus", "cortex-m4", "cortex-m55", "riscv32", "riscv32f"}) {
    const auto target = *targets::find(name);
    if (!targets::run_command(target)) {
      MESSAGE("skipped: " << target.name << " " << targets::how_to_run(target));
      continue;
    }
    for (const RowsMode rows : {RowsMode::never, RowsMode::always}) {
      CAPTURE(name);
      CompileOptions options;
      options.name = "net";
      options.target = target;
      options.rows = rows;
      options.self_test = inputs;
      auto artifact = compile(graph, options);
      REQUIRE_MESSAGE(artifact, error_text(artifact));
      const auto ran = run_program(*artifact, graph, target, inputs);
      REQUIRE_MESSAGE(ran, error_text(ran));
      const auto tested = run_self_test(*artifact, target);
      REQUIRE_MESSAGE(tested, error_text(tested));
      CHECK_MESSAGE(tested->passed, tested->console);
      // Measured and stated, as both programs print them.
      const auto at = ran->console.find("stack of halite_run: ");
      REQUIRE_MESSAGE(at != std::string::npos, ran->console);
      const int64_t used = std::atoll(ran->console.c_str() + at + 21);
      MESSAGE(name, ": stack ", used, " of ", artifact->report.stack_bytes);
      CHECK(used > 0);
      CHECK(2 * used + 256 >= artifact->report.stack_bytes);
      artifact->report.stack_bytes = used - 64;  // by chance the program around it aligns the stack better
      const auto deeper = run_program(*artifact, graph, target, inputs);
      REQUIRE_FALSE(deeper);
      CHECK(deeper.error().message.find("halite_run took more than stated") != std::string::npos);
      const auto told = run_self_test(*artifact, target);
      REQUIRE_MESSAGE(told, error_text(told));
      CHECK_FALSE(told->passed);
      CHECK(told->first_difference.find("memory or stack") != std::string::npos);
    }
  }
}
