// TensorProto to ir::Tensor. Every count in the message is checked against the bytes that are really there
// before anything is allocated. https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
#include "frontend/onnx/tensor_proto.h"

#include <onnx/onnx_pb.h>

#include <cstring>
#include <fstream>

namespace halite::frontend {
namespace {

using ir::DType;
using ir::Tensor;
using ir::Type;
using ::onnx::TensorProto;

std::string type_name(int onnx_type) {
  return TensorProto::DataType_IsValid(onnx_type)
             ? TensorProto::DataType_Name(static_cast<TensorProto::DataType>(onnx_type))
             : "number " + std::to_string(onnx_type);
}

// Types that ONNX's library of this version does not name.
constexpr int kUint4 = 21, kInt4 = 22;

Result<Type> read_type(const TensorProto& proto, DType dtype) {
  Type type{dtype, {proto.dims().begin(), proto.dims().end()}, {}};
  const auto count = ir::element_count(type.shape);
  if (!count || *count > INT64_MAX / 16)
    return invalid_model("its shape " + ir::to_string(type.shape) +
                         " is not that of a tensor; the file is damaged");
  return type;
}

Error wrong_length(const Type& type, size_t found, const char* unit) {
  const int64_t expected = std::string_view(unit) == "bytes" ? type.bytes() : type.elements();
  return invalid_model("it holds " + std::to_string(found) + " " + unit + " of data, but its type " +
                       ir::to_string(type) + " needs " + std::to_string(expected) + "; the file is damaged");
}

/// A boolean is 0 or 1 from here on, whatever byte the file has for true.
Tensor normalized(Tensor tensor) {
  if (tensor.type().dtype == DType::boolean)
    for (auto& b : tensor.mutable_data<uint8_t>()) b = b != 0;
  return tensor;
}

Result<Tensor> from_bytes(const Type& type, const char* data, size_t size) {
  if (size != static_cast<size_t>(type.bytes())) return wrong_length(type, size, "bytes");
  std::vector<std::byte> bytes(size);
  if (size) std::memcpy(bytes.data(), data, size);
  return normalized(Tensor(type, std::move(bytes)));
}

/// `values` is one of the message's typed fields, whose elements may be wider than T.
template <class T>
Result<Tensor> from_field(const Type& type, const auto& values) {
  if (values.size() != type.elements())
    return wrong_length(type, static_cast<size_t>(values.size()), "values");
  Tensor tensor = Tensor::zeros(type);
  auto out = tensor.mutable_data<T>();
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<T>(values[static_cast<int>(i)]);
  return normalized(std::move(tensor));
}

Result<Tensor> from_fields(const Type& type, const TensorProto& proto) {
  switch (type.dtype) {
    case DType::f32:
      return from_field<float>(type, proto.float_data());
    case DType::f64:
      return from_field<double>(type, proto.double_data());
    case DType::f16:
    case DType::bf16:
      return from_field<uint16_t>(type, proto.int32_data());
    case DType::i8:
      return from_field<int8_t>(type, proto.int32_data());
    case DType::u8:
      return from_field<uint8_t>(type, proto.int32_data());
    case DType::boolean:
      return from_field<uint8_t>(type, proto.int32_data());
    case DType::i16:
      return from_field<int16_t>(type, proto.int32_data());
    case DType::u16:
      return from_field<uint16_t>(type, proto.int32_data());
    case DType::i32:
      return from_field<int32_t>(type, proto.int32_data());
    case DType::i64:
      return from_field<int64_t>(type, proto.int64_data());
    case DType::u32:
      return from_field<uint32_t>(type, proto.uint64_data());
    case DType::u64:
      return from_field<uint64_t>(type, proto.uint64_data());
  }
  return invalid_model("unknown element type");
}

struct ExternalData {
  std::string location;
  int64_t offset = 0;
  std::optional<int64_t> length;
};

std::optional<int64_t> parse_count(const std::string& text) {
  if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != std::string::npos)
    return {};
  return std::stoll(text);
}

Result<ExternalData> read_external(const TensorProto& proto) {
  ExternalData data;
  for (const auto& entry : proto.external_data()) {
    if (entry.key() == "location") {
      data.location = entry.value();
    } else if (entry.key() == "offset" || entry.key() == "length") {
      const auto count = parse_count(entry.value());
      if (!count) return invalid_model("the " + entry.key() + " of its external data is not a number");
      if (entry.key() == "offset")
        data.offset = *count;
      else
        data.length = *count;
    }
  }
  if (data.location.empty())
    return invalid_model("its data is said to be in another file, which is not named");
  return data;
}

/// The file that `location` names inside `directory`. A model must not make us read anything outside its own
/// directory.
Result<std::filesystem::path> locate(const std::filesystem::path& directory, const std::string& location) {
  namespace fs = std::filesystem;
  const std::string shown = "'" + printable(location) + "'";
  if (directory.empty())
    return unsupported("its data lies in the file " + shown +
                       ", which can be read only when the model is given as a file");
  std::error_code failed;
  const fs::path root = fs::canonical(directory, failed);
  if (failed) return Error{ErrorCode::kIo, "the model's directory cannot be read", directory.string()};
  const fs::path relative(location);
  bool outside = relative.is_absolute() || location.find('\0') != std::string::npos;
  for (const auto& part : relative) outside |= part == "..";
  if (!outside) {
    const fs::path file = fs::canonical(root / relative, failed);
    if (failed) return Error{ErrorCode::kIo, "its data file " + shown + " is missing beside the model", {}};
    const auto [end, ignored] = std::mismatch(root.begin(), root.end(), file.begin(), file.end());
    if (end == root.end() && fs::is_regular_file(file, failed)) return file;
  }
  return invalid_model("its data file " + shown + " is not inside the model's directory; put it there");
}

Result<Tensor> from_external(const Type& type, const TensorProto& proto,
                             const std::filesystem::path& directory) {
  const auto data = read_external(proto);
  if (!data) return data.error();
  const auto path = locate(directory, data->location);
  if (!path) return path.error();
  const auto expected = static_cast<size_t>(type.bytes());
  if (data->length && static_cast<size_t>(*data->length) != expected)
    return wrong_length(type, static_cast<size_t>(*data->length), "bytes");
  std::ifstream file(*path, std::ios::binary | std::ios::ate);
  const int64_t size = file ? static_cast<int64_t>(file.tellg()) : -1;
  if (size < 0)
    return Error{ErrorCode::kIo, "its data file '" + printable(data->location) + "' cannot be read", {}};
  if (data->offset > size || static_cast<int64_t>(expected) > size - data->offset)
    return invalid_model("its data file '" + printable(data->location) + "' has " + std::to_string(size) +
                         " bytes, but the tensor's " + std::to_string(expected) + " begin at " +
                         std::to_string(data->offset));
  std::vector<std::byte> bytes(expected);
  file.seekg(data->offset);
  if (!file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(expected)))
    return Error{ErrorCode::kIo, "its data file '" + printable(data->location) + "' cannot be read", {}};
  return normalized(Tensor(type, std::move(bytes)));
}

