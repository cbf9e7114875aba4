// TFLite's quantized operators out of operators of the IR, equal to TFLite bit for bit. Each function takes
// its operands with their quantization and says how the result is quantized. Where production kernels (those
// that TFLite runs on a phone or in a browser) and reference kernels (TFLite's own specification, also TFLite
// Micro's) round differently, the output's `rounding` decides; the default is production. Each file says what
// its operators do. Everything here is called with what a file says: a quantization that makes no sense
// throws Rejected. https://ai.google.dev/edge/litert/models/quantization_spec
#pragma once

#include <functional>

#include "frontend/build.h"
#include "frontend/decompose/fixed_point.h"

namespace halite::frontend {

/// A tensor of i8, u8, i16 or i32 and the real numbers that it stands for.
struct Quantized {
  V value;
  ir::Quantization q;
};

namespace quantized {

enum class Rounding : uint8_t { production, reference };
/// What is fused behind an operator, as a clamp of its integers.
enum class Activation : uint8_t { none, relu, relu_n1_to_1, relu6 };

/// How a result is made of what an operator computes.
struct Output {
  DType dtype = DType::i8;
  ir::Quantization q;
  Activation activation = Activation::none;
  Rounding rounding = Rounding::production;
};

// quantized.cpp: what the files below have in common
/// The one scale, a positive number, and the one zero point, in the range of the dtype. Throws Rejected.
float scale_of(const ir::Quantization&);
int64_t zero_of(const ir::Quantization&, DType);
struct Range {
  int64_t low, high;
};
/// The integers that the activation leaves.
Range range_of(const Output&);
/// value - zero point, as i32.
V centred(Builder&, const Quantized&);
/// x * factor + zero point, clamped; one factor, or one for each slice of the last axis.
V requantize(Builder&, V x, std::span<const FixedPoint>, ir::Requantize::Rounding, const Output&);
/// x * factor as i32, rounded twice.
V scaled(Builder&, V x, FixedPoint);
/// The 8-bit numbers f(q) for 8-bit q by a table of 256 entries. `f` gets what is stored and its result is
/// clamped.
V tabulated(Builder&, const Quantized& x, const Output&, const std::function<int64_t(int64_t)>& f);
/// A function of real numbers by a table, as TFLite populates it: f32, times the inverse of the output's
/// scale.
V tabulated_real(Builder&, const Quantized& x, const Output&, float (*f)(float));

// quantized_products.cpp
/// x i8 (weights i8, a scale for each channel or one), u8 (weights u8) or i16 (weights i8); bias i32, or i64
/// for i16. `op` without zero points.
V conv2d(Builder&, const Quantized& x, const Quantized& w, std::optional<V> bias, ir::Conv2d op,
         const Output&);
/// Weights [1,kh,kw,oc].
V depthwise_conv2d(Builder&, const Quantized& x, const Quantized& w, std::optional<V> bias, ir::Conv2d op,
                   const Output&);
/// x [rows,in], weights [out,in].
V fully_connected(Builder&, const Quantized& x, const Quantized& w, std::optional<V> bias, const Output&);
/// x [n,h,w,c], weights [oc,kh,kw,c]; `op` as for real numbers.
V transpose_conv(Builder&, const Quantized& x, const Quantized& w, std::optional<V> bias,
                 const ir::ConvTranspose2d& op, const Output&);
V batch_matmul(Builder&, const Quantized& x, const Quantized& y, ir::MatMul op, const Output&);

// quantized_arithmetic.cpp
V add(Builder&, const Quantized& x, const Quantized& y, const Output&);
V sub(Builder&, const Quantized& x, const Quantized& y, const Output&);
V mul(Builder&, const Quantized& x, const Quantized& y, const Output&);
V squared_difference(Builder&, const Quantized& x, const Quantized& y, const Output&);
/// `fn` is a comparison; boolean.
V compare(Builder&, Fn fn, const Quantized& x, const Quantized& y);
/// From one quantization to another.
V requantize(Builder&, const Quantized& x, const Output&);
V quantize(Builder&, V x, const Output&);
V dequantize(Builder&, const Quantized& x);

// quantized_activation.cpp
/// max(low, min(x, high)) where real numbers in `low` and `high` bound it.
V relu(Builder&, const Quantized& x, std::optional<float> low, std::optional<float> high, const Output&);
V leaky_relu(Builder&, const Quantized& x, float alpha, const Output&);
V prelu(Builder&, const Quantized& x, const Quantized& alpha, const Output&);
V hard_swish(Builder&, const Quantized& x, const Output&);  ///< 8 bits
V logistic(Builder&, const Quantized& x, const Output&);
V tanh(Builder&, const Quantized& x, const Output&);
/// Along the last axis.
V softmax(Builder&, const Quantized& x, float beta, const Output&);

// quantized_activation16.cpp: the same for i16
V logistic16(Builder&, const Quantized& x, const Output&);
V tanh16(Builder&, const Quantized& x, const Output&);
V softmax16(Builder&, const Quantized& x, float beta, const Output&);

// quantized_reduce.cpp
/// Input and output have one quantization.
V pool2d(Builder&, const Quantized& x, const ir::Pool2d& op, const Output&);
/// Axes are kept with extent 1 in what these build; `keep` says what the model does, which decides TFLite's
/// kernel.
V mean(Builder&, const Quantized& x, const Axes& axes, bool keep, const Output&);
V sum(Builder&, const Quantized& x, const Axes& axes, const Output&);

// quantized_movement.cpp
V concat(Builder&, std::vector<Quantized> inputs, int64_t axis, const Output&);
/// With the zero point, or with what `value` holds.
V pad(Builder&, const Quantized& x, const std::vector<int64_t>& before, const std::vector<int64_t>& after,
      std::optional<int64_t> value = {});

// quantized_resize.cpp
/// Where a pixel of the output lies in the input.
struct Interpolation {
  bool align_corners = false;
  bool half_pixel_centers = false;
};
/// x [n,h,w,c]; input and output have one quantization.
V resize_bilinear(Builder&, const Quantized& x, int64_t height, int64_t width, const Interpolation&,
                  const Output&);

}  // namespace quantized
}  // namespace halite::frontend
