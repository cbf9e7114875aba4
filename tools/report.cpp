#include "tools/report.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace halite::tools {
namespace {

int print(std::string_view text) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (written) return kExitOk;
  fmt::print(stderr, "halite: standard output cannot be written: {}\n", std::strerror(errno));
  return kExitUser;
}

int print_error(const Json& error, const std::string& text, Format format, int status) {
  if (format == Format::json) {
    answer(Json{{"error", error}});
  } else {
    fmt::print(stderr, "{}", text);
  }
  return status;
}

}  // namespace

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidModel: return "invalid-model";
    case ErrorCode::kUnsupported: return "unsupported";
    case ErrorCode::kInvalidInput: return "invalid-input";
    case ErrorCode::kIo: return "io";
    case ErrorCode::kResource: return "resource";
  }
  return "unknown";
}

int answer(const std::string& text) { return print(text); }

// Names come from models: bytes that are not UTF-8 are replaced, so that the document always parses.
int answer(const Json& json) { return print(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"); }

int fail(const Error& e, Format format) {
  Json error = {{"code", std::string(to_string(e.code))}, {"message", e.message}};
  if (!e.where.empty()) error["where"] = e.where;
  return print_error(error, fmt::format("halite: error: {}\n", halite::to_string(e)), format, kExitUser);
}

int fail_usage(const std::string& message, const std::string& command, Format format) {
  const std::string program = command == "halite" ? command : "halite " + command;
  return print_error({{"code", "usage"}, {"message", message}},
                     fmt::format("halite: {}\nTry: {} --help\n", message, program), format, kExitUsage);
}

int fail_internal(const std::string& what, Format format) {
  return print_error({{"code", "internal"}, {"message", what}},
                     fmt::format("halite: internal error: {}\nThis is a bug in Halite, not in your model. Please file "
                                 "an issue with this message and, if you may, the model.\n",
                                 what),
                     format, kExitInternal);
}

}  // namespace halite::tools
