// MatMul: checks and reference.
#include "ir/ops/matmul.h"

#include "ir/ops/checks.h"
#include "ir/ops/iterate.h"
#include "ir/ops/products.h"

namespace halite::ir {
namespace {

/// Rows and columns of the last two axes, after the transposition that the operator asks for.
struct Extents {
  int64_t rows, columns;
  Extents(const Shape& s, bool transposed) : rows(s[s.size() - 2]), columns(s[s.size() - 1]) {
    if (transposed) std::swap(rows, columns);
  }
};

/// Strides over [batch.., m, n] of an operand's element in its first column (a) or row (b), and the step
/// along k.
Strides batch_strides(const Shape& s, const Shape& out) {
  Strides strides = broadcast_strides(s, out);
  strides[out.size() - 2] = strides[out.size() - 1] = 0;
  return strides;
}

}  // namespace

Result<Types> infer(const MatMul& op, std::span<const Type> in) {
  if (auto failure = checks::inputs(op.kName, in, 2, 3, checks::Elements::multiplied)) return *failure;
  if (auto failure = checks::product_operands(op.kName, in, op.a_zero, op.b_zero)) return *failure;
  for (size_t i = 0; i < 2; ++i) {
    if (in[i].rank() < 2)
      return checks::invalid(op.kName, ": input ", i, " has the shape ", in[i].shape,
                             "; expected rank 2 or more");
  }
  const Shape &as = in[0].shape, &bs = in[1].shape;
  const Extents a(as, op.transpose_a), b(bs, op.transpose_b);
  if (a.columns != b.rows)
    return checks::invalid(op.kName, ": cannot multiply ", as, op.transpose_a ? " (transposed)" : "", " by ",
                           bs, op.transpose_b ? " (transposed)" : "", "; the inner extents are ", a.columns,
                           " and ", b.rows, ", expected equal ones");
  auto shape = broadcast(Shape(as.begin(), as.end() - 2), Shape(bs.begin(), bs.end() - 2));
  if (!shape) return checks::invalid(op.kName, ": the batch axes of ", as, " and ", bs, " do not broadcast");
  shape->push_back(a.rows);
  shape->push_back(b.columns);
  if (in.size() == 3 && broadcast(in[2].shape, *shape) != shape)
    return checks::invalid(op.kName, ": the bias has the shape ", in[2].shape,
                           ", which does not broadcast to ", *shape);
  return checks::output(op.kName, {product_dtype(in), std::move(*shape), {}});
}

namespace {

template <class X, class W, class Y>
void multiply(const MatMul& op, std::span<const Tensor> in, Tensor& out) {
  const Shape &as = in[0].type().shape, &bs = in[1].type().shape, &ys = out.type().shape;
  const size_t m = ys.size() - 2, n = ys.size() - 1;
  const auto a = in[0].data<X>();
  const auto b = in[1].data<W>();
  const int64_t a_row = op.transpose_a ? 1 : as.back(), a_step = op.transpose_a ? as.back() : 1;
  const int64_t b_column = op.transpose_b ? bs.back() : 1, b_step = op.transpose_b ? 1 : bs.back();
  const int64_t k_extent = Extents(as, op.transpose_a).columns;
  Strides a_strides = batch_strides(as, ys), b_strides = batch_strides(bs, ys);
  a_strides[m] = a_row;
  b_strides[n] = b_column;
  const Strides bias_strides =
      in.size() == 3 ? broadcast_strides(in[2].type().shape, ys) : Strides(ys.size(), 0);
  const auto y = out.mutable_data<Y>();
  walk<3>(ys, {a_strides, b_strides, bias_strides}, {0, 0, 0}, [&](int64_t i, const auto& at) {
    Sum<Y> sum = in.size() == 3 ? in[2].data<Y>()[at[2]] : Sum<Y>{};
    for (int64_t k = 0; k < k_extent; ++k)
      sum += centred<Y>(a[at[0] + k * a_step], op.a_zero) * centred<Y>(b[at[1] + k * b_step], op.b_zero);
    y[i] = static_cast<Y>(sum);
  });
}

}  // namespace

void reference(const MatMul& op, std::span<const Tensor> in, std::span<Tensor> out) {
  with_product_types(in, [&]<class X, class W, class Y>(X, W, Y) { multiply<X, W, Y>(op, in, out[0]); });
}

}  // namespace halite::ir
