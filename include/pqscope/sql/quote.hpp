#ifndef PQSCOPE_SQL_QUOTE_HPP
#define PQSCOPE_SQL_QUOTE_HPP

#include <string>
#include <string_view>

namespace pqscope::detail {

/// Appends `text` between two `quote`s, doubling those inside it and every `also`, where that is
/// not a NUL byte.
inline void append_quoted(std::string& out, std::string_view text, char quote, char also = '\0') {
  out += quote;
  for (char const c : text) {
    if (c == quote || (c == also && also != '\0')) {
      out += c;
    }
    out += c;
  }
  out += quote;
}

}  // namespace pqscope::detail

#endif
