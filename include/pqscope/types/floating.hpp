#ifndef PQSCOPE_TYPES_FLOATING_HPP
#define PQSCOPE_TYPES_FLOATING_HPP

#include <pqscope/types/codec.hpp>
#include <pqscope/types/malformed.hpp>

#include <bit>
#include <charconv>
#include <cstdint>
#include <limits>
#include <string_view>
#include <system_error>

namespace pqscope {

static_assert(std::numeric_limits<float>::is_iec559 && std::numeric_limits<double>::is_iec559,
              "PostgreSQL sends IEEE 754 numbers");

namespace detail {

template <class T>
T parse_floating(std::string_view text, std::string_view name) {
  // from_chars takes more words than the server writes, such as "nan(x)" and "inf".
  if (text == "NaN") {
    return std::numeric_limits<T>::quiet_NaN();
  }
  if (text == "Infinity" || text == "-Infinity") {
    T const infinity = std::numeric_limits<T>::infinity();
    return text.front() == '-' ? -infinity : infinity;
  }
  T value{};
  char const* const end = text.data() + text.size();
  auto const [stop, fault] = std::from_chars(text.data(), end, value);
  if (fault == std::errc::result_out_of_range) {
    throw_out_of_range(name);
  }
  char const last = text.empty() ? 'x' : text.back();
  if (fault != std::errc{} || stop != end || !((last >= '0' && last <= '9') || last == '.')) {
    throw_malformed(name);
  }
  return value;
}

}  // namespace detail

/// `float` is `real`, bit for bit, with NaN, infinities and negative zero. Nothing else is read
/// as one: a `double precision` or an `integer` might not fit exactly.
template <>
struct codec<float> {
  static constexpr oid_t type = oid::float4;              ///< `real`
  static constexpr oid_t array_type = oid::float4_array;  ///< `real[]`
  static constexpr oid_t parameter_type = type;           ///< declared
  static constexpr bool text_parameter = false;           ///< binary
  static constexpr std::string_view name = "real";        ///< in messages

  /// Only `real`.
  static constexpr bool accepts(oid_t column) noexcept { return column == oid::float4; }

  /// Four bytes.
  static void encode(float value, encoder& out) { out.put_int32(wire_integer(value)); }

  /// Its bits.
  static std::int32_t wire_integer(float value) { return std::bit_cast<std::int32_t>(value); }

  /// Reads four bytes.
  static float decode(wire_value value) {
    detail::require_size(value, 4, name);
    return std::bit_cast<float>(read_int32(value.data));
  }

  /// Reads a decimal number, `NaN`, `Infinity` or `-Infinity`.
  static float parse(std::string_view text) { return detail::parse_floating<float>(text, name); }
};

/// `double` is `double precision`, bit for bit. Reads also `real`, `integer` and `smallint`, all
/// of whose values it holds exactly.
template <>
struct codec<double> {
  static constexpr oid_t type = oid::float8;                    ///< `double precision`
  static constexpr oid_t array_type = oid::float8_array;        ///< `double precision[]`
  static constexpr oid_t parameter_type = type;                 ///< declared
  static constexpr bool text_parameter = false;                 ///< binary
  static constexpr std::string_view name = "double precision";  ///< in messages

  /// `double precision`, `real`, `integer`, `smallint`.
  static constexpr bool accepts(oid_t column) noexcept {
    return column == oid::float8 || column == oid::float4 || column == oid::int4 ||
           column == oid::int2;
  }

  /// Eight bytes.
  static void encode(double value, encoder& out) { out.put_int64(wire_integer(value)); }

  /// Its bits.
  static std::int64_t wire_integer(double value) { return std::bit_cast<std::int64_t>(value); }

  /// Reads the bytes of any of the accepted types.
  static double decode(wire_value value) {
    if (value.type == oid::float8) [[likely]] {
      detail::require_size(value, 8, name);
      return std::bit_cast<double>(read_int64(value.data));
    }
    switch (value.type) {
      case oid::float4:
        detail::require_size(value, 4, name);
        return static_cast<double>(std::bit_cast<float>(read_int32(value.data)));
      case oid::int4:
        detail::require_size(value, 4, name);
        return static_cast<double>(read_int32(value.data));
      case oid::int2:
        detail::require_size(value, 2, name);
        return static_cast<double>(read_int16(value.data));
      default:
        throw_malformed(name);
    }
  }

  /// Reads a decimal number, `NaN`, `Infinity` or `-Infinity`.
  static double parse(std::string_view text) { return detail::parse_floating<double>(text, name); }

  /// As above; a `real` gives the same `double` as in binary, which is the nearest `float`.
  static double parse(std::string_view text, oid_t column) {
    return column == oid::float4 ? static_cast<double>(codec<float>::parse(text)) : parse(text);
  }
};

}  // namespace pqscope

#endif
