#ifndef PQSCOPE_SQL_SQL_VIEW_HPP
#define PQSCOPE_SQL_SQL_VIEW_HPP

#include <pqscope/sql/control.hpp>

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string_view>

namespace pqscope {

/// SQL text on its way to the server, whichever type it was written as.
///
/// Refers to text that `sql` (a literal) or `dynamic_sql` holds; whoever keeps it keeps that alive.
struct sql_view {
  char const* text = "";         ///< ends in a NUL byte and holds no other
  std::size_t size = 0;          ///< bytes of `text` without that NUL
  std::uint64_t hash = 0;        ///< `hash_sql` of the text
  std::source_location where;    ///< the caller's place in the source; line 0 when unknown
  control verb = control::none;  ///< what its first statement does to the transaction
  bool is_dynamic = false;       ///< made at run time: there may be any number of such texts

  /// The text without its final NUL.
  constexpr std::string_view str() const noexcept { return {text, size}; }
};

}  // namespace pqscope

#endif
