#ifndef PQSCOPE_TYPES_ARRAY_TEXT_HPP
#define PQSCOPE_TYPES_ARRAY_TEXT_HPP

#include <pqscope/types/encoder.hpp>
#include <pqscope/types/malformed.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace pqscope::detail {

/// One element of an array in text format.
struct array_text_element {
  std::string_view text;  ///< unquoted and unescaped; holds until the next element is read
  bool is_null = false;   ///< the word NULL without quotes
};

/// Reads an array in text format, such as `{1,NULL,"a b"}` or `[0:1]={{1},{2}}`.
///
/// Anything out of order is a `decode_error`. What separates elements is a part of their type: a
/// comma for every built-in one but `box`. Source: PostgreSQL, "Array Input and Output Syntax".
class array_text_reader {
 public:
  array_text_reader(std::string_view text, char by) : text_(text), by_(by) { skip_bounds(); }

  /// Enters a brace.
  void open() { expect('{'); }

  /// Leaves the brace if it ends here.
  bool try_close() {
    skip_space();
    if (peek() != '}') {
      return false;
    }
    ++at_;
    return true;
  }

  /// After an element: true if another follows, false if the brace has ended.
  bool next() {
    if (try_close()) {
      return false;
    }
    expect(by_);
    return true;
  }

  /// Whether a brace follows, that is a deeper dimension.
  bool at_brace() {
    skip_space();
    return peek() == '{';
  }

  /// Reads one element.
  array_text_element element() {
    skip_space();
    return peek() == '"' ? quoted() : bare();
  }

  /// Makes sure that nothing follows.
  void finish() {
    skip_space();
    if (at_ != text_.size()) {
      fail();
    }
  }

  [[noreturn]] static void fail() { throw_malformed("array"); }

 private:
  array_text_element quoted() {
    unescaped_.clear();
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        return {unescaped_, false};
      }
      take_character();
    }
    fail();
  }

  array_text_element bare() {
    unescaped_.clear();
    std::size_t const begin = at_;
    std::size_t kept = 0;  // without trailing space
    for (; at_ < text_.size() && text_[at_] != by_ && text_[at_] != '}'; ++at_) {
      if (text_[at_] == '{' || text_[at_] == '"') {
        fail();
      }
      bool const counts = !is_space(text_[at_]);
      take_character();
      kept = counts ? unescaped_.size() : kept;
    }
    bool const escaped = at_ - begin != unescaped_.size();
    unescaped_.resize(kept);
    if (unescaped_.empty()) {
      fail();
    }
    return {unescaped_, !escaped && is_null_word(unescaped_)};
  }

  void take_character() {
    if (text_[at_] == '\\' && ++at_ == text_.size()) {
      fail();
    }
    unescaped_ += text_[at_];
  }

  /// Skips lower and upper bounds: `[2:4][-1:0]=`.
  void skip_bounds() {
    skip_space();
    if (peek() != '[') {
      return;
    }
    while (peek() == '[') {
      ++at_;
      skip_number();
      if (peek() == ':') {
        ++at_;
        skip_number();
      }
      expect(']');
      skip_space();
    }
    expect('=');
  }

  void skip_number() {
    if (peek() == '-' || peek() == '+') {
      ++at_;
    }
    std::size_t const begin = at_;
    while (peek() >= '0' && peek() <= '9') {
      ++at_;
    }
    if (at_ == begin) {
      fail();
    }
  }

  void expect(char c) {
    skip_space();
    if (peek() != c) {
      fail();
    }
    ++at_;
  }

  void skip_space() noexcept {
    while (at_ < text_.size() && is_space(text_[at_])) {
      ++at_;
    }
  }

  static bool is_space(char c) noexcept { return c == ' ' || (c >= '\t' && c <= '\r'); }

  static bool is_null_word(std::string_view word) noexcept {
    constexpr std::string_view lower = "null";
    if (word.size() != lower.size()) {
      return false;
    }
    for (std::size_t i = 0; i < lower.size(); ++i) {
      if ((static_cast<unsigned char>(word[i]) | 0x20U) != static_cast<unsigned char>(lower[i])) {
        return false;
      }
    }
    return true;
  }

  char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }

  std::string_view text_;
  char by_;  // what separates elements
  std::size_t at_ = 0;
  std::string unescaped_;
};

/// Appends an element of an array in text format, quoted.
inline void put_quoted_element(std::string_view text, encoder& out) {
  out.put_byte('"');
  for (char const c : text) {
    if (c == '"' || c == '\\') {
      out.put_byte('\\');
    }
    out.put_byte(static_cast<unsigned char>(c));
  }
  out.put_byte('"');
}

}  // namespace pqscope::detail

#endif
