// What a program needs to tell whether it computes on its machine what the operators' definitions say, and
// which step is the first that does not: inputs, what every step writes and where, and digests of what it
// should write. The device's half is targets/driver/self_test.c.
#pragma once

#include <vector>

#include "codegen/views.h"
#include "schedules/group.h"

namespace halite::codegen {

/// Of a tensor's elements in row-major order. Integers are judged by the hash; f32, which machines may round
/// differently, by the sum of magnitudes; f16 and f64 are not judged.
struct Digest {
  uint32_t hash = 0;  ///< FNV-1a, 32 bits, of the bytes
  float sum = 0;
};

enum class Judged : uint8_t { by_hash, by_sum, never };  ///< numbers known to self_test.c

struct SelfTest {
  /// A tensor that a step writes: outermost axis first, strides in bytes.
  struct Tensor {
    uint32_t step = 0, argument = 0, element_bytes = 0;
    Judged judged = Judged::by_hash;
    std::vector<uint32_t> extents, strides;
  };
  std::vector<std::vector<ir::Tensor>> inputs;  ///< a set per inference
  std::vector<Tensor> tensors;                  ///< in the order of the steps
  std::vector<Tensor> outputs;                  ///< of the model; step and argument unused
  std::vector<Digest> expected;                 ///< per inference those of `tensors`, then those of `outputs`
};

/// `graph`, views and groups as they are compiled; one group a step. The expectations are the interpreter's.
Result<SelfTest> make_self_test(const ir::Graph&, const Views&, const std::vector<schedules::Group>&,
                                std::vector<std::vector<ir::Tensor>> inputs);

/// As self_test.c reads it: per tensor step, argument, element bytes, judged, rank, then extent and stride of
/// each axis.
std::vector<uint32_t> table_of(const std::vector<SelfTest::Tensor>&);

}  // namespace halite::codegen
