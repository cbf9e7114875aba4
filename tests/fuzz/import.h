// What every fuzz target does with its bytes: import them, and hold the front end to its word that what it
// accepts is valid. https://llvm.org/docs/LibFuzzer.html
#pragma once

#include <cstdio>
#include <cstdlib>
#include <span>

#include "frontend/import.h"
#include "ir/verify.h"

namespace halite::test {

using Import = Result<ir::Graph> (*)(std::span<const std::byte>, const frontend::ImportOptions&);

inline int fuzz_import(Import import, const uint8_t* data, size_t size) {
  const auto graph = import(std::as_bytes(std::span(data, size)), {});
  if (!graph) return 0;
  const auto valid = ir::verify(*graph);
  if (valid) return 0;
  std::fprintf(stderr, "the import made an invalid graph: %s\n", to_string(valid.error()).c_str());
  std::abort();
}

}  // namespace halite::test
