// Memory functions against std on all alignments, lengths and overlaps.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <numeric>
#include <vector>

extern "C" {
void* rt_memcpy(void*, const void*, size_t);
void* rt_memmove(void*, const void*, size_t);
void* rt_memset(void*, int, size_t);
int rt_memcmp(const void*, const void*, size_t);
size_t rt_strlen(const char*);
}

namespace {

using Bytes = std::vector<unsigned char>;

Bytes pattern(size_t n) {
  Bytes bytes(n);
  for (size_t i = 0; i < n; ++i) bytes[i] = static_cast<unsigned char>(i * 37 + i / 256);
  return bytes;
}

// Lengths around every block size, and some long ones.
const std::vector<size_t> kLengths = [] {
  std::vector<size_t> lengths(150);
  std::iota(lengths.begin(), lengths.end(), 0);
  lengths.insert(lengths.end(), {255, 256, 257, 1000, 4099});
  return lengths;
}();

}  // namespace

TEST_CASE("memcpy copies just its range for all lengths and alignments") {
  const Bytes from = pattern(5000);
  for (size_t n : kLengths)
    for (size_t d = 0; d < 17; ++d)
      for (size_t s = 0; s < 17; ++s) {
        Bytes to(5000, 0xee), expected = to;
        std::copy_n(from.begin() + static_cast<long>(s), n, expected.begin() + static_cast<long>(d));
        REQUIRE(rt_memcpy(&to[d], &from[s], n) == &to[d]);
        REQUIRE(to == expected);
      }
}

TEST_CASE("memmove is right for every overlap") {
  for (size_t n : kLengths)
    for (size_t d = 0; d < 70; d += n < 80 ? 1 : 3)
      for (size_t s : {size_t{0}, size_t{1}, size_t{16}, size_t{33}}) {
        Bytes bytes = pattern(4300), expected = bytes;
        std::memmove(&expected[d], &expected[s], n);
        REQUIRE(rt_memmove(&bytes[d], &bytes[s], n) == &bytes[d]);
        REQUIRE(bytes == expected);
      }
}

TEST_CASE("memset fills just its range for all lengths and alignments") {
  for (size_t n : kLengths)
    for (size_t d = 0; d < 33; ++d) {
      Bytes to = pattern(5000), expected = to;
      std::fill_n(expected.begin() + static_cast<long>(d), n, 0xa5);
      REQUIRE(rt_memset(&to[d], 0x5a5, n) == &to[d]);
      REQUIRE(to == expected);
    }
}

TEST_CASE("memcmp orders by the first byte that differs, as unsigned") {
  const Bytes a = pattern(300);
  for (size_t n = 0; n < 300; n += 7)
    for (size_t at = 0; at < 300; at += 11) {
      Bytes b = a;
      b[at] ^= 0x80;
      int expected = std::memcmp(a.data(), b.data(), n), found = rt_memcmp(a.data(), b.data(), n);
      REQUIRE((found > 0) == (expected > 0));
      REQUIRE((found < 0) == (expected < 0));
    }
}

TEST_CASE("strlen counts up to the zero") {
  CHECK(rt_strlen("") == 0);
  CHECK(rt_strlen("halite") == 6);
}
