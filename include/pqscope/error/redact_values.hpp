#ifndef PQSCOPE_ERROR_REDACT_VALUES_HPP
#define PQSCOPE_ERROR_REDACT_VALUES_HPP

#include <pqscope/error/quotation_marks.hpp>
#include <pqscope/libpq/diagnostics.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pqscope::detail {

/// A parameter found in a message.
struct quoted_value {
  std::size_t size = 0;    ///< bytes of the message it covers; 0 where none was found
  std::size_t number = 0;  ///< its placeholder's
};

/// The value with which `text`, which follows a quotation mark, begins; the longest if several.
inline quoted_value find_value(std::string_view text, std::vector<std::string_view> const& values) {
  quoted_value found;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].size() > found.size && text.starts_with(values[i]) &&
        starts_with_quote(text.substr(values[i].size()))) {
      found = {values[i].size(), i + 1};
    }
  }
  return found;
}

/// The value of which the quotation that `text` begins with is a part.
inline quoted_value find_part(std::string_view text, std::vector<std::string_view> const& values) {
  std::size_t size = 0;
  while (size < text.size() && !starts_with_quote(text.substr(size))) {
    ++size;
  }
  for (std::size_t i = 0; i < values.size() && size != 0 && size < text.size(); ++i) {
    if (values[i].find(text.substr(0, size)) != std::string_view::npos) {
      return {size, i + 1};
    }
  }
  return {};
}

/// Replaces parameter values that the server quotes in `message` by their placeholder:
/// `invalid input syntax for type integer: "secret"` becomes `…: "$1"`. Says whether it did.
///
/// `text_values[n]` is the text of `$n+1`; what is NULL or travels in binary is left empty. Where
/// several values fit, the longest one counts, of equal ones the first. With `parts`, a quotation
/// that is only a part of a value is replaced too. What is not in quotation marks stays: it got
/// there by the application's own RAISE.
inline bool redact_values(std::string& message, std::vector<std::string_view> const& text_values,
                          bool parts = false) {
  bool replaced = false;
  for (std::size_t at = 1; at < message.size(); ++at) {
    std::string_view const text = message;
    if (!ends_with_quote(text.substr(0, at))) {
      continue;
    }
    quoted_value found = find_value(text.substr(at), text_values);
    if (found.size == 0 && parts) {
      found = find_part(text.substr(at), text_values);
    }
    if (found.size != 0) {
      std::string const placeholder = '$' + std::to_string(found.number);
      message.replace(at, found.size, placeholder);
      at += placeholder.size();
      replaced = true;
    }
  }
  return replaced;
}

/// Does the same for every field that `server_error::what()` is made of: message, hint, and the
/// statement a function made, whose position is then dropped as it would no longer fit.
///
/// A data exception (class 22) quotes parts of values too: one element of an array, a word of a
/// date. In other errors a quotation that is a part of a value is taken for a name.
inline void redact_values(diagnostics& fields, std::vector<std::string_view> const& text_values) {
  bool const parts = fields.sqlstate.starts_with("22");
  redact_values(fields.message, text_values, parts);
  redact_values(fields.hint, text_values, parts);
  if (fields.internal_query.empty()) {
    return;
  }
  std::vector<std::string> literals;  // as quote_literal() writes them
  for (std::string_view const value : text_values) {
    std::string& literal = literals.emplace_back();
    for (char const c : value) {
      literal.append(c == '\'' || c == '\\' ? std::size_t{2} : std::size_t{1}, c);
    }
  }
  std::vector<std::string_view> views;
  for (std::string const& literal : literals) {
    views.push_back(literal);
  }
  bool const plain = redact_values(fields.internal_query, text_values);
  if (redact_values(fields.internal_query, views) || plain) {
    fields.internal_position = 0;
  }
}

}  // namespace pqscope::detail

#endif
