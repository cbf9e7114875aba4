// Reads NumPy's .npy files (format 1.0, C order, little-endian) for tests.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>

#include "ir/tensor.h"

namespace halite::test {

inline std::vector<std::byte> read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path.string());
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  std::vector<std::byte> bytes(text.size());
  if (!text.empty()) std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

inline ir::Tensor read_npy(const std::filesystem::path& path) {
  const auto bytes = read_bytes(path);
  const auto* text = reinterpret_cast<const char*>(bytes.data());
  const size_t header = static_cast<unsigned char>(text[8]) + 256u * static_cast<unsigned char>(text[9]);
  const std::string fields(text + 10, header);
  static const std::map<std::string, ir::DType> kTypes = {
      {"<f4", ir::DType::f32}, {"<f8", ir::DType::f64}, {"<f2", ir::DType::f16}, {"|i1", ir::DType::i8},
      {"|u1", ir::DType::u8},  {"<i2", ir::DType::i16}, {"<u2", ir::DType::u16}, {"<i4", ir::DType::i32},
      {"<u4", ir::DType::u32}, {"<i8", ir::DType::i64}, {"<u8", ir::DType::u64}, {"|b1", ir::DType::boolean}};
  const size_t descr = fields.find("'", fields.find("'descr':") + 8) + 1;
  ir::Type type{kTypes.at(fields.substr(descr, fields.find("'", descr) - descr)), {}, {}};
  size_t at = fields.find('(') + 1;
  const size_t end = fields.find(')');
  while (at < end) {
    type.shape.push_back(std::stoll(fields.substr(at)));
    at = fields.find(',', at);
    at = at == std::string::npos || at > end ? end : fields.find_first_not_of(", ", at);
  }
  return ir::Tensor(type, {bytes.begin() + 10 + static_cast<long>(header), bytes.end()});
}

}  // namespace halite::test
