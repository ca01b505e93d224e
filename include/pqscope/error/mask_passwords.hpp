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
    for (; seen_ < at; ++seen_) {
      in_literal_ = in_literal_ != (sql_[seen_] == '\'');
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

  // After the word: a literal, or inside a literal (a conninfo) what follows the equals sign.
  void find_assigned(std::size_t at) noexcept {
    bool assigned = false;
    while (at < sql_.size() && (is_space(sql_[at]) || sql_[at] == '"' || sql_[at] == ':' ||
                                sql_[at] == '=' || sql_[at] == '>')) {
      assigned = assigned || sql_[at] == '=';
      ++at;
    }
    if (at + 1 < sql_.size() && (sql_[at] | 0x20) == 'e' && sql_[at + 1] == '\'') {
      ++at;
    }
    if (at >= sql_.size()) {
      return;
    }
    std::size_t end = std::string_view::npos;
    if (sql_[at] == '\'') {
      bool const doubled = in_literal_ && at + 1 < sql_.size() && sql_[at + 1] == '\'';
      at += doubled ? 2 : 1;
      end = end_of_literal(at, doubled);
    } else if (sql_[at] == '$' && sql_.find('$', at + 1) != std::string_view::npos &&
               !(at + 1 < sql_.size() && sql_[at + 1] >= '0' && sql_[at + 1] <= '9')) {
      std::string_view const tag = sql_.substr(at, sql_.find('$', at + 1) + 1 - at);
      at += tag.size();
      end = sql_.find(tag, at);
    } else if (assigned && in_literal_) {
      end = sql_.find_first_of("' \t\r\n", at);
    } else {
      return;
    }
    next_ = at;
    next_size_ = (end == std::string_view::npos ? sql_.size() : end) - at;
  }

  std::size_t end_of_literal(std::size_t at, bool doubled) const noexcept {
    if (doubled) {
      return sql_.find("''", at);
    }
    for (; at < sql_.size(); ++at) {
      if (sql_[at] == '\\') {
        ++at;
      } else if (sql_[at] == '\'') {
        if (at + 1 == sql_.size() || sql_[at + 1] != '\'') {
          return at;
        }
        ++at;
      }
    }
    return std::string_view::npos;
  }

  std::string_view sql_;
  std::size_t seen_ = 0;
  bool in_literal_ = false;
  std::size_t next_ = std::string_view::npos;
  std::size_t next_size_ = 0;
};

/// `sql` with `***` for passwords written into it, and `position` moved along.
///
/// Covers a literal after the word `password` (`ALTER ROLE … PASSWORD '…'`, options of user
/// mappings, comparisons and assignments), `password=` in a connection string within a literal, and
/// the password of a URL. It errs on the side of hiding.
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
