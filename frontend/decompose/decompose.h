// Composite operators as graphs of simple ones, for every front end that has them. Layouts are the caller's:
// axes are arguments. Each file states the formula it builds.
#pragma once

#include "frontend/build.h"

namespace halite::frontend {

// activation.cpp
V gelu(Builder&, V x);                            ///< x/2 * (1 + erf(x/sqrt 2))
V gelu_tanh(Builder&, V x);                       ///< x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3)))
V mish(Builder&, V x);                            ///< x * tanh(softplus(x))
V swish(Builder&, V x, double alpha = 1);         ///< x * sigmoid(alpha*x)
V thresholded_relu(Builder&, V x, double alpha);  ///< x > alpha ? x : 0
V shrink(Builder&, V x, double bias, double lambda);
/// 1 at the first maximum along the axis, 0 elsewhere.
V hardmax(Builder&, V x, int64_t axis);

// reduce.cpp: norms and logarithmic sums; axes are kept
V reduce_l1(Builder&, V x, const Axes& axes);
V reduce_l2(Builder&, V x, const Axes& axes);
V reduce_log_sum(Builder&, V x, const Axes& axes);
V reduce_log_sum_exp(Builder&, V x, const Axes& axes);  ///< without overflow
V reduce_sum_square(Builder&, V x, const Axes& axes);

// normalize.cpp
struct Normalized {
  V y;
  V mean;
  V inverse_deviation;
};
/// (x - mean) / sqrt(variance + epsilon), both over `axes`.
Normalized normalize(Builder&, V x, const Axes& axes, double epsilon);
/// x / sqrt(mean(x^2) + epsilon)
V rms_normalize(Builder&, V x, const Axes& axes, double epsilon);
/// x / |x|_p along the axis, 0 where the norm is 0; p is 1 or 2.
V lp_normalize(Builder&, V x, int64_t axis, int64_t p);
/// (x - mean) / sqrt(variance + epsilon) * scale + shift as one multiplication and one addition; the
/// parameters have the extent of `axis`.
V batch_norm(Builder&, V x, V scale, V shift, V mean, V variance, int64_t axis, double epsilon);

// lrn.cpp
/// x / (bias + alpha/size * sum of x^2 over `size` neighbours in axis 1)^beta
V local_response_norm(Builder&, V x, int64_t size, double alpha, double beta, double bias);

// rearrange.cpp
/// x [n, c, h, w]. Blocks come from the leading part of c (depth_first: block, block, c; TensorFlow's order)
/// or from its trailing part.
V depth_to_space(Builder&, V x, int64_t block, bool depth_first);
V space_to_depth(Builder&, V x, int64_t block);
/// Repeats the whole tensor repeats[i] times along axis i.
V tile(Builder&, V x, const std::vector<int64_t>& repeats);

// col2im.cpp
struct Col2Im {
  Shape image, block;       ///< extents of the picture and of a window's block
  Axes strides, dilations;  ///< of the windows, of the places in a block
  Axes pads;                ///< before the first pixel of each axis, then behind the last

  Shape windows() const;  ///< how many there are along each axis
};
/// x [n, c*block, windows]: each window's block is added to the picture where it lies. y is [n, c, image].
V col2im(Builder&, V x, const Col2Im&);

// determinant.cpp
/// Of the square matrices in the last two axes, which go.
V determinant(Builder&, V x);

// antialias.cpp
/// x resized linearly or cubically, f32, but with what is smaller interpolated over all elements that it
/// covers.
V resize_antialiased(Builder&, V x, const ir::Resize&);

// einsum.cpp
/// Any contraction in Einstein's notation: "ij,jk->ik", "b...i,b...i->b...", "ii->i".
V einsum(Builder&, const std::string& equation, std::vector<V> operands);

}  // namespace halite::frontend
