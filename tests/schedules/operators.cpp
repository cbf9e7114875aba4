// One table per operator: attributes and shapes with extents of 1, primes and what fills vectors.
#include <doctest/doctest.h>

#include <cmath>

#include "tests/schedules/check_kernel.h"

using namespace halite;
using test::check_kernel;

namespace {

/// A graph of one operator with one input.
std::string one(std::string_view in, std::string_view out, std::string_view op, std::string_view fields) {
  return "graph \"t\" (%x: " + std::string(in) + ") -> (%y) {\n  %y: " + std::string(out) + " = " +
         std::string(op) + "(%x) " + std::string(fields) + "\n}";
}

struct Case {
  std::string_view in, out, fields;
};
void check_all(std::string_view op, std::initializer_list<Case> cases, const test::Check& check = {}) {
  for (const auto& c : cases) check_kernel(one(c.in, c.out, op, c.fields), check);
}

}  // namespace

TEST_CASE("reduce agrees with the reference on kept and reduced innermost axes") {
  check_all("reduce",
            {{"f32[7,33]", "f32[7,1]", "kind=sum axes=[1]"},
             {"f32[7,133]", "f32[1,133]", "kind=mean axes=[0]"},
             {"f32[2,7,7,40]", "f32[2,1,1,40]", "kind=mean axes=[1,2]"},
             {"f32[3,50,5,4]", "f32[1,50,1,4]", "kind=sum axes=[0,2]"},
             {"f32[5,3,70]", "f32[1,3,1]", "kind=mean axes=[0,2]"},
             {"f32[1000]", "f32[1]", "kind=sum axes=[0]"},
             {"f32[6,3]", "f32[6,1]", "kind=prod axes=[1]"},
             {"f32[4,67]", "f32[4,1]", "kind=max axes=[1]"},
             {"f32[67,20]", "f32[1,20]", "kind=min axes=[0]"},
             {"f32[3,4]", "f32[3,4]", "kind=sum"}},
            {.rtol = 1e-5, .atol = 1e-5});
  check_all("reduce",
            {{"i32[4,67]", "i32[4,1]", "kind=sum axes=[1]"},
             {"i8[4,67]", "i8[4,1]", "kind=mean axes=[1]"},
             {"i64[67,5]", "i64[1,5]", "kind=max axes=[0]"}},
            {.low = -90, .high = 90});
}

TEST_CASE("softmax agrees with the reference along every axis") {
  check_all("softmax",
            {{"f32[3,1000]", "f32[3,1000]", "axis=1"},
             {"f32[37]", "f32[37]", "axis=0"},
             {"f32[50,3]", "f32[50,3]", "axis=1"},
             {"f32[5,7,33]", "f32[5,7,33]", "axis=1"},
             {"f32[1,4,3000]", "f32[1,4,3000]", "axis=2"},
             {"f32[3,100]", "f32[3,100]", "axis=1 log=true"},
             {"f32[21,9]", "f32[21,9]", "axis=0 log=true"}},
            {.rtol = 1e-5, .atol = 1e-6, .low = -20, .high = 20});
}

TEST_CASE("arg_reduce agrees with the reference, ties included") {
  check_all("arg_reduce",
            {{"f32[3,100]", "i64[3,1]", "axis=1"},
             {"i8[60,21]", "i64[60,1]", "axis=1 kind=min"},
             {"i8[21,60]", "i64[1,60]", "axis=0 select_last=true"},
             {"f32[1000]", "i64[1]", "axis=0"}},
            {.low = -4, .high = 4});
}

