// Compiled kernels on disk, found by content: a kernel's description and the compiler's own build. Several
// compilers may use one directory at once: entries appear whole (renamed into place), are checked when read,
// and a damaged or vanished one counts as absent. When the directory outgrows its limit, the entries longest
// unused go.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace halite::codegen {

class KernelCache {
 public:
  /// An empty directory name makes a cache that holds nothing.
  KernelCache(std::filesystem::path directory, int64_t limit_bytes);
  std::optional<std::vector<uint8_t>> get(const std::string& key) const;
  void put(const std::string& key, const std::vector<uint8_t>& object) const;
  /// Removes the entries longest unused until the limit holds.
  void trim() const;

 private:
  std::filesystem::path path_of(const std::string& key) const;
  std::filesystem::path directory_;
  int64_t limit_bytes_;
};

/// 128-bit content hash as 32 hexadecimal digits.
std::string content_hash(const std::string& text);
/// content_hash of the running program: another build of the compiler finds none of this one's entries.
const std::string& build_id();

}  // namespace halite::codegen
