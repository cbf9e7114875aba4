// A convolution that looks at one pixel at a time need not know rows: the pixels of an image become one row,
// which tiles divide better. On machines with several cores tiles of that row are shared out among tasks;
// kernels of integers, and those that share code, share out rows instead and keep them.
#pragma once

#include <optional>

#include "schedules/kernel.h"

namespace halite::schedules {

/// The request with pixels [n,h,w,c] seen as [n,1,h*w,c] or, where that helps, [1,1,n*h*w,c], `graph` and
/// `group` filled with what it refers to; nullopt where the group or the strides of its tensors do not allow
/// it.
std::optional<Request> flatten_pixels(const Request&, ir::Graph& graph, Group& group);

}  // namespace halite::schedules