TEST_CASE("pool2d agrees with the reference with padding, dilation and excess") {
  check_all(
      "pool2d",
      {{"f32[1,14,14,40]", "f32[1,7,7,40]", "kernel=[2,2] stride=[2,2]"},
       {"f32[2,13,11,17]", "f32[2,7,6,17]", "kernel=[3,3] stride=[2,2] pad=[1,1,1,1]"},
       {"f32[1,13,13,8]", "f32[1,13,13,8]", "kernel=[5,5] pad=[2,2,2,2]"},
       {"f32[2,6,7,83]", "f32[2,6,7,83]", "kernel=[13,13] pad=[6,6,6,6]"},
       {"i8[1,9,14,20]", "i8[1,4,10,20]", "kernel=[4,5] stride=[2,1] pad=[1,0,0,0]"},
       {"f16[1,7,9,5]", "f16[1,3,5,5]", "kernel=[5,5]"},
       {"f32[1,12,12,3]", "f32[1,12,12,3]", "kernel=[3,3] dilation=[2,2] pad=[2,2,2,2]"},
       {"i8[1,9,9,20]", "i8[1,4,4,20]", "kernel=[3,3] stride=[2,2]"},
       {"f32[1,7,7,64]", "f32[1,1,1,64]", "kind=average kernel=[7,7]"},
       {"f32[1,9,9,20]", "f32[1,9,9,20]", "kind=average kernel=[3,3] pad=[1,1,1,1]"},
       {"f32[1,9,9,20]", "f32[1,9,9,20]", "kind=average kernel=[3,3] pad=[1,1,1,1] count_include_pad=true"},
       {"f32[1,9,9,5]", "f32[1,9,9,5]", "kind=average kernel=[3,3] dilation=[2,2] pad=[2,2,2,2]"},
       {"f32[1,8,8,5]", "f32[1,4,4,5]",
        "kind=average kernel=[3,3] stride=[2,2] pad=[0,0,1,1] excess=[1,1] count_include_pad=true"}},
      {.rtol = 1e-5, .atol = 1e-6});
}

TEST_CASE("transpose agrees with the reference") {
  check_all("transpose", {{"f32[1,3,20,21]", "f32[1,20,21,3]", "perm=[0,2,3,1]"},
                          {"f32[1,20,21,3]", "f32[1,3,20,21]", "perm=[0,3,1,2]"},
                          {"f32[2,33,7,5]", "f32[2,7,5,33]", "perm=[0,2,3,1]"},
                          {"f32[65,130]", "f32[130,65]", "perm=[1,0]"},
                          {"i8[65,40]", "i8[40,65]", "perm=[1,0]"},
                          {"i64[9,10]", "i64[10,9]", "perm=[1,0]"},
                          {"f32[4,5,6,7]", "f32[7,5,4,6]", "perm=[3,1,0,2]"},
                          {"f32[4,5,36]", "f32[5,4,36]", "perm=[1,0,2]"},
                          {"f32[2,3,2,3,2,3,2,2]", "f32[3,2,2,3,2,2,2,3]", "perm=[5,0,2,1,6,4,7,3]"}});
}

TEST_CASE("movements agree with the reference") {
  check_all("slice", {{"f32[9,40]", "f32[3,20]", "start=[8,1] step=[-3,2] sizes=[3,20]"},
                      {"f32[2,9,40]", "f32[2,4,40]", "start=[0,3,0] step=[1,1,1] sizes=[2,4,40]"}});
  check_all("pad", {{"f32[3,20]", "f32[6,33]", "before=[1,6] after=[2,7] value=1.5"},
                    {"f32[3,20]", "f32[2,17]", "before=[-1,2] after=[0,-5]"},
                    {"f32[3,20]", "f32[6,33]", "mode=reflect before=[1,6] after=[2,7]"},
                    {"f32[3,20]", "f32[6,33]", "mode=edge before=[1,6] after=[2,7]"},
                    {"f32[3,20]", "f32[6,33]", "mode=wrap before=[1,6] after=[2,7]"}});
  check_all("broadcast",
            {{"f32[3,1,20]", "f32[3,5,20]", "shape=[3,5,20]"}, {"i8[1,1]", "i8[3,50]", "shape=[3,50]"}});
  check_all("reshape",
            {{"f32[3,4,10]", "f32[12,10]", "shape=[12,10]"}, {"f32[6,7]", "f32[2,3,7]", "shape=[2,3,7]"}});
}

