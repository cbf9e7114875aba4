#include "tools/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace halite::tools {
namespace {

constexpr int kBarWidth = 30;
constexpr auto kInterval = std::chrono::milliseconds(50);

}  // namespace

Progress::Progress(std::string label) : label_(std::move(label)), terminal_(isatty(STDERR_FILENO)) {}

Progress::~Progress() {
  if (drawn_) fmt::print(stderr, "\r\033[K");
}

void Progress::update(int64_t done, int64_t total) {
  if (!terminal_) return;
  const auto now = std::chrono::steady_clock::now();
  if (drawn_ && done < total && now - last_ < kInterval) return;
  last_ = now;
  drawn_ = true;
  if (total <= 0) {
    fmt::print(stderr, "\r\033[K{} ...", label_);
  } else {
    const auto filled = static_cast<size_t>(std::clamp<int64_t>(done * kBarWidth / total, 0, kBarWidth));
    fmt::print(stderr, "\r\033[K{} [{}{}] {}/{}", label_, std::string(filled, '#'),
               std::string(kBarWidth - filled, '.'), done, total);
  }
  std::fflush(stderr);
}

}  // namespace halite::tools
