#ifndef PQSCOPE_TYPES_INTEGER_HPP
#define PQSCOPE_TYPES_INTEGER_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/malformed.hpp>

#include <charconv>
#include <cstdint>
#include <limits>
#include <string_view>
#include <system_error>
#include <type_traits>

namespace pqscope {

namespace detail {

/// Bytes of an integer type on the wire; 0 for any other type.
constexpr std::size_t integer_width(oid_t type) noexcept {
  switch (type) {
    case oid::int2:
      return 2;
    case oid::int4:
    case oid::oid:
    case oid::xid:
      return 4;
    case oid::int8:
    case oid::xid8:
      return 8;
    default:
      return 0;
  }
}

constexpr bool is_unsigned_type(oid_t type) noexcept {
  return type == oid::oid || type == oid::xid || type == oid::xid8;
}

/// Converts, or throws `decode_error` where `To` cannot hold the value.
template <class To, class From>
constexpr To checked_integer(From value, std::string_view name) {
  auto const converted = static_cast<To>(value);
  if (static_cast<From>(converted) != value || (converted < To{}) != (value < From{})) {
    throw_out_of_range(name);
  }
  return converted;
}

/// The codec of the C++ integer type `T` over the PostgreSQL type that `Wire` is.
template <class T, class Wire>
struct integer_codec {
  static constexpr bool is_int2 = std::is_same_v<Wire, std::int16_t>;
  static constexpr bool is_int4 = std::is_same_v<Wire, std::int32_t>;

  static constexpr oid_t type = is_int2 ? oid::int2 : is_int4 ? oid::int4 : oid::int8;
  static constexpr oid_t array_type = is_int2   ? oid::int2_array
                                      : is_int4 ? oid::int4_array
                                                : oid::int8_array;
  static constexpr oid_t parameter_type = type;
  static constexpr bool text_parameter = false;
  static constexpr std::string_view name = is_int2 ? "smallint" : is_int4 ? "integer" : "bigint";

  static constexpr bool accepts(oid_t column) noexcept {
    std::size_t const width = integer_width(column);
    if (width == 0) {
      return false;
    }
    if (is_unsigned_type(column)) {
      return std::is_unsigned_v<T> ? width <= sizeof(T) : width < sizeof(T);
    }
    return width <= sizeof(Wire);
  }

  static void encode(T value, encoder& out) { out.put_integer(wire_integer(value)); }

  static Wire wire_integer(T value) {
    if constexpr (std::numeric_limits<T>::digits > std::numeric_limits<Wire>::digits) {
      if (value > static_cast<T>(std::numeric_limits<Wire>::max())) {
        throw usage_error("an unsigned integer is above the largest bigint, 9223372036854775807");
      }
    }
    return static_cast<Wire>(value);
  }

  static T decode(wire_value value) {
    if (value.type == type && value.size == sizeof(Wire)) [[likely]] {
      return checked_integer<T>(read_wire(value.data), name);
    }
    return decode_other(value);
  }

  static T parse(std::string_view text) {
    T value{};
    char const* const end = text.data() + text.size();
    auto const [stop, fault] = std::from_chars(text.data(), end, value);
    if (fault == std::errc::result_out_of_range ||
        (std::is_unsigned_v<T> && text.size() > 1 && text[0] == '-' && text[1] >= '0' &&
         text[1] <= '9')) {
      throw_out_of_range(name);
    }
    if (fault != std::errc{} || stop != end) {
      throw_malformed(name);
    }
    return value;
  }

 private:
  static Wire read_wire(char const* data) noexcept {
    if constexpr (is_int2) {
      return read_int16(data);
    } else if constexpr (is_int4) {
      return read_int32(data);
    } else {
      return read_int64(data);
    }
  }

  /// Reads a value of another integer type.
  [[gnu::noinline]] static T decode_other(wire_value value) {
    std::size_t const width = integer_width(value.type);
    if (value.size != width) {
      throw_malformed(name);
    }
    switch (width) {
      case 2:
        return checked_integer<T>(read_int16(value.data), name);
      case 4:
        return is_unsigned_type(value.type)
                   ? checked_integer<T>(static_cast<std::uint32_t>(read_int32(value.data)), name)
                   : checked_integer<T>(read_int32(value.data), name);
      case 8:
        return is_unsigned_type(value.type)
                   ? checked_integer<T>(static_cast<std::uint64_t>(read_int64(value.data)), name)
                   : checked_integer<T>(read_int64(value.data), name);
      default:
        throw_malformed(name);
    }
  }
};

}  // namespace detail

/// `signed char` (`std::int8_t`) is `smallint`, the value checked when read.
template <>
struct codec<signed char> : detail::integer_codec<signed char, std::int16_t> {};

/// `short` is `smallint`.
template <>
struct codec<short> : detail::integer_codec<short, std::int16_t> {};

/// `int` is `integer`; reads `smallint` too. A `bigint` is refused: it might not fit.
template <>
struct codec<int> : detail::integer_codec<int, std::int32_t> {};

/// `long` is `bigint`; reads the smaller integers, `oid` and `xid` too.
template <>
struct codec<long> : detail::integer_codec<long, std::int64_t> {};

/// `long long` is `bigint`; reads the smaller integers, `oid` and `xid` too.
template <>
struct codec<long long> : detail::integer_codec<long long, std::int64_t> {};

/// `unsigned char` (`std::uint8_t`) is `smallint`, the value checked when read.
template <>
struct codec<unsigned char> : detail::integer_codec<unsigned char, std::int16_t> {};

/// `unsigned short` is `integer`, the value checked when read.
template <>
struct codec<unsigned short> : detail::integer_codec<unsigned short, std::int32_t> {};

/// `unsigned int` is `bigint`; reads the smaller integers, `oid` and `xid` too. The value is
/// checked when read: negative or too large is a `decode_error`.
template <>
struct codec<unsigned int> : detail::integer_codec<unsigned int, std::int64_t> {};

/// `unsigned long` is `bigint`; a parameter above the largest one is a `usage_error`. Reads every
/// integer type, `oid`, `xid` and `xid8`, the value checked.
template <>
struct codec<unsigned long> : detail::integer_codec<unsigned long, std::int64_t> {};

/// `unsigned long long` is as `unsigned long`.
template <>
struct codec<unsigned long long> : detail::integer_codec<unsigned long long, std::int64_t> {};

}  // namespace pqscope

#endif
