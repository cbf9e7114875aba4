// See catalogue.h. An operator that several tables have is listed as what comes first here.
#include "frontend/catalogue.h"

#include <map>

#include "frontend/onnx/operators.h"
#include "frontend/onnx/sequence.h"
#include "frontend/onnx/standard.h"
#include "frontend/onnx/walk.h"
#include "frontend/tflite/operators.h"
#include "frontend/tflite/walk.h"

namespace halite::frontend {
namespace {

using Kinds = std::map<std::string, std::string>;  // by name

void add(Kinds& kinds, const std::vector<std::string>& names, const char* kind) {
  for (const std::string& name : names) kinds.emplace(name, kind);
}

void append(std::vector<CataloguedOperator>& list, const char* format, const Kinds& kinds) {
  for (const auto& [name, kind] : kinds) list.push_back({format, name, kind});
}

}  // namespace

std::vector<CataloguedOperator> catalogue() {
  Kinds onnx, tflite;
  add(onnx, onnx_importer_names(), "operator");
  add(onnx, OnnxWalk::control_names(), "control");
  add(onnx, slot_importer_names(), "sequence");
  add(onnx, standard_function_names([&](const std::string& op) { return onnx.count(op) > 0; }), "function");
  add(tflite, tflite_operator_names(), "operator");
  add(tflite, TfliteWalk::control_names(), "control");
  std::vector<CataloguedOperator> list;
  append(list, "onnx", onnx);
  append(list, "tflite", tflite);
  return list;
}

}  // namespace halite::frontend
