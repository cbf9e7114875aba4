// Builds a graph operator by operator, in the terms a front end thinks in: ranks are aligned, constants are
// folded as soon as they are known (so shapes computed by a model are numbers here), and steps that would
// change nothing are left out. Composite operators (frontend/decompose) are written with it.
//
// A tensor may be shorter than its type says, along axes whose extent data decide: its type has the bound,
// and `extents` the value that holds the actual extent. Steps carry that along (extents.cpp): sums and the
// like leave out what lies beyond the extent, and what would mix it with the rest is refused. Beyond the
// extent elements mean nothing.
//
// A step that the operators' `infer` refuses throws Rejected; `attempt` turns that into an Error. Exceptions
// stay inside the front ends: every public function of this module returns a Result.
#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <unordered_map>

#include "ir/graph.h"

namespace halite::frontend {

using ir::DType;
using ir::Fn;
using ir::Shape;
using ir::Tensor;
using ir::Type;
using V = ir::ValueId;
using Axes = std::vector<int64_t>;

/// A step that cannot be built. `attribute` names the model's attribute or operand that is the reason, if one
/// is.
struct Rejected {
  Error error;
  std::string attribute;
};

/// An axis that is only as long as data decide.
struct Extent {
  int64_t axis;
  V count;  ///< i64, rank 0
};
using Extents = std::vector<Extent>;

class Cut;

class Builder {
 public:
  explicit Builder(ir::Graph& graph) : graph_(graph) {}

  /// Runs `build`; what it throws, and what infer says, comes back as an Error at `where`.
  static Result<void> attempt(const std::string& where, const std::function<void()>& build);

  /// The name that the nodes made from here on carry.
  void set_node_name(std::string name) { node_name_ = std::move(name); }

  ir::Graph& graph() { return graph_; }
  /// Valid until the next step, which may move the graph's values.
  const Type& type(V v) const { return graph_.type(v); }
  Shape shape(V v) const { return graph_.type(v).shape; }
  DType dtype(V v) const { return graph_.type(v).dtype; }
  int64_t rank(V v) const { return graph_.type(v).rank(); }
  /// The value of a constant, until the next step; null for what is computed at run time.
  const Tensor* constant(V v) const { return graph_.is_constant(v) ? &*graph_.value(v).constant : nullptr; }

  /// The axes of x whose extent data decide; valid until the next step.
  const Extents& extents(V x) const;
  /// x, of which only the first `count` elements along an axis count. Where the count is known they are cut
  /// out.
  V with_extent(V x, int64_t axis, V count);
  /// The extent of an axis as a rank-0 i64: a constant, unless data decide.
  V extent(V x, int64_t axis);
  /// Builds with the bounds as if they were the extents; the caller states what the result's are.
  V at_bounds(const std::function<V()>& build);
  /// x with `value` beyond the extents of an axis, and without a mark there.
  V masked(V x, int64_t axis, double value);

  V input(std::string name, Type type);
  V constant(Tensor tensor, std::string name = {});
  /// A rank-0 constant.
  V scalar(double value, DType dtype = DType::f32);
  /// A rank-1 constant of i64.
  V integers(std::span<const int64_t> values);
  /// 0, 1, ... count-1 as i64, rank 1.
  V iota(int64_t count);

  /// Appends any operator. Everything below comes down to this.
  V op(ir::Op op, std::vector<V> inputs);
  /// One of any number of outputs; is not folded here.
  std::vector<V> ops(ir::Op op, std::vector<V> inputs);

  V unary(Fn fn, V x, double alpha = 0, double beta = 0);
  /// NumPy broadcasting: leading extents of 1 are added to the operand of lower rank.
  V binary(Fn fn, V a, V b);
  V binary(Fn fn, V a, double b) { return binary(fn, a, scalar(b, dtype(a))); }
  V select(V condition, V yes, V no);
  V add(V a, V b) { return binary(Fn::add, a, b); }
  V add(V a, double b) { return binary(Fn::add, a, b); }
  V sub(V a, V b) { return binary(Fn::sub, a, b); }
  V mul(V a, V b) { return binary(Fn::mul, a, b); }
  V mul(V a, double b) { return binary(Fn::mul, a, b); }
  V div(V a, V b) { return binary(Fn::div, a, b); }
  V pow(V a, double b) { return binary(Fn::pow, a, b); }
  V square(V a) { return binary(Fn::mul, a, a); }

