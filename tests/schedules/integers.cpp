// Kernels of integers: products with zero points, scaling, averages, softmax of a table. All are exact.
#include <doctest/doctest.h>

#include "tests/schedules/check_kernel.h"

using namespace halite;
using test::check_kernel;

namespace {

struct Conv {
  std::string x, w, out;  ///< dtypes and shapes
  std::string fields = {}, bias = "i32";
};

int channels(const std::string& shape) {
  const size_t comma = shape.rfind(',');
  return std::stoi(shape.substr(comma + 1));
}

std::string list(int count, auto&& element) {
  std::string text = "{";
  for (int i = 0; i < count; i++) text += (i ? ", " : "") + std::to_string(element(i));
  return text + "}";
}

/// The product alone, with constant weights or weights that are an input.
std::string product(std::string_view op, const Conv& c, bool constant) {
  const std::string n = std::to_string(channels(c.out));
  std::string inputs = "%x: " + c.x, consts;
  const auto tensor = [&](const std::string& name, const std::string& type, const std::string& value) {
    if (constant)
      consts += "  const %" + name + ": " + type + " = " + value + "\n";
    else
      inputs += ", %" + name + ": " + type;
  };
  tensor("w", c.w, "#89abcdef01234567");
  if (!c.bias.empty())
    tensor("b", c.bias + "[" + n + "]", list(channels(c.out), [](int i) { return i * 7919 % 20011 - 9000; }));
  return "graph \"t\" (" + inputs + ") -> (%y) {\n" + consts + "  %y: " + c.out + " = " + std::string(op) +
         "(%x, %w" + (c.bias.empty() ? ") " : ", %b) ") + c.fields + "\n}";
}

void check_products(std::string_view op, std::initializer_list<Conv> cases, bool constant = true) {
  for (const auto& c : cases)
    check_kernel(product(op, c, constant), {.low = c.x[0] == 'u' ? 0.0 : -128, .high = 127, .dots = true});
}

}  // namespace

TEST_CASE("an integer conv2d of any type, zero point, stride and padding equals the reference") {
  check_products("conv2d",
                 {{"i8[1,8,8,16]", "i8[8,1,1,16]", "i32[1,8,8,8]", "x_zero=-7"},
                  {"i8[1,5,5,16]", "i8[9,1,1,16]", "i32[1,5,5,9]", "x_zero=3"},
                  {"i8[1,9,9,8]", "i8[6,3,3,8]", "i32[1,9,9,6]", "pad=[1,1,1,1] x_zero=-128"},
                  {"i8[1,13,9,3]", "i8[8,3,3,3]", "i32[1,7,5,8]", "stride=[2,2] pad=[1,1,1,1] x_zero=-1"},
                  {"i8[1,12,10,1]", "i8[8,10,4,1]", "i32[1,6,5,8]", "stride=[2,2] pad=[4,1,5,1] x_zero=83"},
                  {"i8[1,7,8,12]", "i8[5,3,3,12]", "i32[1,5,6,5]", "x_zero=5"},
                  {"i8[2,7,9,4]", "i8[4,3,3,4]", "i32[2,7,9,4]", "dilation=[2,2] pad=[2,2,2,2] x_zero=5"},
                  {"i8[1,6,6,8]", "i8[10,3,3,4]", "i32[1,6,6,10]", "pad=[1,1,1,1] groups=2 x_zero=5"},
                  {"i8[1,4,4,20]", "i8[3,1,1,20]", "i32[1,2,2,3]", "stride=[2,2] x_zero=5"},
                  {"i8[1,5,5,8]", "i8[3,3,3,8]", "i32[1,5,5,3]", "pad=[1,1,1,1] x_zero=5", ""},
                  {"u8[1,9,9,8]", "u8[6,3,3,8]", "i32[1,9,9,6]", "pad=[1,1,1,1] x_zero=128 w_zero=121"},
                  {"u8[1,6,6,8]", "u8[6,1,1,8]", "i32[1,6,6,6]", "x_zero=128"},
                  {"u8[1,6,6,5]", "i8[6,1,1,5]", "i32[1,6,6,6]", "x_zero=12 w_zero=2"},
                  {"i16[1,6,6,8]", "i8[6,3,3,8]", "i64[1,6,6,6]", "pad=[1,1,1,1]", "i64"},
                  {"i16[1,6,6,80]", "i8[6,3,3,80]", "i64[1,4,4,6]", "", ""},
                  {"i16[1,6,6,8]", "i16[6,3,3,8]", "i32[1,4,4,6]", "x_zero=1000 w_zero=-500"}});
}

