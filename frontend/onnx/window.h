// The attributes that convolutions and poolings share, brought to two spatial axes (y, x): one-dimensional
// operators get a leading axis of extent 1.
#pragma once

#include "frontend/onnx/call.h"
#include "frontend/window.h"

namespace halite::frontend {

/// Number of spatial axes of operand 0, 1 or 2; rejects others.
int64_t spatial_rank(const OnnxCall&);
/// A list attribute with one number, at least `least`, for each spatial axis; `otherwise` where the model has
/// none.
Pair read_pair(const OnnxCall&, const char* name, int64_t least, int64_t otherwise);
/// Everything but `kernel`, which the caller knows. Resolves auto_pad for sliding windows; `ceil_mode` as
/// pools have it.
Window read_window(const OnnxCall&, Pair kernel, bool ceil_mode = false);
/// strides, dilations and explicit pads only.
Window read_plain_window(const OnnxCall&, Pair kernel);
/// Windows along d and over h, w of an operator with three spatial axes; the first is along the y of `depth`.
struct VolumeWindows {
  Window depth, plane;
};
VolumeWindows read_volume_windows(const OnnxCall&, const Shape& kernel, bool ceil_mode = false);
/// A list attribute of exactly `count` numbers, each at least `least`.
std::vector<int64_t> read_list(const OnnxCall&, const char* name, size_t count, int64_t least,
                               int64_t otherwise);
/// The extents of a kernel [.., (kh,) kw] in its last axes.
Pair kernel_of(const Shape& weights);

}  // namespace halite::frontend
