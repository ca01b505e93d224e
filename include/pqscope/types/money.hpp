#ifndef PQSCOPE_TYPES_MONEY_HPP
#define PQSCOPE_TYPES_MONEY_HPP

#include <pqscope/types/oid.hpp>

#include <string>
#include <string_view>

namespace pqscope::detail {

/// Why no C++ type reads `money` or an array of it, and what to do instead: for the message about
/// a column of that type; nothing for any other. `column_name` is quoted.
///
/// `money` is a 64-bit count of a currency's smallest unit. Which currency that is, and how many
/// of them make one, is in `lc_monetary` alone, a setting that each session can change: the same
/// bytes are 12.34 here and 1234 there. A cast to `numeric` is made with the server's own setting;
/// `$1::numeric::money` is the way back. Source: PostgreSQL, "Monetary Types".
inline std::string money_advice(oid_t column, std::string_view column_name) {
  bool const array = column == oid::money_array;
  if (column != oid::money && !array) {
    return {};
  }
  return "; what a money stands for depends on the server's lc_monetary: cast it in the SQL text, "
         "as in " +
         std::string(column_name) + (array ? "::numeric[]" : "::numeric");
}

}  // namespace pqscope::detail

#endif
