// Tables of text for people: columns padded to their widest cell, the first to the left, numbers to the
// right.
#pragma once

#include <string>
#include <vector>

namespace halite::tools {

class Table {
 public:
  /// Headings; one that starts with '>' makes a right-aligned column.
  explicit Table(std::vector<std::string> headings);
  void add(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  std::string text() const;

 private:
  std::vector<bool> right_;
  std::vector<std::string> headings_;
  std::vector<std::vector<std::string>> rows_;
};

/// "1.2 MiB": powers of 1024.
std::string human_bytes(double bytes);
/// "12.5 M": powers of 1000.
std::string human_count(double count);

}  // namespace halite::tools
