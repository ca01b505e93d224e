#ifndef PQSCOPE_SQL_CHARACTERS_HPP
#define PQSCOPE_SQL_CHARACTERS_HPP

#include <string_view>

namespace pqscope::detail {

// The character classes of PostgreSQL's "Lexical Structure", free of any locale. A table, because
// compilers count the steps of what they evaluate and give up on long texts otherwise.

struct character_classes {
  static constexpr unsigned digit = 1;
  static constexpr unsigned identifier_start = 2;
  static constexpr unsigned space = 4;
  static constexpr unsigned line_break = 8;
  static constexpr unsigned operation = 16;

  constexpr character_classes() noexcept {
    add("0123456789", digit);
    add("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_", identifier_start);
    add(" \t\n\v\f\r", space);
    add("\n\r", line_break);
    add("+-*/<>=~!@#%^&|`?", operation);
    for (unsigned c = 0x80; c <= 0xff; ++c) {
      of[c] = identifier_start;
    }
  }

  unsigned char of[256] = {};

 private:
  constexpr void add(std::string_view characters, unsigned bit) noexcept {
    for (char const c : characters) {
      auto& classes = of[static_cast<unsigned char>(c)];
      classes = static_cast<unsigned char>(classes | bit);
    }
  }
};

inline constexpr character_classes character_table;

constexpr bool is_any_of(char c, unsigned classes) noexcept {
  return (character_table.of[static_cast<unsigned char>(c)] & classes) != 0;
}

constexpr bool is_digit(char c) noexcept {
  return is_any_of(c, character_classes::digit);
}

constexpr bool is_line_break(char c) noexcept {
  return is_any_of(c, character_classes::line_break);
}

constexpr bool is_space(char c) noexcept {
  return is_any_of(c, character_classes::space);
}

constexpr bool is_operator(char c) noexcept {
  return is_any_of(c, character_classes::operation);
}

/// Bytes from 0x80 up belong to identifiers.
constexpr bool is_identifier_start(char c) noexcept {
  return is_any_of(c, character_classes::identifier_start);
}

constexpr bool is_identifier_part(char c) noexcept {
  return is_any_of(c, character_classes::identifier_start | character_classes::digit) || c == '$';
}

}  // namespace pqscope::detail

#endif
