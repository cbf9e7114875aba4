// Reads ONNX, operator set 7 and newer (older ones where the operator did not change). Operators are imported
// by the version that the model states; a file newer than this compiler is not refused for its number.
// https://github.com/onnx/onnx/blob/main/docs/IR.md
#pragma once

#include <cstddef>
#include <span>

#include "frontend/import.h"

namespace halite::frontend {

Result<ir::Graph> import_onnx(std::span<const std::byte> file_bytes, const ImportOptions& = {});

/// Whether the bytes begin like an ONNX model (a protobuf whose first fields are those of ModelProto).
bool looks_like_onnx(std::span<const std::byte> file_bytes);

}  // namespace halite::frontend
