#include "tools/files.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <memory>
#include <system_error>

#include "tools/report.h"

namespace halite::tools {
namespace {

constexpr uintmax_t kMaxBytes = uintmax_t{1} << 31;

struct Close {
  void operator()(std::FILE* f) const { std::fclose(f); }
};

// Writes and closes; 0 or errno. fclose may be the first to meet a full disk.
int write_all(const std::filesystem::path& path, std::string_view bytes) {
  std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "wb"));
  if (!file) return errno;
  if (std::fwrite(bytes.data(), 1, bytes.size(), file.get()) != bytes.size()) return errno;
  return std::fclose(file.release()) == 0 ? 0 : errno;
}

Error write_error(const std::filesystem::path& path, int code) {
  return io_error(std::string("cannot be written: ") + std::strerror(code), path.string());
}

}  // namespace

Result<std::string> read_file(const std::filesystem::path& path) {
  std::error_code code;
  if (!std::filesystem::exists(path, code)) return io_error("there is no such file", path.string());
  if (!std::filesystem::is_regular_file(path, code)) return io_error("is not a regular file", path.string());
  const uintmax_t size = std::filesystem::file_size(path, code);
  if (code) return io_error("cannot be read: " + code.message(), path.string());
  if (size > kMaxBytes) return io_error("is larger than 2 GiB", path.string());
  std::string bytes(static_cast<size_t>(size), '\0');
  std::ifstream in(path, std::ios::binary);
  if (!in || !in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
    return io_error(std::string("cannot be read: ") + std::strerror(errno), path.string());
  }
  return bytes;
}

Result<void> write_file(const std::filesystem::path& path, std::string_view bytes) {
  std::error_code code;
  const auto status = std::filesystem::status(path, code);
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    const int failed = write_all(path, bytes);
    return failed ? write_error(path, failed) : Result<void>();
  }
  auto beside = path;
  beside += ".part" + std::to_string(getpid());
  const int failed = write_all(beside, bytes);
  if (!failed) std::filesystem::rename(beside, path, code);
  if (!failed && !code) return {};
  std::error_code ignored;
  std::filesystem::remove(beside, ignored);
  return write_error(path, failed ? failed : code.value());
}

Result<void> make_directory(const std::filesystem::path& path) {
  std::error_code code;
  std::filesystem::create_directories(path, code);
  if (code) return io_error("the directory cannot be made: " + code.message(), path.string());
  return {};
}

}  // namespace halite::tools
