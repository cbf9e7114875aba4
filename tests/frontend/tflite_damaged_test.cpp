// Damaged TFLite files. Whatever the bytes are, the import ends soon in an Error or in a valid graph.
#include <doctest/doctest.h>

#include <cstring>
#include <random>

#include "frontend/tflite/import.h"
#include "ir/verify.h"
#include "tests/support/npy.h"

using namespace halite;

namespace {

using Bytes = std::vector<std::byte>;

/// Models that differ in operators, types and control flow; all small, so that damage hits their structure.
constexpr const char* kModels[] = {"hello_world_f32",   "hello_world_int8",
                                   "micro_speech_int8", "micro_wake_word_okay_nabu_int8",
                                   "mnist_lstm_int8",   "person_detect_int8"};

Bytes model_bytes(const std::string& name) {
  return test::read_bytes(std::filesystem::path(HALITE_SOURCE_DIR) / "../shared/models" / name /
                          "model.tflite");
}

/// Whether the file was accepted.
bool check_survives(std::span<const std::byte> bytes) {
  const auto graph = frontend::import_tflite(bytes);
  if (!graph) {
    CHECK_FALSE(graph.error().message.empty());
    return false;
  }
  const auto valid = ir::verify(*graph);
  const std::string why = valid ? "" : to_string(valid.error());
  CHECK_MESSAGE(valid, why);
  return true;
}

}  // namespace

TEST_CASE("a TFLite file that is cut short is refused") {
  std::mt19937_64 random(31);
  for (const char* name : kModels) {
    const Bytes bytes = model_bytes(name);
    for (int i = 0; i < 40; ++i) check_survives(std::span(bytes).first(random() % bytes.size()));
  }
}

TEST_CASE("flipped bits in a TFLite file give an error or a valid graph") {
  std::mt19937_64 random(32);
  for (const char* name : kModels) {
    const Bytes bytes = model_bytes(name);
    for (int i = 0; i < 300; ++i) {
      Bytes damaged = bytes;
      for (int flips = 1 << i % 4; flips > 0; --flips)
        damaged[random() % damaged.size()] ^= static_cast<std::byte>(1 << random() % 8);
      CAPTURE(name);
      CAPTURE(i);
      check_survives(damaged);
    }
  }
}

TEST_CASE("numbers in a TFLite file may be nonsense") {
  std::mt19937_64 random(33);
  const int32_t nonsense[] = {INT32_MAX, INT32_MIN, -1, 0, 1, 2, 7, 1 << 30, 100000};
  int accepted = 0;
  for (const char* name : kModels) {
    const Bytes bytes = model_bytes(name);
    for (int i = 0; i < 1000; ++i) {
      Bytes damaged = bytes;
      // Most of the structure lies at the end of the file.
      const size_t words = damaged.size() / 4, tail = std::min<size_t>(words, 4000);
      const size_t at = i % 2 == 0 ? words - 1 - random() % tail : random() % words;
      std::memcpy(damaged.data() + 4 * at, &nonsense[random() % 9], 4);
      CAPTURE(name);
      CAPTURE(i);
      accepted += check_survives(damaged);
    }
  }
  CHECK(accepted > 0);
}

TEST_CASE("operators of a TFLite file may be others") {
  std::mt19937_64 random(34);
  for (const char* name : kModels) {
    const Bytes bytes = model_bytes(name);
    for (int i = 0; i < 1000; ++i) {
      Bytes damaged = bytes;
      // Operators are numbers of one byte; a place that holds a small number may be one.
      const size_t tail = std::min<size_t>(damaged.size(), 8000);
      size_t at = damaged.size() - 1 - random() % tail;
      for (int tries = 0; tries < 50 && (damaged[at] == std::byte{0} || damaged[at] > std::byte{127});
           ++tries)
        at = damaged.size() - 1 - random() % tail;
      damaged[at] = static_cast<std::byte>(random() % 160);
      CAPTURE(name);
      CAPTURE(i);
      check_survives(damaged);
    }
  }
}
