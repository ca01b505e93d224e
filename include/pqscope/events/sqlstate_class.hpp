#ifndef PQSCOPE_EVENTS_SQLSTATE_CLASS_HPP
#define PQSCOPE_EVENTS_SQLSTATE_CLASS_HPP

#include <array>
#include <cstddef>
#include <string_view>

namespace pqscope::detail {

/// The SQLSTATE classes that PostgreSQL has errors in, in order; the last stands for all others.
/// Source: PostgreSQL, "PostgreSQL Error Codes".
inline constexpr std::array<std::string_view, 42> sqlstate_classes{
    "03", "08", "09", "0A", "0B", "0F", "0L", "0P", "0Z", "10", "20", "21", "22", "23",
    "24", "25", "26", "27", "28", "2B", "2D", "2F", "34", "38", "39", "3B", "3D", "3F",
    "40", "42", "44", "53", "54", "55", "57", "58", "72", "F0", "HV", "P0", "XX", "other",
};

/// Index in `sqlstate_classes` of the class that a code is of.
constexpr std::size_t sqlstate_class_of(std::string_view code) noexcept {
  std::size_t const other = sqlstate_classes.size() - 1;
  for (std::size_t i = 0; i < other; ++i) {
    if (code.substr(0, 2) == sqlstate_classes[i]) {
      return i;
    }
  }
  return other;
}

}  // namespace pqscope::detail

#endif
