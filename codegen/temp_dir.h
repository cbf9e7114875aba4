// A directory that exists as long as the object does; for the tools that only speak in files (Halide's and
// LLD's ends).
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "ir/base/result.h"

namespace halite::codegen {

class TempDir {
 public:
  static Result<TempDir> create();
  TempDir(TempDir&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TempDir& operator=(TempDir&&) = delete;
  ~TempDir();
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  explicit TempDir(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

Result<std::vector<uint8_t>> read_file(const std::filesystem::path&);
/// Whole or not at all: written beside its place, flushed, then renamed over it.
Result<void> write_file(const std::filesystem::path&, std::span<const uint8_t>);

}  // namespace halite::codegen
