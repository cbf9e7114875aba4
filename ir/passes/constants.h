// What passes ask about constants.
#pragma once

#include <optional>

#include "ir/tensor.h"

namespace halite::ir {

/// The value that all elements share; nullopt if they differ or there are none.
inline std::optional<double> uniform_value(const Tensor* t) {
  if (!t || t->type().elements() == 0) return std::nullopt;
  const auto bytes = t->bytes();
  const size_t size = static_cast<size_t>(size_of(t->type().dtype));
  for (size_t i = size; i < bytes.size(); ++i)
    if (bytes[i] != bytes[i - size]) return std::nullopt;
  return t->at(0);
}

inline bool is_uniform(const Tensor* t, double value) {
  const auto found = uniform_value(t);
  return found && *found == value;
}

}  // namespace halite::ir
