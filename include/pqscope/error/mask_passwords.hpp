#ifndef PQSCOPE_ERROR_MASK_PASSWORDS_HPP
#define PQSCOPE_ERROR_MASK_PASSWORDS_HPP

#include <pqscope/error/sql_excerpt.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace pqscope::detail {

/// An SQL text with a position in it, counted from 1 in UTF-8 characters; 0 for none.
struct positioned_sql {
  std::string text;  ///< what can be shown
  int position = 0;  ///< where in `text` the error is
};

/// Finds what `mask_passwords()` replaces.
class password_scanner {
 public:
  /// Looks through `sql`, which outlives the scanner.
  explicit password_scanner(std::string_view sql) noexcept : sql_(sql) {}

  /// Number of bytes of a password that begins at `at`, 0 if none does.
  ///
  /// To be asked in ascending order.
  std::size_t password_at(std::size_t at) noexcept {
    while (seen_ < at) {
      look_at(seen_++);
    }
    if (at >= 3 && sql_.substr(at - 3, 3) == "://") {
      return find_userinfo(at);
    }
    if (follows_word(at)) {
      find_assigned(at);
    }
    return at == next_ ? next_size_ : 0;
  }

 private:
  static bool is_space(char c) noexcept { return static_cast<unsigned char>(c) <= 0x20; }

  bool follows_word(std::size_t at) const noexcept {
    constexpr std::string_view word = "password";
    if (at < word.size()) {
      return false;
    }
    for (std::size_t i = 0; i < word.size(); ++i) {
      if ((sql_[at - word.size() + i] | 0x20) != word[i]) {
        return false;
      }
    }
    return true;
  }

  // `//user:secret@host`: remembers the part between colon and at sign.
  std::size_t find_userinfo(std::size_t at) noexcept {
    std::size_t const end = sql_.find_first_of("@/'\" \t\r\n", at);
    std::size_t const colon = sql_.find(':', at);
    if (end != std::string_view::npos && sql_[end] == '@' && colon < end) {
      next_ = colon + 1;
      next_size_ = end - next_;
    }
    return 0;
  }

  bool in_literal() const noexcept { return place_ == place::literal || place_ == place::escaped; }
  bool is_at(std::size_t at, std::string_view text) const noexcept {
    return at < sql_.size() && sql_.substr(at, text.size()) == text;
  }

  // Follows where in the text it is that what comes next stands.
  void look_at(std::size_t at) noexcept {
    char const c = sql_[at];
    switch (place_) {
      case place::code:
        if (c == '\'') {
          place_ = at > 0 && (sql_[at - 1] | 0x20) == 'e' ? place::escaped : place::literal;
        } else if (c == '"') {
          place_ = place::name;
        } else if (is_at(at, "--") || is_at(at, "/*")) {
          place_ = place::comment;
          comment_end_ = skip_comment(at);
        }
        break;
      case place::escaped:
        if (c == '\\') {
          seen_ = at + 2;
        }
        [[fallthrough]];
      case place::literal:
        place_ = c == '\'' ? place::code : place_;
        break;
      case place::name:
        place_ = c == '"' ? place::code : place_;
        break;
      case place::comment:
        place_ = at + 1 >= comment_end_ ? place::code : place_;
        break;
    }
  }

  // Behind a comment at `at`, which can have others in it; `at` if there is none.
  std::size_t skip_comment(std::size_t at) const noexcept {
    if (is_at(at, "--")) {
      std::size_t const end = sql_.find('\n', at);
      return end == std::string_view::npos ? sql_.size() : end;
    }
    if (!is_at(at, "/*")) {
      return at;
    }
    for (std::size_t depth = 0; at < sql_.size(); ++at) {
      if (is_at(at, "/*")) {
        ++depth;
        ++at;
      } else if (is_at(at, "*/")) {
        ++at;
        if (--depth == 0) {
          return at + 1;
        }
      }
    }
    return sql_.size();
  }

  // Bytes of the E, N, B, X or U& in front of a literal's quote.
  std::size_t prefix_at(std::size_t at) const noexcept {
    int const letter = at < sql_.size() ? sql_[at] | 0x20 : 0;
    if (letter == 'u' && is_at(at + 1, "&'")) {
      return 2;
    }
    bool const may_be = letter == 'e' || letter == 'n' || letter == 'b' || letter == 'x';
    return may_be && is_at(at + 1, "'") ? 1 : 0;
  }

