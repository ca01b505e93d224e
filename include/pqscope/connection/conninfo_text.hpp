#ifndef PQSCOPE_CONNECTION_CONNINFO_TEXT_HPP
#define PQSCOPE_CONNECTION_CONNINFO_TEXT_HPP

#include <pqscope/connection/ascii.hpp>
#include <pqscope/connection/keyword.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope::detail {

/// Reads a connection string of keywords and values as libpq does, with `database` besides.
///
/// Problems name keywords and offsets, never a value. Reads on after an unknown keyword, stops at
/// the first error of form. Source: libpq, "Keyword/Value Connection Strings".
class conninfo_reader {
 public:
  /// Reads `text`.
  static read_settings read(std::string_view text) {
    conninfo_reader reader{text};
    while (reader.read_setting()) {
    }
    resolve_database_alias(reader.result_);
    return std::move(reader.result_);
  }

 private:
  explicit conninfo_reader(std::string_view text) : text_{text} {}

  bool read_setting() {
    skip_spaces();
    if (at_end()) {
      return false;
    }
    std::size_t const begin = at_;
    while (!at_end() && text_[at_] != '=' && !is_space(text_[at_])) {
      ++at_;
    }
    std::string keyword{text_.substr(begin, at_ - begin)};
    skip_spaces();
    if (at_end() || text_[at_] != '=') {
      // not named: it may be the rest of a password that was not quoted
      problem("no '=' after the word at offset " + std::to_string(begin) +
              " of the connection string (a value with spaces needs quotes)");
      return false;
    }
    ++at_;
    skip_spaces();
    std::optional<std::string> value = read_value(keyword);
    if (!value) {
      return false;
    }
    if (is_keyword(canonical_keyword(keyword))) {
      result_.settings.push_back({std::move(keyword), std::move(*value)});
    } else if (keyword.empty() || is_name(keyword)) {
      problem(unknown_keyword(keyword));
    } else {
      problem("the word at offset " + std::to_string(begin) +
              " of the connection string is not a connection keyword of this libpq");
    }
    return true;
  }

  std::optional<std::string> read_value(std::string_view keyword) {
    std::size_t const begin = at_;
    bool const is_quoted = !at_end() && text_[at_] == '\'';
    if (is_quoted) {
      ++at_;
    }
    std::string value;
    for (; !at_end(); ++at_) {
      if (is_quoted ? text_[at_] == '\'' : is_space(text_[at_])) {
        break;
      }
      if (text_[at_] == '\\' && ++at_ == text_.size()) {
        break;
      }
      value += text_[at_];
    }
    if (is_quoted) {
      if (at_end()) {
        std::string place = "the quote at offset " + std::to_string(begin);
        problem((is_name(keyword) ? std::string{keyword} + ": " + place : place) +
                " of the connection string is not closed");
        return std::nullopt;
      }
      ++at_;
    }
    return value;
  }

  bool at_end() const noexcept { return at_ >= text_.size(); }
  void skip_spaces() noexcept {
    while (!at_end() && is_space(text_[at_])) {
      ++at_;
    }
  }
  void problem(std::string text) { result_.problems.push_back(std::move(text)); }

  std::string_view text_;
  std::size_t at_ = 0;
  read_settings result_;
};

/// Writes settings as a connection string that libpq reads back to the same values.
inline std::string write_conninfo(std::vector<libpq::keyword_value> const& settings) {
  std::string text;
  for (auto const& [keyword, value] : settings) {
    if (!text.empty()) {
      text += ' ';
    }
    text += keyword;
    text += "='";
    for (char const c : value) {
      if (c == '\'' || c == '\\') {
        text += '\\';
      }
      text += c;
    }
    text += '\'';
  }
  return text;
}

}  // namespace pqscope::detail

#endif
