// Plain POSIX calls where iostreams would hide the error (a full disk shows at write, fsync or close).
#include "codegen/temp_dir.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace halite::codegen {
namespace {

Error io_error(const std::filesystem::path& path, const char* action) {
  return {ErrorCode::kIo, std::string("cannot ") + action + ": " + std::strerror(errno), path.string()};
}

bool write_all(int file, std::span<const uint8_t> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(file, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes = bytes.subspan(size_t(n));
  }
  return true;
}

}  // namespace

Result<TempDir> TempDir::create() {
  std::error_code error;
  std::string pattern = (std::filesystem::temp_directory_path(error) / "halite-XXXXXX").string();
  if (error || !::mkdtemp(pattern.data())) return io_error(pattern, "create a temporary directory");
  return TempDir(pattern);
}

TempDir::~TempDir() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

Result<std::vector<uint8_t>> read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return io_error(path, "open for reading");
  // As large as it says it is, and whatever more there turns out to be.
  std::error_code unknown;
  const auto size = std::filesystem::file_size(path, unknown);
  std::vector<uint8_t> bytes(unknown ? 0 : size);
  size_t count = 0;
  while (in) {
    if (count == bytes.size()) bytes.resize(count + (1 << 16));
    in.read(reinterpret_cast<char*>(bytes.data()) + count,
            static_cast<std::streamsize>(bytes.size() - count));
    count += static_cast<size_t>(in.gcount());
  }
  bytes.resize(count);
  if (in.bad()) return io_error(path, "read");
  return bytes;
}

Result<void> write_file(const std::filesystem::path& path, std::span<const uint8_t> bytes) {
  std::string draft = path.string() + ".XXXXXX";
  const int file = ::mkstemp(draft.data());
  if (file < 0) return io_error(path, "create");
  const bool written = ::fchmod(file, 0644) == 0 && write_all(file, bytes) && ::fsync(file) == 0;
  const int why = errno;
  const bool closed = ::close(file) == 0;
  if (written && closed && ::rename(draft.c_str(), path.c_str()) == 0) return {};
  if (!written) errno = why;
  Error error = io_error(path, "write");
  ::unlink(draft.c_str());
  return error;
}

}  // namespace halite::codegen
