// See tuning_file.h.
#include "tools/tuning_file.h"

#include <fmt/format.h>

#include <charconv>
#include <sstream>

#include "tools/files.h"
#include "tools/report.h"

namespace halite::tools {
namespace {

constexpr const char* kHeading = "# Found by `halite tune`; taken by --tuning.\n";
constexpr std::string_view kSeparator = " : ", kTarget = "target ";

std::optional<double> parse_gain(std::string_view text) {
  double gain = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), gain);
  const bool good = code == std::errc() && end == text.data() + text.size() && gain > 0;
  return good ? std::optional(gain) : std::nullopt;
}

/// What stands behind " : ".
std::optional<TuningLine> parse_choice(const std::string& text) {
  std::istringstream words(text);
  TuningLine line;
  if (!(words >> line.choice.strategy) || line.choice.strategy.find('=') != std::string::npos) return {};
  for (std::string word; words >> word;) {
    if (word.starts_with("tile=") && !line.choice.tile) {
      line.choice.tile = schedules::parse_tile(word.substr(5));
      if (!line.choice.tile) return {};
    } else if (word.starts_with("gain=") && line.gain == 0) {
      const auto gain = parse_gain(word.substr(5));
      if (!gain) return {};
      line.gain = *gain;
    } else {
      return {};
    }
  }
  return line;
}

Error bad_line(const std::string& name, int number, const std::string& found, const std::string& expected) {
  return invalid_input("found '" + found + "'; expected " + expected, name + ":" + std::to_string(number));
}

}  // namespace

std::string to_text(const Tuning& tuning) {
  std::string text = kHeading;
  text += fmt::format("{}{}\n", kTarget, tuning.target);
  for (const auto& [key, line] : tuning.lines) {
    text += fmt::format("{}{}{}", key, kSeparator, line.choice.strategy);
    if (line.choice.tile) text += " tile=" + schedules::to_string(*line.choice.tile);
    if (line.gain > 0) text += fmt::format(" gain={:.2f}", line.gain);
    text += '\n';
  }
  return text;
}

Result<Tuning> parse_tuning(const std::string& text, const std::string& name) {
  Tuning tuning;
  std::istringstream lines(text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (line.empty() || line[0] == '#') continue;
    if (tuning.target.empty()) {
      if (!line.starts_with(kTarget) || line.size() == kTarget.size())
        return bad_line(name, number, line, "the target that the file is for, as in: target arm64");
      tuning.target = line.substr(kTarget.size());
      continue;
    }
    const size_t separator = line.find(kSeparator);
    const auto choice = separator == std::string::npos || separator == 0
                            ? std::nullopt
                            : parse_choice(line.substr(separator + kSeparator.size()));
    if (!choice)
      return bad_line(name, number, line,
                      "a group's key, \" : \", a strategy and, say, tile=8x1x3x4 gain=1.25");
    if (!tuning.lines.emplace(line.substr(0, separator), *choice).second)
      return bad_line(name, number, line, "each group once");
  }
  if (tuning.target.empty())
    return invalid_input("names no target; expected a line as in: target arm64", name);
  return tuning;
}

Result<void> add_tuning(const std::string& path, codegen::CompileOptions& options) {
  const auto text = read_file(path);
  if (!text) return text.error();
  const auto tuning = parse_tuning(*text, path);
  if (!tuning) return tuning.error();
  auto& choices = options.choices[tuning->target];
  for (const auto& [key, line] : tuning->lines) choices[key] = line.choice;
  return {};
}

Result<void> write_tuning(const Tuning& tuning, const std::string& path) {
  return write_file(path, to_text(tuning));
}

}  // namespace halite::tools
