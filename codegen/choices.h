// Choices of strategies and tiles that come from outside: by --strategy for all kernels that offer it, by
// --tuning for groups by their key. A key says what a group computes, on no machine in particular and
// whatever tensors are called or wherever they lie: its operators and types to be read, and a hash of all
// that counts.
//
//   conv2d+relu f32[1,56,56,64] f32[64,3,3,64] -> f32[1,56,56,64] #1c3f09ab55e7
#pragma once

#include "codegen/kernels.h"

namespace halite::codegen {

std::string group_key(const schedules::Request&);

/// Sets strategy and tile of the request as the options say.
void choose(schedules::Request&, const CompileOptions&);

/// Of the options' choices for the target, those that no group has asked for or that its kernel does not
/// offer: a line of text each, with the reason.
std::vector<std::string> unmet_choices(const Kernels&, const CompileOptions&);

}  // namespace halite::codegen
