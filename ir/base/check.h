// CHECK states what must hold if Halite is right. A failure is our bug: it throws InternalError, which the
// command line reports with exit status 70 and a request to file an issue. Never use it on what a user's
// model can break.
#pragma once

#include <stdexcept>
#include <string>

namespace halite {

struct InternalError : std::logic_error {
  using std::logic_error::logic_error;
};

[[noreturn]] inline void check_failed(const char* condition, const char* file, int line,
                                      const std::string& why) {
  throw InternalError(std::string(file) + ":" + std::to_string(line) + ": " + condition +
                      (why.empty() ? "" : ": " + why));
}

}  // namespace halite

#define HALITE_CHECK(condition, why) \
  ((condition) ? void(0) : ::halite::check_failed(#condition, __FILE__, __LINE__, (why)))
