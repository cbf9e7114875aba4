#include "tools/shapes.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "tools/report.h"

namespace halite::tools {
namespace {

constexpr size_t kMostAssignments = 64;
constexpr int64_t kMostExtent = INT32_MAX;

/// A number, or a symbol.
struct Extent {
  int64_t value = 0;
  std::string symbol;
};
using OpenShape = std::vector<Extent>;
/// Shapes by input, and symbols of which none of the shapes given knows.
struct OpenShapes {
  std::map<std::string, OpenShape> inputs;
  std::set<std::string> axes;
};
using Values = std::map<std::string, std::vector<int64_t>>;

std::optional<int64_t> parse_number(std::string_view text) {
  int64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size() || number < 1 || number > kMostExtent)
    return {};
  return number;
}

bool is_symbol(std::string_view text) {
  const auto letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; };
  return !text.empty() && letter(text[0]) && std::all_of(text.begin(), text.end(), [&](char c) {
    return letter(c) || std::isdigit(static_cast<unsigned char>(c));
  });
}

// "1x3x224x224", "Nx3x224x224"; extents are positive, and symbols have no x in them.
std::optional<OpenShape> parse_extents(std::string_view text) {
  OpenShape shape;
  while (true) {
    const auto one = text.substr(0, text.find('x'));
    if (const auto number = parse_number(one))
      shape.push_back({*number, {}});
    else if (is_symbol(one))
      shape.push_back({0, std::string(one)});
    else
      return {};
    if (one.size() == text.size()) return shape;
    text.remove_prefix(one.size() + 1);
  }
}

/// By input, in the order given.
Result<std::map<std::string, std::vector<OpenShape>>> parse_shapes(const std::vector<std::string>& texts) {
  std::map<std::string, std::vector<OpenShape>> shapes;
  for (const std::string& text : texts) {
    const size_t equals = text.rfind('=');
    const auto extents =
        equals == std::string::npos ? std::nullopt : parse_extents(std::string_view(text).substr(equals + 1));
    if (!extents || equals == 0) {
      return invalid_input("found '" + text +
                               "'; expected an input's name and its extents, as in data=1x3x224x224, or "
                               "data=Nx3x224x224 with --range N=1..8",
                           "--shape");
    }
    shapes[text.substr(0, equals)].push_back(*extents);
  }
  return shapes;
}

/// "1..8" or "16..128:16"; the largest first.
std::optional<std::vector<int64_t>> parse_values(std::string_view text) {
  const auto dots = text.find(".."), colon = text.find(':');
  if (dots == std::string::npos || (colon != std::string::npos && colon < dots)) return {};
  const auto first = parse_number(text.substr(0, dots));
  const auto last =
      parse_number(text.substr(dots + 2, colon == std::string::npos ? colon : colon - dots - 2));
  const auto step = colon == std::string::npos ? 1 : parse_number(text.substr(colon + 1));
  if (!first || !last || !step || *first > *last) return {};
  std::vector<int64_t> values;
  const int64_t count = (*last - *first) / *step + 1;
  // More than can be compiled are refused by their number, so no more need be listed than tell it.
  for (int64_t i = count - 1; i >= 0 && values.size() <= kMostAssignments; --i)
    values.push_back(*first + i * *step);
  return values;
}

Result<Values> parse_ranges(const std::vector<std::string>& texts) {
  Values ranges;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    const std::string symbol = text.substr(0, equals);
    const auto values = equals == std::string::npos ? std::nullopt : parse_values(text.substr(equals + 1));
    if (!values || !is_symbol(symbol)) {
      return invalid_input(
          "found '" + text +
              "'; expected a symbol of a --shape and its least and greatest value, from 1 up, "
              "as in N=1..8, or N=16..128:16 for every 16th",
          "--range");
    }
    if (!ranges.emplace(symbol, *values).second)
      return invalid_input("'" + symbol + "' is given twice", "--range");
  }
  return ranges;
}

/// The first shapes of all inputs, the second, and so on; inputs with one shape have it always.
Result<std::vector<OpenShapes>> pair_up(const std::map<std::string, std::vector<OpenShape>>& shapes) {
  size_t count = 1;
  std::string longest;
  for (const auto& [input, list] : shapes)
    if (list.size() > count) count = list.size(), longest = input;
  std::vector<OpenShapes> paired(count);
  for (const auto& [input, list] : shapes) {
    if (list.size() != 1 && list.size() != count) {
      return invalid_input(
          "input '" + input + "' is given " + std::to_string(list.size()) + " times and '" + longest + "' " +
              std::to_string(count) +
              " times; expected one shape for all, or as many for each, which are taken together",
          "--shape");
    }
    for (size_t i = 0; i < count; ++i) paired[i].inputs[input] = list[list.size() == 1 ? 0 : i];
  }
  return paired;
}

