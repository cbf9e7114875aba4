// Dense tensors from sparse ones. A sparse tensor is a tree whose levels are the axes in traversal order, the
// axes of a block last; a level is dense (every index) or compressed (a list of indices for each node of the
// level above). Leaves are the stored elements in order.
// http://tensor-compiler.org/kjolstad-oopsla17-tensor-compiler.pdf
#include <cstring>

#include "frontend/tflite/constants.h"

namespace halite::frontend {
namespace {

using tflite::SparseIndexVector;

std::vector<int64_t> read_list(SparseIndexVector kind, const void* table) {
  const auto copy = [](const auto* list) {
    return list && list->values() ? std::vector<int64_t>(list->values()->begin(), list->values()->end())
                                  : std::vector<int64_t>{};
  };
  switch (kind) {
    case SparseIndexVector::Int32Vector:
      return copy(static_cast<const tflite::Int32Vector*>(table));
    case SparseIndexVector::Uint16Vector:
      return copy(static_cast<const tflite::Uint16Vector*>(table));
    case SparseIndexVector::Uint8Vector:
      return copy(static_cast<const tflite::Uint8Vector*>(table));
    default:
      return {};
  }
}

struct Level {
  bool dense = true;
  int64_t extent = 1;
  int64_t axis = 0;    ///< of the tensor
  int64_t factor = 1;  ///< what an index of this level is worth along that axis
  std::vector<int64_t> segments, indices;
};

[[noreturn]] void reject_sparse() {
  reject_invalid("its description as a sparse tensor does not fit its shape");
}

/// The levels of the tree, checked against the shape.
std::vector<Level> read_levels(const TfliteTensor& tensor) {
  const auto& sparsity = *tensor.sparsity;
  const auto rank = static_cast<int64_t>(tensor.shape.size());
  const auto* order = sparsity.traversal_order();
  const auto* metadata = sparsity.dim_metadata();
  if (!order || !metadata || order->size() != metadata->size()) reject_sparse();
  const int64_t blocks = sparsity.block_map() ? sparsity.block_map()->size() : 0;
  if (rank > 64 || blocks > rank || order->size() != static_cast<size_t>(rank + blocks)) reject_sparse();

  std::vector<Level> levels(order->size());
  Shape block(static_cast<size_t>(rank), 1);
  std::vector<bool> seen(levels.size(), false);
  for (size_t i = 0; i < levels.size(); ++i) {
    const int64_t at = order->Get(static_cast<unsigned>(i));
    if (at < 0 || at >= rank + blocks || seen[at] || (at >= rank) != (static_cast<int64_t>(i) >= rank))
      reject_sparse();
    seen[at] = true;
    Level& level = levels[i];
    const auto& meta = *metadata->Get(static_cast<unsigned>(i));
    level.dense = meta.format() == tflite::DimensionType::DENSE;
    level.axis = at < rank ? at : sparsity.block_map()->Get(static_cast<unsigned>(at - rank));
    if (level.axis < 0 || level.axis >= rank) reject_sparse();
    if (at >= rank) {
      if (!level.dense || meta.dense_size() < 1 || block[level.axis] != 1) reject_sparse();
      block[level.axis] = level.extent = meta.dense_size();
    } else if (!level.dense) {
      level.segments = read_list(meta.array_segments_type(), meta.array_segments());
      level.indices = read_list(meta.array_indices_type(), meta.array_indices());
    }
  }
  for (size_t i = 0; i < static_cast<size_t>(rank); ++i) {
    Level& level = levels[i];
    if (tensor.shape[level.axis] % block[level.axis] != 0) reject_sparse();
    level.factor = block[level.axis];
    level.extent = tensor.shape[level.axis] / block[level.axis];
    const auto& meta = *metadata->Get(static_cast<unsigned>(i));
    if (level.dense && meta.dense_size() != level.extent) reject_sparse();
  }
  return levels;
}

class Walk {
 public:
  Walk(const TfliteTensor& tensor, const Tensor& values)
      : levels_(read_levels(tensor)),
        values_(values),
        strides_(ir::contiguous_strides(tensor.shape)),
        out_(Tensor::zeros({*tensor.dtype, tensor.shape, {}})),
        width_(ir::size_of(*tensor.dtype)) {}

  Tensor run() {
    if (out_.type().elements() > 0) visit(0, 0, 0);
    if (next_ != values_.type().elements()) reject_sparse();
    return std::move(out_);
  }

 private:
  /// `node` numbers the node among those of the level above, which is where its list of indices lies.
  void visit(size_t depth, int64_t node, int64_t offset) {
    if (depth == levels_.size()) return store(offset);
    const Level& level = levels_[depth];
    const int64_t step = level.factor * strides_[level.axis];
    if (level.dense) {
      for (int64_t i = 0; i < level.extent; ++i) visit(depth + 1, node * level.extent + i, offset + i * step);
      return;
    }
    if (node + 1 >= static_cast<int64_t>(level.segments.size())) reject_sparse();
    const int64_t first = level.segments[node], last = level.segments[node + 1];
    if (first < 0 || last < first || last > static_cast<int64_t>(level.indices.size())) reject_sparse();
    for (int64_t i = first; i < last; ++i) {
      // Ascending, so that the walk takes no more steps than the dense tensor has places.
      const int64_t least = i == first ? 0 : level.indices[i - 1] + 1;
      if (level.indices[i] < least || level.indices[i] >= level.extent) reject_sparse();
      visit(depth + 1, i, offset + level.indices[i] * step);
    }
  }

  void store(int64_t offset) {
    if (next_ >= values_.type().elements()) reject_sparse();
    std::memcpy(out_.mutable_bytes().data() + offset * width_, values_.bytes().data() + next_++ * width_,
                width_);
  }

  std::vector<Level> levels_;
  const Tensor& values_;
  std::vector<int64_t> strides_;
  Tensor out_;
  int64_t width_;
  int64_t next_ = 0;  ///< stored element
};

}  // namespace

Result<Tensor> densify(const TfliteTensor& tensor, const Tensor& values) {
  Tensor out;
  auto done = Builder::attempt("", [&] { out = Walk(tensor, values).run(); });
  if (!done) return done.error();
  return out;
}

}  // namespace halite::frontend
