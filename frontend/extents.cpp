// Where axes whose extent data decide go in each operator of the IR (see build.h). Elements beyond the extent
// mean nothing, so an operator that moves elements or treats each by itself may do as it likes with them; one
// that combines elements along such an axis gets what changes nothing in their place.
#include <algorithm>
#include <cmath>
#include <limits>

#include "frontend/build.h"

namespace halite::frontend {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

[[noreturn]] void reject_extent(int64_t axis, const std::string& why) {
  reject_unsupported("the extent of its input along axis " + std::to_string(axis) + " depends on data, " +
                     why);
}

/// The number that changes no largest (or smallest) element.
double lowest(DType dtype, bool largest) {
  if (ir::is_float(dtype)) return largest ? -kInfinity : kInfinity;
  const int bits = static_cast<int>(8 * ir::size_of(dtype)) - (ir::is_signed(dtype) ? 1 : 0);
  if (largest) return ir::is_signed(dtype) ? -std::ldexp(1.0, bits) : 0;
  return std::ldexp(1.0, bits);  // saturates to the largest
}

double neutral_of(ir::Reduce::Kind kind, DType dtype) {
  switch (kind) {
    case ir::Reduce::Kind::max:
      return lowest(dtype, true);
    case ir::Reduce::Kind::min:
      return lowest(dtype, false);
    case ir::Reduce::Kind::prod:
      return 1;
    default:
      return 0;
  }
}

/// Of one operator: visits it, collects the extents of what it makes.
class Carrier {
 public:
  Carrier(Builder& b, std::vector<V>& inputs) : b_(b), inputs_(inputs) {}

  Extents found;

  void operator()(const ir::Elementwise&) {
    Shape shape = b_.shape(inputs_[0]);
    for (const V v : inputs_) shape = ir::broadcast(shape, b_.shape(v)).value_or(shape);
    each([&](size_t i, int64_t axis, V count) {
      if (b_.shape(inputs_[i])[axis] != shape[axis]) reject_extent(axis, "and it would be repeated there");
      keep(axis, count);
    });
  }
  void operator()(const ir::Branch&) { HALITE_CHECK(false, "made of bodies (build_control.cpp)"); }
  void operator()(const ir::Loop&) { HALITE_CHECK(false, "made of bodies (build_control.cpp)"); }

  void operator()(const ir::Cast&) { keep_first(); }
  void operator()(const ir::Quantize&) { keep_first(); }
  void operator()(const ir::Dequantize&) { keep_first(); }
  void operator()(const ir::Requantize&) { keep_first(); }
  void operator()(const ir::Conv2d&) { keep_pictures(); }
  void operator()(const ir::ConvTranspose2d&) { keep_pictures(); }
  void operator()(const ir::Pool2d&) { keep_pictures(); }
  void operator()(const ir::Resize&) { keep_pictures(); }

  void operator()(const ir::Broadcast& op) {
    each([&](size_t, int64_t axis, V count) {
      if (b_.shape(inputs_[0])[axis] != op.shape[axis]) reject_extent(axis, "and it would be repeated there");
      keep(axis, count);
    });
  }

  void operator()(const ir::Concat& op) {
    each([&](size_t, int64_t axis, V count) {
      if (axis == op.axis) reject_extent(axis, "and tensors cannot be joined there");
      keep(axis, count);
    });
  }

  void operator()(const ir::Pad& op) {
    each([&](size_t, int64_t axis, V count) {
      if (op.before[axis] != 0 || op.after[axis] != 0) reject_extent(axis, "and it cannot be padded there");
      keep(axis, count);
    });
  }

  void operator()(const ir::Transpose& op) {
    each([&](size_t, int64_t axis, V count) {
      keep(std::ranges::find(op.perm, axis) - op.perm.begin(), count);
    });
  }

  /// Negative indices count from the actual end.
  void operator()(const ir::Gather& op) {
    const int64_t more = b_.rank(inputs_[1]) - 1;
    const Extents data = b_.extents(inputs_[0]), indices = b_.extents(inputs_[1]);
    for (const auto& [axis, count] : indices) keep(op.axis + axis, count);
    for (const auto& [axis, count] : data) {
      if (axis != op.axis) {
        keep(axis < op.axis ? axis : axis + more, count);
        continue;
      }
      if (counts_from_begin(inputs_[1])) continue;
      inputs_[1] = b_.at_bounds([&, count = count] {
        const V at = b_.cast(inputs_[1], DType::i64);
        return b_.select(b_.binary(Fn::less, at, 0.0), b_.add(at, count), at);
      });
    }
  }

