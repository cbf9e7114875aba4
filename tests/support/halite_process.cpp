#include "tests/support/halite_process.h"

#include <stdlib.h>
#include <sys/wait.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace halite::test {
namespace fs = std::filesystem;

namespace {

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace

Run shell(const std::string& command) {
  const TempDir streams;
  const std::string script = "HALITE=" + quoted(std::string(HALITE_BINARY_DIR) + "/halite") + "\nexec >" +
                             quoted(streams / "out") + " 2>" + quoted(streams / "err") + " </dev/null\n" +
                             command + "\n";
  const int wait = std::system(("sh -c " + quoted(script)).c_str());
  Run run;
  run.status = WIFEXITED(wait) ? WEXITSTATUS(wait) : 128 + WTERMSIG(wait);
  run.out = contents(streams / "out");
  run.err = contents(streams / "err");
  return run;
}

Run halite(const std::vector<std::string>& arguments) {
  std::string command = "\"$HALITE\"";
  for (const std::string& a : arguments) command += " " + quoted(a);
  return shell(command);
}

TempDir::TempDir() {
  std::string pattern = (fs::temp_directory_path() / "halite-test-XXXXXX").string();
  if (!mkdtemp(pattern.data())) throw std::runtime_error("no temporary directory");
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::vector<std::string> TempDir::files() const {
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(path_)) {
    if (!entry.is_directory()) names.push_back(fs::relative(entry.path(), path_).string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string contents(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::string model_folder(const std::string& name) {
  return std::string(HALITE_SOURCE_DIR) + "/tests/data/models/" + name;
}

}  // namespace halite::test
