// xtensor writes. What is read may be hostile: the header must match the form that NumPy writes, and the byte
// count that it states must be the file's; then the bytes are the tensor's.
#include "tools/npy.h"

#include <fstream>
#include <regex>
#include <sstream>
#include <system_error>
#include <xtensor/xadapt.hpp>
#include <xtensor/xnpy.hpp>

#include "tools/files.h"
#include "tools/report.h"

namespace halite::tools {
namespace {

constexpr size_t kMaxHeader =
    1024;  // NumPy's own are 118 bytes; the regular expression's recursion needs a bound
constexpr size_t kPreamble = 10;  // magic, version and the length field of version 1.0; 12 in version 2.0
constexpr int kMaxRank = 32;      // NumPy's own limit

struct TypeCode {
  const char* code;
  ir::DType dtype;
};
constexpr TypeCode kTypeCodes[] = {
    {"<f4", ir::DType::f32}, {"<f2", ir::DType::f16}, {"<f8", ir::DType::f64}, {"|i1", ir::DType::i8},
    {"|u1", ir::DType::u8},  {"<i2", ir::DType::i16}, {"<u2", ir::DType::u16}, {"<i4", ir::DType::i32},
    {"<u4", ir::DType::u32}, {"<i8", ir::DType::i64}, {"<u8", ir::DType::u64}, {"|b1", ir::DType::boolean},
    {"<V2", ir::DType::bf16}};  // as ml_dtypes saves it

std::optional<ir::DType> dtype_of_code(const std::string& code) {
  for (const TypeCode& t : kTypeCodes) {
    if (code == t.code) return t.dtype;
  }
  return std::nullopt;
}

std::string code_of(ir::DType dtype) {
  for (const TypeCode& t : kTypeCodes) {
    if (t.dtype == dtype) return t.code;
  }
  return {};
}

// The text between the length field and the data; empty if the file is too short for what it states.
std::string header_text(const std::string& file) {
  auto byte = [&](size_t i) { return size_t{static_cast<unsigned char>(file[i])}; };
  if (file.size() < kPreamble + 2 || file.compare(0, 6, "\x93NUMPY") != 0 || byte(7) != 0) return {};
  if (byte(6) != 1 && byte(6) != 2) return {};
  const size_t start = byte(6) == 1 ? kPreamble : kPreamble + 2;
  size_t length = byte(8) | byte(9) << 8;
  if (byte(6) == 2) length |= byte(10) << 16 | byte(11) << 24;
  if (length > kMaxHeader || length > file.size() - start) return {};
  return file.substr(start, length);
}

Result<ir::Shape> parse_shape(const std::string& text, const std::string& where) {
  ir::Shape shape;
  std::stringstream in(text);
  for (std::string extent; std::getline(in, extent, ',');) {
    if (extent.find_first_not_of(' ') == std::string::npos) continue;
    shape.push_back(std::stoll(extent));
  }
  if (shape.size() > kMaxRank) return invalid_input("the array has more than 32 dimensions", where);
  return shape;
}

Result<ir::Type> parse_header(const std::string& header, const std::string& where) {
  static const std::regex kForm(
      "\\{'descr': ?'([<>|=]?[a-zA-Z]+[0-9]*)', ?'fortran_order': ?(True|False), ?"
      "'shape': ?\\(((?:[0-9]{1,18}, ?)*(?:[0-9]{1,18})?)\\),? ?\\} *\n");
  std::smatch match;
  if (!std::regex_match(header, match, kForm)) {
    return invalid_input(
        "not a .npy file of version 1.0 or 2.0 (bad magic, or a header that is not NumPy's); save the "
        "array with numpy.save",
        where);
  }
  const auto dtype = dtype_of_code(match[1]);
  if (!dtype) {
    return invalid_input(
        "found element type '" + match[1].str() +
            "'; expected a little-endian float, integer or bool; convert with array.astype()",
        where);
  }
  if (match[2] == "True") {
    return invalid_input("the array is in Fortran order; save numpy.ascontiguousarray(array)", where);
  }
  auto shape = parse_shape(match[3], where);
  if (!shape) return shape.error();
  return ir::Type{*dtype, *shape, {}};
}

template <class T>
void dump(std::ostream& out, const ir::Tensor& tensor) {
  const std::vector<size_t> shape(tensor.type().shape.begin(), tensor.type().shape.end());
  const auto data = tensor.bytes();
  const auto* first = reinterpret_cast<const T*>(data.data());
  xt::detail::dump_npy_stream(out, xt::adapt(first, data.size() / sizeof(T), xt::no_ownership(), shape));
}

void dump_any(std::ostream& out, const ir::Tensor& tensor) {
  switch (tensor.type().dtype) {
    case ir::DType::f32:
      return dump<float>(out, tensor);
    case ir::DType::f64:
      return dump<double>(out, tensor);
    case ir::DType::i8:
      return dump<int8_t>(out, tensor);
    case ir::DType::u8:
      return dump<uint8_t>(out, tensor);
    case ir::DType::i16:
      return dump<int16_t>(out, tensor);
    case ir::DType::u16:
      return dump<uint16_t>(out, tensor);
    case ir::DType::i32:
      return dump<int32_t>(out, tensor);
    case ir::DType::u32:
      return dump<uint32_t>(out, tensor);
    case ir::DType::i64:
      return dump<int64_t>(out, tensor);
    case ir::DType::u64:
      return dump<uint64_t>(out, tensor);
    case ir::DType::boolean:
      return dump<bool>(out, tensor);
    case ir::DType::f16:
    case ir::DType::bf16: {  // no C++ type of xtensor's has these codes
      xt::detail::write_header(out, code_of(tensor.type().dtype), false, tensor.type().shape);
      out.write(reinterpret_cast<const char*>(tensor.bytes().data()),
                static_cast<std::streamsize>(tensor.bytes().size()));
    }
  }
}

}  // namespace

Result<ir::Tensor> read_npy(const std::filesystem::path& path) {
  auto file = read_file(path);
  if (!file) return file.error();
  const std::string header = header_text(*file);
  auto type = parse_header(header, path.string());
  if (!type) return type.error();

  const size_t start = static_cast<unsigned char>((*file)[6]) == 1 ? kPreamble : kPreamble + 2;
  const size_t present = file->size() - start - header.size();
  const auto elements = ir::element_count(type->shape);
  const auto element_bytes = static_cast<size_t>(ir::size_of(type->dtype));
  if (!elements || static_cast<uint64_t>(*elements) > present / element_bytes ||
      static_cast<size_t>(*elements) * element_bytes != present) {
    return invalid_input("the header says " + ir::to_string(*type) + ", but " + std::to_string(present) +
                             " bytes of data follow; the file is damaged or cut short",
                         path.string());
  }
  const auto* bytes = reinterpret_cast<const std::byte*>(file->data()) + (file->size() - present);
  return ir::Tensor(*type, std::vector<std::byte>(bytes, bytes + present));
}

Result<void> write_npy(const std::filesystem::path& path, const ir::Tensor& tensor) {
  std::ostringstream out;
  dump_any(out, tensor);
  return write_file(path, out.str());
}

}  // namespace halite::tools
