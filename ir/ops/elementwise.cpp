// Elementwise: names, checks, and the reference, which is the formulas over plain numbers.
// Reals are computed in double whatever their dtype and rounded once; integers in their own dtype.
#include "ir/ops/elementwise.h"

#include <array>
#include <cmath>

#include "ir/ops/checks.h"
#include "ir/ops/elementwise_formulas.h"
#include "ir/ops/iterate.h"
#include "ir/ops/numbers.h"
#include "ir/ops/vocabularies.h"

namespace halite::ir {
namespace {

constexpr std::array kNames = std::to_array<std::string_view>({
    "abs",         "neg",          "sign",       "floor",       "ceil",          "round",       "round_away",
    "sqrt",        "reciprocal",   "exp",        "log",         "erf",           "sin",         "cos",
    "tan",         "asin",         "acos",       "atan",        "sinh",          "cosh",        "tanh",
    "asinh",       "acosh",        "atanh",      "sigmoid",     "relu",          "is_nan",      "is_inf",
    "logical_not", "bitwise_not",  "leaky_relu", "elu",         "celu",          "selu",        "softplus",
    "softsign",    "hard_sigmoid", "hard_swish", "clamp",       "add",           "sub",         "mul",
    "div",         "pow",          "mod",        "fmod",        "max",           "min",         "equal",
    "not_equal",   "less",         "less_equal", "greater",     "greater_equal", "logical_and", "logical_or",
    "logical_xor", "bitwise_and",  "bitwise_or", "bitwise_xor", "shift_left",    "shift_right", "prelu",
    "select",
});
static_assert(kNames.size() == static_cast<size_t>(Fn::select) + 1, "a name for each function");

bool is_unsigned_integer(DType d) { return !is_float(d) && !is_signed(d) && d != DType::boolean; }

/// The dtypes that a class of functions takes, in words, or empty if `dtype` is one of them.
std::string_view refusal(FnClass c, DType dtype) {
  const bool boolean = dtype == DType::boolean;
  switch (c) {
    case FnClass::real:
    case FnClass::real_test:
      return is_float(dtype) ? "" : "a floating-point dtype";
    case FnClass::arithmetic:
    case FnClass::order:
      return boolean ? "numbers" : "";
    case FnClass::bitwise:
      return is_float(dtype) || boolean ? "integers" : "";
    case FnClass::shift:
      return is_unsigned_integer(dtype) ? "" : "unsigned integers";
    case FnClass::logic:
      return boolean ? "" : "booleans";
    case FnClass::equality:
    case FnClass::select:
      return "";
  }
  return "";
}

checks::Failure check_constants(const Elementwise& op) {
  if (std::isnan(op.alpha) || std::isnan(op.beta))
    return checks::invalid(to_string(op.fn), ": an attribute is not a number (NaN)");
  if (op.fn == Fn::celu && op.alpha == 0)
    return checks::invalid("celu: alpha is 0; expected any other number");
  return {};
}

checks::Failure check_dtypes(const Elementwise& op, std::span<const Type> in) {
  const FnClass c = class_of(op.fn);
  const size_t first = c == FnClass::select ? 1 : 0;
  if (c == FnClass::select && in[0].dtype != DType::boolean)
    return checks::invalid("select: the condition is ", in[0], "; expected booleans");
  for (size_t i = first; i < in.size(); ++i) {
    if (const auto expected = refusal(c, in[i].dtype); !expected.empty())
      return checks::invalid(to_string(op.fn), ": input ", i, " is ", in[i], "; expected ", expected);
    if (in[i].dtype != in[first].dtype)
      return checks::invalid(to_string(op.fn), ": input ", first, " is ", in[first], " and input ", i, " is ",
                             in[i], "; expected one dtype");
  }
  return {};
}

/// Calls f(offsets) for each output element; offsets has one entry per input.
template <class F>
void each(std::span<const Tensor> in, const Shape& shape, F&& f) {
  std::array<Strides, 3> strides;
  for (size_t k = 0; k < 3; ++k)
    strides[k] = k < in.size() ? broadcast_strides(in[k].type().shape, shape) : Strides(shape.size(), 0);
  walk<3>(shape, strides, {0, 0, 0}, f);
}

void select(std::span<const Tensor> in, Tensor& out) {
  with_word(out.type().dtype, [&]<class T>(T) {
    const auto condition = in[0].data<uint8_t>();
    const auto yes = in[1].data<T>(), no = in[2].data<T>();
    const auto y = out.mutable_data<T>();
    each(in, out.type().shape,
         [&](int64_t i, const auto& at) { y[i] = condition[at[0]] ? yes[at[1]] : no[at[2]]; });
  });
}

void logic(Fn fn, std::span<const Tensor> in, Tensor& out) {
  const auto a = in[0].data<uint8_t>(), b = in.back().data<uint8_t>();
  const auto y = out.mutable_data<uint8_t>();
  const size_t second = in.size() - 1;
  each(in, out.type().shape, [&](int64_t i, const auto& at) {
    y[i] = formulas::logic<Numbers<double>>(fn, a[at[0]] != 0, b[at[second]] != 0);
  });
}

/// Functions of numbers; T is the dtype's element.
template <class T>
void numbers(const Elementwise& op, std::span<const Tensor> in, Tensor& out) {
  using M = Vocabulary<T>;
  using Value = typename M::Value;
  const FnClass c = class_of(op.fn);
  const auto a = in[0].data<T>(), b = in.back().data<T>();
  const size_t second = in.size() - 1;
  const auto store = [&]<class Out>(Out, auto&& formula) {
    const auto y = out.mutable_data<Out>();
    each(in, out.type().shape, [&](int64_t i, const auto& at) {
      y[i] = static_cast<Out>(formula(Value(a[at[0]]), Value(b[at[second]])));
    });
  };
  if (c == FnClass::arithmetic)
    return store(T{},
                 [&](Value p, Value q) { return formulas::arithmetic<M>(op.fn, p, q, op.alpha, op.beta); });
  if (c == FnClass::equality || c == FnClass::order)
    return store(uint8_t{}, [&](Value p, Value q) { return formulas::comparison<M>(op.fn, p, q); });
  if constexpr (kIsReal<T>) {
    if (c == FnClass::real)
      return store(T{}, [&](Value p, Value) { return formulas::real<M>(op.fn, p, op.alpha, op.beta); });
    return store(uint8_t{}, [&](Value p, Value) { return formulas::real_test<M>(op.fn, p); });
  } else {
    if (c == FnClass::bitwise)
      return store(T{}, [&](Value p, Value q) { return formulas::bitwise<M>(op.fn, p, q); });
    if constexpr (std::is_unsigned_v<T>)
      return store(T{}, [&](Value p, Value q) { return formulas::shift<M>(op.fn, p, q); });
  }
}

}  // namespace

int arity(Fn fn) { return fn <= Fn::clamp ? 1 : fn <= Fn::prelu ? 2 : 3; }

std::string_view to_string(Fn fn) {
  const auto i = static_cast<size_t>(fn);
  return i < kNames.size() ? kNames[i] : std::string_view();
}

Result<Types> infer(const Elementwise& op, std::span<const Type> in) {
  HALITE_CHECK(op.fn <= Fn::select, "an enumerator of Fn");
  const auto name = to_string(op.fn);
  const auto count = static_cast<size_t>(arity(op.fn));
  if (auto failure = checks::inputs(name, in, count, count)) return *failure;
  if (auto failure = check_constants(op)) return *failure;
  if (auto failure = check_dtypes(op, in)) return *failure;
  Type result{in.back().dtype, in[0].shape, {}};
  const FnClass c = class_of(op.fn);
  if (c == FnClass::real_test || c == FnClass::equality || c == FnClass::order) result.dtype = DType::boolean;
  for (size_t i = 1; i < in.size(); ++i) {
    const auto both = broadcast(result.shape, in[i].shape);
    if (in[i].rank() != in[0].rank() || !both)
      return checks::invalid(name, ": inputs of shapes ", in[0].shape, " and ", in[i].shape,
                             " do not broadcast; expected equal ranks, and extents that are equal or 1");
    result.shape = *both;
  }
  return checks::output(name, std::move(result));
}

void reference(const Elementwise& op, std::span<const Tensor> in, std::span<Tensor> out) {
  const FnClass c = class_of(op.fn);
  if (c == FnClass::select) return select(in, out[0]);
  if (c == FnClass::logic) return logic(op.fn, in, out[0]);
  with_number(in[0].type().dtype, [&]<class T>(T) { numbers<T>(op, in, out[0]); });
}

}  // namespace halite::ir
