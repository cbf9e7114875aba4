// An entry is the object's bytes behind their XXH3-128 hash. Errors of the file system are never the user's
// problem here: without a cache the compiler is slower, nothing else.
#include "codegen/cache.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "codegen/temp_dir.h"

namespace halite::codegen {
namespace {

namespace fs = std::filesystem;

struct Digest {
  std::array<uint8_t, 16> bytes;
};

Digest digest(const void* data, size_t size) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(data, size));
  Digest result;
  std::memcpy(result.bytes.data(), canonical.digest, sizeof canonical.digest);
  return result;
}

}  // namespace

std::string content_hash(const std::string& text) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (uint8_t byte : digest(text.data(), text.size()).bytes) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

const std::string& build_id() {
  static const std::string id = [] {
    const auto program = read_file("/proc/self/exe");
    return program ? content_hash(std::string(program->begin(), program->end())) : std::string();
  }();
  return id;
}

KernelCache::KernelCache(fs::path directory, int64_t limit_bytes)
    : directory_(std::move(directory)), limit_bytes_(limit_bytes) {
  std::error_code error;
  if (!directory_.empty()) fs::create_directories(directory_, error);
  if (error || build_id().empty()) directory_.clear();
}

fs::path KernelCache::path_of(const std::string& key) const { return directory_ / (key + ".kernel"); }

std::optional<std::vector<uint8_t>> KernelCache::get(const std::string& key) const {
  if (directory_.empty()) return {};
  const auto entry = read_file(path_of(key));
  if (!entry || entry->size() < sizeof(Digest)) return {};
  std::vector<uint8_t> object(entry->begin() + sizeof(Digest), entry->end());
  if (std::memcmp(entry->data(), digest(object.data(), object.size()).bytes.data(), sizeof(Digest)) != 0)
    return {};
  std::error_code ignored;
  fs::last_write_time(path_of(key), fs::file_time_type::clock::now(), ignored);
  return object;
}

void KernelCache::put(const std::string& key, const std::vector<uint8_t>& object) const {
  if (directory_.empty()) return;
  const Digest hash = digest(object.data(), object.size());
  std::vector<uint8_t> entry(hash.bytes.begin(), hash.bytes.end());
  entry.insert(entry.end(), object.begin(), object.end());
  (void)!write_file(path_of(key), entry);
}

void KernelCache::trim() const {
  if (directory_.empty()) return;
  struct Entry {
    fs::file_time_type used;
    int64_t bytes;
    fs::path path;
  };
  std::vector<Entry> entries;
  int64_t total = 0;
  std::error_code error;
  for (fs::directory_iterator it(directory_, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() != ".kernel") continue;
    std::error_code gone;
    Entry entry{it->last_write_time(gone), int64_t(it->file_size(gone)), it->path()};
    if (gone) continue;
    total += entry.bytes;
    entries.push_back(std::move(entry));
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.used < b.used; });
  for (const auto& entry : entries) {
    if (total <= limit_bytes_) return;
    fs::remove(entry.path, error);
    total -= entry.bytes;
  }
}

}  // namespace halite::codegen
