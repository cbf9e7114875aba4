// The machine's floating-point peak: how many f32 fused multiply-adds the widest vectors do in a loop that
// needs no memory. The yardstick of `halite bench`, measured in the same run because clocks and neighbours
// vary.
#pragma once

#include <string>

namespace halite::tools {

struct Peak {
  double gflops = 0;        ///< two operations a multiply-add, all threads together
  std::string instruction;  ///< "512-bit FMA"
};

/// Runs `threads` loops side by side for about `seconds`; the best of several samples.
Peak measure_peak(int threads, double seconds = 0.1);

}  // namespace halite::tools
