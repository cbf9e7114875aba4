// How Halite speaks to the user: answers on standard output, errors and progress on standard error. With
// --json an answer, and an error too, is one JSON document on standard output.
//
//   {"error": {"code": "unsupported", "message": "...", "where": "node Conv_3"}}
//   {"error": {"code": "unsupported", ..., "operators": [{"node", "operator", "attribute", "reason"}]}}
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "ir/base/result.h"

namespace halite::tools {

using Json = nlohmann::ordered_json;

enum class Format { text, json };

inline constexpr int kExitOk = 0;
inline constexpr int kExitUser = 1;       ///< the user's model or arguments
inline constexpr int kExitUsage = 2;      ///< a command line that does not parse
inline constexpr int kExitInternal = 70;  ///< our bug

/// Prints an error of the user's and returns kExitUser.
int fail(const Error&, Format);
/// A node that cannot be compiled, and why.
struct UnsupportedOperator {
  std::string node, op, attribute, why;
};
/// Prints all of them as a table and returns kExitUser.
int fail_unsupported(const std::string& path, const std::vector<UnsupportedOperator>&, Format);
/// Prints what the command line lacks and where help is, and returns kExitUsage.
int fail_usage(const std::string& message, const std::string& command, Format);
/// Prints a bug of ours with the request to report it, and returns kExitInternal.
int fail_internal(const std::string& what, Format);

/// Prints an answer on standard output. A full disk or closed pipe is an error like any other.
int answer(const std::string& text);
int answer(const Json&);

/// "invalid-model", "unsupported", "invalid-input", "io", "resource"
std::string_view to_string(ErrorCode);

inline Error invalid_input(std::string message, std::string where = {}) {
  return {ErrorCode::kInvalidInput, std::move(message), std::move(where)};
}
inline Error io_error(std::string message, std::string where = {}) {
  return {ErrorCode::kIo, std::move(message), std::move(where)};
}

}  // namespace halite::tools
