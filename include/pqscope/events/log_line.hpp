#ifndef PQSCOPE_EVENTS_LOG_LINE_HPP
#define PQSCOPE_EVENTS_LOG_LINE_HPP

#include <pqscope/error/mask_passwords.hpp>
#include <pqscope/error/sql_excerpt.hpp>
#include <pqscope/events/number_text.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

namespace pqscope::detail {

/// Whether a character (a whole one, in UTF-8) could break or disguise a line: white space, control
/// characters of ASCII and Unicode, separators of lines and paragraphs.
inline bool is_blank_character(std::string_view character) noexcept {
  unsigned const lead = static_cast<unsigned char>(character.front());
  if (lead <= 0x20 || lead == 0x7F) {
    return true;
  }
  return (character.size() == 2 && lead == 0xC2 &&
          static_cast<unsigned char>(character[1]) <= 0xA0) ||
         character == "\u2028" || character == "\u2029";
}

/// Appends `text` on one line: blanks run together to one space, a byte that belongs to no UTF-8
/// character becomes `?`, and what goes beyond `limit` bytes becomes `…`.
inline void append_folded(std::string& out, std::string_view text, std::size_t limit) {
  std::size_t const begin = out.size();
  bool space = false;
  for (std::size_t at = 0; at < text.size();) {
    std::string_view const character = text.substr(at, utf8_at(text, at).size);
    at += character.size();
    if (is_blank_character(character)) {
      space = out.size() != begin;
      continue;
    }
    if (out.size() - begin + (space ? 1 : 0) + character.size() > limit) {
      out += "…";
      return;
    }
    if (space) {
      out += ' ';
      space = false;
    }
    bool const stray = character.size() == 1 && static_cast<unsigned char>(character[0]) >= 0x80;
    out += stray ? std::string_view{"?"} : character;
  }
}

/// Appends a point in time in UTC, as ISO 8601 writes it, with milliseconds.
inline void append_utc(std::string& out, std::chrono::system_clock::time_point at) {
  auto const whole = std::chrono::floor<std::chrono::milliseconds>(at);
  auto const day = std::chrono::floor<std::chrono::days>(whole);
  std::chrono::year_month_day const date{day};
  std::int64_t const time = (whole - day).count();
  auto const append = [&out](std::int64_t value, std::size_t width, char after) {
    append_number(out, static_cast<std::uint64_t>(value), width);
    out += after;
  };
  append(static_cast<int>(date.year()), 4, '-');
  append(static_cast<unsigned>(date.month()), 2, '-');
  append(static_cast<unsigned>(date.day()), 2, 'T');
  append(time / 3'600'000, 2, ':');
  append(time / 60'000 % 60, 2, ':');
  append(time / 1'000 % 60, 2, '.');
  append(time % 1'000, 3, 'Z');
}

/// One line of a log in the making: `TIME LEVEL WHAT name=value… name=text to the end`.
class log_line {
 public:
  log_line(std::string_view level, std::string_view what) {
    append_utc(text_, std::chrono::system_clock::now());
    text_ += ' ';
    text_ += level;
    text_ += ' ';
    text_ += what;
  }

  /// Adds a value, in quotation marks where it holds what would end it; nothing if it is empty.
  log_line& field(std::string_view name, std::string_view value) {
    std::string folded;
    append_folded(folded, value, field_limit);
    if (folded.empty()) {
      return *this;
    }
    begin(name);
    if (folded.find_first_of(" \"\\=") == std::string::npos) {
      text_ += folded;
      return *this;
    }
    text_ += '"';
    for (char const c : folded) {
      if (c == '"' || c == '\\') {
        text_ += '\\';
      }
      text_ += c;
    }
    text_ += '"';
    return *this;
  }

  /// Adds how long it took.
  log_line& duration(std::chrono::nanoseconds took) {
    begin("duration");
    append_milliseconds(text_, static_cast<std::uint64_t>(took.count() < 0 ? 0 : took.count()));
    return *this;
  }

  /// Adds how many rows there were.
  log_line& rows(std::uint64_t count) {
    begin("rows");
    append_number(text_, count);
    return *this;
  }

  /// Adds the caller's place, if it is known.
  log_line& place(std::source_location const& where) {
    if (where.line() != 0) {
      std::string at = where.file_name();
      at += ':';
      append_number(at, where.line());
      field("at", at);
    }
    return *this;
  }

  /// Adds a text that goes to the end of the line, with passwords masked.
  log_line& rest(std::string_view name, std::string_view text, std::size_t limit) {
    begin(name);
    append_folded(text_, mask_passwords(text, 0).text, limit);
    return *this;
  }

  /// The line with its end.
  std::string finish() {
    text_ += '\n';
    return std::move(text_);
  }

 private:
  static constexpr std::size_t field_limit = 1000;

  void begin(std::string_view name) {
    text_ += ' ';
    text_ += name;
    text_ += '=';
  }

  std::string text_;
};

}  // namespace pqscope::detail

#endif