TEST_CASE("an integer depthwise conv2d of any type and padding equals the reference") {
  check_products(
      "conv2d",
      {{"i8[1,9,11,16]", "i8[16,3,3,1]", "i32[1,9,11,16]", "pad=[1,1,1,1] groups=16 x_zero=-9"},
       {"i8[1,10,10,8]", "i8[8,3,3,1]", "i32[1,5,5,8]", "stride=[2,2] pad=[0,0,1,1] groups=8 x_zero=-128"},
       {"i8[1,8,8,5]", "i8[5,3,3,1]", "i32[1,6,6,5]", "groups=5 x_zero=1"},
       {"i8[1,8,8,5]", "i8[5,3,3,1]", "i32[1,8,8,5]", "pad=[1,1,1,1] groups=5 x_zero=1"},
       {"i8[1,8,8,3]", "i8[6,3,3,1]", "i32[1,8,8,6]", "pad=[1,1,1,1] groups=3 x_zero=1"},
       {"u8[1,8,8,12]", "u8[12,5,5,1]", "i32[1,8,8,12]", "pad=[2,2,2,2] groups=12 x_zero=100 w_zero=77"},
       {"i16[1,8,8,12]", "i8[12,3,3,1]", "i64[1,8,8,12]", "pad=[1,1,1,1] groups=12", "i64"},
       {"i8[1,25,5,64]", "i8[64,25,5,1]", "i32[1,1,1,64]", "groups=64 x_zero=4"}});
}

TEST_CASE("an integer conv2d whose weights are computed at run time equals the reference") {
  check_products("conv2d",
                 {{"i8[1,9,9,8]", "i8[6,3,3,8]", "i32[1,9,9,6]", "pad=[1,1,1,1] x_zero=7 w_zero=3"},
                  {"i8[1,6,6,8]", "i8[6,1,1,8]", "i32[1,6,6,6]", "x_zero=7"},
                  {"i8[1,8,8,7]", "i8[7,3,3,1]", "i32[1,8,8,7]", "pad=[1,1,1,1] groups=7 x_zero=7"}},
                 false);
}

TEST_CASE("an integer matmul of any type and zero points equals the reference") {
  for (const bool constant : {true, false}) {
    check_products("matmul",
                   {{"i8[1,64]", "i8[10,64]", "i32[1,10]", "transpose_b=true a_zero=-3"},
                    {"i8[5,24]", "i8[9,24]", "i32[5,9]", "transpose_b=true a_zero=-3"},
                    {"i8[2,3,37]", "i8[37,8]", "i32[2,3,8]", "a_zero=9"},
                    {"u8[7,16]", "u8[16,6]", "i32[7,6]", "a_zero=9 b_zero=130"},
                    {"i16[7,16]", "i8[16,6]", "i64[7,6]", "", "i64"},
                    {"i16[3,700]", "i8[700,6]", "i64[3,6]", "", ""},
                    {"i8[20,6]", "i8[20,4]", "i32[6,4]", "transpose_a=true a_zero=1 b_zero=1", ""}},
                   constant);
  }
}

TEST_CASE("sums are scaled in the kernel that makes them, channel by channel") {
  const auto m = list(12, [](int i) { return (1 << 30) + i * 40961; });
  const auto scaled = [&](const std::string& rounding, const std::string& fields) {
    return "graph \"t\" (%x: i8[1,9,9,8], %r: i8[1,9,9,12]) -> (%y) {\n  const %w: i8[12,3,3,8] = #89ab\n"
           "  const %b: i32[12] = " +
           list(12, [](int i) { return i * 100; }) + "\n  const %m: i32[12] = " + m +
           "\n  const %s: i32[12] = " + list(12, [](int i) { return i == 7 ? 58 : 37 + i % 5; }) +
           "\n  %c: i32[1,9,9,12] = conv2d(%x, %w, %b) pad=[1,1,1,1] x_zero=-3\n"
           "  %q: i8[1,9,9,12] = requantize(%c, %m, %s) rounding=" +
           rounding + " to=i8 " + fields +
           "\n  %qi: i32[1,9,9,12] = cast(%q) to=i32\n  %ri: i32[1,9,9,12] = cast(%r) to=i32\n"
           "  %a: i32[1,9,9,12] = elementwise(%qi, %ri) fn=add\n  %y: i32[1,9,9,12] = elementwise(%a, %qi) "
           "fn=mul\n}";
  };
  for (const std::string rounding : {"single", "twice"})
    for (const std::string fields : {"zero_point=-5", "zero_point=-128 low=-128 high=90"})
      check_kernel(scaled(rounding, fields), {.low = -128, .high = 127, .dots = true});
}