std::set<std::string> symbols_of(const OpenShapes& shapes) {
  std::set<std::string> symbols = shapes.axes;
  for (const auto& [input, shape] : shapes.inputs)
    for (const auto& extent : shape)
      if (!extent.symbol.empty()) symbols.insert(extent.symbol);
  return symbols;
}

/// Every symbol has values; those of no shape are the model's.
Result<void> settle_symbols(std::vector<OpenShapes>& all, const Values& ranges) {
  std::set<std::string> used;
  for (const auto& shapes : all) used.merge(symbols_of(shapes));
  for (const auto& symbol : used) {
    if (!ranges.contains(symbol))
      return invalid_input("'" + symbol +
                               "' is a symbol in a shape; expected its values too, as in --range " + symbol +
                               "=1..8",
                           "--shape");
  }
  for (const auto& [symbol, values] : ranges)
    if (!used.contains(symbol))
      for (auto& shapes : all) shapes.axes.insert(symbol);
  return {};
}

/// How many assignments the shapes stand for; saturates.
size_t count_of(const OpenShapes& shapes, const Values& ranges) {
  size_t count = 1;
  for (const auto& symbol : symbols_of(shapes))
    count = std::min<size_t>(1 << 20, count * ranges.at(symbol).size());
  return count;
}

/// Every value of every symbol.
std::vector<Assignment> expand(const OpenShapes& shapes, const Values& ranges) {
  std::vector<std::map<std::string, int64_t>> bindings(1);
  for (const auto& symbol : symbols_of(shapes)) {
    std::vector<std::map<std::string, int64_t>> longer;
    for (const auto& binding : bindings) {
      for (const int64_t value : ranges.at(symbol)) {
        longer.push_back(binding);
        longer.back()[symbol] = value;
      }
    }
    bindings = std::move(longer);
  }
  std::vector<Assignment> assignments;
  for (const auto& binding : bindings) {
    auto& assignment = assignments.emplace_back();
    for (const auto& symbol : shapes.axes) assignment.axes[symbol] = binding.at(symbol);
    for (const auto& [input, shape] : shapes.inputs)
      for (const auto& extent : shape)
        assignment.shapes[input].push_back(extent.symbol.empty() ? extent.value : binding.at(extent.symbol));
  }
  return assignments;
}

}  // namespace

std::string to_string(const Assignment& assignment) {
  std::string text;
  for (const auto& [input, shape] : assignment.shapes) {
    text += (text.empty() ? "" : ", ") + input + " ";
    for (size_t d = 0; d < shape.size(); ++d) text += (d ? "x" : "") + std::to_string(shape[d]);
  }
  for (const auto& [axis, extent] : assignment.axes)
    text += (text.empty() ? "" : ", ") + axis + "=" + std::to_string(extent);
  return text;
}

Result<std::vector<Assignment>> assignments_of(const std::vector<std::string>& shapes,
                                               const std::vector<std::string>& ranges) {
  const auto parsed = parse_shapes(shapes);
  if (!parsed) return parsed.error();
  const auto values = parse_ranges(ranges);
  if (!values) return values.error();
  auto paired = pair_up(*parsed);
  if (!paired) return paired.error();
  if (auto good = settle_symbols(*paired, *values); !good) return good.error();
  size_t count = 0;
  for (const auto& one : *paired) count += count_of(one, *values);
  if (count > kMostAssignments) {
    const std::string most = std::to_string(kMostAssignments);
    const bool counted = std::none_of(values->begin(), values->end(),
                                      [](const auto& v) { return v.second.size() > kMostAssignments; });
    return invalid_input("found " + (counted ? std::to_string(count) : "more than " + most) +
                             " shapes; one object can hold " + most +
                             ": take a step, as in --range N=16..512:16, or fewer",
                         "--range");
  }
  std::vector<Assignment> assignments;
  for (const auto& one : *paired) {
    const auto more = expand(one, *values);
    assignments.insert(assignments.end(), more.begin(), more.end());
  }
  for (size_t i = 0; i < assignments.size(); ++i) {
    if (std::find(assignments.begin(), assignments.begin() + static_cast<std::ptrdiff_t>(i),
                  assignments[i]) != assignments.begin() + static_cast<std::ptrdiff_t>(i))
      return invalid_input("the shapes " + to_string(assignments[i]) + " are given twice", "--shape");
  }
  return assignments;
}

}  // namespace halite::tools
