// See build.h.
#include "frontend/build.h"

#include <algorithm>
#include <numeric>

namespace halite::frontend {
namespace {

/// A kernel indexes with 32 bits, so no tensor may have more elements.
constexpr int64_t kMaxElements = INT32_MAX;
constexpr int64_t kMaxIota = 1 << 22;
/// Results up to this size are always folded: shapes, sizes, masks, small parameters.
constexpr int64_t kSmallFold = 64 << 10;
/// What larger folds may take all together; beyond it the work is left to a pass. Guards against hostile
/// models.
constexpr int64_t kFoldBudget = int64_t{1} << 30;

/// Operators whose cost is not bounded by the size of what they read and write.
bool is_heavy(const ir::Op& op) {
  return std::holds_alternative<ir::Conv2d>(op) || std::holds_alternative<ir::ConvTranspose2d>(op) ||
         std::holds_alternative<ir::MatMul>(op) || std::holds_alternative<ir::Pool2d>(op) ||
         std::holds_alternative<ir::Resize>(op);
}

/// Operators that take bf16 as it is (ir/type.h).
bool takes_bf16(const ir::Op& op) {
  return std::holds_alternative<ir::Broadcast>(op) || std::holds_alternative<ir::Cast>(op) ||
         std::holds_alternative<ir::Concat>(op) || std::holds_alternative<ir::Gather>(op) ||
         std::holds_alternative<ir::Pad>(op) || std::holds_alternative<ir::Reshape>(op) ||
         std::holds_alternative<ir::Slice>(op) || std::holds_alternative<ir::Transpose>(op);
}

}  // namespace

void Builder::check_size(const Type& type) {
  const auto count = ir::element_count(type.shape);
  if (count && *count <= kMaxElements) return;
  throw Rejected{{ErrorCode::kResource,
                  "it makes a tensor of shape " + ir::to_string(type.shape) +
                      "; at most 2147483647 elements are supported",
                  {}},
                 {}};
}

Result<void> Builder::attempt(const std::string& where, const std::function<void()>& build) {
  try {
    build();
  } catch (Rejected& rejected) {
    if (rejected.error.where.empty()) rejected.error.where = where;
    return std::move(rejected.error);
  }
  return {};
}

V Builder::input(std::string name, Type type) {
  check_size(type);
  return graph_.add_input(std::move(name), std::move(type));
}

V Builder::constant(Tensor tensor, std::string name) {
  check_size(tensor.type());
  return graph_.add_constant(name.empty() ? "constant" : std::move(name), std::move(tensor));
}

V Builder::scalar(double value, DType dtype) {
  Tensor tensor = Tensor::zeros({dtype, {}, {}});
  tensor.set(0, value);
  return constant(std::move(tensor));
}

V Builder::integers(std::span<const int64_t> values) {
  return constant(Tensor::of<int64_t>(values, {static_cast<int64_t>(values.size())}));
}

V Builder::iota(int64_t count) {
  if (count > kMaxIota)
    throw Rejected{
        {ErrorCode::kResource, "it counts to " + std::to_string(count) + "; the limit is 4194304", {}}, {}};
  std::vector<int64_t> values(static_cast<size_t>(count));
  std::iota(values.begin(), values.end(), 0);
  return integers(values);
}

bool Builder::should_fold(const ir::Op& op, std::span<const V> inputs, const ir::Types& outputs) const {
  int64_t read = 0, written = 0;
  for (const V v : inputs) {
    if (!graph_.is_constant(v)) return false;
    read += type(v).bytes();
  }
  for (const auto& t : outputs) written += t.bytes();
  if (is_heavy(op)) return false;
  // Weights stay integers, so that the pass that folds quantization sees them; what it leaves is folded
  // later.
  if (std::holds_alternative<ir::Dequantize>(op)) return false;
  if (read <= kSmallFold && written <= kSmallFold) return true;
  // A broadcast weight is cheaper to repeat at run time than to store.
  return written <= std::max(read, kSmallFold) && folded_bytes_ + read + written <= kFoldBudget;
}

V Builder::op(ir::Op op, std::vector<V> inputs) {
  const auto is_bf16 = [&](V v) { return dtype(v) == DType::bf16; };
  if (!takes_bf16(op) && std::ranges::any_of(inputs, is_bf16)) {
    // Computed in f32, each result rounded.
    for (V& v : inputs) v = is_bf16(v) ? cast(v, DType::f32) : v;
    const V result = this->op(std::move(op), std::move(inputs));
    return dtype(result) == DType::f32 ? cast(result, DType::bf16) : result;
  }
  if (at_bounds_ || std::ranges::all_of(inputs, [&](V v) { return extents(v).empty(); }))
    return append(std::move(op), std::move(inputs));
  if (const auto mean = divided_mean(op, inputs[0])) return *mean;
  Extents found = carry_extents(op, inputs);
  const V y = append(std::move(op), std::move(inputs));
  if (!found.empty()) extents_[y.index] = std::move(found);
  return y;
}

V Builder::append(ir::Op op, std::vector<V> inputs) {
  ir::Types types;
  for (const V v : inputs) types.push_back(type(v));
  auto outputs = ir::infer(op, types);
  if (!outputs) throw Rejected{outputs.error(), {}};
  for (const auto& t : *outputs) check_size(t);
  HALITE_CHECK(outputs->size() == 1, "every operator has one output");
  if (!should_fold(op, inputs, *outputs)) {
    auto added = graph_.add_node(node_name_, std::move(op), std::move(inputs));
    if (!added) throw Rejected{added.error(), {}};
    return added->front();
  }
  std::vector<Tensor> operands;
  int64_t moved = outputs->front().bytes();
  for (const V v : inputs) {
    operands.push_back(*graph_.value(v).constant);
    moved += operands.back().type().bytes();
  }
  if (moved > kSmallFold) folded_bytes_ += moved;
  Tensor result = Tensor::zeros(outputs->front());
  ir::reference(op, operands, std::span(&result, 1));
  return graph_.add_constant(node_name_, std::move(result));
}

V Builder::unary(Fn fn, V x, double alpha, double beta) { return op(ir::Elementwise{fn, alpha, beta}, {x}); }

V Builder::binary(Fn fn, V a, V b) {
  const int64_t r = std::max(rank(a), rank(b));
  return op(ir::Elementwise{fn}, {with_rank(a, r), with_rank(b, r)});
}

V Builder::select(V condition, V yes, V no) {
  const int64_t r = std::max({rank(condition), rank(yes), rank(no)});
  return op(ir::Elementwise{Fn::select}, {with_rank(condition, r), with_rank(yes, r), with_rank(no, r)});
}

V Builder::cast(V x, DType to) { return dtype(x) == to ? x : op(ir::Cast{to}, {x}); }

V Builder::reshape(V x, Shape to) {
  if (shape(x) == to) return x;
  if (const Tensor* value = constant(x); value && ir::element_count(to) == value->type().elements())
    return graph_.add_constant(node_name_, value->with_type({dtype(x), std::move(to), {}}));
  return op(ir::Reshape{std::move(to)}, {x});
}

V Builder::with_rank(V x, int64_t r) {
  Shape to = shape(x);
  const int64_t added = std::max<int64_t>(0, r - rank(x));
  to.insert(to.begin(), static_cast<size_t>(added), 1);
  return reshape_to(x, std::move(to), [&](int64_t axis) { return axis + added; });
}

V Builder::squeeze(V x, const Axes& axes) {
  for (const auto& known : extents(x))
    if (std::ranges::find(axes, known.axis) != axes.end())
      reject_unsupported("the extent of its input along axis " + std::to_string(known.axis) +
                             " depends on data, and the axis would be removed",
                         "axes");
  Shape to;
  for (int64_t i = 0; i < rank(x); ++i)
    if (std::find(axes.begin(), axes.end(), i) == axes.end()) to.push_back(shape(x)[i]);
  return reshape_to(x, std::move(to), [&](int64_t axis) {
    return axis - std::ranges::count_if(axes, [&](int64_t a) { return a < axis; });
  });
}

V Builder::unsqueeze(V x, const Axes& axes) {
  Shape to = shape(x);
  for (const int64_t a : axes) to.insert(to.begin() + a, 1);
  return reshape_to(x, std::move(to), [&](int64_t axis) {
    for (const int64_t a : axes) axis += a <= axis;
    return axis;
  });
}

V Builder::transpose(V x, std::vector<int64_t> perm) {
  if (std::is_sorted(perm.begin(), perm.end()) && static_cast<int64_t>(perm.size()) == rank(x)) return x;
  return op(ir::Transpose{std::move(perm)}, {x});
}

V Builder::broadcast(V x, const Shape& to) {
  x = with_rank(x, static_cast<int64_t>(to.size()));
  return shape(x) == to ? x : op(ir::Broadcast{to}, {x});
}

V Builder::concat(std::vector<V> inputs, int64_t axis) {
  return inputs.size() == 1 ? inputs[0] : op(ir::Concat{axis}, std::move(inputs));
}

V Builder::slice(V x, int64_t axis, int64_t first, int64_t count) {
  if (first == 0 && count == shape(x)[axis]) return x;
  ir::Slice slice{std::vector<int64_t>(rank(x), 0), std::vector<int64_t>(rank(x), 1), shape(x)};
  slice.start[axis] = first;
  slice.sizes[axis] = count;
  return op(std::move(slice), {x});
}

V Builder::reduce(ir::Reduce::Kind kind, V x, Axes axes, bool keep) {
  if (axes.empty()) return x;
  const V kept = op(ir::Reduce{kind, axes}, {x});
  return keep ? kept : squeeze(kept, axes);
}

V Builder::matmul(V a, V b, ir::MatMul attributes, std::optional<V> bias) {
  if (rank(a) == 0 || rank(b) == 0) reject_invalid("a matrix product needs operands of rank 1 or more");
  const bool row = rank(a) == 1, column = rank(b) == 1;
  if (row) a = unsqueeze(a, {0});
  if (column) b = unsqueeze(b, {1});
  // The batch axes broadcast in infer, but only the same number of them.
  const int64_t r = std::max(rank(a), rank(b));
  std::vector<V> inputs{with_rank(a, r), with_rank(b, r)};
  if (bias) inputs.push_back(*bias);
  V y = op(attributes, std::move(inputs));
  if (column) y = squeeze(y, {rank(y) - 1});
  if (row) y = squeeze(y, {rank(y) - (column ? 1 : 2)});
  return y;
}

V Builder::channels_last(V x) {
  if (rank(x) == 3) x = unsqueeze(x, {2});
  return transpose(x, {0, 2, 3, 1});
}

V Builder::channels_first(V x, int64_t r) {
  x = transpose(x, {0, 3, 1, 2});
  return r == 3 ? squeeze(x, {2}) : x;
}

int64_t normalize_axis(int64_t axis, int64_t rank, const char* attribute) {
  if (axis < -rank || axis >= rank)
    reject_invalid(std::string(attribute) + " is " + std::to_string(axis) + ", but the tensor has rank " +
                       std::to_string(rank),
                   attribute);
  return axis < 0 ? axis + rank : axis;
}

Axes normalize_axes(Axes axes, int64_t rank, const char* attribute) {
  for (auto& axis : axes) axis = normalize_axis(axis, rank, attribute);
  std::sort(axes.begin(), axes.end());
  if (std::adjacent_find(axes.begin(), axes.end()) != axes.end())
    reject_invalid(std::string(attribute) + " names an axis twice", attribute);
  return axes;
}

Axes axis_range(int64_t first, int64_t last) {
  Axes axes(static_cast<size_t>(std::max<int64_t>(0, last - first)));
  std::iota(axes.begin(), axes.end(), first);
  return axes;
}

int64_t extent_of(const Shape& shape, int64_t first, int64_t last) {
  const auto count = ir::element_count(Shape(shape.begin() + first, shape.begin() + last));
  if (!count) reject_invalid("the extents " + ir::to_string(shape) + " are too large");
  return *count;
}

void reject_invalid(std::string message, std::string attribute) {
  throw Rejected{invalid_model(std::move(message)), std::move(attribute)};
}

void reject_unsupported(std::string message, std::string attribute) {
  throw Rejected{unsupported(std::move(message)), std::move(attribute)};
}

}  // namespace halite::frontend
