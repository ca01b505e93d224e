#ifndef PQSCOPE_TYPES_JSON_SYNTAX_HPP
#define PQSCOPE_TYPES_JSON_SYNTAX_HPP

#include <cstddef>
#include <string_view>

namespace pqscope {

/// How deep objects and arrays may lie within each other.
inline constexpr int max_json_depth = 1000;

namespace detail {

/// Walks over one JSON text. Source: RFC 8259, sections 2 to 7; no extensions.
class json_scanner {
 public:
  constexpr explicit json_scanner(std::string_view text) noexcept : text_(text) {}

  /// Whether the whole text is one value; if not, `offset()` says where it stops being one.
  constexpr bool scan() noexcept {
    skip_space();
    if (!value(0)) {
      return false;
    }
    skip_space();
    return at_ == text_.size();
  }

  constexpr std::size_t offset() const noexcept { return at_; }

 private:
  constexpr bool value(int depth) noexcept {
    switch (peek()) {
      case '{':
        return depth < max_json_depth && object(depth + 1);
      case '[':
        return depth < max_json_depth && array(depth + 1);
      case '"':
        return string();
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number();
    }
  }

  constexpr bool object(int depth) noexcept {
    ++at_;
    skip_space();
    if (take('}')) {
      return true;
    }
    do {
      skip_space();
      if (!string()) {
        return false;
      }
      skip_space();
      if (!take(':')) {
        return false;
      }
      skip_space();
      if (!value(depth)) {
        return false;
      }
      skip_space();
    } while (take(','));
    return take('}');
  }

  constexpr bool array(int depth) noexcept {
    ++at_;
    skip_space();
    if (take(']')) {
      return true;
    }
    do {
      skip_space();
      if (!value(depth)) {
        return false;
      }
      skip_space();
    } while (take(','));
    return take(']');
  }

  constexpr bool string() noexcept {
    if (!take('"')) {
      return false;
    }
    while (at_ < text_.size()) {
      char const c = text_[at_];
      if (static_cast<unsigned char>(c) < 0x20) {
        return false;
      }
      ++at_;
      if (c == '"') {
        return true;
      }
      if (c == '\\' && !escape()) {
        return false;
      }
    }
    return false;
  }

  constexpr bool escape() noexcept {
    if (take('u')) {
      for (int i = 0; i < 4; ++i) {
        char const c = peek();
        if (!is_digit(c) && !(c >= 'a' && c <= 'f') && !(c >= 'A' && c <= 'F')) {
          return false;
        }
        ++at_;
      }
      return true;
    }
    if (std::string_view("\"\\/bfnrt").find(peek()) == std::string_view::npos || at_end()) {
      return false;
    }
    ++at_;
    return true;
  }

  constexpr bool number() noexcept {
    take('-');
    if (!take('0') && !digits()) {
      return false;
    }
    if (take('.') && !digits()) {
      return false;
    }
    if (take('e') || take('E')) {
      if (!take('+')) {
        take('-');
      }
      return digits();
    }
    return true;
  }

  constexpr bool digits() noexcept {
    std::size_t const first = at_;
    while (is_digit(peek())) {
      ++at_;
    }
    return at_ > first;
  }

  constexpr bool word(std::string_view expected) noexcept {
    for (char const c : expected) {
      if (!take(c)) {
        return false;
      }
    }
    return true;
  }

  constexpr void skip_space() noexcept {
    while (!at_end() &&
           (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r')) {
      ++at_;
    }
  }

  constexpr bool take(char expected) noexcept {
    if (at_end() || text_[at_] != expected) {
      return false;
    }
    ++at_;
    return true;
  }

  static constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
  constexpr bool at_end() const noexcept { return at_ == text_.size(); }
  constexpr char peek() const noexcept { return at_end() ? '\0' : text_[at_]; }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace detail

/// Where `text` stops being one JSON value as RFC 8259 defines it, in bytes from its beginning;
/// `std::string_view::npos` if it is one.
///
/// Strict: no comments, trailing commas, single quotes, `NaN` or byte order mark; nested at most
/// `max_json_depth` deep. Whether the bytes are valid in their encoding is left to the server.
constexpr std::size_t find_json_fault(std::string_view text) noexcept {
  detail::json_scanner scanner(text);
  return scanner.scan() ? std::string_view::npos : scanner.offset();
}

}  // namespace pqscope

#endif
