// Operators over three spatial axes, out of those over two: x is [n,c,d,h,w]. `depth` holds the window along
// d as its first axis, `plane` those along h and w.
#pragma once

#include "frontend/build.h"
#include "frontend/window.h"

namespace halite::frontend {

/// weights [oc, c/groups, kd, kh, kw]. The planes that a kernel sees become channels of a 2-D convolution
/// with one picture for each plane of the output.
V conv3d(Builder&, V x, V weights, std::optional<V> bias, const Window& depth, const Window& plane,
         int64_t groups);

/// weights [c, oc/groups, kd, kh, kw]. A 2-D one for each plane of the kernel; the results are spread along
/// d and added. `output_pad` along d, h, w.
V conv_transpose3d(Builder&, V x, V weights, std::optional<V> bias, const Window& depth, const Window& plane,
                   std::array<int64_t, 3> output_pad, int64_t groups);

/// Over h and w, then over d: maxima of maxima, and averages of averages, as each plane counts as many
/// pixels.
V pool3d(Builder&, V x, ir::Pool2d::Kind, bool count_include_pad, const Window& depth, const Window& plane);

/// Weights [c, oc/groups, kh, kw] of a transposed convolution as [oc, kh, kw, c/groups].
V transposed_weights(Builder&, V weights, int64_t groups);

}  // namespace halite::frontend
