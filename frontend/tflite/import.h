// Reads TFLite files, schema version 3. The first subgraph is the model. Inputs and outputs keep the names of
// their tensors, and carry their quantization; values in between are plain integers.
// https://ai.google.dev/edge/litert
#pragma once

#include <cstddef>
#include <span>

#include "frontend/import.h"

namespace halite::frontend {

Result<ir::Graph> import_tflite(std::span<const std::byte> file_bytes, const ImportOptions& = {});

/// Whether the bytes begin like a TFLite file.
bool looks_like_tflite(std::span<const std::byte> file_bytes);

}  // namespace halite::frontend
