#ifndef PQSCOPE_LIBPQ_CHARACTER_HPP
#define PQSCOPE_LIBPQ_CHARACTER_HPP

#include <libpq-fe.h>

#include <cstddef>
#include <string_view>

namespace pqscope::libpq {

/// One character of a UTF-8 text, as PostgreSQL's programs count it.
struct character {
  std::size_t size = 1;  ///< bytes, never 0
  int width = 1;         ///< columns of a terminal: 0, 1 or 2; -1 where it cannot be printed
};

/// The character that `text`, which is not empty, begins with. A sequence that ends too early is a
/// character of one byte that cannot be printed.
inline character first_character(std::string_view text) noexcept {
  static int const encoding = pg_char_to_encoding("UTF8");
  int const size = PQmblen(text.data(), encoding);
  if (size <= 0 || static_cast<std::size_t>(size) > text.size()) {
    return {1, -1};
  }
  return {static_cast<std::size_t>(size), PQdsplen(text.data(), encoding)};
}

}  // namespace pqscope::libpq

#endif