  // After the word: a literal, or inside a literal (a conninfo) what follows the equals sign.
  void find_assigned(std::size_t at) noexcept {
    bool assigned = false;
    for (;;) {
      bool const in_conninfo = in_literal() && assigned;
      if (std::size_t const next = skip_comment(at); next != at && !in_conninfo) {
        at = next;
      } else if (at < sql_.size() && (is_space(sql_[at]) || sql_[at] == '"' || sql_[at] == ':' ||
                                      sql_[at] == '=' || sql_[at] == '>')) {
        assigned = assigned || sql_[at] == '=';
        ++at;
      } else {
        break;
      }
    }
    at += prefix_at(at);
    if (at >= sql_.size()) {
      return;
    }
    std::size_t end = std::string_view::npos;
    if (sql_[at] == '\'') {
      bool const doubled = in_literal() && is_at(at, "''");
      at += doubled ? 2 : 1;
      end = doubled ? end_of_doubled(at) : end_of_literal(at);
    } else if (sql_[at] == '$' && sql_.find('$', at + 1) != std::string_view::npos &&
               !(at + 1 < sql_.size() && sql_[at + 1] >= '0' && sql_[at + 1] <= '9')) {
      std::string_view const tag = sql_.substr(at, sql_.find('$', at + 1) + 1 - at);
      at += tag.size();
      end = sql_.find(tag, at);
    } else if (assigned && in_literal()) {
      end = sql_.find_first_of("' \t\r\n", at);
    } else {
      return;
    }
    next_ = at;
    next_size_ = (end == std::string_view::npos ? sql_.size() : end) - at;
  }

  // Of a literal inside another one, where a quote of its own is fourfold.
  std::size_t end_of_doubled(std::size_t at) const noexcept {
    at = sql_.find("''", at);
    while (at != std::string_view::npos && is_at(at, "''''")) {
      at = sql_.find("''", at + 4);
    }
    return at;
  }

  // Of a literal with what it goes on with after a quote.
  std::size_t end_of_literal(std::size_t at) const noexcept {
    for (; at < sql_.size(); ++at) {
      if (sql_[at] == '\\') {
        ++at;
      } else if (sql_[at] == '\'') {
        std::size_t const more = continuation(at + 1);
        if (more == 0) {
          return at;
        }
        at = more - 1;
      }
    }
    return std::string_view::npos;
  }

  // Where a literal goes on behind a quote: that was doubled, or should have been, or more follows
  // on the next line. 0 where it does not.
  std::size_t continuation(std::size_t at) const noexcept {
    if (at >= sql_.size()) {
      return 0;
    }
    unsigned const c = static_cast<unsigned char>(sql_[at]);
    unsigned const letter = c | 0x20U;
    if (c == '\'' || c == '_' || c >= 0x80 || (c >= '0' && c <= '9') ||
        (letter >= 'a' && letter <= 'z')) {
      return at + 1;
    }
    bool on_next_line = false;
    while (at < sql_.size() && (is_space(sql_[at]) || is_at(at, "--"))) {
      on_next_line = on_next_line || sql_[at] == '\n' || sql_[at] == '\r';
      at = is_space(sql_[at]) ? at + 1 : skip_comment(at);
    }
    return on_next_line && is_at(at, "'") ? at + 1 : 0;
  }

  std::string_view sql_;
  std::size_t seen_ = 0;
  enum class place : unsigned char { code, literal, escaped, name, comment } place_{};
  std::size_t comment_end_ = 0;
  std::size_t next_ = std::string_view::npos;
  std::size_t next_size_ = 0;
};

/// `sql` with `***` for passwords written into it, and `position` moved along.
///
/// Covers a literal after the word `password` (`ALTER ROLE … PASSWORD '…'`, options of user
/// mappings, comparisons and assignments), `password=` in a connection string within a literal, and
/// the password of a URL. It errs on the side of hiding. It cannot tell that a value in a list, of
/// an INSERT or of arguments, is one.
inline positioned_sql mask_passwords(std::string_view sql, int position) {
  positioned_sql masked{{}, position};
  masked.text.reserve(sql.size());
  password_scanner scanner(sql);
  int character = 1;
  for (std::size_t at = 0; at < sql.size();) {
    if (std::size_t const secret = scanner.password_at(at); secret != 0) {
      int hidden = 0;
      for (std::size_t end = at + secret; at < end; ++hidden) {
        at += utf8_at(sql, at).size;
      }
      masked.text += "***";
      if (position >= character + hidden) {
        masked.position += 3 - hidden;
      } else if (position > character) {
        masked.position -= position - character;
      }
      character += hidden;
    } else {
      std::size_t const size = utf8_at(sql, at).size;
      masked.text += sql.substr(at, size);
      at += size;
      ++character;
    }
  }
  return masked;
}

}  // namespace pqscope::detail

#endif
