// Fuzzes the ONNX front end. Protobuf complains about every damaged file; that is kept quiet.
#include <google/protobuf/stubs/logging.h>

#include "frontend/onnx/import.h"
#include "tests/fuzz/import.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const google::protobuf::LogSilencer quiet;
  return halite::test::fuzz_import(halite::frontend::import_onnx, data, size);
}
