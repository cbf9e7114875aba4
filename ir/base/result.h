// Errors that are the user's: a bad model, an unsupported operator, an unwritable file. A function that can
// meet one returns Result<T>; our own mistakes are CHECKs (check.h) instead. An Error says what was found,
// what was expected and what to do, and where: the node, tensor or file it is about.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace halite {

enum class ErrorCode {
  kInvalidModel,  ///< malformed, truncated or inconsistent model
  kUnsupported,   ///< valid, but outside what Halite compiles
  kInvalidInput,  ///< arguments or tensors that do not fit the model
  kIo,            ///< a file could not be read or written
  kResource,      ///< does not fit: memory limits, too large a tensor
};

struct Error {
  ErrorCode code = ErrorCode::kInvalidModel;
  std::string message;  ///< one sentence: found, expected, what to do
  std::string where;    ///< node, tensor or file name; empty if none
};

/// `where: message`, the form in which errors reach a person.
inline std::string to_string(const Error& e) {
  return e.where.empty() ? e.message : e.where + ": " + e.message;
}

/// A value or an Error. Test with `if (!r) return r.error();`, then read with `*r` or `r->`.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  explicit operator bool() const { return state_.index() == 0; }
  T& operator*() & { return std::get<0>(state_); }
  const T& operator*() const& { return std::get<0>(state_); }
  T&& operator*() && { return std::get<0>(std::move(state_)); }
  T* operator->() { return &std::get<0>(state_); }
  const T* operator->() const { return &std::get<0>(state_); }
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

/// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}
  explicit operator bool() const { return !error_; }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

inline Error invalid_model(std::string message, std::string where = {}) {
  return {ErrorCode::kInvalidModel, std::move(message), std::move(where)};
}
inline Error unsupported(std::string message, std::string where = {}) {
  return {ErrorCode::kUnsupported, std::move(message), std::move(where)};
}

}  // namespace halite
