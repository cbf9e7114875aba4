#include "tools/table.h"

#include <fmt/format.h>

#include <algorithm>

namespace halite::tools {
namespace {

// Columns of a terminal that the text takes: UTF-8 continuation bytes take none.
size_t width(const std::string& s) {
  return static_cast<size_t>(
      std::count_if(s.begin(), s.end(), [](unsigned char c) { return (c & 0xc0) != 0x80; }));
}

std::string scaled(double value, double step, const char* const* units) {
  int unit = 0;
  while (value >= step && units[unit + 1]) value /= step, ++unit;
  return unit == 0 ? fmt::format("{:.0f}{}", value, units[0]) : fmt::format("{:.1f}{}", value, units[unit]);
}

}  // namespace

Table::Table(std::vector<std::string> headings) : headings_(std::move(headings)) {
  for (std::string& h : headings_) {
    right_.push_back(!h.empty() && h.front() == '>');
    if (right_.back()) h.erase(0, 1);
  }
}

void Table::add(std::vector<std::string> cells) {
  cells.resize(headings_.size());
  rows_.push_back(std::move(cells));
}

std::string Table::text() const {
  std::vector<size_t> widths;
  for (const std::string& h : headings_) widths.push_back(width(h));
  for (const auto& row : rows_) {
    for (size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], width(row[c]));
  }
  std::string out;
  auto line = [&](const std::vector<std::string>& cells) {
    std::string text;
    for (size_t c = 0; c < cells.size(); ++c) {
      const std::string pad(widths[c] - width(cells[c]), ' ');
      text += (c ? "  " : "") + (right_[c] ? pad + cells[c] : cells[c] + pad);
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  };
  line(headings_);
  for (const auto& row : rows_) line(row);
  return out;
}

std::string human_bytes(double bytes) {
  static const char* const kUnits[] = {" B", " KiB", " MiB", " GiB", " TiB", nullptr};
  return scaled(bytes, 1024, kUnits);
}

std::string human_count(double count) {
  static const char* const kUnits[] = {"", " k", " M", " G", " T", nullptr};
  return scaled(count, 1000, kUnits);
}

}  // namespace halite::tools
