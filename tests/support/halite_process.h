// Runs build/halite as a user would: arguments in, exit status and both streams out; and a directory for its
// files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace halite::test {

struct Run {
  int status = -1;  ///< exit status; 128 + signal if it was killed
  std::string out, err;
};

Run halite(const std::vector<std::string>& arguments);
/// The same under a shell: `command` may hold redirections and limits; "$HALITE" is the program.
Run shell(const std::string& command);

/// An empty directory that is removed with the object.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::string string() const { return path_.string(); }
  /// Names of everything inside, at any depth, sorted.
  std::vector<std::string> files() const;

 private:
  std::filesystem::path path_;
};

std::string contents(const std::filesystem::path&);
/// tests/data/models/NAME
std::string model_folder(const std::string& name);

}  // namespace halite::test
