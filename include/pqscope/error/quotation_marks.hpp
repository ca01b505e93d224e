#ifndef PQSCOPE_ERROR_QUOTATION_MARKS_HPP
#define PQSCOPE_ERROR_QUOTATION_MARKS_HPP

#include <array>
#include <string_view>

namespace pqscope::detail {

/// Marks that open or close a quotation, in any language the server speaks. Which of the two a mark
/// does depends on the language.
inline constexpr std::array<std::string_view, 25> quotation_marks{
    "\"", "'",  "`",  "«",  "»",  "“",  "”",       "„",       "‘",  "’",       "‚",       "‹", "›",
    "「", "」", "『", "』", "《", "》", "«\u00A0", "«\u202F", "« ", "\u00A0»", "\u202F»", " »"};

/// Whether `text` ends with a quotation mark.
inline bool ends_with_quote(std::string_view text) noexcept {
  for (std::string_view const mark : quotation_marks) {
    if (text.ends_with(mark)) {
      return true;
    }
  }
  return false;
}

/// Whether `text` starts with a quotation mark.
inline bool starts_with_quote(std::string_view text) noexcept {
  for (std::string_view const mark : quotation_marks) {
    if (text.starts_with(mark)) {
      return true;
    }
  }
  return false;
}

}  // namespace pqscope::detail

#endif
