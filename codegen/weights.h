// The constants of a model as one block of bytes: packed tensors, equal ones stored once.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "ir/tensor.h"

namespace halite::codegen {

/// FNV-1a, 64 bits: what ties an object to its NAME.weights. http://www.isthe.com/chongo/tech/comp/fnv/
uint64_t fnv1a64(std::span<const uint8_t>, uint64_t seed = 0xcbf29ce484222325u);

class WeightPool {
 public:
  /// `alignment` in bytes of every tensor in the block.
  explicit WeightPool(int64_t alignment) : alignment_(alignment) {}
  /// Byte offset of the tensor in the block.
  int64_t add(const ir::Tensor&);
  const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  int64_t alignment_;
  std::vector<uint8_t> bytes_;
  struct Span {
    int64_t offset, size;
  };
  std::unordered_multimap<uint64_t, Span> known_;  // by content hash
};

/// NAME.weights: a flatbuffer after rt/weights.fbs, its data aligned to 64.
std::vector<uint8_t> weights_file(const std::vector<uint8_t>& block);

}  // namespace halite::codegen
