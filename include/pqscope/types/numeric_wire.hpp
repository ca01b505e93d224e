#ifndef PQSCOPE_TYPES_NUMERIC_WIRE_HPP
#define PQSCOPE_TYPES_NUMERIC_WIRE_HPP

#include <pqscope/types/encoder.hpp>
#include <pqscope/types/malformed.hpp>
#include <pqscope/types/numeric_parts.hpp>
#include <pqscope/types/wire_value.hpp>

#include <cstddef>
#include <cstdint>

namespace pqscope::detail {

/// Appends the number of digits, the weight, the sign, the scale and the digits, two bytes each.
/// Source: PostgreSQL's `numeric_recv`.
inline void encode_numeric(numeric_parts const& value, encoder& out) {
  // All but the weight are unsigned: there can be 36864 digits.
  auto const put = [&out](std::size_t number) {
    out.put_int16(static_cast<std::int16_t>(static_cast<std::uint16_t>(number)));
  };
  put(value.digits.size());
  out.put_int16(static_cast<std::int16_t>(value.weight));
  put(static_cast<std::uint16_t>(value.kind));
  put(static_cast<std::size_t>(value.scale));
  for (std::size_t i = 0; i < value.digits.size(); ++i) {
    put(value.digits[i]);
  }
}

/// How many decimal places after the point the last digit, which is not 0, reaches.
constexpr std::int32_t numeric_places(std::int32_t power, unsigned last) noexcept {
  std::int32_t places = -4 * power;
  for (; last % 10 == 0; last /= 10) {
    --places;
  }
  return places;
}

/// Reads what `encode_numeric` writes; zeros before and after the other digits may be there.
///
/// Digits behind those that the scale says are shown are refused: the server never sends any, and
/// what it printed and what was compared would differ. Source: PostgreSQL's `numeric_send`.
inline numeric_parts decode_numeric(wire_value value) {
  constexpr std::size_t head = 8;
  auto const unsigned_at = [value](std::size_t offset) {
    return static_cast<std::uint16_t>(read_int16(value.data + offset));
  };
  if (value.size < head || value.size != head + 2 * std::size_t{unsigned_at(0)}) {
    throw_malformed("numeric");
  }
  std::size_t first = 0;
  std::size_t end = unsigned_at(0);
  auto const digit_at = [unsigned_at](std::size_t i) { return unsigned_at(head + 2 * i); };
  for (std::size_t i = 0; i < end; ++i) {
    if (digit_at(i) > 9999) {
      throw_malformed("numeric");
    }
  }
  numeric_parts parts;
  parts.kind = numeric_kind{unsigned_at(4)};
  switch (parts.kind) {
    case numeric_kind::nan:
    case numeric_kind::infinity:
    case numeric_kind::negative_infinity:
      if (end != 0) {
        throw_malformed("numeric");
      }
      return parts;  // the scale means nothing; infinities come with 32
    case numeric_kind::positive:
    case numeric_kind::negative:
      break;
    default:
      throw_malformed("numeric");
  }
  parts.scale = unsigned_at(6);
  if (parts.scale > max_numeric_scale) {
    throw_malformed("numeric");
  }
  while (first < end && digit_at(first) == 0) {
    ++first;
  }
  while (end > first && digit_at(end - 1) == 0) {
    --end;
  }
  if (first == end) {
    parts.kind = numeric_kind::positive;
    return parts;
  }
  std::int32_t const weight = read_int16(value.data + 2);
  if (numeric_places(weight + 1 - static_cast<std::int32_t>(end), digit_at(end - 1)) >
      parts.scale) {
    throw_malformed("numeric");
  }
  parts.weight = weight - static_cast<std::int32_t>(first);
  parts.digits = numeric_digits(end - first);
  std::uint16_t* const digits = parts.digits.data();
  for (std::size_t i = first; i < end; ++i) {
    digits[i - first] = digit_at(i);
  }
  return parts;
}

}  // namespace pqscope::detail

#endif
