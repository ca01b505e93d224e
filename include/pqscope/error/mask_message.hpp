#ifndef PQSCOPE_ERROR_MASK_MESSAGE_HPP
#define PQSCOPE_ERROR_MASK_MESSAGE_HPP

#include <pqscope/error/mask_passwords.hpp>
#include <pqscope/error/quotation_marks.hpp>
#include <pqscope/libpq/diagnostics.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace pqscope::detail {

/// Bytes of `secret`, or with `parts` of a part of it, that a quotation in `text` begins with; 0
/// where it is something else.
inline std::size_t quoted_secret(std::string_view text, std::string_view secret, bool parts) {
  auto const closes = [](std::string_view rest) {
    return starts_with_quote(rest) || rest.starts_with('$');
  };
  if (text.starts_with(secret) && closes(text.substr(secret.size()))) {
    return secret.size();
  }
  std::size_t size = 0;
  while (parts && size < text.size() && !closes(text.substr(size))) {
    ++size;
  }
  return secret.find(text.substr(0, size)) != std::string_view::npos ? size : 0;
}

/// Puts `***` in place of passwords written into `sql` where the server quotes them in `message`,
/// as it does with the text at which a syntax error is. `position` is that of the error in `sql`:
/// where it is within a password the message may quote a part of that.
inline void mask_message(std::string& message, std::string_view sql, int position) {
  constexpr std::string_view hidden = "***";
  password_scanner scanner(sql);
  int character = 1;
  for (std::size_t at = 0; at < sql.size();) {
    std::size_t const size = scanner.password_at(at);
    std::string_view const secret = sql.substr(at, size);
    int const first = character;
    for (std::size_t const end = at + (size != 0 ? size : 1); at < end; ++character) {
      at += utf8_at(sql, at).size;
    }
    bool const parts = position >= first && position < character;
    for (std::size_t i = 1; size != 0 && i < message.size(); ++i) {
      std::string_view const text = message;
      if (ends_with_quote(text.substr(0, i)) || text[i - 1] == '$') {
        if (std::size_t const found = quoted_secret(text.substr(i), secret, parts); found != 0) {
          message.replace(i, found, hidden);
          i += hidden.size();
        }
      }
    }
  }
}

/// Does so for message and hint, with the statement and with the one that a function made.
inline void mask_messages(diagnostics& fields, std::string_view sql) {
  for (std::string* const text : {&fields.message, &fields.hint}) {
    mask_message(*text, sql, fields.position);
    mask_message(*text, fields.internal_query, fields.internal_position);
  }
}

}  // namespace pqscope::detail

#endif