  V cast(V x, DType to);
  V reshape(V x, Shape shape);
  /// Adds leading extents of 1 up to `rank`.
  V with_rank(V x, int64_t rank);
  V squeeze(V x, const Axes& axes);
  V unsqueeze(V x, const Axes& axes);  ///< axes of the result, ascending
  V transpose(V x, std::vector<int64_t> perm);
  /// To `shape` under NumPy's rules; x may have a lower rank.
  V broadcast(V x, const Shape& shape);
  V concat(std::vector<V> inputs, int64_t axis);
  /// Elements first, first+1, ... first+count-1 of one axis.
  V slice(V x, int64_t axis, int64_t first, int64_t count);
  V reduce(ir::Reduce::Kind kind, V x, Axes axes, bool keep = true);
  V sum(V x, Axes axes, bool keep = true) { return reduce(ir::Reduce::Kind::sum, x, std::move(axes), keep); }
  V mean(V x, Axes axes, bool keep = true) {
    return reduce(ir::Reduce::Kind::mean, x, std::move(axes), keep);
  }
  /// a [..,m,k] times b [..,k,n], plus bias; 1-D operands as in NumPy.
  V matmul(V a, V b, ir::MatMul attributes = {}, std::optional<V> bias = {});

  /// Either `yes` or `no` at run time; both give results of the same types. They build as the rest does, with
  /// values made before at hand; what they make is theirs alone, and only their results come out.
  using Body = std::function<std::vector<V>()>;
  std::vector<V> branch(V condition, const Body& yes, const Body& no);

  struct LoopStart {
    V trips;                     ///< i64, one element; what is behind `limit` is not run
    int64_t limit = INT64_MAX;   ///< most iterations; must be small enough to stack that many results
    std::vector<V> carried;      ///< before the first iteration
    std::optional<V> condition;  ///< boolean, one element; none: true
  };
  struct LoopStep {
    std::vector<V> carried;  ///< of the types that they began with
    std::vector<V> stacked;
    std::optional<V> condition;  ///< whether there is to be another iteration; none: true
  };
  using LoopBody = std::function<LoopStep(V iteration, const std::vector<V>& carried)>;
  /// A loop that runs at run time (ir/ops/loop.h); its body builds as those of a branch do. Returns the
  /// carried values behind it, then the stacked ones, [limit, ...] each, zeros in rows that were not run.
  std::vector<V> loop(const LoopStart&, const LoopBody& body);

  /// [n,c,spatial...] to [n,h,w,c], and back to that rank; fewer than two spatial axes get an h of 1.
  V channels_last(V x);
  V channels_first(V x, int64_t rank);

 private:
  static void check_size(const Type&);
  /// Runs `build`, which returns the outputs, and takes what it made; if it throws, the graph is as it was.
  void build_body(Cut&, const std::function<std::vector<V>()>& build);
  /// extents.cpp: those of what `op` makes, whose inputs are changed where it would use more than it may.
  Extents carry_extents(const ir::Op& op, std::vector<V>& inputs);
  V append(ir::Op op, std::vector<V> inputs);
  /// A mean over axes whose extents data decide: the sum divided by how many elements there actually are.
  std::optional<V> divided_mean(const ir::Op&, V x);
  V reshape_to(V x, Shape shape, const std::function<int64_t(int64_t)>& axis_of);
  bool should_fold(const ir::Op& op, std::span<const V> inputs, const ir::Types& outputs) const;

  ir::Graph& graph_;
  std::string node_name_;
  int64_t folded_bytes_ = 0;                       ///< by large folds so far
  std::unordered_map<uint32_t, Extents> extents_;  ///< by value index
  bool at_bounds_ = false;
};

/// An axis as models write it, -rank <= axis < rank, counted from the front. Throws Rejected.
int64_t normalize_axis(int64_t axis, int64_t rank, const char* attribute = "axis");
/// Likewise for a set, ascending and distinct.
Axes normalize_axes(Axes axes, int64_t rank, const char* attribute = "axes");
/// first, first+1, ... last-1.
Axes axis_range(int64_t first, int64_t last);
/// Product of the extents first <= i < last. Throws Rejected if it is not representable.
int64_t extent_of(const Shape& shape, int64_t first, int64_t last);

[[noreturn]] void reject_invalid(std::string message, std::string attribute = {});
[[noreturn]] void reject_unsupported(std::string message, std::string attribute = {});

}  // namespace halite::frontend