TEST_CASE("concat and gather agree with the reference") {
  check_kernel(
      "graph \"t\" (%a: f32[3,5,7], %b: f32[3,1,7], %c: f32[3,9,7]) -> (%y) {\n"
      "  %y: f32[3,15,7] = concat(%a, %b, %c) axis=1\n}");
  check_kernel(
      "graph \"t\" (%a: f32[30,5], %b: f32[30,16]) -> (%y) {\n  %y: f32[30,21] = concat(%a, %b) axis=1\n}");
  check_kernel("graph \"t\" (%x: f32[10,40], %i: i64[2,3]) -> (%y) {\n  %y: f32[2,3,40] = gather(%x, %i)\n}",
               {.low = -14, .high = 14});
  check_kernel(
      "graph \"t\" (%x: f32[4,10,3], %i: i32[20]) -> (%y) {\n  %y: f32[4,20,3] = gather(%x, %i) axis=1\n}",
      {.low = -14, .high = 14});
}

TEST_CASE("resize agrees with the reference in every mode") {
  check_all(
      "resize",
      {{"f32[1,5,6,9]", "f32[1,10,12,9]",
        "coordinates=asymmetric nearest=floor sizes=[1,10,12,9] scales=[1,2,2,1]"},
       {"f32[1,5,6,9]", "f32[1,7,17,9]", "sizes=[1,7,17,9] scales=[1,1.4,2.8333333333333335,1]"},
       {"f32[1,5,6,9]", "f32[1,10,12,9]", "mode=linear sizes=[1,10,12,9] scales=[1,2,2,1]"},
       {"f32[1,5,6,3]", "f32[1,7,17,3]",
        "mode=linear coordinates=align_corners sizes=[1,7,17,3] scales=[1,1.4,2.8333333333333335,1]"},
       {"f32[1,9,9,4]", "f32[1,4,4,4]",
        "mode=cubic coordinates=pytorch_half_pixel sizes=[1,4,4,4] scales=[1,0.5,0.5,1]"},
       {"f32[1,5,5,4]", "f32[1,9,9,4]",
        "mode=cubic exclude_outside=true sizes=[1,9,9,4] scales=[1,1.8,1.8,1]"},
       {"f32[1,1,5,8]", "f32[1,1,11,19]",
        "mode=linear coordinates=half_pixel_symmetric sizes=[1,1,11,19] scales=[1,1,2.3,2.4]"},
       {"f32[4,8]", "f32[9,5]",
        "mode=linear coordinates=tf_crop_and_resize extrapolation_value=9 sizes=[9,5] scales=[2.25,0.625] "
        "roi=[-0.2,0.1,1.3,0.8]"}},
      {.rtol = 1e-4, .atol = 1e-5});
}

TEST_CASE("anchors with a prologue and an epilogue agree with the reference") {
  check_kernel(
      "graph \"t\" (%x: f32[1,8,8,24], %r: f32[1,4,4,24]) -> (%y) {\n"
      "  %p: f32[1,4,4,24] = pool2d(%x) kernel=[2,2] stride=[2,2]\n"
      "  %s: f32[1,4,4,24] = elementwise(%p, %r) fn=add\n  %y: f32[1,4,4,24] = elementwise(%s) fn=relu\n}");
  check_kernel(
      "graph \"t\" (%x: f32[6,70]) -> (%y) {\n  %q: f32[6,70] = elementwise(%x, %x) fn=mul\n"
      "  %s: f32[6,1] = reduce(%q) kind=mean axes=[1]\n  %y: f32[6,1] = elementwise(%s) fn=sqrt\n}",
      {.rtol = 1e-5});
  check_kernel(
      "graph \"t\" (%x: f32[1,6,5,20]) -> (%y) {\n"
      "  %p: f32[1,20,6,5] = transpose(%x) perm=[0,3,1,2]\n  %y: f32[1,20,6,5] = elementwise(%p) fn=tanh\n}",
      {.rtol = 1e-5, .atol = 1e-6});
}

