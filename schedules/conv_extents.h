// The extents of a conv2d by name, for kernels of reals and of integers.
#pragma once

#include "schedules/anchor.h"

namespace halite::schedules {

/// Input [n,h,w,ic], weights [oc,kh,kw,icg], output [n,oh,ow,oc]; ocg output channels a group.
struct ConvExtents {
  int64_t n, h, w, ic, oc, kh, kw, icg, oh, ow, ocg;
  int64_t padded_w, padded_h;  ///< of the input as far as it is read
  int64_t macs;
  bool has_bias;
  bool depthwise;  ///< one input channel per group
};

inline ConvExtents conv_extents(const ir::Conv2d& op, const Anchor& a) {
  const auto &in = a.inputs[0].shape, &weights = a.inputs[1].shape, &out = a.output.shape;
  ConvExtents x{};
  x.n = in[0], x.h = in[1], x.w = in[2], x.ic = in[3];
  x.oc = weights[0], x.kh = weights[1], x.kw = weights[2], x.icg = weights[3];
  x.oh = out[1], x.ow = out[2], x.ocg = x.oc / op.groups;
  x.padded_w = (x.ow - 1) * op.stride[1] + (x.kw - 1) * op.dilation[1] + 1;
  x.padded_h = (x.oh - 1) * op.stride[0] + (x.kh - 1) * op.dilation[0] + 1;
  x.macs = x.n * x.oh * x.ow * x.oc * x.kh * x.kw * x.icg;
  x.has_bias = a.inputs.size() > 2;
  x.depthwise = op.groups > 1 && x.icg == 1;
  return x;
}

}  // namespace halite::schedules
