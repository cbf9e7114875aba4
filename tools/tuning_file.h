// What `halite tune` leaves and --tuning takes: for one target, which strategy and tile serve a group best.
// Text, a line a group, sorted, so that it can be kept under version control and read in a diff. # begins a
// comment at the start of a line.
//
//   target arm64
//   conv2d+relu f32[1,56,56,64] ... -> f32[1,56,56,64] #1c3f09ab55e7 : winograd4 tile=8x1x3x4/4/2 gain=1.31
//
// In front of " : " stands the group's key (codegen/choices.h). Behind the strategy, `tile`
// (schedules/choice.h) and `gain`, how much faster than by the cost model it was, may be left out; `gain` is
// for people alone.
#pragma once

#include <map>
#include <string>

#include "codegen/compile.h"
#include "ir/base/result.h"

namespace halite::tools {

struct TuningLine {
  schedules::Choice choice;
  double gain = 0;  ///< 0: not stated
};

struct Tuning {
  std::string target;
  std::map<std::string, TuningLine> lines;  ///< by key
};

std::string to_text(const Tuning&);
/// A line that is none of these is an error that names it; `name` is the file's.
Result<Tuning> parse_tuning(const std::string& text, const std::string& name);

/// Reads the file and adds its lines to the options' choices.
Result<void> add_tuning(const std::string& path, codegen::CompileOptions&);
/// Written whole or not at all.
Result<void> write_tuning(const Tuning&, const std::string& path);

}  // namespace halite::tools