TEST_CASE("contractions with a long epilogue agree with the reference, whatever the tiles' rests") {
  const auto swish = [](const std::string& out) {
    return out + " = elementwise(%c) fn=sigmoid\n  %y: " + out + " = elementwise(%c, %g) fn=mul\n}";
  };
  const test::Check check{.rtol = 1e-5, .atol = 1e-5};
  for (const std::string n : {"8", "19", "67"}) {
    const std::string image = "f32[1,7,13," + n + "]", even = "f32[2,3,11," + n + "]";
    check_kernel("graph \"t\" (%x: f32[1,7,13,5]) -> (%y) {\n  const %w: f32[" + n +
                     ",3,2,5] = #0000000000000001\n  %c: " + image +
                     " = conv2d(%x, %w) pad=[1,1,1,0]\n  %g: " + swish(image),
                 check);
    check_kernel("graph \"t\" (%x: f32[2,3,11,9]) -> (%y) {\n  const %w: f32[" + n +
                     ",1,1,9] = #0000000000000001\n  %c: " + even + " = conv2d(%x, %w)\n  %g: " + swish(even),
                 check);
    check_kernel("graph \"t\" (%x: " + image + ") -> (%y) {\n  const %w: f32[" + n +
                     ",3,3,1] = #0000000000000001\n  %c: " + image + " = conv2d(%x, %w) groups=" + n +
                     " pad=[1,1,1,1]\n  %g: " + swish(image),
                 check);
    const std::string wide = "f32[1,14,26," + n + "]";
    check_kernel("graph \"t\" (%x: f32[1,7,13,6]) -> (%y) {\n  const %w: f32[" + n +
                     ",2,2,6] = #0000000000000001\n  %c: " + wide +
                     " = conv_transpose2d(%x, %w) stride=[2,2]\n  %g: " + swish(wide),
                 check);
  }
  // Tasks of several tiles, and of one.
  const std::string pixels = "f32[1,13,13,24]";
  for (const std::string k : {"64", "512"})
    check_kernel("graph \"t\" (%x: f32[1,13,13," + k + "]) -> (%y) {\n  const %w: f32[24,1,1," + k +
                     "] = #0000000000000001\n  %c: " + pixels + " = conv2d(%x, %w)\n  %g: " + swish(pixels),
                 {.rtol = 1e-4, .atol = 1e-4});
}

TEST_CASE("attention in one kernel agrees with the reference") {
  // Small scores: their rounding errors are relative ones of the weights.
  const test::Check close{.rtol = 1e-5, .atol = 1e-6, .low = -0.7, .high = 0.7};
  SUBCASE("with scale, mask and residual") {
    check_kernel(
        "graph \"t\" (%q: f32[3,37,16], %k: f32[3,16,40], %s: f32[1,1,1], %a: f32[1,37,40],\n"
        "           %v: f32[3,40,24], %r: f32[3,37,24]) -> (%y) {\n"
        "  %p: f32[3,37,40] = matmul(%q, %k)\n  %z: f32[3,37,40] = elementwise(%p, %s) fn=mul\n"
        "  %m: f32[3,37,40] = elementwise(%z, %a) fn=add\n  %w: f32[3,37,40] = softmax(%m) axis=2\n"
        "  %o: f32[3,37,24] = matmul(%w, %v)\n  %y: f32[3,37,24] = elementwise(%o, %r) fn=add\n}",
        close);
  }
  SUBCASE("fewer keys than a vector has lanes") {
    check_kernel(
        "graph \"t\" (%q: f32[2,2,3,8], %k: f32[2,2,8,5], %v: f32[2,2,5,8]) -> (%y) {\n"
        "  %p: f32[2,2,3,5] = matmul(%q, %k)\n  %w: f32[2,2,3,5] = softmax(%p) axis=3\n"
        "  %y: f32[2,2,3,8] = matmul(%w, %v)\n}",
        close);
  }
  SUBCASE("keys in parts, of which the last overlaps, under a mask that leaves a part nothing") {
    // 1300 keys for 5 rows: parts of 704.
    const int64_t keys = 1300;
    const auto numbers = [](ir::Shape shape, int seed) {
      ir::Tensor t = ir::Tensor::zeros({ir::DType::f32, std::move(shape), {}});
      for (int64_t i = 0; i < t.type().elements(); ++i)
        t.set(i, 0.7 * std::sin(static_cast<double>(i * 7 + seed)));
      return t;
    };
    ir::Tensor mask = numbers({1, 5, keys}, 3);
    for (int64_t i = 0; i < 800; ++i) mask.set(i + keys, -INFINITY);
    for (int64_t i = 700; i < keys; ++i) mask.set(i + 2 * keys, -INFINITY);
    test::Check masked = close;
    masked.least_stack = 64 << 10;
    masked.inputs = {numbers({2, 5, 8}, 0), numbers({2, 8, keys}, 1), mask, numbers({2, keys, 12}, 2)};
    check_kernel(
        "graph \"t\" (%q: f32[2,5,8], %k: f32[2,8,1300], %a: f32[1,5,1300], %v: f32[2,1300,12]) -> (%y) {\n"
        "  %p: f32[2,5,1300] = matmul(%q, %k)\n  %m: f32[2,5,1300] = elementwise(%p, %a) fn=add\n"
        "  %w: f32[2,5,1300] = softmax(%m) axis=2\n  %y: f32[2,5,12] = matmul(%w, %v)\n}",
        masked);
  }
  SUBCASE("keys in parts of equal length") {
    check_kernel(
        "graph \"t\" (%q: f32[19,64], %k: f32[64,2048], %v: f32[2048,64]) -> (%y) {\n"
        "  %p: f32[19,2048] = matmul(%q, %k)\n  %w: f32[19,2048] = softmax(%p) axis=1\n"
        "  %y: f32[19,64] = matmul(%w, %v)\n}",
        {.rtol = 1e-5, .atol = 1e-6, .low = -0.7, .high = 0.7, .least_stack = 64 << 10});
  }
  SUBCASE("one query") {
    check_kernel(
        "graph \"t\" (%q: f32[4,1,32], %k: f32[4,32,67], %v: f32[4,67,32]) -> (%y) {\n"
        "  %p: f32[4,1,67] = matmul(%q, %k)\n  %w: f32[4,1,67] = softmax(%p) axis=2\n"
        "  %y: f32[4,1,32] = matmul(%w, %v)\n}",
        close);
  }
}

