#ifndef PQSCOPE_SQL_FAULT_HPP
#define PQSCOPE_SQL_FAULT_HPP

#include <string_view>

namespace pqscope {

/// Why a text cannot be taken apart into the words of SQL.
enum class sql_fault {
  none,                       ///< nothing is wrong
  unterminated_string,        ///< `'…`, `E'…`, `B'…`, `X'…`, `N'…` or `U&'…` without its end
  unterminated_identifier,    ///< `"…` or `U&"…` without its end
  unterminated_comment,       ///< `/*…` without its end; comments nest
  unterminated_dollar_quote,  ///< `$tag$…` without the same `$tag$`
  placeholder_zero,           ///< `$0`; placeholders count from 1
  placeholder_out_of_range,   ///< a placeholder above `$65535`, the protocol's limit
  nul_byte,                   ///< a byte of value 0, which ends a text on its way to the server
};

/// The fault in words that follow "the text has" or "the text holds".
constexpr std::string_view describe(sql_fault fault) noexcept {
  switch (fault) {
    case sql_fault::none:
      return "no fault";
    case sql_fault::unterminated_string:
      return "an unterminated quoted string";
    case sql_fault::unterminated_identifier:
      return "an unterminated quoted identifier";
    case sql_fault::unterminated_comment:
      return "an unterminated comment";
    case sql_fault::unterminated_dollar_quote:
      return "an unterminated dollar quote";
    case sql_fault::placeholder_zero:
      return "a placeholder $0";
    case sql_fault::placeholder_out_of_range:
      return "a placeholder above $65535";
    case sql_fault::nul_byte:
      return "a NUL byte";
  }
  return "an unknown fault";
}

}  // namespace pqscope

#endif