TEST_CASE("what scaling leaves bounds the values behind it") {
  // The first shift goes left where the second operand's scale is large: such sums may wrap.
  for (const std::string shift : {"32", "31", "29"})
    for (const std::string rounding : {"single", "twice"})
      check_kernel(
          "graph \"t\" (%a: i8[1,5,3,16], %b: i8[1,5,3,16]) -> (%y) {\n"
          "  const %k: i32[1,1,1,1] = {1048576}\n  const %m: i32[1] = {1500000000}\n"
          "  const %n: i32[1] = {1700000000}\n"
          "  const %s: i32[1] = {" +
              shift +
              "}\n  const %last: i32[1] = {50}\n"
              "  %ai: i32[1,5,3,16] = cast(%a) to=i32\n"
              "  %al: i32[1,5,3,16] = elementwise(%ai, %k) fn=mul\n"
              "  %as: i32[1,5,3,16] = requantize(%al, %m, %s) to=i32 rounding=" +
              rounding +
              "\n  %bi: i32[1,5,3,16] = cast(%b) to=i32\n"
              "  %bl: i32[1,5,3,16] = elementwise(%bi, %k) fn=mul\n"
              "  %sum: i32[1,5,3,16] = elementwise(%as, %bl) fn=add\n"
              "  %y: i8[1,5,3,16] = requantize(%sum, %n, %last) to=i8 zero_point=4 rounding=" +
              rounding + "\n}",
          {.low = -128, .high = 127, .dots = true});
}

TEST_CASE("averages of integers are rounded to nearest, halves away from zero") {
  for (const std::string type : {"i8", "u8", "i16", "i32"}) {
    for (const auto& [shape, fields] : std::initializer_list<std::pair<std::string, std::string>>{
             {"1,7,7,20] / 1,1,1,20", "kernel=[7,7]"},
             {"1,9,9,5] / 1,9,9,5", "kernel=[3,3] pad=[1,1,1,1]"},
             {"1,12,15,5] / 1,1,1,5", "kernel=[12,15]"},  // the most that a product divides by
             {"1,12,16,5] / 1,1,1,5", "kernel=[12,16]"},
             {"1,8,8,5] / 1,4,4,5",
              "kernel=[3,3] stride=[2,2] pad=[0,0,1,1] excess=[1,1] count_include_pad=true"}}) {
      const size_t cut = shape.find("] / ");
      check_kernel("graph \"t\" (%x: " + type + "[" + shape.substr(0, cut) + "]) -> (%y) {\n  %y: " + type +
                       "[" + shape.substr(cut + 4) + "] = pool2d(%x) kind=average " + fields + "\n}",
                   {.low = type[0] == 'u' ? 0.0 : -128, .high = 127});
    }
  }
}

TEST_CASE("softmax of a table equals the reference to the last bit") {
  for (const std::string type : {"i8", "u8"}) {
    for (const auto& [shape, axis] : std::initializer_list<std::pair<std::string, std::string>>{
             {"[3,12]", "1"}, {"[2,300]", "1"}, {"[5,40]", "0"}, {"[37]", "0"}}) {
      check_kernel("graph \"t\" (%x: " + type + shape +
                       ") -> (%y) {\n  const %t: f32[256] = #0123\n  %y: f32" + shape +
                       " = softmax(%x, %t) axis=" + axis + " scale=0.00390625\n}",
                   {.low = type[0] == 'u' ? 0.0 : -128, .high = 127});
    }
  }
}