TEST_CASE("normalisations of rows in one kernel agree with the reference") {
  for (const char* row : {"37", "7", "200"}) {
    const std::string x = "f32[2,9," + std::string(row) + "]", one = "f32[2,9,1]",
                      w = "f32[1,1," + std::string(row) + "]";
    check_kernel(
        "graph \"layer\" (%x: " + x + ", %e: f32[1,1,1], %g: " + w + ", %b: " + w + ", %r: " + x +
            ") -> (%y) {\n  %m: " + one + " = reduce(%x) kind=mean axes=[2]\n  %c: " + x +
            " = elementwise(%x, %m) fn=sub\n  %q: " + x + " = elementwise(%c, %c) fn=mul\n  %v: " + one +
            " = reduce(%q) kind=mean axes=[2]\n  %a: " + one + " = elementwise(%v, %e) fn=add\n  %s: " + one +
            " = elementwise(%a) fn=sqrt\n  %n: " + x + " = elementwise(%c, %s) fn=div\n  %t: " + x +
            " = elementwise(%n, %g) fn=mul\n  %u: " + x + " = elementwise(%t, %b) fn=add\n  %y: " + x +
            " = elementwise(%u, %r) fn=add\n}",
        {.rtol = 1e-5, .atol = 1e-5, .low = 0.5, .high = 2.5});
    check_kernel("graph \"lone\" (%x: " + x + ") -> (%y) {\n  %m: " + one +
                     " = reduce(%x) kind=max axes=[2]\n  %y: " + x + " = elementwise(%x, %m) fn=sub\n}",
                 {});
  }
  check_kernel(
      "graph \"one row\" (%x: f32[1,40]) -> (%y) {\n  %m: f32[1,1] = reduce(%x) kind=max axes=[1]\n"
      "  %y: f32[1,40] = elementwise(%x, %m) fn=sub\n}");
}

TEST_CASE("planes become pixels of a few channels, for any size of image") {
  for (const std::string type : {"f32", "u8"})
    for (const auto& [planes, pixels] : std::initializer_list<std::pair<std::string, std::string>>{
             {"[1,3,20,37]", "[1,20,37,3]"}, {"[2,4,1,16]", "[2,1,16,4]"}, {"[1,2,9,71]", "[1,9,71,2]"}})
      check_kernel("graph \"t\" (%x: " + type + planes + ") -> (%y) {\n  %y: " + type + pixels +
                       " = transpose(%x) perm=[0,2,3,1]\n}",
                   {.low = 0, .high = 100});
}
