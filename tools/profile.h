// Time by step of a compiled model, and by group: steps that compute the same (codegen/choices.h).
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

  /// Of a step in the quickest and in the median run, in seconds; 0 before the first run.
  double least(size_t step) const;
  double median(size_t step) const;

 private:
  double mean(size_t step) const;
  double share(size_t step) const;
  double gflops(size_t step) const;
  const codegen::Report& report_;
  std::vector<std::vector<double>> seconds_;  ///< by step and run
  std::vector<double> current_;               ///< by step, of the run that goes on
  std::chrono::steady_clock::time_point begun_{};
};

}  // namespace halite::tools
