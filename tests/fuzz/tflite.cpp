// Fuzzes the TFLite front end.
#include "frontend/tflite/import.h"
#include "tests/fuzz/import.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return halite::test::fuzz_import(halite::frontend::import_tflite, data, size);
}
