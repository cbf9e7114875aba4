// See constants.h.
#include "frontend/tflite/constants.h"

namespace halite::frontend {
namespace {

/// Two elements lie in a byte, the first in its low half.
Tensor unpack_int4(std::span<const std::byte> bytes, Type type) {
  Tensor out = Tensor::zeros(std::move(type));
  const auto to = out.mutable_data<int8_t>();
  for (size_t i = 0; i < to.size(); ++i) {
    const auto pair = static_cast<int8_t>(bytes[i / 2]);
    to[i] = static_cast<int8_t>(i % 2 == 0 ? static_cast<int8_t>(pair << 4) >> 4 : pair >> 4);
  }
  return out;
}

Error wrong_size(size_t found, int64_t expected, const Type& type) {
  return invalid_model("its buffer has " + std::to_string(found) + " bytes, but " + ir::to_string(type) +
                       " takes " + std::to_string(expected));
}

}  // namespace

TfliteData::TfliteData(const TfliteModel& model) : model_(model) {
  budget_ = 64 << 20;
  for (const auto& buffer : model.buffers) budget_ += 16 * static_cast<int64_t>(buffer.size());
}

bool TfliteData::has_data(const TfliteTensor& tensor) const {
  return tensor.buffer != 0 && tensor.buffer < model_.buffers.size() &&
         !model_.buffers[tensor.buffer].empty();
}

Result<void> TfliteData::pay(int64_t bytes) {
  if (bytes > budget_)
    return Error{ErrorCode::kResource, "its constants are much larger than the file that describes them", {}};
  budget_ -= bytes;
  return {};
}

Result<Tensor> TfliteData::read(const TfliteTensor& tensor) {
  if (!tensor.dtype)
    return unsupported(std::string("it is a constant of type ") + tflite::EnumNameTensorType(tensor.kind) +
                       ", which is not supported");
  const Type type{*tensor.dtype, tensor.shape, {}};
  const auto count = ir::element_count(type.shape);
  if (!count) return invalid_model("its shape " + ir::to_string(type.shape) + " is too large");
  const auto& buffer = model_.buffers[tensor.buffer];
  if (tensor.sparsity) {
    const int64_t width = ir::size_of(type.dtype);
    const int64_t stored = static_cast<int64_t>(buffer.size()) / width;
    // A tensor with one element in a thousand is as sparse as they come.
    if (tensor.kind == tflite::TensorType::INT4) return unsupported("it is sparse and of type INT4");
    if (*count > (stored + 1024) * 1024)
      return Error{ErrorCode::kResource,
                   "it has " + std::to_string(*count) + " elements, but stores " + std::to_string(stored),
                   {}};
    if (auto paid = pay(*count * width); !paid) return paid.error();
    std::vector<std::byte> bytes(buffer.begin(), buffer.begin() + stored * width);
    return densify(tensor, Tensor({type.dtype, {stored}, {}}, std::move(bytes)));
  }
  if (tensor.kind == tflite::TensorType::INT4) {
    if (static_cast<int64_t>(buffer.size()) != (*count + 1) / 2)
      return wrong_size(buffer.size(), (*count + 1) / 2, type);
    if (auto paid = pay(*count); !paid) return paid.error();
    return unpack_int4(buffer, type);
  }
  return read_plain(tensor);
}

Result<Tensor> TfliteData::read_plain(const TfliteTensor& tensor) {
  const Type type{*tensor.dtype, tensor.shape, {}};
  const auto& buffer = model_.buffers[tensor.buffer];
  const auto size = static_cast<int64_t>(buffer.size());
  if (size != type.bytes()) return wrong_size(buffer.size(), type.bytes(), type);
  auto known = buffers_.find(tensor.buffer);
  if (known == buffers_.end()) {
    std::vector<std::byte> bytes(buffer.begin(), buffer.end());
    known = buffers_.emplace(tensor.buffer, Tensor({DType::u8, {size}, {}}, std::move(bytes))).first;
  }
  if (type.dtype != DType::boolean) return known->second.with_type(type);
  Tensor truth = Tensor::zeros(type);  // any byte but 0 is true
  if (auto paid = pay(size); !paid) return paid.error();
  for (int64_t i = 0; i < size; ++i) truth.set(i, buffer[static_cast<size_t>(i)] != std::byte{0});
  return truth;
}

}  // namespace halite::frontend
