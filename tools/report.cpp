#include "tools/report.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "tools/table.h"

namespace halite::tools {
namespace {

int print(std::string_view text) {
  const bool written =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (written) return kExitOk;
  fmt::print(stderr, "halite: standard output cannot be written: {}\n", std::strerror(errno));
  return kExitUser;
}

// A hostile model can carry names of megabytes; nobody reads an error that long.
std::string clipped(const std::string& text) {
  constexpr size_t kLongest = 2000;
  return text.size() <= kLongest ? text : text.substr(0, kLongest) + "...";
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
    case ErrorCode::kInvalidModel:
      return "invalid-model";
    case ErrorCode::kUnsupported:
      return "unsupported";
    case ErrorCode::kInvalidInput:
      return "invalid-input";
    case ErrorCode::kIo:
      return "io";
    case ErrorCode::kResource:
      return "resource";
  }
  return "unknown";
}

int answer(const std::string& text) { return print(text); }

// Names come from models: bytes that are not UTF-8 are replaced, so that the document always parses.
int answer(const Json& json) {
  return print(json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
}

int fail_unsupported(const std::string& path, const std::vector<UnsupportedOperator>& operators,
                     Format format) {
  Json list = Json::array();
  Table table({"node", "operator", "attribute", "reason"});
  for (const UnsupportedOperator& o : operators) {
    list.push_back({{"node", o.node}, {"operator", o.op}, {"attribute", o.attribute}, {"reason", o.why}});
    table.add(
        {clipped(o.node), clipped(o.op), o.attribute.empty() ? "-" : clipped(o.attribute), clipped(o.why)});
  }
  const std::string message = fmt::format("{} of the model's nodes cannot be compiled", operators.size());
  return print_error({{"code", "unsupported"}, {"message", message}, {"where", path}, {"operators", list}},
                     fmt::format("halite: error: {}: {}:\n\n{}\n", path, message, table.text()), format,
                     kExitUser);
}

int fail(const Error& e, Format format) {
  const Error shown{e.code, clipped(e.message), clipped(e.where)};
  Json error = {{"code", std::string(to_string(shown.code))}, {"message", shown.message}};
  if (!shown.where.empty()) error["where"] = shown.where;
  return print_error(error, fmt::format("halite: error: {}\n", halite::to_string(shown)), format, kExitUser);
}

int fail_usage(const std::string& message, const std::string& command, Format format) {
  const std::string program = command == "halite" ? command : "halite " + command;
  return print_error({{"code", "usage"}, {"message", message}},
                     fmt::format("halite: {}\nTry: {} --help\n", message, program), format, kExitUsage);
}

int fail_internal(const std::string& what, Format format) {
  return print_error(
      {{"code", "internal"}, {"message", what}},
      fmt::format("halite: internal error: {}\nThis is a bug in Halite, not in your model. Please file "
                  "an issue with this message and, if you may, the model.\n",
                  what),
      format, kExitInternal);
}

}  // namespace halite::tools
