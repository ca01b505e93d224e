#ifndef PQSCOPE_TYPES_NUMERIC_INTEGER_HPP
#define PQSCOPE_TYPES_NUMERIC_INTEGER_HPP

#include <pqscope/types/numeric_parts.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace pqscope::detail {

template <class T, class... Others>
concept none_of = !(std::same_as<T, Others> || ...);

/// Integers that are numbers: neither `bool` nor characters.
template <class T>
concept whole_number =
    std::integral<T> &&
    none_of<std::remove_cv_t<T>, bool, char, wchar_t, char8_t, char16_t, char32_t>;

/// The unsigned integer, of 64 bits at least, that holds the distance of any `T` from zero.
template <whole_number T>
using magnitude_t = typename std::conditional_t<sizeof(T) <= 8, std::type_identity<std::uint64_t>,
                                                std::make_unsigned<T>>::type;

template <whole_number T>
numeric_parts numeric_from_integer(T value) {
  using magnitude = magnitude_t<T>;
  numeric_parts parts;
  auto left = static_cast<magnitude>(value);
  if (value < T{}) {
    parts.kind = numeric_kind::negative;
    left = magnitude{} - left;
  }
  std::size_t zeros = 0;
  while (left != 0 && left % 10000 == 0) {
    left /= 10000;
    ++zeros;
  }
  std::size_t count = 0;
  for (auto rest = left; rest != 0; rest /= 10000) {
    ++count;
  }
  parts.digits = numeric_digits(count);
  parts.weight = count == 0 ? 0 : static_cast<std::int32_t>(zeros + count - 1);
  for (std::size_t i = count; i > 0; --i) {
    parts.digits[i - 1] = static_cast<std::uint16_t>(left % 10000);
    left /= 10000;
  }
  return parts;
}

/// Why a numeric is not an integer of some type.
enum class integer_fault {
  none,
  not_finite,
  fraction,
  range,
};

template <whole_number T>
integer_fault numeric_to_integer(numeric_parts const& parts, T& value) noexcept {
  using magnitude = magnitude_t<T>;
  if (!parts.finite()) {
    return integer_fault::not_finite;
  }
  auto const size = static_cast<std::int64_t>(parts.digits.size());
  if (size > static_cast<std::int64_t>(parts.weight) + 1) {  // the last digit is not 0
    return integer_fault::fraction;
  }
  bool const negative = parts.kind == numeric_kind::negative;
  auto limit = static_cast<magnitude>(std::numeric_limits<T>::max());
  if (negative) {
    limit = std::is_signed_v<T> ? limit + 1 : magnitude{};
  }
  magnitude sum{};
  for (std::int32_t power = size == 0 ? -1 : parts.weight; power >= 0; --power) {
    magnitude const digit = parts.digit(power);
    if (digit > limit || sum > (limit - digit) / 10000) {
      return integer_fault::range;
    }
    sum = sum * 10000 + digit;
  }
  value = static_cast<T>(negative ? magnitude{} - sum : sum);
  return integer_fault::none;
}

}  // namespace pqscope::detail

#endif
