#ifndef PQSCOPE_TYPES_RANGE_TEXT_HPP
#define PQSCOPE_TYPES_RANGE_TEXT_HPP

#include <pqscope/types/encoder.hpp>
#include <pqscope/types/malformed.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace pqscope::detail {

/// Reads ranges in text format, such as `[1,5)`, `("a ""b""",]` or `empty`, and the braces and
/// commas of multiranges around them.
///
/// Anything out of order is a `decode_error`. Source: PostgreSQL, "Range Types", "Input/Output",
/// and its `range_parse` and `multirange_in`.
class range_text_reader {
 public:
  /// `type` is for messages.
  range_text_reader(std::string_view text, std::string_view type) : text_(text), type_(type) {}

  /// Skips the word `empty` in any case if it is next, and answers whether it was.
  bool skip_empty() {
    skip_space();
    constexpr std::string_view word = "empty";
    if (text_.size() - at_ < word.size()) {
      return false;
    }
    for (std::size_t i = 0; i < word.size(); ++i) {
      if ((static_cast<unsigned char>(text_[at_ + i]) | 0x20U) !=
          static_cast<unsigned char>(word[i])) {
        return false;
      }
    }
    at_ += word.size();
    return true;
  }

  /// Enters a range; answers whether its lower bound is inclusive.
  bool open() {
    skip_space();
    return either('[', '(');
  }

  /// Reads a bound; false where there is none. Its text, unquoted and unescaped, is in
  /// `bound_text`.
  bool bound() {
    unescaped_.clear();
    if (at_bound_end()) {
      return false;
    }
    bool quoted = false;
    while (quoted || !at_bound_end()) {
      take_character(quoted);
    }
    return true;
  }

  /// The bound read last; holds until the next one is read.
  std::string_view bound_text() const noexcept { return unescaped_; }

  /// Leaves a range; answers whether its upper bound is inclusive.
  bool close() { return either(']', ')'); }

  /// Passes `c` where no space can stand before it.
  void expect(char c) {
    if (!skip(c)) {
      fail();
    }
  }

  /// Passes spaces and then `c`, if it is there.
  bool skip_spaced(char c) {
    skip_space();
    return skip(c);
  }

  /// Makes sure that nothing but space follows.
  void finish() {
    skip_space();
    if (at_ != text_.size()) {
      fail();
    }
  }

  [[noreturn]] void fail() const { throw_malformed(type_); }

 private:
  bool either(char yes, char no) {
    if (skip(yes)) {
      return true;
    }
    expect(no);
    return false;
  }

  bool skip(char c) noexcept {
    bool const is_next = at_ < text_.size() && text_[at_] == c;
    at_ += is_next ? 1U : 0U;
    return is_next;
  }

  bool at_bound_end() const noexcept {
    return at_ < text_.size() && (text_[at_] == ',' || text_[at_] == ')' || text_[at_] == ']');
  }

  void take_character(bool& quoted) {
    if (at_ == text_.size()) {
      fail();
    }
    char const c = text_[at_++];
    if (c == '\\') {
      if (at_ == text_.size()) {
        fail();
      }
      unescaped_ += text_[at_++];
    } else if (c != '"') {
      unescaped_ += c;
    } else if (quoted && skip('"')) {
      unescaped_ += '"';
    } else {
      quoted = !quoted;
    }
  }

  void skip_space() noexcept {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || (text_[at_] >= '\t' && text_[at_] <= '\r'))) {
      ++at_;
    }
  }

  std::string_view text_;
  std::string_view type_;
  std::size_t at_ = 0;
  std::string unescaped_;
};

/// Appends the text of a range's bound, quoted where PostgreSQL does. Source: its
/// `range_bound_escape`.
inline void put_range_bound_text(std::string_view text, encoder& out) {
  constexpr std::string_view special = "\"\\()[], \t\n\v\f\r";
  if (!text.empty() && text.find_first_of(special) == std::string_view::npos) {
    out.append(text);
    return;
  }
  out.put_byte('"');
  for (char const c : text) {
    if (c == '"' || c == '\\') {
      out.put_byte(static_cast<unsigned char>(c));
    }
    out.put_byte(static_cast<unsigned char>(c));
  }
  out.put_byte('"');
}

}  // namespace pqscope::detail

#endif
