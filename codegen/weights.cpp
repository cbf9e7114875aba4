// See weights.h. Small alignments waste less flash: the pool's is that of the target's vectors.
#include "codegen/weights.h"

#include <algorithm>

#include "weights_generated.h"

namespace halite::codegen {

uint64_t fnv1a64(std::span<const uint8_t> bytes, uint64_t seed) {
  uint64_t hash = seed;
  for (uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001b3u;
  return hash;
}

int64_t WeightPool::add(const ir::Tensor& tensor) {
  const auto raw = tensor.bytes();
  const std::span<const uint8_t> data(reinterpret_cast<const uint8_t*>(raw.data()), raw.size());
  const uint64_t hash = fnv1a64(data);
  for (auto [it, end] = known_.equal_range(hash); it != end; ++it) {
    const auto [offset, size] = it->second;
    if (size == int64_t(data.size()) && std::equal(data.begin(), data.end(), bytes_.begin() + offset))
      return offset;
  }
  const int64_t offset = (int64_t(bytes_.size()) + alignment_ - 1) / alignment_ * alignment_;
  bytes_.resize(size_t(offset));
  bytes_.insert(bytes_.end(), data.begin(), data.end());
  known_.insert({hash, {offset, int64_t(data.size())}});
  return offset;
}

std::vector<uint8_t> weights_file(const std::vector<uint8_t>& block) {
  flatbuffers::FlatBufferBuilder builder(block.size() + 256);
  builder.ForceVectorAlignment(block.size(), 1, 64);
  const auto data = builder.CreateVector(block);
  const auto root = halite::weights::CreateWeights(builder, fnv1a64(block), data);
  halite::weights::FinishWeightsBuffer(builder, root);
  return {builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize()};
}

}  // namespace halite::codegen
