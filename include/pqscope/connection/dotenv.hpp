#ifndef PQSCOPE_CONNECTION_DOTENV_HPP
#define PQSCOPE_CONNECTION_DOTENV_HPP

#include <pqscope/connection/ascii.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope::detail {

/// One key of a `.env` file.
struct dotenv_entry {
  std::string key;                   ///< as written
  std::optional<std::string> value;  ///< unquoted, not expanded; nothing for a key without `=`
  int line = 0;                      ///< where it begins, counted from 1
};

/// What is wrong in a `.env` file.
struct dotenv_problem {
  int line = 0;      ///< where the statement begins, counted from 1
  std::string text;  ///< a sentence without any value
};

/// Everything a `.env` file holds.
struct dotenv_document {
  std::vector<dotenv_entry> entries;     ///< in their order, keys can repeat: the last one counts
  std::vector<dotenv_problem> problems;  ///< in their order
};

/// Reads the text of a `.env` file by the grammar of python-dotenv.
///
/// Comments, `export`, keys in single quotes, values that are bare (trimmed, up to a `#` after
/// white space), in single quotes (a backslash escapes itself and the quote) or in double quotes
/// (besides, a backslash before one of `"abfnrtv` means what it does in C), both of them over
/// several lines; LF, CRLF and CR; a byte order mark. After a bad line reading goes on at the next.
class dotenv_reader {
 public:
  /// Reads `text`; expands no variables.
  static dotenv_document read(std::string_view text) {
    dotenv_reader reader{text};
    while (reader.read_statement()) {
    }
    return std::move(reader.document_);
  }

 private:
  explicit dotenv_reader(std::string_view text)
      : text_{text.starts_with("\xEF\xBB\xBF") ? text.substr(3) : text} {}

  bool read_statement() {
    while (!at_end() && is_space(peek())) {
      skip();
    }
    if (at_end()) {
      return false;
    }
    dotenv_entry entry{.key = {}, .value = {}, .line = line_};
    if (text_.substr(at_).starts_with("export") && is_blank(peek(6))) {
      at_ += 6;
      skip_blanks();
    }
    if (peek() == '#') {
      skip();
    } else if (read_key(entry.key) && read_assignment(entry) && at_statement_end()) {
      document_.entries.push_back(std::move(entry));
    } else {
      document_.problems.push_back({.line = entry.line, .text = std::exchange(problem_, {})});
    }
    while (!at_line_end()) {
      skip();
    }
    return true;
  }

  bool read_key(std::string& key) {
    if (peek() == '\'') {
      std::size_t const close = text_.find_first_of("'\r\n", at_ + 1);
      if (close == std::string_view::npos || text_[close] != '\'') {
        return fail("the quote of the key is not closed");
      }
      key = text_.substr(at_ + 1, close - at_ - 1);
      at_ = close + 1;
    } else {
      std::size_t const begin = at_;
      while (!at_end() && peek() != '=' && peek() != '#' && !is_space(peek())) {
        skip();
      }
      key = text_.substr(begin, at_ - begin);
    }
    return !key.empty() || fail("there is no key before the '='");
  }

  bool read_assignment(dotenv_entry& entry) {
    std::size_t const key_end = at_;
    skip_blanks();
    if (peek() != '=') {
      at_ = key_end;
      return true;
    }
    skip();
    std::size_t const blanks = at_;
    skip_blanks();
    if (peek() == '\'' || peek() == '"') {
      return read_quoted(entry, peek());
    }
    // only a '#' with white space before it begins a comment
    entry.value = peek() == '#' && at_ > blanks ? "" : std::string{read_bare()};
    return true;
  }

  std::string_view read_bare() {
    std::size_t const begin = at_;
    while (!at_line_end() && !(peek() == '#' && at_ > begin && is_blank(text_[at_ - 1]))) {
      skip();
    }
    return trim(text_.substr(begin, at_ - begin));
  }

  bool read_quoted(dotenv_entry& entry, char quote) {
    std::size_t const open = at_;
    int const open_line = line_;
    std::string value;
    for (skip(); !at_end(); skip()) {
      if (peek() == quote) {
        skip();
        entry.value = std::move(value);
        return true;
      }
      if (peek() == '\\' && at_ + 1 < text_.size()) {
        char const escaped = unescape(peek(1), quote);
        if (escaped != '\0') {
          value += escaped;
          skip();
          continue;
        }
      }
      value += peek();
    }
    at_ = open;
    line_ = open_line;
    return fail((is_name(entry.key) ? entry.key + ": " : "") + "the " +
                (quote == '"' ? "double" : "single") + " quote is not closed");
  }

  /// What a backslash and `c` stand for, NUL where the backslash is an ordinary character.
  static char unescape(char c, char quote) noexcept {
    if (c == '\\' || c == '\'') {
      return c;
    }
    constexpr std::string_view letters = "\"abfnrtv";
    constexpr std::string_view meanings = "\"\a\b\f\n\r\t\v";
    std::size_t const found = quote == '"' ? letters.find(c) : std::string_view::npos;
    return found == std::string_view::npos ? '\0' : meanings[found];
  }

  /// Whether nothing but white space and a comment is left on the line; goes there.
  bool at_statement_end() {
    skip_blanks();
    return at_line_end() || peek() == '#' ||
           fail("this is neither KEY=value nor a comment, or goes on after the closing quote");
  }

  bool fail(std::string text) {
    problem_ = std::move(text);
    return false;
  }

  bool at_end() const noexcept { return at_ >= text_.size(); }
  bool at_line_end() const noexcept { return at_end() || peek() == '\n' || peek() == '\r'; }
  char peek(std::size_t ahead = 0) const noexcept {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  void skip() noexcept {
    if (peek() == '\n' || (peek() == '\r' && peek(1) != '\n')) {
      ++line_;
    }
    ++at_;
  }
  void skip_blanks() noexcept {
    while (is_blank(peek())) {
      skip();
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
  std::string problem_;
  dotenv_document document_;
};

/// Replaces `${NAME}` and `${NAME:-default}` by what `look_up(name)` gives (a pointer to a text,
/// null where there is none). A variable that is set to nothing is set: its default is not used.
/// Anything else with a `$` stays as it is.
template <class LookUp>
std::string expand_variables(std::string_view value, LookUp const& look_up) {
  std::string expanded;
  while (!value.empty()) {
    std::size_t const open = value.find("${");
    std::size_t const close = value.find('}', open == std::string_view::npos ? open : open + 2);
    if (close == std::string_view::npos) {
      break;
    }
    std::string_view const inside = value.substr(open + 2, close - open - 2);
    std::size_t const colon = inside.find(':');
    if (colon != std::string_view::npos && !inside.substr(colon).starts_with(":-")) {
      expanded += value.substr(0, open + 2);
      value.remove_prefix(open + 2);
      continue;
    }
    expanded += value.substr(0, open);
    if (std::string const* const found = look_up(inside.substr(0, colon))) {
      expanded += *found;
    } else if (colon != std::string_view::npos) {
      expanded += inside.substr(colon + 2);
    }
    value.remove_prefix(close + 1);
  }
  expanded += value;
  return expanded;
}

}  // namespace pqscope::detail

#endif
