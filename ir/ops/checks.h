// What infer functions share: bounds that keep later arithmetic on extents inside int64, and tests whose
// failure is an Error with what was found and what was expected. The node's name is added by the caller of
// infer. Models are hostile: nothing read from a Type or an attribute is trusted before a test here has
// passed.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ir/base/result.h"
#include "ir/type.h"

namespace halite::ir {

constexpr int64_t kMaxRank = 32;
constexpr int64_t kMaxTensorBytes = int64_t{1} << 40;
/// Largest stride, dilation, pad or window extent: products of two stay inside int64.
constexpr int64_t kMaxWindow = INT32_MAX;

namespace checks {

using Failure = std::optional<Error>;

inline void append(std::string& text, std::string_view part) { text += part; }
inline void append(std::string& text, int64_t number) { text += std::to_string(number); }
inline void append(std::string& text, size_t number) { text += std::to_string(number); }
inline void append(std::string& text, int number) { text += std::to_string(number); }
inline void append(std::string& text, double number) { text += std::to_string(number); }
inline void append(std::string& text, DType dtype) { text += to_string(dtype); }
inline void append(std::string& text, const Shape& shape) { text += to_string(shape); }
inline void append(std::string& text, const Type& type) { text += to_string(type); }

/// The model is wrong: the parts, joined.
template <class... Parts>
Error invalid(const Parts&... parts) {
  std::string message;
  (append(message, parts), ...);
  return invalid_model(std::move(message));
}
/// The model is right, but beyond what Halite does.
template <class... Parts>
Error not_supported(const Parts&... parts) {
  std::string message;
  (append(message, parts), ...);
  return unsupported(std::move(message));
}

enum class Admit : uint8_t { any, number, real, f32 };

/// Rank, extents, byte size and quantization of one type.
Failure type(std::string_view op, std::string_view what, const Type&);
/// What an operator does with its elements: bf16 is moved, cast and carried, multiplied in sums of f32, and
/// else computed with in f32 only.
enum class Elements : uint8_t { computed, moved, multiplied };
/// Their number, and `type` of each.
Failure inputs(std::string_view op, std::span<const Type> in, size_t least, size_t most,
               Elements elements = Elements::computed);
Failure dtype(std::string_view op, std::string_view what, const Type&, Admit);
Failure rank(std::string_view op, std::string_view what, const Type&, int expected);
Failure axis(std::string_view op, int64_t axis, const Type& x);
/// least <= value <= most
Failure range(std::string_view op, std::string_view what, int64_t value, int64_t least, int64_t most);
/// As many entries in an attribute as x has axes.
Failure one_per_axis(std::string_view op, std::string_view what, size_t count, const Type& x);

/// The only output, after `type` has found it sound.
Result<Types> output(std::string_view op, Type);

}  // namespace checks
}  // namespace halite::ir
