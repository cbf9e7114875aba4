// Models of integers, compiled for a machine and checked against the interpreter.
#pragma once

#include <string>
#include <vector>

#include "codegen/compile.h"

namespace halite::codegen {

/// Input element i is (37 i + i / 7 + 11) % modulus + offset.
struct Input {
  int modulus = 256, offset = -128;
};

/// `text` compiled for a target, after outputs there agreed with the interpreter's; a missing emulator is
/// told.
Artifact checked(const std::string& text, const std::string& target, Input = {}, bool optimize_size = false);

/// `text` compiled for a target, and not run.
Artifact compiled(const std::string& text, const std::string& target);

using Shape = std::vector<int>;

std::string list(const Shape&);

/// The elements of a constant: `given` again and again, or, if there are none, -127 to 127.
std::string elements(int count, const std::vector<int>& given = {});

/// A convolution of an i8 tensor to i32 as a whole model.
std::string conv(const Shape& x, const Shape& w, const Shape& y, const std::string& fields = {},
                 const std::vector<int>& weights = {});

}  // namespace halite::codegen
