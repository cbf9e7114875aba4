// What a Result has to say when a test fails: for doctest's messages, which are made of successes too where
// these are to be shown (-s).
#pragma once

#include <string>

#include "ir/base/result.h"

namespace halite {

template <class T>
std::string error_text(const Result<T>& result) {
  return result ? std::string() : to_string(result.error());
}

}  // namespace halite
