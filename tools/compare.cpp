#include "tools/compare.h"

#include <algorithm>
#include <cmath>

namespace halite::tools {
namespace {

// 64-bit integers do not fit a double: differences are taken in their own type.
double integer_distance(const ir::Tensor& a, const ir::Tensor& b, int64_t i) {
  const auto at = static_cast<size_t>(i);
  if (a.type().dtype == ir::DType::i64) {
    const int64_t x = a.data<int64_t>()[at], y = b.data<int64_t>()[at];
    return static_cast<double>(x > y ? uint64_t(x) - uint64_t(y) : uint64_t(y) - uint64_t(x));
  }
  if (a.type().dtype == ir::DType::u64) {
    const uint64_t x = a.data<uint64_t>()[at], y = b.data<uint64_t>()[at];
    return static_cast<double>(x > y ? x - y : y - x);
  }
  return std::abs(a.at(i) - b.at(i));
}

}  // namespace

Tolerance tolerance_for(ir::DType dtype, const ToleranceArguments& arguments) {
  Tolerance t;
  if (dtype == ir::DType::f16) {
    t = {1e-2, 1e-3};
  } else if (dtype == ir::DType::bf16) {
    t = {4e-2, 4e-3};
  } else if (ir::is_float(dtype)) {
    t = {1e-3, 1e-4};
  }
  if (ir::is_float(dtype) && arguments.rtol) t.rtol = *arguments.rtol;
  // An atol below one is meant for the model's floating-point outputs: integers stay exact.
  if (arguments.atol) t.atol = ir::is_float(dtype) ? *arguments.atol : std::floor(*arguments.atol);
  return t;
}

Difference compare(const ir::Tensor& got, const ir::Tensor& want, Tolerance tolerance) {
  HALITE_CHECK(got.type().dtype == want.type().dtype && got.type().shape == want.type().shape,
               "types differ");
  const bool real = ir::is_float(got.type().dtype);
  Difference d;
  d.elements = got.type().elements();
  for (int64_t i = 0; i < d.elements; ++i) {
    const double g = got.at(i), w = want.at(i);
    bool agrees;
    if (!real || (std::isfinite(g) && std::isfinite(w))) {
      const double distance = real ? std::abs(g - w) : integer_distance(got, want, i);
      agrees = distance <= tolerance.atol + tolerance.rtol * std::abs(w);
      d.max_abs = std::max(d.max_abs, distance);
      if (w != 0) d.max_rel = std::max(d.max_rel, distance / std::abs(w));
    } else {
      agrees = (std::isnan(g) && std::isnan(w)) || g == w;
    }
    if (agrees) continue;
    if (d.count++ == 0) d.first = i, d.got = g, d.want = w;
  }
  return d;
}

std::string index_text(int64_t index, const ir::Shape& shape) {
  ir::Shape place(shape.size());
  for (size_t axis = shape.size(); axis-- > 0;) {
    place[axis] = index % shape[axis];
    index /= shape[axis];
  }
  return ir::to_string(place);
}

}  // namespace halite::tools
