// Time by step of a compiled model.
#pragma once

#include <chrono>
#include <vector>

#include "codegen/compile.h"
#include "tools/report.h"
#include "tools/session.h"

namespace halite::tools {

class Profile {
 public:
  explicit Profile(const codegen::Report&);
  /// Measures every following run of the session; the profile must outlive it.
  void attach(Session&);

  /// A row a step, the mean of all runs: time, share, GFLOP/s (two operations a MAC).
  std::string text() const;
  Json json() const;

 private:
  double share(size_t step) const;
  double gflops(size_t step) const;
  const codegen::Report& report_;
  std::vector<double> seconds_;  ///< by step, summed over runs
  int64_t runs_ = 0;
  std::chrono::steady_clock::time_point begun_{};
};

}  // namespace halite::tools
