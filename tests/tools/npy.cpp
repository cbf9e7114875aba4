// .npy files: what NumPy writes is read, what Halite writes reads back, what is damaged is refused with a
// reason.
#include "tools/npy.h"

#include <doctest/doctest.h>

#include <fstream>

#include "tests/support/halite_process.h"

namespace {

using namespace halite;

// A version 1.0 file of the header text and data.
std::string npy_bytes(std::string header, const std::string& data) {
  header += '\n';
  std::string file = "\x93NUMPY";
  file += '\x01';
  file += '\0';
  file += static_cast<char>(header.size() & 0xff);
  file += static_cast<char>(header.size() >> 8);
  return file + header + data;
}

Result<ir::Tensor> read_bytes(const std::string& bytes) {
  const test::TempDir dir;
  std::ofstream(dir / "a.npy", std::ios::binary) << bytes;
  return tools::read_npy(dir / "a.npy");
}

std::string error_of(const std::string& bytes) {
  auto read = read_bytes(bytes);
  return read ? "" : read.error().message;
}

constexpr char kHeader[] = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";

TEST_CASE("a tensor of every dtype reads back as it was written") {
  const test::TempDir dir;
  for (int d = 0; d < ir::kDTypeCount; ++d) {
    ir::Tensor tensor = ir::Tensor::zeros({static_cast<ir::DType>(d), {2, 3}, {}});
    for (int i = 0; i < 6; ++i) tensor.set(i, i % 2);
    CAPTURE(ir::to_string(tensor.type()));
    REQUIRE(tools::write_npy(dir / "t.npy", tensor));
    const auto back = tools::read_npy(dir / "t.npy");
    REQUIRE(back);
    CHECK(back->type() == tensor.type());
    CHECK(
        std::equal(back->bytes().begin(), back->bytes().end(), tensor.bytes().begin(), tensor.bytes().end()));
  }
}

TEST_CASE("scalars and tensors without elements read back") {
  const test::TempDir dir;
  for (const ir::Shape& shape : {ir::Shape{}, ir::Shape{0}, ir::Shape{3, 0, 2}}) {
    const ir::Tensor tensor = ir::Tensor::zeros({ir::DType::f32, shape, {}});
    REQUIRE(tools::write_npy(dir / "t.npy", tensor));
    const auto back = tools::read_npy(dir / "t.npy");
    REQUIRE(back);
    CHECK(back->type() == tensor.type());
  }
}

TEST_CASE("a file with NumPy's own header is read") {
  const auto tensor = read_bytes(npy_bytes(kHeader, std::string("\0\0\x80\x3f\0\0\0\x40", 8)));
  REQUIRE(tensor);
  CHECK(tensor->data<float>()[0] == 1.0f);
  CHECK(tensor->data<float>()[1] == 2.0f);
}

TEST_CASE("data that is shorter or longer than the header says is refused") {
  CHECK(error_of(npy_bytes(kHeader, "1234567")).find("7 bytes of data follow") != std::string::npos);
  CHECK(error_of(npy_bytes(kHeader, "123456789")).find("9 bytes of data follow") != std::string::npos);
}

TEST_CASE("a shape whose size overflows is refused without allocating it") {
  const std::string huge =
      "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296, 16), }";
  CHECK(error_of(npy_bytes(huge, "")) != "");
  const std::string large = "{'descr': '<f8', 'fortran_order': False, 'shape': (999999999999999999,), }";
  CHECK(error_of(npy_bytes(large, "12345678")) != "");
}

TEST_CASE("Fortran order, big-endian and complex elements are refused with what to do") {
  CHECK(error_of(npy_bytes("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }", "1234"))
            .find("ascontiguousarray") != std::string::npos);
  CHECK(error_of(npy_bytes("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", "1234"))
            .find("astype") != std::string::npos);
  CHECK(error_of(npy_bytes("{'descr': '<c8', 'fortran_order': False, 'shape': (1,), }", "12345678"))
            .find("astype") != std::string::npos);
}

TEST_CASE("damaged headers are refused") {
  for (const char* header :
       {"", "   ", "{}", "{'descr': '<f4'}", "{'descr': '<f4', 'fortran_order': False, 'shape': }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '', 'fortran_order': False, 'shape': (2,), }", "(((((((((((((((("}) {
    CAPTURE(header);
    CHECK(error_of(npy_bytes(header, "12345678")) != "");
  }
  CHECK(error_of("") != "");
  CHECK(error_of("\x93NUMPY") != "");
  CHECK(error_of(std::string("\x93NUMPY\x02\0\xff\xff\xff\xff", 12)) != "");
  CHECK(error_of(npy_bytes(std::string(1000, '{'), "")) != "");
}

}  // namespace
