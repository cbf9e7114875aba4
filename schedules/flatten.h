// A convolution that looks at one pixel at a time need not know rows: its pixels become one row, which tiles
// divide better. For machines with one core, and where tiles of one row are shared out among tasks
// (panels.h); others share out rows.
#pragma once

#include <optional>

#include "schedules/kernel.h"

namespace halite::schedules {

/// The request with pixels [n,h,w,c] seen as [1,1,n*h*w,c], `graph` and `group` filled with what it refers
/// to; nullopt where the group or the strides of its tensors do not allow it.
std::optional<Request> flatten_pixels(const Request&, ir::Graph& graph, Group& group);

}  // namespace halite::schedules
