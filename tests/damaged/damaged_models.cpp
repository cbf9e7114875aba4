// A hundred and more damaged models through the command line, each a process of its own: a clear error, exit
// status 1, and no file left. In the sanitizer build this is also the proof that none of them reads or writes
// out of bounds.
#include <doctest/doctest.h>

#include <fstream>
#include <random>

#include "tests/damaged/damage.h"
#include "tests/support/halite_process.h"

namespace {

using namespace halite::test;

std::string model_bytes(const std::string& name) { return contents(model_folder(name) + "/model.onnx"); }

const std::string kTflite = std::string(HALITE_SOURCE_DIR) + "/../shared/models/hello_world_int8";
std::string tflite_bytes() { return contents(kTflite + "/model.tflite"); }

void expect_refused(const std::string& bytes, const std::string& what) {
  CAPTURE(what);
  const TempDir dir;
  std::ofstream(dir / "model.onnx", std::ios::binary) << bytes;
  const Run run = halite::test::halite({"compile", dir / "model.onnx", "-o", dir / "out", "--no-cache"});
  CHECK_MESSAGE(run.status == 1, run.err);
  CHECK_MESSAGE(run.err.starts_with("halite: error: "), run.err);
  CHECK(run.err.find('\033') == std::string::npos);
  CHECK(run.err.size() < 20'000);
  CHECK(dir.files() == std::vector<std::string>{"model.onnx"});
}

void expect_refused(const std::string& base, const std::vector<Damage>& damages) {
  onnx::ModelProto model;
  REQUIRE(model.ParseFromString(model_bytes(base)));
  for (const Damage& damage : damages) {
    onnx::ModelProto damaged = model;
    damage.apply(damaged);
    expect_refused(damaged.SerializeAsString(), damage.name);
  }
}

void expect_cuts_refused(const std::string& bytes) {
  for (size_t i = 0; i < 24; ++i) {
    const size_t length = bytes.size() * i / 24;
    expect_refused(bytes.substr(0, length), "cut to " + std::to_string(length) + " bytes");
  }
  expect_refused(bytes.substr(0, bytes.size() - 1), "the last byte is missing");
}

TEST_CASE("models that are cut short anywhere are refused") { expect_cuts_refused(model_bytes("mnist_8")); }

TEST_CASE("TFLite models that are cut short anywhere are refused") { expect_cuts_refused(tflite_bytes()); }

TEST_CASE("files that are no model are refused") {
  expect_refused("", "empty");
  expect_refused("hello\n", "text");
  expect_refused(std::string(5000, '\0'), "zeros");
  expect_refused(std::string(5000, '\xff'), "ones");
  expect_refused("TFL3" + std::string(100, 'x'), "the name of another format");
  expect_refused(contents(model_folder("mnist_8") + "/test_data_set_0/input_0.npy"), "a tensor");
  std::mt19937 random(7);
  std::string noise(4096, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  expect_refused(noise, "noise");
}

TEST_CASE("models whose structure is damaged are refused") {
  expect_refused("mnist_8", convolution_damages());
  expect_refused("tiny_vit", transformer_damages());
}

// A flipped byte may hit a weight and leave a valid model: it must end in an answer or an error, never
// otherwise.
void expect_flips_handled(const std::string& bytes, const std::string& data) {
  std::mt19937 random(11);
  int refused = 0;
  for (int i = 0; i < 60; ++i) {
    std::string damaged = bytes;
    const int flips = 1 << (i % 6);
    for (int f = 0; f < flips; ++f)
      damaged[random() % damaged.size()] ^= static_cast<char>(1 << (random() % 8));
    const TempDir dir;
    std::ofstream(dir / "model", std::ios::binary) << damaged;
    const Run run = halite::test::halite({"run", dir / "model", "--interpret", "--data", data});
    CAPTURE(i);
    CHECK_MESSAGE((run.status == 0 || run.status == 1), run.err);
    refused += run.status == 1;
  }
  CHECK(refused > 5);
}

TEST_CASE("models with flipped bytes give an answer or an error") {
  expect_flips_handled(model_bytes("mnist_8"), model_folder("mnist_8") + "/test_data_set_0");
}

TEST_CASE("TFLite models with flipped bytes give an answer or an error") {
  expect_flips_handled(tflite_bytes(), kTflite + "/x0");
}

}  // namespace
