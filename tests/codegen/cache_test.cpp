#include "codegen/cache.h"

#include <doctest/doctest.h>

#include "codegen/temp_dir.h"
#include "codegen/weights.h"

using namespace halite::codegen;

TEST_CASE("the cache gives back what was put, and nothing else") {
  auto dir = TempDir::create();
  REQUIRE(dir);
  const KernelCache cache(dir->path(), 1 << 20);
  CHECK(!cache.get("a"));
  cache.put("a", {1, 2, 3});
  CHECK(cache.get("a") == std::vector<uint8_t>{1, 2, 3});
  CHECK(!cache.get("b"));
}

TEST_CASE("a damaged entry counts as absent") {
  auto dir = TempDir::create();
  REQUIRE(dir);
  const KernelCache cache(dir->path(), 1 << 20);
  cache.put("a", {1, 2, 3});
  auto entry = read_file(dir->path() / "a.kernel");
  REQUIRE(entry);
  entry->back() ^= 1;
  REQUIRE(write_file(dir->path() / "a.kernel", *entry));
  CHECK(!cache.get("a"));
  REQUIRE(write_file(dir->path() / "a.kernel", std::vector<uint8_t>{1}));
  CHECK(!cache.get("a"));
}

TEST_CASE("a cache over its limit drops entries until it fits") {
  auto dir = TempDir::create();
  REQUIRE(dir);
  const KernelCache cache(dir->path(), 2500);
  for (const char* key : {"a", "b", "c", "d"}) cache.put(key, std::vector<uint8_t>(1000));
  cache.trim();
  int left = 0;
  for (const char* key : {"a", "b", "c", "d"}) left += cache.get(key).has_value();
  CHECK(left == 2);
}

TEST_CASE("without a directory nothing is kept") {
  const KernelCache cache({}, 1000);
  cache.put("a", {1});
  CHECK(!cache.get("a"));
}

TEST_CASE("equal constants are stored once, each aligned") {
  WeightPool pool(64);
  const std::vector<float> a(5, 1.5f), b(3, 2.5f);
  using halite::ir::Tensor;
  const auto first = pool.add(Tensor::of<float>(a, {5}));
  const auto second = pool.add(Tensor::of<float>(b, {3}));
  CHECK(pool.add(Tensor::of<float>(a, {5, 1})) == first);
  CHECK(first == 0);
  CHECK(second == 64);
  CHECK(pool.bytes().size() == 64 + 12);
}
