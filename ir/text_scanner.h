// The text form's characters and tokens; text_parse.cpp holds the grammar.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace halite::ir {

/// Thrown inside the parser only; parse() turns it into an Error.
struct ParseFailure {
  std::string message;
  size_t at;
};

inline bool is_word(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

/// The characters and the tokens that several rules of the grammar share.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  [[noreturn]] void fail(std::string message) const { throw ParseFailure{std::move(message), at_}; }
  /// Where the next token begins.
  size_t at() {
    skip_space();
    return at_;
  }
  void back_to(size_t at) { at_ = at; }

  char peek() {
    skip_space();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool take(std::string_view token) {
    skip_space();
    if (text_.substr(at_, token.size()) != token) return false;
    at_ += token.size();
    return true;
  }
  void expect(std::string_view token) {
    if (!take(token)) fail("expected '" + std::string(token) + "', found " + found());
  }
  std::string_view word() {
    skip_space();
    const size_t first = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    if (at_ == first) fail("expected a word, found " + found());
    return text_.substr(first, at_ - first);
  }
  /// A number or a name of a value: a word that may carry signs ("-1", "1e-05", "-inf").
  std::string_view scalar() {
    skip_space();
    const size_t first = at_;
    while (at_ < text_.size() && (is_word(text_[at_]) || text_[at_] == '-' || text_[at_] == '+')) ++at_;
    if (at_ == first) fail("expected a value, found " + found());
    return text_.substr(first, at_ - first);
  }
  /// A scalar, everything between square brackets, these included, or a graph.
  std::string_view field_value() {
    if (text_.substr(at(), 6) == "graph ") return graph();
    if (peek() != '[') return scalar();
    const size_t end = text_.find_first_of("]\n", at_);
    if (end == std::string_view::npos || text_[end] != ']') fail("this list has no end");
    const size_t first = std::exchange(at_, end + 1);
    return text_.substr(first, at_ - first);
  }
  int64_t integer() {
    skip_space();
    const size_t first = at_;
    const std::string_view s = scalar();
    int64_t v = 0;
    const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), v);
    if (error == std::errc() && end == s.data() + s.size()) return v;
    at_ = first;
    fail("expected an integer, found " + found());
  }
  std::string string() {
    expect("\"");
    std::string s;
    while (at_ < text_.size() && text_[at_] != '"') {
      if (text_[at_] == '\n') fail("a string ends before the line does");
      s += text_[at_] == '\\' ? escape() : text_[at_++];
    }
    if (at_ == text_.size()) fail("this string has no end");
    ++at_;
    return s;
  }

 private:
  void skip_space() {
    while (at_ < text_.size()) {
      if (text_.substr(at_, 2) == "//") {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r') {
        ++at_;
      } else {
        break;
      }
    }
  }
  /// Up to the brace that closes the first.
  std::string_view graph() {
    constexpr int kMostNested = 32;
    const size_t first = at_;
    int depth = 0;
    for (bool quoted = false; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (quoted && c == '\\') {
        ++at_;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (!quoted && c == '{') {
        if (++depth > kMostNested) fail("graphs are nested more than 32 deep");
      } else if (!quoted && c == '}' && --depth == 0) {
        ++at_;
        return text_.substr(first, at_ - first);
      }
    }
    at_ = first;
    fail("this graph has no end");
  }
  char escape() {
    if (at_ + 1 < text_.size() && text_[at_ + 1] != 'x') {
      at_ += 2;
      return text_[at_ - 1];
    }
    uint8_t code = 0;
    const std::string_view digits = text_.substr(std::min(at_ + 2, text_.size()), 2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
    if (digits.size() != 2 || error != std::errc() || end != digits.data() + 2)
      fail("bad escape in a string");
    at_ += 4;
    return static_cast<char>(code);
  }
  std::string found() const {
    if (at_ >= text_.size()) return "the end";
    const size_t end = text_.find_first_of(" \n", at_ + 1);
    return "'" + std::string(text_.substr(at_, std::min<size_t>(end - at_, 24))) + "'";
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace halite::ir
