// One node of a model as its importer sees it, as far as all formats agree: the operands as values of the
// graph, and the numbers of those that must be known at compile time. What is not as the operator's
// specification says throws Rejected.
#pragma once

#include "frontend/build.h"

namespace halite::frontend {

class Call {
 public:
  /// `inputs`: nullopt where the model leaves one out.
  Call(Builder& builder, std::vector<std::optional<V>> inputs) : b(builder), inputs_(std::move(inputs)) {}

  Builder& b;

  size_t input_count() const { return inputs_.size(); }
  bool has(size_t i) const { return i < inputs_.size() && inputs_[i]; }
  V in(size_t i) const;  ///< throws if it is left out
  std::optional<V> maybe(size_t i) const { return has(i) ? inputs_[i] : std::nullopt; }
  std::vector<V> all() const;  ///< one or more, none left out
  const Type& type(size_t i) const { return b.type(in(i)); }
  Shape shape(size_t i) const { return b.shape(in(i)); }
  int64_t rank(size_t i) const { return b.rank(in(i)); }

  /// The integers of operand `i`, which must be known at compile time; `what` is its name in the
  /// specification.
  std::vector<int64_t> known_integers(size_t i, const char* what) const;
  int64_t known_integer(size_t i, const char* what) const;
  std::vector<double> known_reals(size_t i, const char* what) const;
  double known_real(size_t i, const char* what) const;

 protected:
  std::vector<std::optional<V>> inputs_;

 private:
  const Tensor& known(size_t i, const char* what) const;
};

}  // namespace halite::frontend
