// Lowers a whole graph as one group, runs it with Halide's JIT on this machine for several Facts, and
// compares with the operators' reference functions. Also fails if a kernel asks for heap memory, reads
// outside an input or leaves an element of a strided output's gaps changed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ir/graph.h"
#include "schedules/kernel.h"

namespace halite::test {

struct Check {
  double rtol = 0,
         atol = 0;  ///< floats: |got - wanted| <= atol + rtol * |wanted|; integers are compared exactly
  double low = -2, high = 2;  ///< range of random inputs
  uint32_t seed = 1;
  int64_t least_stack = 0;         ///< machines with smaller frames do not get such groups
  bool dots = false;               ///< also machines with instructions for products of bytes
  bool by_lane = false;            ///< the machine alone whose dot products take a lane
  bool formula_only = false;       ///< the loops are tested elsewhere: 512 bits, contiguous, not in place
  std::vector<ir::Tensor> inputs;  ///< instead of random ones
};

/// The machines that every kernel is tried for: scalar, 128, 256 and 512 bits, one with several cores; and
/// for size.
struct Machine {
  std::string name;
  targets::Target target;
  schedules::Optimize optimize;
};
const std::vector<Machine>& machines();
/// Machines with dot products of int8, of words and of vectors.
const std::vector<Machine>& dot_machines();

/// `text` is a graph in text form; its constants are the ones that parse makes.
void check_kernel(std::string_view text, const Check& = {});

/// One kernel ready to run, for benchmarks.
struct Runner {
  Runner(const ir::Graph&, const Machine&, std::span<const ir::Tensor> inputs, bool strided, bool in_place,
         const std::string& strategy = {});
  void run();
  ir::Tensor output(size_t i = 0) const;
  std::string strategy;

  struct State;
  std::shared_ptr<State> state;
};

ir::Tensor random_tensor(const ir::Type&, double low, double high, uint32_t seed);

}  // namespace halite::test
