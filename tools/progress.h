// A progress line for long work: drawn on standard error if that is a terminal, nothing at all otherwise.
#pragma once

#include <chrono>
#include <string>

namespace halite::tools {

class Progress {
 public:
  explicit Progress(std::string label);
  ~Progress();  ///< wipes the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Draws at most 20 times a second; `total` 0 shows the label alone.
  void update(int64_t done, int64_t total);

 private:
  std::string label_;
  bool terminal_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace halite::tools
