// Conv2d: checks and reference.
#include "ir/ops/conv2d.h"

#include "ir/ops/convolution.h"
#include "ir/ops/products.h"

namespace halite::ir {
Result<Types> infer(const Conv2d& op, std::span<const Type> in) {
  if (auto failure = checks::convolution(op.kName, in, op.groups)) return *failure;
  if (auto failure = checks::product_operands(op.kName, in, op.x_zero, op.w_zero)) return *failure;
  Shape shape{in[0].shape[0], 0, 0, in[1].shape[0]};
  for (int i : {0, 1}) {
    if (auto failure = checks::range(op.kName, "a stride", op.stride[i], 1, kMaxWindow)) return *failure;
    if (auto failure = checks::range(op.kName, "a dilation", op.dilation[i], 1, kMaxWindow)) return *failure;
    if (auto failure = checks::range(op.kName, "a pad", op.pad[i], 0, kMaxWindow)) return *failure;
    if (auto failure = checks::range(op.kName, "a pad", op.pad[i + 2], 0, kMaxWindow)) return *failure;
    const int64_t padded = in[0].shape[1 + i] + op.pad[i] + op.pad[i + 2];
    const int64_t window = op.dilation[i] * (in[1].shape[1 + i] - 1) + 1;
    if (window > padded)
      return checks::invalid(op.kName, ": the dilated kernel spans ", window,
                             " pixels, but the padded input only ", padded, " on spatial axis ", i);
    shape[1 + i] = (padded - window) / op.stride[i] + 1;
  }
  return checks::output(op.kName, {product_dtype(in), std::move(shape), {}});
}

namespace {

template <class X, class W, class Y>
void convolve(const Conv2d& op, std::span<const Tensor> in, Tensor& out) {
  const Shape &xs = in[0].type().shape, &ws = in[1].type().shape, &ys = out.type().shape;
  const auto x = in[0].data<X>();
  const auto w = in[1].data<W>();
  const auto y = out.mutable_data<Y>();
  const int64_t h = xs[1], width = xs[2], c = xs[3], kh = ws[1], kw = ws[2], ic = ws[3], oc = ws[0];
  int64_t at = 0;
  for (int64_t n = 0; n < ys[0]; ++n)
    for (int64_t oy = 0; oy < ys[1]; ++oy)
      for (int64_t ox = 0; ox < ys[2]; ++ox)
        for (int64_t o = 0; o < oc; ++o) {
          Sum<Y> sum = in.size() == 3 ? in[2].data<Y>()[o] : Sum<Y>{};
          const int64_t first = o / (oc / op.groups) * ic;
          for (int64_t ky = 0; ky < kh; ++ky) {
            const int64_t iy = oy * op.stride[0] + ky * op.dilation[0] - op.pad[0];
            if (iy < 0 || iy >= h) continue;
            for (int64_t kx = 0; kx < kw; ++kx) {
              const int64_t ix = ox * op.stride[1] + kx * op.dilation[1] - op.pad[1];
              if (ix < 0 || ix >= width) continue;
              const X* pixel = &x[((n * h + iy) * width + ix) * c + first];
              const W* weight = &w[((o * kh + ky) * kw + kx) * ic];
              for (int64_t i = 0; i < ic; ++i)
                sum += centred<Y>(pixel[i], op.x_zero) * centred<Y>(weight[i], op.w_zero);
            }
          }
          y[at++] = static_cast<Y>(sum);
        }
}

}  // namespace

void reference(const Conv2d& op, std::span<const Tensor> in, std::span<Tensor> out) {
  with_product_types(in, [&]<class X, class W, class Y>(X, W, Y) { convolve<X, W, Y>(op, in, out[0]); });
}

}  // namespace halite::ir