/// The data of the message, wherever it lies.
Result<Tensor> read_as(const Type& type, const TensorProto& proto, const std::filesystem::path& directory) {
  if (proto.has_segment()) return unsupported("it is stored in segments; store it in one piece");
  if (proto.data_location() == TensorProto::EXTERNAL) return from_external(type, proto, directory);
  if (proto.has_raw_data()) return from_bytes(type, proto.raw_data().data(), proto.raw_data().size());
  return from_fields(type, proto);
}

/// Length of the UTF-8 sequence at the start of `text`; 0 if there is none.
size_t utf8_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const size_t length = lead < 0x80                   ? 1
                        : lead >= 0xc2 && lead < 0xe0 ? 2
                        : lead >= 0xe0 && lead < 0xf0 ? 3
                        : lead >= 0xf0 && lead < 0xf5 ? 4
                                                      : 0;
  if (length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  const auto second = length > 1 ? static_cast<unsigned char>(text[1]) : 0;
  const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
  const bool outside = (lead == 0xed && second >= 0xa0) || (lead == 0xf4 && second >= 0x90);
  return overlong || outside ? 0 : length;
}

}  // namespace

Result<DType> read_dtype(int onnx_type) {
  switch (onnx_type) {
    case TensorProto::FLOAT:
      return DType::f32;
    case TensorProto::FLOAT16:
      return DType::f16;
    case TensorProto::BFLOAT16:
      return DType::bf16;
    case TensorProto::DOUBLE:
      return DType::f64;
    case TensorProto::INT8:
      return DType::i8;
    case TensorProto::UINT8:
      return DType::u8;
    case TensorProto::INT16:
      return DType::i16;
    case TensorProto::UINT16:
      return DType::u16;
    case TensorProto::INT32:
      return DType::i32;
    case TensorProto::UINT32:
      return DType::u32;
    case TensorProto::INT64:
      return DType::i64;
    case TensorProto::UINT64:
      return DType::u64;
    case TensorProto::BOOL:
      return DType::boolean;
    case TensorProto::UNDEFINED:
      return invalid_model("it has no element type");
    default:
      break;
  }
  return unsupported("its element type is " + type_name(onnx_type) +
                     "; supported are float, double, float16, bool and integers of 8 to 64 bits");
}

Result<Tensor> read_tensor(const TensorProto& proto, const std::filesystem::path& directory) {
  const auto dtype = read_dtype(proto.data_type());
  if (!dtype) return dtype.error();
  const auto type = read_type(proto, *dtype);
  return type ? read_as(*type, proto, directory) : type.error();
}

std::optional<DType> read_narrow_dtype(int onnx_type) {
  if (onnx_type == kUint4) return DType::u8;
  if (onnx_type == kInt4) return DType::i8;
  return {};
}

Result<Tensor> read_narrow_tensor(const TensorProto& proto, const std::filesystem::path& directory) {
  const auto type = read_type(proto, *read_narrow_dtype(proto.data_type()));
  if (!type) return type.error();
  const int64_t count = type->elements();
  const auto packed = read_as({DType::u8, {count / 2 + count % 2}, {}}, proto, directory);
  if (!packed) return packed.error();
  Tensor tensor = Tensor::zeros(*type);
  const auto pairs = packed->data<uint8_t>();
  for (int64_t i = 0; i < count; ++i) {
    const int bits = pairs[static_cast<size_t>(i / 2)] >> (i % 2 * 4) & 15;
    tensor.set(i, type->dtype == DType::i8 && bits > 7 ? bits - 16 : bits);
  }
  return tensor;
}

Result<Tensor> read_tensor_pb(std::span<const std::byte> file_bytes) {
  TensorProto proto;
  if (file_bytes.size() > INT32_MAX ||
      !proto.ParseFromArray(file_bytes.data(), static_cast<int>(file_bytes.size())))
    return invalid_model("this is not an ONNX tensor (a serialised TensorProto)");
  return read_tensor(proto);
}

std::string printable(std::string_view text) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    const auto lead = static_cast<unsigned char>(text[0]);
    if (length == 0 || lead < 0x20 || lead == 0x7f) {
      out += {'\\', 'x', kHex[lead >> 4], kHex[lead & 15]};
      text.remove_prefix(1);
    } else {
      out += text.substr(0, length);
      text.remove_prefix(length);
    }
  }
  return out;
}

}  // namespace halite::frontend
