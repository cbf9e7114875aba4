// All passes on the real models: what they mean stays, and only the transposes that are needed remain. The
// table lists these; a longer list is a regression, a shorter one a reason to update the table.
#include <doctest/doctest.h>

#include <filesystem>

#include "frontend/import.h"
#include "ir/op_text.h"
#include "ir/passes/pipeline.h"
#include "ir/text.h"
#include "ir/verify.h"
#include "tests/passes/equivalence.h"

using namespace halite;

namespace {

const std::filesystem::path kModels = std::filesystem::path(HALITE_SOURCE_DIR) / "../shared/models";

struct Model {
  const char* name;
  bool interpret;  // small enough for the reference
  std::vector<std::string> transposes;
};

const std::string kInput = " transpose perm=[0,2,3,1]";  // of a channel-first input
const std::vector<Model> kTable{
    {"mnist_8_onnx", true, {}},
    {"dtln_1_onnx_f32", true, {}},
    {"squeezenet_f32_onnx", false, {"f32[1,3,224,224]" + kInput}},
    {"ultraface_rfb320_onnx", false, {"f32[1,3,240,320]" + kInput}},
    {"yolox_nano_onnx", false, {"f32[1,3,416,416]" + kInput}},
    // The last two put parts of the channel-first output in place.
    {"fastestdet_onnx",
     false,
     {"f32[1,3,352,352]" + kInput, "f32[1,22,22,4] transpose perm=[0,3,1,2]",
      "f32[1,22,22,80] transpose perm=[0,3,1,2]"}},
    // Depth to space.
    {"super_resolution_10_onnx", false, {"f32[1,1,224,224,3,3] transpose perm=[0,1,2,4,3,5]"}},
    // Two layers of attention: the heads of queries, keys and values, and their results.
    {"tiny_vit_synthetic_onnx",
     true,
     {"f32[1,3,32,32]" + kInput, "f32[1,17,4,16] transpose perm=[0,2,1,3]",
      "f32[1,17,4,16] transpose perm=[0,2,3,1]", "f32[1,17,4,16] transpose perm=[0,2,1,3]",
      "f32[1,4,17,16] transpose perm=[0,2,1,3]", "f32[1,17,4,16] transpose perm=[0,2,1,3]",
      "f32[1,17,4,16] transpose perm=[0,2,3,1]", "f32[1,17,4,16] transpose perm=[0,2,1,3]",
      "f32[1,4,17,16] transpose perm=[0,2,1,3]"}},
};

}  // namespace

TEST_CASE("real models keep their meaning and only the transposes that they need") {
  if (!std::filesystem::exists(kModels)) {
    MESSAGE("skipped: no models at " << kModels);
    return;
  }
  for (const Model& m : kTable) {
    CAPTURE(m.name);
    const auto before = frontend::import_model(kModels / m.name / "model.onnx");
    if (!before) FAIL(to_string(before.error()));
    ir::Graph after = *before;
    int passes = 0;
    ir::optimize(after, [&](std::string_view name, const ir::Graph& g) {
      CAPTURE(name);
      const auto ok = ir::verify(g);
      if (!ok) FAIL(to_string(ok.error()));
      ++passes;
    });
    CHECK(passes < 30);
    std::vector<std::string> transposes;
    for (const ir::Node& node : after.nodes)
      if (std::holds_alternative<ir::Transpose>(node.op))
        transposes.push_back(to_string(after.type(node.inputs[0])) + " " + ir::print(node.op));
    CHECK(transposes == m.transposes);
    if (m.interpret) ir::check_equivalent(*before, after, 1);
  }
}
