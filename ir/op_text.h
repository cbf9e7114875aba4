// Operators as text: the names of the enumerations that appear in fields, and the one place where operator
// fields are printed, parsed and hashed. Everything here follows from each operator's `fields` list; a new
// operator adds nothing, a new enumeration adds one line of names.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "ir/op.h"

namespace halite::ir {

/// Names of an enumeration's values, in their order.
template <class E>
inline constexpr std::nullptr_t kEnumNames = nullptr;
template <>
inline constexpr std::array<std::string_view, 2> kEnumNames<ArgReduce::Kind>{"max", "min"};
template <>
inline constexpr std::array<std::string_view, 4> kEnumNames<Pad::Mode>{"constant", "reflect", "edge", "wrap"};
template <>
inline constexpr std::array<std::string_view, 2> kEnumNames<Pool2d::Kind>{"max", "average"};
template <>
inline constexpr std::array<std::string_view, 2> kEnumNames<Quantize::Ties>{"even", "away"};
template <>
inline constexpr std::array<std::string_view, 3> kEnumNames<Requantize::Rounding>{"single", "twice", "real"};
template <>
inline constexpr std::array<std::string_view, 5> kEnumNames<Reduce::Kind>{"sum", "mean", "max", "min",
                                                                          "prod"};
template <>
inline constexpr std::array<std::string_view, 3> kEnumNames<Resize::Mode>{"nearest", "linear", "cubic"};
template <>
inline constexpr std::array<std::string_view, 7> kEnumNames<Resize::Coordinates>{
    "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners",
    "asymmetric", "tf_half_pixel_for_nn", "tf_crop_and_resize"};
template <>
inline constexpr std::array<std::string_view, 4> kEnumNames<Resize::Nearest>{
    "round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};

template <class E>
concept NamedEnum = requires { kEnumNames<E>.size(); };

template <NamedEnum E>
constexpr std::string_view to_string(E e) {
  return kEnumNames<E>[static_cast<size_t>(e)];
}
/// The value of that name; nullopt if there is none.
template <NamedEnum E>
constexpr std::optional<E> parse_enum(std::string_view name) {
  for (size_t i = 0; i < kEnumNames<E>.size(); ++i)
    if (kEnumNames<E>[i] == name) return static_cast<E>(i);
  return std::nullopt;
}
std::optional<Fn> parse_fn(std::string_view name);

/// An operator of that name with every field at its default; nullopt if there is none.
std::optional<Op> make_op(std::string_view name);
/// Sets a field from its text form. Errors name the field or the value that was expected.
Result<void> set_field(Op&, std::string_view field, std::string_view value);
/// Equal operators have equal hashes; stable from run to run.
uint64_t hash(const Op&);

/// A number in the shortest decimal form that reads back as the same bits: "0.1", "1e-05", "inf", "nan".
std::string print_number(double);
std::string print_number(float);
std::optional<double> parse_number(std::string_view);

}  // namespace halite::ir
