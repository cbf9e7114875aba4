// ConvTranspose2d: checks and reference.
#include "ir/ops/conv_transpose2d.h"

#include "ir/ops/convolution.h"

namespace halite::ir {
Result<Types> infer(const ConvTranspose2d& op, std::span<const Type> in) {
  if (auto failure = checks::convolution(op.kName, in, op.groups)) return *failure;
  for (const Type& t : in)
    if (auto failure = checks::dtype(op.kName, "an input", t, checks::Admit::f32)) return *failure;
  Shape shape{in[0].shape[0], 0, 0, in[1].shape[0]};
  for (int i : {0, 1}) {
    if (auto failure = checks::range(op.kName, "a stride", op.stride[i], 1, kMaxWindow)) return *failure;
    if (auto failure = checks::range(op.kName, "a dilation", op.dilation[i], 1, kMaxWindow)) return *failure;
    if (auto failure = checks::range(op.kName, "a pad", op.pad[i], -kMaxWindow, kMaxWindow)) return *failure;
    if (auto failure = checks::range(op.kName, "a pad", op.pad[i + 2], -kMaxWindow, kMaxWindow))
      return *failure;
    if (auto failure = checks::range(op.kName, "an output pad", op.output_pad[i], 0, kMaxWindow))
      return *failure;
    const int64_t whole =
        (in[0].shape[1 + i] - 1) * op.stride[i] + op.dilation[i] * (in[1].shape[1 + i] - 1) + 1;
    shape[1 + i] = whole + op.output_pad[i] - op.pad[i] - op.pad[i + 2];
    if (shape[1 + i] < 1)
      return checks::invalid(op.kName, ": pads of ", op.pad[i], " and ", op.pad[i + 2], " remove all ",
                             whole + op.output_pad[i], " pixels of the output on spatial axis ", i);
  }
  return checks::output(op.kName, {DType::f32, std::move(shape), {}});
}

// Sums are made in double and rounded once: closer to the truth than any kernel.
void reference(const ConvTranspose2d& op, std::span<const Tensor> in, std::span<Tensor> out) {
  const Shape &xs = in[0].type().shape, &ws = in[1].type().shape, &ys = out[0].type().shape;
  const auto x = in[0].data<float>(), w = in[1].data<float>();
  const auto y = out[0].mutable_data<float>();
  const int64_t h = xs[1], width = xs[2], c = xs[3], kh = ws[1], kw = ws[2], ic = ws[3], oc = ws[0];
  int64_t at = 0;
  for (int64_t n = 0; n < ys[0]; ++n)
    for (int64_t oy = 0; oy < ys[1]; ++oy)
      for (int64_t ox = 0; ox < ys[2]; ++ox)
        for (int64_t o = 0; o < oc; ++o) {
          double sum = in.size() == 3 ? in[2].data<float>()[o] : 0.0;
          const int64_t first = o / (oc / op.groups) * ic;
          for (int64_t ky = 0; ky < kh; ++ky) {
            const int64_t sy = oy + op.pad[0] - ky * op.dilation[0];
            if (sy < 0 || sy % op.stride[0] != 0 || sy / op.stride[0] >= h) continue;
            for (int64_t kx = 0; kx < kw; ++kx) {
              const int64_t sx = ox + op.pad[1] - kx * op.dilation[1];
              if (sx < 0 || sx % op.stride[1] != 0 || sx / op.stride[1] >= width) continue;
              const float* pixel = &x[((n * h + sy / op.stride[0]) * width + sx / op.stride[1]) * c + first];
              const float* weight = &w[((o * kh + ky) * kw + kx) * ic];
              for (int64_t i = 0; i < ic; ++i) sum += double{pixel[i]} * weight[i];
            }
          }
          y[at++] = static_cast<float>(sum);
        }
}

}  // namespace halite::ir