  void operator()(const ir::MatMul& op) {
    const int64_t rank = b_.rank(inputs_[0]);
    each([&](size_t i, int64_t axis, V count) {
      const bool transposed = i == 0 ? op.transpose_a : op.transpose_b;
      const int64_t own = (i == 0) == transposed ? rank - 1 : rank - 2;  // not summed over
      if (i > 1) reject_extent(axis, "which a bias may not have");
      if (axis < rank - 2 || axis == own) return keep(axis < rank - 2 ? axis : rank - 2 + (i == 1), count);
      if (op.a_zero != 0 || op.b_zero != 0) reject_extent(axis, "and sums of products are quantized");
      inputs_[i] = b_.masked(inputs_[i], axis, 0);
    });
  }

  void operator()(const ir::Reduce& op) {
    each([&](size_t, int64_t axis, V count) {
      if (std::ranges::find(op.axes, axis) == op.axes.end()) return keep(axis, count);
      inputs_[0] = b_.masked(inputs_[0], axis, neutral_of(op.kind, b_.dtype(inputs_[0])));
    });
  }

  void operator()(const ir::ArgReduce& op) {
    each([&](size_t, int64_t axis, V count) {
      if (axis != op.axis) return keep(axis, count);
      if (op.select_last) reject_extent(axis, "and the last of equal elements is asked for");
      inputs_[0] =
          b_.masked(inputs_[0], axis, lowest(b_.dtype(inputs_[0]), op.kind == ir::ArgReduce::Kind::max));
    });
  }

  void operator()(const ir::Softmax& op) {
    each([&](size_t i, int64_t axis, V count) {
      if (inputs_.size() > 1) reject_extent(axis, "and it is quantized");
      if (axis == op.axis) inputs_[i] = b_.masked(inputs_[i], axis, -kInfinity);
      keep(axis, count);
    });
  }

  void operator()(const ir::Slice& op) {
    const Shape from = b_.shape(inputs_[0]);
    each([&](size_t, int64_t axis, V count) {
      const int64_t start = op.start[axis], step = op.step[axis], size = op.sizes[axis];
      if (step < 0) reject_extent(axis, "and it is read backwards there");
      if (start > 0 || step > 1) {
        const V left = b_.binary(Fn::max, b_.add(count, static_cast<double>(step - 1 - start)), 0.0);
        count = step > 1 ? b_.div(left, b_.scalar(static_cast<double>(step), DType::i64)) : left;
      }
      if (start > 0 || step > 1 || size < from[axis])
        count = b_.binary(Fn::min, count, static_cast<double>(size));
      keep(axis, count);
    });
  }

  void operator()(const ir::Reshape& op) {
    const Shape from = b_.shape(inputs_[0]);
    each([&](size_t, int64_t axis, V count) { reshape(from, op.shape, axis, count); });
  }

 private:
  bool counts_from_begin(V indices) const {
    const Tensor* known = b_.constant(indices);
    for (int64_t i = 0; known && i < known->type().elements(); ++i)
      if (known->at(i) < 0) return false;
    return known;
  }

  /// Masking an input takes it out of `extents`, so these are looked up first.
  void each(const std::function<void(size_t, int64_t, V)>& visit) {
    for (size_t i = 0; i < inputs_.size(); ++i) {
      const Extents extents = b_.extents(inputs_[i]);
      for (const auto& [axis, count] : extents) visit(i, axis, count);
    }
  }

  void keep(int64_t axis, V count) {
    for (const auto& known : found) {
      if (known.axis != axis) continue;
      if (known.count == count) return;
      reject_extent(axis, "and so does that of another input, which may be another one");
    }
    found.push_back({axis, count});
  }

  void keep_first() {
    each([&](size_t i, int64_t axis, V count) {
      if (i > 0) reject_extent(axis, "which a scale may not have");
      keep(axis, count);
    });
  }

  void keep_pictures() {
    each([&](size_t i, int64_t axis, V count) {
      if (i > 0 || axis > 0) reject_extent(axis, "which only the number of pictures may");
      keep(axis, count);
    });
  }

