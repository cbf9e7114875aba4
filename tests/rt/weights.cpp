// Separate weights: reading NAME.weights, whole and damaged.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "rt/abi.h"

namespace {

constexpr uint64_t kHash = 0x0123456789abcdef;
constexpr uint32_t kBytes = 40;
constexpr size_t kDataAt = 128, kSizeAt = kDataAt - 4;

// A flatbuffer as rt/weights.fbs describes it: root offset, identifier, vtable, table {hash, data}, padding,
// bytes.
std::vector<unsigned char> weights_file() {
  std::vector<unsigned char> file(kDataAt + kBytes, 0);
  auto put = [&](size_t at, uint64_t value, size_t bytes) { std::memcpy(&file[at], &value, bytes); };
  put(0, 24, 4);
  std::memcpy(&file[4], "HLTW", 4);
  put(12, 8, 2);  // vtable: its size, the table's size, hash at 8, data at 4
  put(14, 16, 2);
  put(16, 8, 2);
  put(18, 4, 2);
  put(24, 12, 4);  // table: back to the vtable
  put(28, kSizeAt - 28, 4);
  put(32, kHash, 8);
  put(kSizeAt, kBytes, 4);
  for (size_t i = 0; i < kBytes; ++i) file[kDataAt + i] = static_cast<unsigned char>(i);
  return file;
}

// A heap copy of just the file's size, so that a sanitizer sees every read beyond it.
struct Mapped {
  explicit Mapped(const std::vector<unsigned char>& file) : bytes(nullptr, std::free) {
    void* place = nullptr;
    REQUIRE(posix_memalign(&place, 64, std::max<size_t>(file.size(), 1)) == 0);
    bytes.reset(static_cast<unsigned char*>(place));
    if (!file.empty()) std::memcpy(place, file.data(), file.size());
  }
  std::unique_ptr<unsigned char, decltype(&std::free)> bytes;
};

void first_weight(halite_session*, void* const* args, const int32_t*) {
  *static_cast<unsigned char*>(args[1]) = static_cast<unsigned char*>(args[0])[7];
}

struct Session {
  Session() { REQUIRE(halite_open(&session, &model, arena, sizeof arena) == HALITE_OK); }
  int32_t shape[1] = {1};
  halite_tensor output = {"y", shape, 1, 0, 0, HALITE_U8, 1};
  rt_ref output_ref = 64;
  rt_ref args[2] = {RT_SPACE_WEIGHTS << RT_SPACE_SHIFT, RT_SPACE_OUTPUT << RT_SPACE_SHIFT};
  rt_step step = {first_weight, args, nullptr, 2};
  rt_variant variant = {nullptr, &output_ref, &step, nullptr, 1, 0};
  uint32_t memory_bytes[1] = {128};
  halite_model model = {.abi_version = RT_ABI_VERSION,
                        .n_inputs = 0,
                        .n_outputs = 1,
                        .n_steps = 1,
                        .inputs = nullptr,
                        .outputs = &output,
                        .variants = &variant,
                        .weights = nullptr,
                        .initials = nullptr,
                        .memory_bytes = memory_bytes,
                        .n_memories = 1,
                        .n_initials = 0,
                        .n_variants = 1,
                        .state = 0,
                        .state_bytes = 0,
                        .weights_bytes = kBytes,
                        .weights_hash = kHash};
  alignas(64) unsigned char arena[128];
  halite_session session;
};

}  // namespace

TEST_CASE("a model with separate weights runs once it has them") {
  Session s;
  const auto file = weights_file();
  Mapped mapped(file);
  CHECK(halite_run(&s.session) == HALITE_WEIGHTS_MISSING);
  CHECK(halite_run_steps(&s.session, 0, 1) == HALITE_WEIGHTS_MISSING);
  CHECK(halite_set_weights(&s.session, mapped.bytes.get(), file.size()) == HALITE_OK);
  CHECK(halite_run(&s.session) == HALITE_OK);
  CHECK(*static_cast<unsigned char*>(halite_output(&s.session, 0)) == 7);
}

TEST_CASE("weights of another model, of another size, or at an unaligned address are refused") {
  Session s;
  auto file = weights_file();
  Mapped mapped(file);
  CHECK(halite_set_weights(nullptr, mapped.bytes.get(), file.size()) == HALITE_BAD_ARGUMENT);
  CHECK(halite_set_weights(&s.session, nullptr, file.size()) == HALITE_BAD_ARGUMENT);
  s.model.weights_hash += 1;
  CHECK(halite_set_weights(&s.session, mapped.bytes.get(), file.size()) == HALITE_WEIGHTS_MISMATCH);
  s.model.weights_hash = kHash;
  s.model.weights_bytes += 1;
  CHECK(halite_set_weights(&s.session, mapped.bytes.get(), file.size()) == HALITE_WEIGHTS_MISMATCH);
  s.model.weights_bytes = kBytes;
  file.insert(file.begin(), 16, 0);
  Mapped moved(file);
  CHECK(halite_set_weights(&s.session, moved.bytes.get() + 16, file.size() - 16) == HALITE_UNALIGNED_BUFFER);
  CHECK(halite_run(&s.session) == HALITE_WEIGHTS_MISSING);
}

TEST_CASE("a truncated or damaged weights file is refused or leads to bytes within it") {
  Session s;
  const auto file = weights_file();
  for (size_t n = 0; n < file.size(); ++n) {
    Mapped cut({file.begin(), file.begin() + static_cast<long>(n)});
    REQUIRE(halite_set_weights(&s.session, cut.bytes.get(), n) == HALITE_WEIGHTS_MISMATCH);
  }
  for (size_t at = 0; at < kDataAt; ++at)
    for (int value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
      auto damaged = file;
      damaged[at] = static_cast<unsigned char>(value);
      Mapped mapped(damaged);
      s.session.weights = nullptr;
      if (halite_set_weights(&s.session, mapped.bytes.get(), damaged.size()) != HALITE_OK) continue;
      REQUIRE(s.session.weights >= mapped.bytes.get());
      REQUIRE(s.session.weights + kBytes <= mapped.bytes.get() + damaged.size());
    }
}
