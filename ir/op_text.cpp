#include "ir/op_text.h"

#include <charconv>
#include <concepts>

#include "ir/text.h"

namespace halite::ir {
namespace {

// Values of fields. Lists are "[1,2]" without spaces; the parser of a list accepts spaces all the same.

std::string print_value(int64_t v) { return std::to_string(v); }
std::string print_value(double v) { return print_number(v); }
std::string print_value(std::same_as<bool> auto v) { return v ? "true" : "false"; }
// Indented below the node that it belongs to.
std::string print_region(const Region& region, const PrintOptions& options) {
  if (!region.graph) return "none";
  std::string s;
  for (const char c : print(*region.graph, options)) s += c == '\n' ? "\n    " : std::string(1, c);
  return s.substr(0, s.find_last_of('}') + 1);
}
template <class E>
  requires std::is_enum_v<E>
std::string print_value(E e) {
  return std::string(to_string(e));
}
template <class List>
  requires requires(const List& l) { l.begin(); }
std::string print_value(const List& list) {
  std::string s = "[";
  for (const auto& v : list) s += (s.size() > 1 ? "," : "") + print_value(v);
  return s + "]";
}

std::string_view trim(std::string_view s) {
  while (!s.empty() && s.front() == ' ') s.remove_prefix(1);
  while (!s.empty() && s.back() == ' ') s.remove_suffix(1);
  return s;
}

// Each returns false, having left `out` alone or partly written, when the text is not a value of that type.

bool parse_value(std::string_view s, int64_t& out) {
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), out);
  return error == std::errc() && end == s.data() + s.size();
}
bool parse_value(std::string_view s, double& out) {
  const auto v = parse_number(s);
  if (v) out = *v;
  return v.has_value();
}
bool parse_value(std::string_view s, bool& out) {
  out = s == "true";
  return out || s == "false";
}
bool parse_value(std::string_view s, DType& out) {
  const auto v = parse_dtype(s);
  if (v) out = *v;
  return v.has_value();
}
bool parse_value(std::string_view s, Fn& out) {
  const auto v = parse_fn(s);
  if (v) out = *v;
  return v.has_value();
}
template <NamedEnum E>
bool parse_value(std::string_view s, E& out) {
  const auto v = parse_enum<E>(s);
  if (v) out = *v;
  return v.has_value();
}

// Calls element(text) for each element of "[a, b]"; false if there are no brackets or element is.
template <class F>
bool parse_list(std::string_view s, F element) {
  if (s.size() < 2 || s.front() != '[' || s.back() != ']') return false;
  s = trim(s.substr(1, s.size() - 2));
  while (!s.empty()) {
    const size_t comma = s.find(',');
    if (!element(trim(s.substr(0, comma)))) return false;
    if (comma == std::string_view::npos) break;
    s.remove_prefix(comma + 1);
    if (trim(s).empty()) return false;
  }
  return true;
}
template <class T>
bool parse_value(std::string_view s, std::vector<T>& out) {
  out.clear();
  return parse_list(s, [&](std::string_view e) { return parse_value(e, out.emplace_back()); });
}
template <class T, size_t N>
bool parse_value(std::string_view s, std::array<T, N>& out) {
  size_t n = 0;
  return parse_list(s, [&](std::string_view e) { return n < N && parse_value(e, out[n++]); }) && n == N;
}

template <size_t... I>
std::optional<Op> make_op(std::string_view name, std::index_sequence<I...>) {
  std::optional<Op> op;
  ((std::variant_alternative_t<I, Op>::kName == name ? void(op = std::variant_alternative_t<I, Op>{})
                                                     : void()),
   ...);
  return op;
}

template <class F>
std::string print_shortest(F v) {
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, v).ptr;
  return {buffer, end};
}

}  // namespace

std::optional<Fn> parse_fn(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Fn::select); ++i)
    if (to_string(static_cast<Fn>(i)) == name) return static_cast<Fn>(i);
  return std::nullopt;
}

std::optional<Op> make_op(std::string_view name) {
  return make_op(name, std::make_index_sequence<std::variant_size_v<Op>>());
}

Result<void> set_field(Op& op, std::string_view field, std::string_view value) {
  bool known = false, valid = false;
  Result<void> nested;
  const auto set = [&]<class T>(T& member) {
    if constexpr (std::is_same_v<T, Region>) {
      auto g = parse(value);
      if (g) member.graph = std::make_shared<const Graph>(*std::move(g));
      if (!g) nested = g.error();
      valid = true;
    } else {
      valid = parse_value(value, member);
    }
  };
  std::visit(
      [&](auto& o) {
        o.fields(o, [&](std::string_view name, auto& member) {
          if (name != field) return;
          known = true;
          set(member);
        });
      },
      op);
  if (!nested)
    return invalid_model("in the graph of field " + std::string(field) + ": " + to_string(nested.error()));
  if (!known) return invalid_model(std::string(name_of(op)) + " has no field " + std::string(field));
  if (!valid) return invalid_model("'" + std::string(value) + "' is no value of field " + std::string(field));
  return {};
}

std::string print(const Op& op, const PrintOptions& options) {
  std::string s(name_of(op));
  const auto print_field = [&]<class T>(const T& value) {
    if constexpr (std::is_same_v<T, Region>)
      return print_region(value, options);
    else
      return print_value(value);
  };
  std::visit(
      [&](const auto& o) {
        const std::decay_t<decltype(o)> defaults;
        std::vector<std::string> plain;
        defaults.fields(defaults, [&](std::string_view, const auto& m) { plain.push_back(print_field(m)); });
        size_t i = 0;
        o.fields(o, [&](std::string_view name, const auto& m) {
          const std::string value = print_field(m);
          // An enumeration says what the operator does; it is printed even at its default.
          if (value != plain[i++] || std::is_enum_v<std::decay_t<decltype(m)>>)
            s += " " + std::string(name) + "=" + value;
        });
      },
      op);
  return s;
}

uint64_t hash(const Op& op) {
  const std::string text = print(op);
  return hash_bytes(std::as_bytes(std::span(text)));
}

std::string print_number(double v) { return print_shortest(v); }
std::string print_number(float v) { return print_shortest(v); }

std::optional<double> parse_number(std::string_view s) {
  double v = 0;
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), v);
  if (error == std::errc() && end == s.data() + s.size()) return v;
  return std::nullopt;
}

}  // namespace halite::ir
