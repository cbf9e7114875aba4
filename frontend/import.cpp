// See import.h. Formats are told apart by their first bytes: TFLite has its identifier at byte 4, MegEngine
// begins with a magic word, ONNX is a protobuf.
#include "frontend/import.h"

#include <cstring>
#include <fstream>

#include "frontend/onnx/import.h"
#include "frontend/tflite/import.h"

namespace halite::frontend {
namespace {

Result<std::vector<std::byte>> read_file(const std::filesystem::path& path) {
  std::error_code failed;
  if (!std::filesystem::exists(path, failed))
    return Error{ErrorCode::kIo, "there is no such file", path.string()};
  if (!std::filesystem::is_regular_file(path, failed))
    return Error{ErrorCode::kIo, "this is not a file", path.string()};
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const auto size = file ? static_cast<std::streamsize>(file.tellg()) : -1;
  if (size < 0) return Error{ErrorCode::kIo, "the file cannot be read", path.string()};
  std::vector<std::byte> bytes(static_cast<size_t>(size));
  file.seekg(0);
  if (size > 0 && !file.read(reinterpret_cast<char*>(bytes.data()), size))
    return Error{ErrorCode::kIo, "the file cannot be read", path.string()};
  return bytes;
}

bool has_text(std::span<const std::byte> bytes, size_t at, std::string_view text) {
  return bytes.size() >= at + text.size() && std::memcmp(bytes.data() + at, text.data(), text.size()) == 0;
}

}  // namespace

Result<ir::Graph> import_model(const std::filesystem::path& file, const ImportOptions& options) {
  const auto bytes = read_file(file);
  if (!bytes) return bytes.error();
  const std::string name = file.string();
  if (bytes->empty()) return invalid_model("the file is empty", name);
  if (has_text(*bytes, 0, "MGBS") || has_text(*bytes, 0, "mgb") || has_text(*bytes, 8, "mgv2"))
    return unsupported("this is a MegEngine model; ONNX and TFLite are read so far", name);
  const bool tflite = looks_like_tflite(*bytes);
  if (!tflite && !looks_like_onnx(*bytes))
    return invalid_model("this is not a model in a format that is known; ONNX and TFLite are read", name);
  ImportOptions here = options;
  if (here.directory.empty()) here.directory = file.has_parent_path() ? file.parent_path() : ".";
  auto graph = tflite ? import_tflite(*bytes, here) : import_onnx(*bytes, here);
  if (!graph && graph.error().where.empty()) {
    Error error = graph.error();
    error.where = name;
    return error;
  }
  return graph;
}

}  // namespace halite::frontend
