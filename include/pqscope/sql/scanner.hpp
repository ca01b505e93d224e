#ifndef PQSCOPE_SQL_SCANNER_HPP
#define PQSCOPE_SQL_SCANNER_HPP

#include <pqscope/sql/control.hpp>
#include <pqscope/sql/leading_words.hpp>
#include <pqscope/sql/lexer.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace pqscope {

/// What `scan_sql` found out about a text.
///
/// After a fault the other members describe the text before it.
struct scan_result {
  sql_fault fault = sql_fault::none;      ///< the first thing wrong with the text
  std::size_t offset = 0;                 ///< byte at which the faulty piece starts
  std::uint32_t highest_placeholder = 0;  ///< 5 for a text with `$2` and `$5`, 0 without any
  std::uint32_t missing_placeholder = 0;  ///< lowest number below the highest not used, 0 if none
  std::size_t statements = 0;             ///< how many; what is empty between `;` does not count
  control verb = control::none;           ///< what the first statement does to the transaction
  bool ends_transaction = false;          ///< a statement in it ends or prepares the transaction
  bool ends_in_line_comment = false;      ///< text put behind it would be part of a `--` comment
};

namespace detail {

/// Tells the `;` between statements from those inside of one: in parentheses (`CREATE RULE`) and in
/// a routine's `BEGIN ATOMIC … END`.
class statement_counter {
 public:
  constexpr void add(sql_token const& token) noexcept {
    if (token.is(';') && parentheses_ == 0 && blocks_ == 0) {
      if (count_ == 1 && open_) {
        first_ = words_;
      }
      ends_transaction_ = ends_transaction();
      words_ = {};
      previous_ = keyword::none;
      open_ = false;
      return;
    }
    if (!open_) {
      open_ = true;
      ++count_;
    }
    if (token.is('(')) {
      ++parentheses_;
    } else if (token.is(')') && parentheses_ != 0) {
      --parentheses_;
    }
    if (!words_.full() || words_.creates_routine()) {
      add_word(keyword_of(token));
    }
  }

  constexpr std::size_t count() const noexcept { return count_; }

  /// Whether any statement ends or prepares the transaction.
  constexpr bool ends_transaction() const noexcept {
    control const verb = words_.verb();
    return ends_transaction_ || verb == control::commit || verb == control::rollback ||
           verb == control::prepare_transaction;
  }

  /// The verb of the first statement.
  constexpr control verb() const noexcept {
    return count_ == 1 && open_ ? words_.verb() : first_.verb();
  }

 private:
  constexpr void add_word(keyword word) noexcept {
    // Behind AS and a dot even reserved words are names.
    bool const is_name = previous_ == keyword::as || previous_ == keyword::dot;
    if (blocks_ == 0) {
      bool const opens = previous_ == keyword::begin && word == keyword::atomic;
      blocks_ = opens && words_.creates_routine() ? 1 : 0;
    } else if (word == keyword::case_expression && !is_name) {
      ++blocks_;
    } else if (word == keyword::end && !is_name) {
      --blocks_;
    }
    words_.add(word);
    previous_ = word;
  }

  leading_words first_;
  leading_words words_;
  keyword previous_ = keyword::none;
  std::size_t count_ = 0;
  std::size_t parentheses_ = 0;
  std::size_t blocks_ = 0;
  bool open_ = false;
  bool ends_transaction_ = false;
};

/// Which placeholders occur, one bit each, in storage that someone else owns.
class placeholder_bits {
 public:
  static constexpr std::size_t words_for(std::size_t placeholders) noexcept {
    return placeholders / 64 + 1;
  }

  constexpr explicit placeholder_bits(std::span<std::uint64_t> words) noexcept : words_{words} {}

  constexpr void add(std::uint32_t number) noexcept {
    if (number / 64 < words_.size()) {
      words_[number / 64] |= std::uint64_t{1} << (number % 64);
    }
  }

  constexpr bool holds(std::uint32_t number) const noexcept {
    return (words_[number / 64] >> (number % 64) & 1) != 0;
  }

  constexpr std::uint32_t first_missing(std::uint32_t highest) const noexcept {
    for (std::uint32_t number = 1; number < highest && number / 64 < words_.size(); ++number) {
      if (!holds(number)) {
        return number;
      }
    }
    return 0;
  }

 private:
  std::span<std::uint64_t> words_;
};

}  // namespace detail

/// Scans SQL text the way the server's lexer does, while compiling or at run time.
///
/// Knows all kinds of quotes and comments, placeholders, and where one statement ends. It does not
/// know the grammar: a text without a fault can still be nonsense. The setting
/// `standard_conforming_strings` is taken to be `on`, as it is by default.
///
/// `used` holds a bit per placeholder and has to be zero; gaps are only found among the
/// placeholders there is room for (none, if it is left out). Linear in the length, allocates
/// nothing. Source: PostgreSQL, "Lexical Structure".
constexpr scan_result scan_sql(std::string_view text, std::span<std::uint64_t> used = {}) noexcept {
  scan_result found;
  char const* const begin = text.data();
  char const* const end = begin + text.size();
  for (char const* p = begin; p != end; ++p) {
    if (*p == '\0') {
      found.fault = sql_fault::nul_byte;
      found.offset = static_cast<std::size_t>(p - begin);
      return found;
    }
  }
  detail::sql_lexer lexer{text};
  detail::statement_counter statements;
  detail::placeholder_bits placeholders{used};
  auto token = lexer.next();
  for (; !token.ends_input(); token = lexer.next()) {
    found.ends_in_line_comment =
        token.kind == detail::sql_token_kind::line_comment && token.end == end;
    if (token.is_comment()) {
      continue;
    }
    if (token.kind == detail::sql_token_kind::placeholder) {
      placeholders.add(token.number);
      if (token.number > found.highest_placeholder) {
        found.highest_placeholder = token.number;
      }
    }
    statements.add(token);
  }
  found.fault = lexer.fault();
  found.offset = static_cast<std::size_t>(token.begin - begin);
  found.missing_placeholder = placeholders.first_missing(found.highest_placeholder);
  found.statements = statements.count();
  found.verb = statements.verb();
  found.ends_transaction = statements.ends_transaction();
  return found;
}

/// What the first statement in `text` does to the transaction; see `control`.
///
/// Reads no further than needed: at most four words, and the white space, comments and empty
/// statements around them.
constexpr control control_of(std::string_view text) noexcept {
  detail::sql_lexer lexer{text};
  detail::leading_words words;
  while (!words.full()) {
    auto const token = lexer.next();
    if (token.ends_input() || (token.is(';') && !words.empty())) {
      break;
    }
    if (!token.is_comment() && !token.is(';')) {
      words.add(detail::keyword_of(token));
    }
  }
  return words.verb();
}

}  // namespace pqscope

#endif
