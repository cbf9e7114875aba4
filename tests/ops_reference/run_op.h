// What the tests of the operators' checks and references share: running one operator on small tensors written
// out, and asking infer for its complaint.
#pragma once

#include <doctest/doctest.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "ir/op.h"

namespace halite::ir {

template <class T>
Tensor tensor(Shape shape, std::initializer_list<T> values) {
  return Tensor::of<T>(std::vector<T>(values), std::move(shape));
}
inline Tensor f32(Shape shape, std::initializer_list<float> values) {
  return tensor<float>(std::move(shape), values);
}
inline Tensor i64(Shape shape, std::initializer_list<int64_t> values) {
  return tensor<int64_t>(std::move(shape), values);
}
inline Tensor boolean(Shape shape, std::initializer_list<uint8_t> values) {
  const Type type{DType::boolean, shape, {}};
  return tensor<uint8_t>(std::move(shape), values).with_type(type);
}
/// 0, 1, 2, ...
inline Tensor iota(Shape shape) {
  Tensor t = Tensor::zeros({DType::f32, std::move(shape), {}});
  for (int64_t i = 0; i < t.type().elements(); ++i) t.set(i, static_cast<double>(i));
  return t;
}

inline Tensor run(const Op& op, const std::vector<Tensor>& in) {
  Types types;
  for (const Tensor& t : in) types.push_back(t.type());
  const auto inferred = infer(op, types);
  if (!inferred) FAIL(to_string(inferred.error()));
  REQUIRE(inferred->size() == 1);
  std::vector<Tensor> out{Tensor::zeros(inferred->at(0))};
  reference(op, in, out);
  return out[0];
}

inline std::vector<double> values(const Tensor& t) {
  std::vector<double> result;
  for (int64_t i = 0; i < t.type().elements(); ++i) result.push_back(t.at(i));
  return result;
}

/// Equal but for float rounding of the expected numbers.
inline void check_values(const Tensor& t, const Shape& shape, const std::vector<double>& expected) {
  CHECK(to_string(t.type().shape) == to_string(shape));
  REQUIRE(static_cast<size_t>(t.type().elements()) == expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    CHECK(t.at(static_cast<int64_t>(i)) == doctest::Approx(expected[i]).epsilon(1e-6));
  }
}

/// infer's message, or the empty string if it found nothing wrong.
inline std::string complaint(const Op& op, const Types& in) {
  const auto result = infer(op, in);
  return result ? "" : to_string(result.error());
}
inline bool says(const std::string& message, std::string_view part) {
  return message.find(part) != message.npos;
}

}  // namespace halite::ir
