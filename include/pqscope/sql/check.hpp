#ifndef PQSCOPE_SQL_CHECK_HPP
#define PQSCOPE_SQL_CHECK_HPP

#include <pqscope/sql/scanner.hpp>

#include <cstddef>
#include <string_view>

namespace pqscope::detail {

// Declared and never defined. A check that fails while compiling calls the one whose name says what
// is wrong: a call of a function that is not constexpr stops the compiler, and it prints the name.
void sql_has_more_placeholders_than_arguments();
void sql_has_more_arguments_than_placeholders();
void sql_placeholder_numbers_have_a_gap();
void sql_placeholder_zero_does_not_exist();
void sql_placeholder_number_is_too_large();
void sql_has_an_unterminated_quoted_string();
void sql_has_an_unterminated_quoted_identifier();
void sql_has_an_unterminated_comment();
void sql_has_an_unterminated_dollar_quote();
void sql_holds_a_nul_byte();
void sql_does_not_end_in_a_nul_byte();
void sql_holds_more_than_one_statement();  // execute_script runs several

consteval void check_fault(sql_fault fault) {
  switch (fault) {
    case sql_fault::none:
      break;
    case sql_fault::unterminated_string:
      sql_has_an_unterminated_quoted_string();
      break;
    case sql_fault::unterminated_identifier:
      sql_has_an_unterminated_quoted_identifier();
      break;
    case sql_fault::unterminated_comment:
      sql_has_an_unterminated_comment();
      break;
    case sql_fault::unterminated_dollar_quote:
      sql_has_an_unterminated_dollar_quote();
      break;
    case sql_fault::placeholder_zero:
      sql_placeholder_zero_does_not_exist();
      break;
    case sql_fault::placeholder_out_of_range:
      sql_placeholder_number_is_too_large();
      break;
    case sql_fault::nul_byte:
      sql_holds_a_nul_byte();
      break;
  }
}

consteval void check_statement(scan_result const& found, std::size_t arguments) {
  check_fault(found.fault);
  if (found.statements > 1) {
    sql_holds_more_than_one_statement();
  }
  if (found.highest_placeholder > arguments) {
    sql_has_more_placeholders_than_arguments();
  }
  if (found.highest_placeholder < arguments) {
    sql_has_more_arguments_than_placeholders();
  }
  if (found.missing_placeholder != 0) {
    sql_placeholder_numbers_have_a_gap();
  }
}

/// The characters of an array that has to end in a NUL byte, as a literal does.
consteval std::string_view checked_text(char const* text, std::size_t size) {
  if (text[size - 1] != '\0') {
    sql_does_not_end_in_a_nul_byte();
  }
  return {text, size - 1};
}

}  // namespace pqscope::detail

#endif
