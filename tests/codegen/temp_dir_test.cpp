// Files are read whole, whatever size they state.
#include "codegen/temp_dir.h"

#include <doctest/doctest.h>

#include <filesystem>

using namespace halite;

TEST_CASE("a file is read as it was written") {
  const auto dir = codegen::TempDir::create();
  REQUIRE(dir);
  for (const size_t size : {0u, 1u, 65535u, 65536u, 65537u, 200000u}) {
    CAPTURE(size);
    std::vector<uint8_t> bytes(size);
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(i * 7 + i / 256);
    REQUIRE(codegen::write_file(dir->path() / "file", bytes));
    const auto read = codegen::read_file(dir->path() / "file");
    REQUIRE(read);
    CHECK(*read == bytes);
  }
}

TEST_CASE("a file that states no size is read to its end") {
  if (!std::filesystem::exists("/proc/self/maps")) return;
  const auto read = codegen::read_file("/proc/self/maps");
  REQUIRE(read);
  CHECK(read->size() > 100);
  CHECK(read->back() == '\n');
}

TEST_CASE("a file that is not there is an error") {
  CHECK(!codegen::read_file("/nowhere/file"));
  CHECK(!codegen::read_file("/"));
}
