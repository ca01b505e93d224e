#ifndef PQSCOPE_ERROR_SQL_EXCERPT_HPP
#define PQSCOPE_ERROR_SQL_EXCERPT_HPP

#include <cstddef>
#include <string>
#include <string_view>

namespace pqscope::detail {

/// One character of a UTF-8 text; a byte that begins none is a character of its own.
struct utf8_character {
  std::size_t size;   ///< bytes, never 0
  std::size_t width;  ///< columns of a terminal: 0, 1 or 2
};

/// The character that begins at `text[offset]`; `offset` lies within the text.
inline utf8_character utf8_at(std::string_view text, std::size_t offset) noexcept {
  auto const byte = [&](std::size_t i) {
    return offset + i < text.size() ? static_cast<unsigned char>(text[offset + i]) : 0U;
  };
  unsigned const lead = byte(0);
  std::size_t const size = lead < 0xC2   ? 1
                           : lead < 0xE0 ? 2
                           : lead < 0xF0 ? 3
                           : lead < 0xF5 ? 4
                                         : 1;
  unsigned code = size == 1 ? lead : lead & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) {
      return {1, 1};
    }
    code = code << 6U | (byte(i) & 0x3FU);
  }
  auto const within = [code](unsigned first, unsigned last) {
    return code >= first && code <= last;
  };
  if (within(0x300, 0x36F) || within(0x200B, 0x200F) || within(0xFE00, 0xFE0F)) {
    return {size, 0};
  }
  bool const wide = within(0x1100, 0x115F) || within(0x2E80, 0xA4CF) || within(0xAC00, 0xD7A3) ||
                    within(0xF900, 0xFAFF) || within(0xFE30, 0xFE6F) || within(0xFF00, 0xFF60) ||
                    within(0xFFE0, 0xFFE6) || within(0x1F300, 0x1FAFF) || within(0x20000, 0x3FFFD);
  return {size, wide ? std::size_t{2} : std::size_t{1}};
}

/// Appends one character of an SQL text; control characters (a tab, an escape) become a space.
inline void append_printable(std::string& out, std::string_view character) {
  unsigned const lead = static_cast<unsigned char>(character.front());
  if (lead < 0x20 || lead == 0x7F) {
    out += ' ';
  } else {
    out += character;
  }
}

/// The beginning of `sql` on one line of at most about 200 bytes, white space run together.
inline std::string sql_beginning(std::string_view sql) {
  constexpr std::size_t limit = 200;
  std::string line;
  bool space = false;
  for (std::size_t at = 0; at < sql.size();) {
    std::size_t const size = utf8_at(sql, at).size;
    unsigned const lead = static_cast<unsigned char>(sql[at]);
    if (lead <= 0x20) {
      space = !line.empty();
    } else if (line.size() + size > limit) {
      line += "...";
      break;
    } else {
      if (space) {
        line += ' ';
        space = false;
      }
      append_printable(line, sql.substr(at, size));
    }
    at += size;
  }
  return line;
}

/// The line of `sql` that holds its `position`th character (counted from 1, in UTF-8 characters, as
/// the server does), and below it a caret under that character; both lines begin with `indent`.
///
/// A text of several lines has its line number in front. A line that is too long is abridged
/// around the caret. A position behind the text, or in white space at its end, means its end.
inline std::string sql_with_caret(std::string_view sql, int position, std::string_view indent) {
  constexpr std::size_t before = 60;
  constexpr std::size_t after = 36;

  while (!sql.empty() && static_cast<unsigned char>(sql.back()) <= 0x20) {
    sql.remove_suffix(1);
  }
  std::size_t line_begin = 0;
  std::size_t line_number = 1;
  std::size_t error_at = 0;
  for (int i = 1; i < position && error_at < sql.size(); ++i) {
    bool const ends_line = sql[error_at] == '\n';
    error_at += utf8_at(sql, error_at).size;
    if (ends_line) {
      line_begin = error_at;
      ++line_number;
    }
  }
  std::size_t line_end = sql.find('\n', error_at);
  bool const several = line_number > 1 || line_end != std::string_view::npos;
  line_end = line_end == std::string_view::npos ? sql.size() : line_end;

  std::size_t column = 0;
  for (std::size_t at = line_begin; at < error_at;) {
    auto const [size, width] = utf8_at(sql, at);
    column += width;
    at += size;
  }

  std::string line(indent);
  if (several) {
    line += "line " + std::to_string(line_number) + ": ";
  }
  std::size_t caret = line.size();  // so far all of it is ASCII
  std::size_t at = line_begin;
  if (column > before) {
    for (std::size_t skipped = 0; column - skipped > before;) {
      auto const [size, width] = utf8_at(sql, at);
      skipped += width;
      at += size;
    }
    line += "...";
    caret += 3;
  }
  for (std::size_t shown = 0; at < line_end && !(sql[at] == '\r' && at + 1 == line_end);) {
    auto const [size, width] = utf8_at(sql, at);
    shown += at < error_at ? 0 : width;
    if (shown > after) {
      line += "...";
      break;
    }
    caret += at < error_at ? width : 0;
    append_printable(line, sql.substr(at, size));
    at += size;
  }
  line += '\n';
  line.append(caret, ' ');
  line += '^';
  return line;
}

}  // namespace pqscope::detail

#endif
