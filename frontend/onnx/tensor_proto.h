// Tensors as ONNX stores them: the TensorProto message, in model files and in the .pb files of test data.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>

#include "ir/base/result.h"
#include "ir/tensor.h"

namespace onnx {
class TensorProto;
}

namespace halite::frontend {

/// A serialised TensorProto: the `input_0.pb` of ONNX test data.
Result<ir::Tensor> read_tensor_pb(std::span<const std::byte> file_bytes);

/// The value of a tensor; data kept in another file is looked for in `directory`, and only there.
Result<ir::Tensor> read_tensor(const ::onnx::TensorProto&, const std::filesystem::path& directory = {});

/// The dtype, u8 or i8, that holds integers of 4 bits if the number of TensorProto.DataType says so.
std::optional<ir::DType> read_narrow_dtype(int onnx_type);

/// A tensor of such integers, which the message packs in pairs, the first in the low half.
Result<ir::Tensor> read_narrow_tensor(const ::onnx::TensorProto&,
                                      const std::filesystem::path& directory = {});

/// The element type for a number of TensorProto.DataType; an Error that names the type where there is none.
Result<ir::DType> read_dtype(int onnx_type);

/// `text` with control characters and bytes that are not UTF-8 written as \xNN: fit for messages, names and
/// JSON.
std::string printable(std::string_view text);

}  // namespace halite::frontend
