// Gemm, MatMul, Einsum. https://onnx.ai/onnx/operators/onnx__Gemm.html
#include "frontend/decompose/decompose.h"
#include "frontend/onnx/operators.h"

namespace halite::frontend {

std::vector<V> import_gemm(OnnxCall& call) {
  Builder& b = call.b;
  call.ignore({"broadcast"});
  for (size_t i = 0; i < 2; ++i)
    if (call.rank(i) != 2)
      reject_invalid("input " + std::to_string(i) + " is " + ir::to_string(call.type(i)) +
                     ", but must be a matrix");
  const ir::MatMul product{call.flag("transA", false), call.flag("transB", false)};
  const double alpha = call.real("alpha", 1), beta = call.real("beta", 1);
  V right = call.in(1);
  // The factor goes to the operand that is usually constant, where it costs nothing.
  if (alpha != 1) right = b.mul(right, alpha);
  if (!call.has(2) || beta == 0) return {b.matmul(call.in(0), right, product)};
  const V bias = beta == 1 ? call.in(2) : b.mul(call.in(2), beta);
  return {b.matmul(call.in(0), right, product, b.with_rank(bias, 1))};
}

std::vector<V> import_matmul(OnnxCall& call) { return {call.b.matmul(call.in(0), call.in(1))}; }

std::vector<V> import_einsum(OnnxCall& call) {
  if (!call.has_attribute("equation")) reject_invalid("the attribute 'equation' is missing", "equation");
  return {einsum(call.b, call.text("equation", ""), call.all())};
}

std::vector<V> import_det(OnnxCall& call) {
  const Shape& s = call.shape(0);
  if (call.rank(0) < 2 || s.back() != s[s.size() - 2] || s.back() < 1)
    reject_invalid("its input " + ir::to_string(call.type(0)) + " is not a square matrix");
  if (s.back() > 64) reject_unsupported("a matrix of more than 64 rows would be unrolled");
  return {determinant(call.b, call.in(0))};
}

}  // namespace halite::frontend
