// Operators that move elements: an output element is one input element (or a constant) at an index that is
// affine or clamped. They are inlined into whatever reads them; alone they take the pointwise schedule.
#include "schedules/operators.h"
#include "schedules/types.h"

namespace halite::schedules {
namespace {

using Halide::Expr;
using Halide::Func;
using Halide::Internal::make_const;
using Halide::Internal::make_zero;

std::vector<Expr> exprs(const std::vector<Halide::Var>& vars) { return {vars.begin(), vars.end()}; }

int as_int(int64_t value) { return static_cast<int>(value); }

/// The input index along one axis for output index `i`, for a mode that repeats elements of an extent of `n`.
Expr repeated_index(ir::Pad::Mode mode, const Expr& i, int n) {
  switch (mode) {
    case ir::Pad::Mode::edge:
      return Halide::clamp(i, 0, n - 1);
    case ir::Pad::Mode::wrap:
      return i % n;  // Halide's remainder is never negative
    case ir::Pad::Mode::reflect: {
      if (n == 1) return 0;
      const Expr folded = i % (2 * n - 2);
      return Halide::clamp(Halide::min(folded, 2 * n - 2 - folded), 0, n - 1);
    }
    case ir::Pad::Mode::constant:
      break;
  }
  HALITE_CHECK(false, "constant padding repeats nothing");
  return i;
}

Expr constant_of(ir::DType dtype, double value) {
  if (dtype == ir::DType::boolean) return make_const(Halide::UInt(8), value != 0 ? 1 : 0);
  if (dtype == ir::DType::bf16)
    return make_const(Halide::UInt(16), uint64_t{ir::f32_to_bf16(static_cast<float>(value))});
  const Halide::Type type = halide_type(dtype);
  return type.is_float()  ? make_const(type, value)
         : type.is_uint() ? make_const(type, static_cast<uint64_t>(value))
                          : make_const(type, static_cast<int64_t>(value));
}

/// Row-major position of an index of a tensor of that shape.
Expr linear_position(const std::vector<Expr>& index, const ir::Type& type) {
  Expr position = 0;
  for (int d = type.rank() - 1; d >= 0; d--) position = position * extent(type, d) + index[d];
  return position;
}

}  // namespace

Func algorithm(const ir::Broadcast&, const Anchor& anchor, Stages&, Inputs inputs) {
  const auto vars = axes(anchor.output.rank());
  std::vector<Expr> index = exprs(vars);
  for (size_t d = 0; d < index.size(); d++) {
    if (extent(anchor.inputs[0], static_cast<int>(d)) == 1) index[d] = 0;
  }
  Func f("broadcast");
  f(vars) = inputs[0](index);
  return f;
}

Func algorithm(const ir::Concat& op, const Anchor& anchor, Stages&, Inputs inputs) {
  const auto vars = axes(anchor.output.rank());
  const int axis = flip(as_int(op.axis), anchor.output.rank());
  Expr value = make_zero(halide_type(anchor.output.dtype));
  int end = extent(anchor.output, axis);
  // From the last input to the first: each takes over below its end. Reads stay inside, for a vector can
  // cross an end.
  for (size_t i = inputs.size(); i-- > 0;) {
    const int size = extent(anchor.inputs[i], axis);
    if (size == 0) continue;
    std::vector<Expr> index = exprs(vars);
    index[axis] = Halide::clamp(vars[axis] - (end - size), 0, size - 1);
    const Expr read = inputs[i](index);
    value = end == extent(anchor.output, axis) ? read : Halide::select(vars[axis] < end, read, value);
    end -= size;
  }
  Func f("concat");
  f(vars) = value;
  return f;
}

Func algorithm(const ir::Gather& op, const Anchor& anchor, Stages&, Inputs inputs) {
  const auto vars = axes(anchor.output.rank());
  const int indices_rank = anchor.inputs[1].rank(), rank = anchor.inputs[0].rank();
  const int axis = flip(as_int(op.axis), rank);
  const std::vector<Expr> all = exprs(vars);
  // Output dimensions, innermost first: x's axes inside `axis`, those of the indices, x's axes outside it.
  const std::vector<Expr> at(all.begin() + axis, all.begin() + axis + indices_rank);
  const int n = extent(anchor.inputs[0], axis);
  Func f("gather");
  if (n == 0) {
    f(vars) = make_zero(halide_type(anchor.output.dtype));
    return f;
  }
  Expr given = inputs[1](at);
  const bool is_byte = given.type().bits() == 8;
  if (is_byte && n != 256) given = Halide::cast<int>(given);
  const Expr zero = make_zero(given.type()), size = make_const(given.type(), n);
  // A byte picks one of 256 entries without a comparison, also where a negative one counts from the end.
  const Expr picked = is_byte && n == 256
                          ? Halide::cast<int>(Halide::cast<uint8_t>(given))
                          : Halide::cast<int>(Halide::clamp(Halide::select(given < zero, given + size, given),
                                                            zero, size - 1));
  std::vector<Expr> index(all.begin(), all.begin() + axis);
  index.push_back(Halide::unsafe_promise_clamped(picked, 0, n - 1));
  index.insert(index.end(), all.begin() + axis + indices_rank, all.end());
  f(vars) = inputs[0](index);
  return f;
}

Func algorithm(const ir::Pad& op, const Anchor& anchor, Stages&, Inputs inputs) {
  const int rank = anchor.output.rank();
  const auto vars = axes(rank);
  std::vector<Expr> index;
  Expr inside = Halide::Internal::const_true();
  bool empty = false;
  for (int d = 0; d < rank; d++) {
    const int n = extent(anchor.inputs[0], d), before = as_int(op.before[flip(d, rank)]);
    const int after = as_int(op.after[flip(d, rank)]);
    Expr i = vars[d] - before;
    empty |= n == 0;
    if (before <= 0 && after <= 0) {
      index.push_back(i);
    } else if (op.mode == ir::Pad::Mode::constant) {
      inside = inside && i >= 0 && i < n;
      index.push_back(Halide::clamp(i, 0, std::max(0, n - 1)));
    } else {
      index.push_back(repeated_index(op.mode, i, n));
    }
  }
  Func f("pad");
  const Expr value = constant_of(anchor.output.dtype, op.value);
  f(vars) = empty                                ? value
            : op.mode == ir::Pad::Mode::constant ? Halide::select(inside, inputs[0](index), value)
                                                 : inputs[0](index);
  return f;
}

Func algorithm(const ir::Reshape&, const Anchor& anchor, Stages&, Inputs inputs) {
  const auto vars = axes(anchor.output.rank());
  const ir::Type& from = anchor.inputs[0];
  Expr position = linear_position(exprs(vars), anchor.output);
  std::vector<Expr> index;
  for (int d = 0; d < from.rank(); d++) {
    const int n = std::max(1, extent(from, d));
    // The outermost quotient is inside its extent by itself.
    index.push_back(d == from.rank() - 1 ? position : position % n);
    position = position / n;
  }
  Func f("reshape");
  f(vars) = inputs[0](index);
  return f;
}

Func algorithm(const ir::Slice& op, const Anchor& anchor, Stages&, Inputs inputs) {
  const int rank = anchor.output.rank();
  const auto vars = axes(rank);
  std::vector<Expr> index;
  for (int d = 0; d < rank; d++) {
    index.push_back(vars[d] * as_int(op.step[flip(d, rank)]) + as_int(op.start[flip(d, rank)]));
  }
  Func f("slice");
  f(vars) = inputs[0](index);
  return f;
}

}  // namespace halite::schedules
