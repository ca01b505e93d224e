#ifndef PQSCOPE_TYPES_WIRE_TEXT_HPP
#define PQSCOPE_TYPES_WIRE_TEXT_HPP

#include <pqscope/types/date.hpp>
#include <pqscope/types/encoder.hpp>
#include <pqscope/types/floating.hpp>
#include <pqscope/types/interval.hpp>
#include <pqscope/types/oid.hpp>
#include <pqscope/types/time_of_day.hpp>
#include <pqscope/types/timestamp.hpp>
#include <pqscope/types/uuid.hpp>
#include <pqscope/types/wire_value.hpp>

#include <bit>
#include <charconv>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace pqscope::detail {

/// Whether `put_wire_text` knows the type.
constexpr bool has_wire_text(oid_t type) noexcept {
  switch (type) {
    case oid::boolean:
    case oid::bytea:
    case oid::int2:
    case oid::int4:
    case oid::int8:
    case oid::float4:
    case oid::float8:
    case oid::date:
    case oid::time:
    case oid::timestamp:
    case oid::timestamptz:
    case oid::interval:
    case oid::uuid:
    case oid::jsonb:
      return true;
    default:
      return false;
  }
}

template <class Number>
void put_number_text(Number number, encoder& out) {
  if constexpr (std::is_floating_point_v<Number>) {
    if (number != number) {
      return out.append(std::string_view("NaN"));
    }
    if (number - number != 0) {
      return out.append(std::string_view(number < 0 ? "-Infinity" : "Infinity"));
    }
  }
  char digits[40];  // the shortest text of a double has at most 24 characters
  auto const end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(std::string_view(digits, static_cast<std::size_t>(end - digits)));
}

inline void put_hex_text(std::string_view bytes, encoder& out) {
  constexpr char const* digits = "0123456789abcdef";
  out.append(std::string_view("\\x"));
  for (char const c : bytes) {
    auto const byte = static_cast<unsigned char>(c);
    out.put_byte(static_cast<unsigned char>(digits[byte / 16U]));
    out.put_byte(static_cast<unsigned char>(digits[byte % 16U]));
  }
}

inline void put_date_text(std::int32_t days, encoder& out) {
  if (days == date_infinity || days == date_minus_infinity) {
    return out.append(std::string_view(days < 0 ? "-infinity" : "infinity"));
  }
  out.append(std::string_view(date_text(civil_from_days(days + server_epoch_days))));
}

inline void put_timestamp_text(std::int64_t value, std::string_view zone, encoder& out) {
  if (value == timestamp_infinity || value == timestamp_minus_infinity) {
    return out.append(std::string_view(value < 0 ? "-infinity" : "infinity"));
  }
  std::int64_t const days = floor_divide(value, microseconds_per_day);
  out.append(std::string_view(
      timestamp_text(days + server_epoch_days, value - days * microseconds_per_day, zone)));
}

/// Appends the text form of a value that one of our own codecs has just encoded in binary: what the
/// type's input function takes whatever the session's settings are.
///
/// Only for types that `has_wire_text` says yes to.
inline void put_wire_text(wire_value value, encoder& out) {
  switch (value.type) {
    case oid::boolean:
      return out.put_byte(*value.data != 0 ? 't' : 'f');
    case oid::bytea:
      return put_hex_text(value.text(), out);
    case oid::int2:
      return put_number_text(read_int16(value.data), out);
    case oid::int4:
      return put_number_text(read_int32(value.data), out);
    case oid::int8:
      return put_number_text(read_int64(value.data), out);
    case oid::float4:
      return put_number_text(std::bit_cast<float>(read_int32(value.data)), out);
    case oid::float8:
      return put_number_text(std::bit_cast<double>(read_int64(value.data)), out);
    case oid::date:
      return put_date_text(read_int32(value.data), out);
    case oid::time:
      return out.append(std::string_view(to_string(codec<time_of_day>::decode(value))));
    case oid::timestamp:
      return put_timestamp_text(read_int64(value.data), "", out);
    case oid::timestamptz:
      return put_timestamp_text(read_int64(value.data), "+00", out);
    case oid::interval:
      return out.append(std::string_view(to_string(codec<interval>::decode(value))));
    case oid::uuid:
      return out.append(std::string_view(codec<uuid>::decode(value).to_string()));
    case oid::jsonb:
      return out.append(value.text().substr(1));  // behind the version number
    default:
      return;
  }
}

}  // namespace pqscope::detail

#endif
