// Boxes are coloured by space (tensors of the model, scratch of kernels); a red line is the lower bound, the
// largest sum of bytes that live at once: a plan that reaches up to it wastes nothing. Several memories stand
// one above the other, each with its own bound.
#include "tools/plan_svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "tools/table.h"

namespace halite::tools {
namespace {

constexpr double kWidth = 1200, kHeight = 640;  // of the plot, in pixels
constexpr double kLeft = 90, kTop = 70, kRight = 30, kBottom = 110;
constexpr double kGlyph = 6.8;  // ample width of a character of the 11-pixel font

std::string escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

struct Scale {
  double per_step, per_byte;
  std::vector<int64_t> bases;  // by memory: bytes of those below it
  double x(double step) const { return kLeft + step * per_step; }
  double y(double offset) const { return kTop + kHeight - offset * per_byte; }
};

// Pale enough for black text; a scratch buffer looks different from a tensor even in print.
const char* colour(const std::string& space, size_t index) {
  static const char* const kTensors[] = {"#8ecae6", "#a9def9", "#90c8ac", "#c1e1c1", "#bcd4e6", "#9ad1d4"};
  if (space == "scratch") return "#ffd6a5";
  if (space == "input") return "#cdb4db";
  if (space == "output") return "#ffafcc";
  if (space == "state") return "#e9c46a";
  return kTensors[index % std::size(kTensors)];
}

std::string box(const codegen::Placement& p, size_t index, const Scale& scale) {
  const double x = scale.x(p.first), width = (p.last - p.first + 1) * scale.per_step;
  const int64_t base = scale.bases[static_cast<size_t>(p.memory)];
  const double y = scale.y(static_cast<double>(base + p.offset + p.bytes)),
               height = static_cast<double>(p.bytes) * scale.per_byte;
  std::string svg = fmt::format(
      "<g><title>{}: {} at {}, steps {} to {}</title>"
      "<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"{:.2f}\" height=\"{:.2f}\" fill=\"{}\"/>",
      escape(p.tensor), human_bytes(static_cast<double>(p.bytes)), p.offset, p.first, p.last, x, y, width,
      height, colour(p.space, index));
  const auto fits = static_cast<size_t>(std::max(0.0, (width - 6) / kGlyph));
  if (height >= 12 && fits >= 3) {
    std::string label = p.tensor;
    if (label.size() > fits) label = label.substr(0, fits - 1) + "…";
    svg += fmt::format("<text x=\"{:.2f}\" y=\"{:.2f}\">{}</text>", x + 3, y + height / 2 + 4, escape(label));
  }
  return svg + "</g>\n";
}

// A round number of units between two grid lines: about `lines` of them up to `extent`.
double grid_distance(double extent, int lines, double base) {
  double distance = 1;
  for (int i = 0; distance * lines < extent; ++i) distance *= base == 2 ? 2 : (i % 3 == 1 ? 2.5 : 2);
  return distance;
}

std::string axes(const codegen::Report& r, const Scale& scale, int steps, double extent) {
  std::string svg;
  const double bytes = grid_distance(extent, 10, 2);
  for (double b = 0; b <= extent; b += bytes) {
    svg += fmt::format(
        "<line x1=\"{0}\" x2=\"{1}\" y1=\"{2:.2f}\" y2=\"{2:.2f}\" class=\"grid\"/>"
        "<text x=\"{3}\" y=\"{4:.2f}\" text-anchor=\"end\">{5}</text>\n",
        kLeft, kLeft + kWidth, scale.y(b), kLeft - 6, scale.y(b) + 4, human_bytes(b));
  }
  const double every = std::max(1.0, grid_distance(steps, 24, 10));
  for (double s = 0; s < steps; s += every) {
    svg += fmt::format("<text x=\"{:.2f}\" y=\"{}\" text-anchor=\"middle\">{:.0f}</text>\n", scale.x(s + 0.5),
                       kTop + kHeight + 16, s);
  }
  svg += fmt::format("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">step</text>\n", kLeft + kWidth / 2,
                     kTop + kHeight + 34);
  for (size_t m = 0; m < r.memories.size(); ++m) {
    const codegen::MemoryReport& memory = r.memories[m];
    const auto across = [&](int64_t at, const char* kind) {
      svg += fmt::format("<line x1=\"{0}\" x2=\"{1}\" y1=\"{2:.2f}\" y2=\"{2:.2f}\" class=\"{3}\"/>\n", kLeft,
                         kLeft + kWidth, scale.y(static_cast<double>(scale.bases[m] + at)), kind);
    };
    across(memory.lower_bound, "bound");
    if (memory.name.empty()) continue;
    across(0, "memory");
    svg +=
        fmt::format("<text x=\"{}\" y=\"{:.2f}\" text-anchor=\"end\" class=\"name\">{}{}: {} of {}</text>\n",
                    kLeft + kWidth - 4, scale.y(static_cast<double>(scale.bases[m])) - 4, escape(memory.name),
                    memory.fast ? " (fast)" : "", human_bytes(static_cast<double>(memory.bytes)),
                    human_bytes(static_cast<double>(memory.capacity)));
  }
  return svg;
}

std::string legend(const codegen::Report& r) {
  static const std::map<std::string, std::string> kNames = {{"arena", "tensor"},
                                                            {"scratch", "scratch of a kernel"},
                                                            {"input", "model input"},
                                                            {"output", "model output"},
                                                            {"state", "state between runs"}};
  double x = kLeft;
  const double y = kTop + kHeight + 62;
  std::string svg;
  auto entry = [&](const std::string& mark, const std::string& text) {
    svg += fmt::format("<g transform=\"translate({:.1f} {:.1f})\">{}<text x=\"24\" y=\"10\">{}</text></g>\n",
                       x, y, mark, escape(text));
    x += 44 + kGlyph * static_cast<double>(text.size());
  };
  for (const auto& [space, name] : kNames) {
    const bool used =
        std::any_of(r.arena.begin(), r.arena.end(), [&](const auto& p) { return p.space == space; });
    if (used) entry(fmt::format("<rect width=\"18\" height=\"12\" fill=\"{}\"/>", colour(space, 0)), name);
  }
  entry(
      "<line x1=\"0\" x2=\"18\" y1=\"6\" y2=\"6\" class=\"bound\"/>",
      "lower bound: most bytes that live at once, " + human_bytes(static_cast<double>(r.arena_lower_bound)));
  return svg;
}

}  // namespace

std::string plan_svg(const codegen::Report& r) {
  const int steps = std::max<int>(1, static_cast<int>(r.steps.size()));
  double extent = std::max(1.0, static_cast<double>(std::max(r.arena_bytes, r.arena_lower_bound)));
  Scale scale{kWidth / steps, kHeight / extent, {}};
  int64_t base = 0;
  for (const codegen::MemoryReport& memory : r.memories) {
    scale.bases.push_back(base);
    base += memory.bytes;
  }
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\">\n"
      "<style>text{{font:11px sans-serif;fill:#222}}.head{{font:bold 16px sans-serif}}"
      "rect{{stroke:#555;stroke-width:.6}}.grid{{stroke:#ddd}}.bound{{stroke:#d00000;stroke-width:1.6;"
      "stroke-dasharray:6 4}}.memory{{stroke:#222;stroke-width:1.6}}.name{{font-weight:bold}}</style>\n<rect "
      "width=\"100%\" height=\"100%\" "
      "style=\"fill:#fff;stroke:none\"/>\n",
      kLeft + kWidth + kRight, kTop + kHeight + kBottom);
  svg += fmt::format("<text class=\"head\" x=\"{}\" y=\"26\">{} for {}: memory plan</text>\n", kLeft,
                     escape(r.name), escape(r.target));
  svg += fmt::format(
      "<text x=\"{}\" y=\"48\">arena {}, lower bound {}, all tensors side by side {}, {} steps</text>\n",
      kLeft, human_bytes(static_cast<double>(r.arena_bytes)),
      human_bytes(static_cast<double>(r.arena_lower_bound)), human_bytes(static_cast<double>(r.tensor_bytes)),
      r.steps.size());
  std::string boxes;
  for (size_t i = 0; i < r.arena.size(); ++i) boxes += box(r.arena[i], i, scale);
  return svg + boxes + axes(r, scale, steps, extent) + legend(r) + "</svg>\n";
}

}  // namespace halite::tools
