#ifndef PQSCOPE_TYPES_LSN_HPP
#define PQSCOPE_TYPES_LSN_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/hex.hpp>
#include <pqscope/types/malformed.hpp>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>

namespace pqscope {

/// A place in the write-ahead log (log sequence number): a number of bytes from its beginning.
struct lsn {
  std::uint64_t value = 0;  ///< 0 is no place: no record begins there

  /// Reads what PostgreSQL writes, `16/B374D848`: two hexadecimal numbers of up to eight digits, of
  /// either case; nothing if `text` is none.
  static constexpr std::optional<lsn> try_parse(std::string_view text) noexcept {
    std::uint64_t halves[2] = {0, 0};
    int digits[2] = {0, 0};
    std::size_t half = 0;
    for (char const c : text) {
      int const digit = detail::hex_digit(c);
      if (c == '/' && half == 0) {
        half = 1;
      } else if (digit < 0 || ++digits[half] > 8) {
        return std::nullopt;
      } else {
        halves[half] = halves[half] << 4U | static_cast<unsigned>(digit);
      }
    }
    bool const whole = digits[0] > 0 && digits[1] > 0;
    return whole ? std::optional(lsn{halves[0] << 32U | halves[1]}) : std::nullopt;
  }

  /// As `try_parse`; throws `usage_error` if `text` is none.
  static constexpr lsn parse(std::string_view text,
                             std::source_location where = std::source_location::current()) {
    auto const parsed = try_parse(text);
    return parsed ? *parsed : throw usage_error("the text is not an LSN", where);
  }

  /// As PostgreSQL writes it: upper case, without leading zeros. Round-trips through `parse`.
  std::string to_string() const {
    std::string text;
    for (unsigned shift = 64; shift > 0;) {
      shift -= 4;
      unsigned const digit = value >> shift & 0xFU;
      if (digit != 0 || shift % 32 == 0 || (!text.empty() && text.back() != '/')) {
        text += "0123456789ABCDEF"[digit];
      }
      text += shift == 32 ? "/" : "";
    }
    return text;
  }

  /// Whether it is no place.
  constexpr bool is_none() const noexcept { return value == 0; }

  /// Orders by place.
  friend constexpr auto operator<=>(lsn const&, lsn const&) = default;

  /// How many bytes lie between two places; negative where `a` is the earlier one.
  friend constexpr std::int64_t operator-(lsn a, lsn b) noexcept {
    return static_cast<std::int64_t>(a.value - b.value);
  }
  /// The place that lies `bytes` further on.
  friend constexpr lsn operator+(lsn a, std::int64_t bytes) noexcept {
    return lsn{a.value + static_cast<std::uint64_t>(bytes)};
  }

  /// Prints `to_string()`. Needs `<ostream>`.
  template <class Traits>
  friend auto& operator<<(std::basic_ostream<char, Traits>& out, lsn at) {
    return out << at.to_string();
  }
};

/// `pqscope::lsn` is `pg_lsn`. Texts are not read as one; cast in the SQL text.
template <>
struct codec<lsn> {
  static constexpr oid_t type = oid::pg_lsn;              ///< `pg_lsn`
  static constexpr oid_t array_type = oid::pg_lsn_array;  ///< `pg_lsn[]`
  static constexpr oid_t parameter_type = type;           ///< declared
  static constexpr bool text_parameter = false;           ///< binary
  static constexpr std::string_view name = "pg_lsn";      ///< in messages

  /// Only `pg_lsn`.
  static constexpr bool accepts(oid_t column) noexcept { return column == oid::pg_lsn; }

  /// Eight bytes.
  static void encode(lsn const& at, encoder& out) { out.put_int64(wire_integer(at)); }

  /// The number.
  static std::int64_t wire_integer(lsn const& at) noexcept {
    return static_cast<std::int64_t>(at.value);
  }

  /// Reads eight bytes.
  static lsn decode(wire_value value) {
    detail::require_size(value, 8, name);
    return lsn{static_cast<std::uint64_t>(read_int64(value.data))};
  }

  /// Reads what PostgreSQL writes.
  static lsn parse(std::string_view text) {
    auto const parsed = lsn::try_parse(text);
    if (!parsed) {
      throw_malformed(name);
    }
    return *parsed;
  }
};

}  // namespace pqscope

/// Hashes the number.
template <>
struct std::hash<pqscope::lsn> {
  /// The hash of `at`.
  std::size_t operator()(pqscope::lsn const& at) const noexcept {
    return std::hash<std::uint64_t>{}(at.value);
  }
};

#endif