  /// The axis goes where as many elements are before it and it is as long; or, being the outermost, takes up
  /// inner axes or gives some up.
  void reshape(const Shape& from, const Shape& to, int64_t axis, V count) {
    const int64_t before = extent_of(from, 0, axis), n = from[axis];
    const auto rank = static_cast<int64_t>(to.size());
    std::vector<int64_t> fits;
    for (int64_t d = 0; d < rank; ++d)
      if (to[d] == n && extent_of(to, 0, d) == before) fits.push_back(d);
    if (std::ranges::find(fits, axis) != fits.end()) return keep(axis, count);
    if (fits.size() == 1) return keep(fits[0], count);
    int64_t first = 0;
    while (first < rank && to[first] == 1) ++first;
    if (before != 1 || n == 1 || first == rank)
      reject_extent(axis, "and is not kept by the shape " + ir::to_string(to));
    const int64_t inner = extent_of(from, axis + 1, static_cast<int64_t>(from.size()));
    const int64_t left = extent_of(to, first + 1, rank);
    if (inner % left == 0) return keep(first, b_.mul(count, static_cast<double>(inner / left)));
    if (left % inner == 0)
      return keep(first, b_.div(count, b_.scalar(static_cast<double>(left / inner), DType::i64)));
    reject_extent(axis, "and is not kept by the shape " + ir::to_string(to));
  }

  Builder& b_;
  std::vector<V>& inputs_;
};

}  // namespace

const Extents& Builder::extents(V x) const {
  static const Extents kNone;
  const auto found = extents_.find(x.index);
  return found == extents_.end() ? kNone : found->second;
}

V Builder::with_extent(V x, int64_t axis, V count) {
  const int64_t bound = shape(x)[axis];
  if (const Tensor* known = constant(count))
    return slice(x, axis, 0, std::clamp<int64_t>(static_cast<int64_t>(known->at(0)), 0, bound));
  if (bound == 0) return x;
  if (constant(x)) x = graph_.add_constant(node_name_, *constant(x));  // others may use it whole
  extents_[x.index].push_back({axis, count});
  return x;
}

V Builder::extent(V x, int64_t axis) {
  for (const auto& known : extents(x))
    if (known.axis == axis) return known.count;
  return scalar(static_cast<double>(shape(x)[axis]), DType::i64);
}

V Builder::at_bounds(const std::function<V()>& build) {
  struct Restore {
    bool& flag;
    bool before;
    ~Restore() { flag = before; }
  } restore{at_bounds_, at_bounds_};
  at_bounds_ = true;
  return build();
}

V Builder::masked(V x, int64_t axis, double value) {
  const V count = extent(x, axis);
  const V cut = at_bounds([&] {
    Shape along(static_cast<size_t>(rank(x)), 1);
    along[axis] = shape(x)[axis];
    const V place = reshape(iota(along[axis]), along);
    return select(binary(Fn::less, place, count), x, scalar(value, dtype(x)));
  });
  for (const auto& other : extents(x))
    if (other.axis != axis) extents_[cut.index].push_back(other);
  return cut;
}

Extents Builder::carry_extents(const ir::Op& op, std::vector<V>& inputs) {
  Carrier carrier(*this, inputs);
  std::visit(carrier, op);
  return carrier.found;
}

std::optional<V> Builder::divided_mean(const ir::Op& op, V x) {
  const auto* found = std::get_if<ir::Reduce>(&op);
  if (!found || found->kind != ir::Reduce::Kind::mean) return {};
  const ir::Reduce& mean = *found;
  const auto divides = [&](const Extent& e) {
    return std::ranges::find(mean.axes, e.axis) != mean.axes.end();
  };
  if (std::ranges::none_of(extents(x), divides)) return {};
  if (!ir::is_float(dtype(x))) reject_extent(extents(x)[0].axis, "and means of integers need a known number");
  V count = scalar(1, DType::i64);
  for (const int64_t axis : mean.axes) count = mul(count, extent(x, axis));
  return div(sum(x, mean.axes), cast(count, dtype(x)));
}

V Builder::reshape_to(V x, Shape to, const std::function<int64_t(int64_t)>& axis_of) {
  const Extents known = extents(x);
  if (known.empty()) return reshape(x, std::move(to));
  const V y = at_bounds([&] { return reshape(x, std::move(to)); });
  if (y != x)
    for (const auto& [axis, count] : known) extents_[y.index].push_back({axis_of(axis), count});
  return y;
}

}  // namespace halite::frontend
