// A program run to its end, with what it printed.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ir/base/result.h"

namespace halite::codegen {

struct ProcessEnd {
  int exit_code = 0;  ///< 128 + signal if it was killed by one
  bool timed_out = false;
  std::string printed;  ///< standard output and error, as they came
};

/// argv[0] is looked up in PATH. Standard input is empty. After `timeout_seconds` the process is killed.
Result<ProcessEnd> run_process(const std::vector<std::string>& argv, const std::filesystem::path& directory,
                               double timeout_seconds);

}  // namespace halite::codegen
