#include <doctest/doctest.h>

#include "tests/schedules/check_kernel.h"

using namespace halite;
using test::check_kernel;

namespace {

std::string unary(std::string_view dtype, std::string_view shape, std::string_view fn) {
  return "graph \"t\" (%x: " + std::string(dtype) + std::string(shape) + ") -> (%y) {\n  %y: " + std::string(dtype) +
         std::string(shape) + " = elementwise(%x) fn=" + std::string(fn) + "\n}\n";
}

}  // namespace

TEST_CASE("an elementwise kernel agrees with the reference for every shape") {
  for (auto shape : {"[]", "[1]", "[7]", "[64]", "[1,1,1]", "[3,5]", "[2,3,4,5,1,2,3,2]", "[1,28,28,3]", "[100003]"}) {
    check_kernel(unary("f32", shape, "relu"));
  }
}
