// Gathers with an index for each element: the place in the flattened tensor is computed, and one gather reads
// there. https://onnx.ai/onnx/operators/onnx__GatherElements.html
// https://onnx.ai/onnx/operators/onnx__GatherND.html
#include "frontend/decompose/indexing.h"

namespace halite::frontend {
namespace {

/// 0, 1, ... count-1 as i32 along one axis of a tensor of rank `rank`.
V counting(Builder& b, int64_t count, int64_t axis, int64_t rank) {
  Shape along(static_cast<size_t>(rank), 1);
  along[axis] = count;
  return b.reshape(b.cast(b.iota(count), DType::i32), std::move(along));
}

}  // namespace

V places(Builder& b, V indices, int64_t extent) {
  const V at = b.cast(indices, DType::i32);
  return b.select(b.binary(Fn::less, at, 0.0), b.add(at, static_cast<double>(extent)), at);
}

V gather_elements(Builder& b, V x, V indices, int64_t axis) {
  const Shape from = b.shape(x), to = b.shape(indices);
  const auto strides = ir::contiguous_strides(from);
  V at = b.mul(places(b, indices, from[axis]), static_cast<double>(strides[axis]));
  for (int64_t d = 0; d < b.rank(x); ++d)
    if (d != axis && to[d] > 1)
      at = b.add(at, b.mul(counting(b, to[d], d, b.rank(x)), static_cast<double>(strides[d])));
  return b.op(ir::Gather{0}, {b.reshape(x, {b.type(x).elements()}), at});
}

V gather_nd(Builder& b, V x, V indices, int64_t batch) {
  const Shape from = b.shape(x), at = b.shape(indices);
  const int64_t depth = at.back(), last = b.rank(indices) - 1;
  const Shape addressed(from.begin() + batch, from.begin() + batch + depth);
  const int64_t batches = extent_of(from, 0, batch), count = extent_of(addressed, 0, depth);
  const auto strides = ir::contiguous_strides(addressed);
  V place = b.cast(indices, DType::i32);
  place = b.select(b.binary(Fn::less, place, 0.0), b.add(place, b.cast(b.integers(addressed), DType::i32)),
                   place);
  place = b.sum(b.mul(place, b.cast(b.integers(strides), DType::i32)), {last}, false);
  if (batches > 1) {
    const V split = b.reshape(place, {batches, extent_of(at, batch, last)});
    place = b.add(split, b.mul(counting(b, batches, 0, 2), static_cast<double>(count)));
  }
  Shape flat{extent_of({batches, count}, 0, 2)}, to(at.begin(), at.end() - 1);
  flat.insert(flat.end(), from.begin() + batch + depth, from.end());
  to.insert(to.end(), from.begin() + batch + depth, from.end());
  return b.reshape(b.op(ir::Gather{0}, {b.reshape(x, flat), place}), to);
}

V reverse_sequence(Builder& b, V x, V lengths, int64_t batch, int64_t time) {
  std::vector<int64_t> perm{batch, time}, back(static_cast<size_t>(b.rank(x)));
  for (int64_t d = 0; d < b.rank(x); ++d)
    if (d != batch && d != time) perm.push_back(d);
  for (size_t d = 0; d < perm.size(); ++d) back[perm[d]] = static_cast<int64_t>(d);
  const V rows = b.transpose(x, perm);
  const Shape s = b.shape(rows);
  const V t = counting(b, s[1], 1, 2), length = b.reshape(b.cast(lengths, DType::i32), {s[0], 1});
  const V turned = b.select(b.binary(Fn::less, t, length), b.sub(b.add(length, -1.0), t), t);
  const V at = b.add(turned, b.mul(counting(b, s[0], 0, 2), static_cast<double>(s[1])));
  Shape flat{extent_of(s, 0, 2)};
  flat.insert(flat.end(), s.begin() + 2, s.end());
  return b.transpose(b.op(ir::Gather{0}, {b.reshape(rows, flat), at}), back);
}

}  // namespace halite::frontend
