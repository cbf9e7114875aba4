// The machine's peaks: how many f32 fused multiply-adds, and how many int8 products summed in i32, the widest
// vectors do in a loop that needs no memory. The yardsticks of `halite bench` and of the kernels' benchmark,
// measured in the same run because clocks and neighbours vary.
#pragma once

#include <string>

namespace halite::tools {

struct Peak {
  double gflops = 0;        ///< two operations a multiply-add, all threads together
  std::string instruction;  ///< "512-bit FMA"
};

/// Runs `threads` loops side by side for about `seconds`; the best of several samples.
Peak measure_peak(int threads, double seconds = 0.1);
/// The same of int8 products by the instruction that vectors have for them (not by those of matrices).
Peak measure_int8_peak(int threads, double seconds = 0.1);

/// What the system calls this machine's processor; "unknown" where it has no name.
std::string machine_name();

}  // namespace halite::tools
