#ifndef PQSCOPE_TYPES_NUMERIC_HPP
#define PQSCOPE_TYPES_NUMERIC_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/malformed.hpp>
#include <pqscope/types/numeric_integer.hpp>
#include <pqscope/types/numeric_parts.hpp>
#include <pqscope/types/numeric_text.hpp>
#include <pqscope/types/numeric_wire.hpp>

#include <charconv>
#include <compare>
#include <concepts>
#include <cstddef>
#include <iosfwd>
#include <limits>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace pqscope {

/// An exact decimal number, PostgreSQL's `numeric`: up to 131072 digits before the point and 16383
/// after it, NaN, and (PostgreSQL 14) Infinity and -Infinity.
///
/// Keeps how many digits are printed after the point: `1.50` stays `1.50`. Comparisons and hashes
/// are of values: `1.5` equals `1.50`. The order is PostgreSQL's: -Infinity, finite values,
/// Infinity, NaN; NaN equals itself. There is no negative zero.
///
/// Holds, compares and converts; does not calculate: leave that to the server or to a decimal
/// library, by way of the text. Up to 16 digits to the base 10000, which are 61 decimal digits
/// wherever the point is, need no allocation. A moved-from number may only be assigned to or
/// destroyed.
class numeric {
 public:
  /// 0.
  numeric() noexcept = default;

  /// Exactly `value`, no digits after the point.
  template <detail::whole_number T>
  numeric(T value) : parts_(detail::numeric_from_integer(value)) {}

  /// No `double` becomes a decimal number unasked: see `from_double`.
  template <std::floating_point T>
  numeric(T) = delete;

  /// No number.
  numeric(std::nullptr_t) = delete;

  /// As `from_string`.
  explicit numeric(std::string_view text,
                   std::source_location where = std::source_location::current()) {
    switch (detail::parse_numeric(text, parts_)) {
      case detail::numeric_fault::syntax:
        throw usage_error("the text is not a numeric", where);
      case detail::numeric_fault::range:
        throw usage_error(
            "the text has more digits before or after its point than a numeric can have", where);
      default:
        break;
    }
  }

  /// Reads a number as PostgreSQL does: a sign or none, digits with at most one point among them
  /// and maybe an exponent (`-1.5e3`), or `NaN`, `Infinity`, `inf` in any case; spaces allowed
  /// around it. Neither underscores nor hexadecimal digits, which are PostgreSQL 16's.
  /// \throws usage_error if `text` is no such number or has more digits than PostgreSQL takes
  static numeric from_string(std::string_view text,
                             std::source_location where = std::source_location::current()) {
    return numeric(text, where);
  }

  /// As `from_string`; nothing where that throws.
  static std::optional<numeric> try_from_string(std::string_view text) {
    numeric parsed;
    if (detail::parse_numeric(text, parsed.parts_) != detail::numeric_fault::none) {
      return std::nullopt;
    }
    return parsed;
  }

  /// The number with the fewest digits that reads back as `value`: 0.1 for 0.1, which is not the
  /// value's own, longer decimal expansion. NaN and infinities are kept, the sign of zero is not.
  static numeric from_double(double value) { return from_floating(value); }

  /// As `from_double`, with the fewest digits that read back as this `float`.
  static numeric from_float(float value) { return from_floating(value); }

  /// Not a number.
  static numeric nan() noexcept { return special(detail::numeric_kind::nan); }
  /// Above every finite number.
  static numeric infinity() noexcept { return special(detail::numeric_kind::infinity); }
  /// Below every finite number.
  static numeric negative_infinity() noexcept {
    return special(detail::numeric_kind::negative_infinity);
  }

  /// Whether it is NaN.
  bool is_nan() const noexcept { return parts_.kind == detail::numeric_kind::nan; }
  /// Whether it is Infinity or -Infinity.
  bool is_infinite() const noexcept { return !is_finite() && !is_nan(); }
  /// Whether it is neither NaN nor infinite.
  bool is_finite() const noexcept { return parts_.finite(); }
  /// Whether it is 0.
  bool is_zero() const noexcept { return is_finite() && parts_.digits.empty(); }
  /// Whether it is below 0; NaN is not.
  bool is_negative() const noexcept {
    return parts_.kind == detail::numeric_kind::negative ||
           parts_.kind == detail::numeric_kind::negative_infinity;
  }
  /// How many digits are printed after the point, as PostgreSQL's `scale`; 0 if not finite.
  int scale() const noexcept { return parts_.scale; }

  /// The text as PostgreSQL prints it: no exponent, `scale()` digits after the point, `NaN`,
  /// `Infinity`, `-Infinity`. Round-trips through `from_string`.
  std::string to_string() const { return detail::numeric_text(parts_); }

  /// The number as an integer type other than `bool` and characters.
  /// \throws usage_error if it is out of that type's range, has a fraction other than 0 or is not
  ///                     finite
  template <detail::whole_number T>
  T as(std::source_location where = std::source_location::current()) const {
    T value{};
    switch (detail::numeric_to_integer(parts_, value)) {
      case detail::integer_fault::not_finite:
        throw usage_error("a numeric that is NaN or infinite is no integer", where);
      case detail::integer_fault::fraction:
        throw usage_error("a numeric with a fraction is no integer", where);
      case detail::integer_fault::range:
        throw usage_error("a numeric is out of the range of the integer type it is asked for as",
                          where);
      default:
        return value;
    }
  }

  /// As `as`; nothing where that throws.
  template <detail::whole_number T>
  std::optional<T> try_as() const noexcept {
    T value{};
    bool const fits = detail::numeric_to_integer(parts_, value) == detail::integer_fault::none;
    return fits ? std::optional<T>(value) : std::nullopt;
  }

  /// The `double` nearest to the number, which most decimal fractions are not exactly: infinite
  /// beyond the largest `double`, zero where that is nearer than the smallest one.
  double to_double() const {
    switch (parts_.kind) {
      case detail::numeric_kind::nan:
        return std::numeric_limits<double>::quiet_NaN();
      case detail::numeric_kind::infinity:
        return std::numeric_limits<double>::infinity();
      case detail::numeric_kind::negative_infinity:
        return -std::numeric_limits<double>::infinity();
      default:
        break;
    }
    std::string const text = to_string();
    double nearest = 0;
    auto const [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), nearest);
    if (fault != std::errc{}) {
      nearest = parts_.weight > 0 ? std::numeric_limits<double>::infinity() : 0.0;
      return is_negative() ? -nearest : nearest;
    }
    return nearest;
  }

  /// Whether the values are equal, whatever their scales.
  friend bool operator==(numeric const& a, numeric const& b) noexcept {
    return std::is_eq(detail::compare_numerics(a.parts_, b.parts_));
  }

  /// Orders values as PostgreSQL does, NaN above all. Weak: `1.5` and `1.50` are equivalent.
  friend std::weak_ordering operator<=>(numeric const& a, numeric const& b) noexcept {
    return detail::compare_numerics(a.parts_, b.parts_);
  }

  /// Prints `to_string()`. Needs `<ostream>`.
  template <class Traits>
  friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out,
                                                      numeric const& value) {
    return out << value.to_string();
  }

 private:
  friend struct codec<numeric>;
  friend struct std::hash<numeric>;

  explicit numeric(detail::numeric_parts&& parts) noexcept : parts_(std::move(parts)) {}

  static numeric special(detail::numeric_kind kind) noexcept {
    numeric value;
    value.parts_.kind = kind;
    return value;
  }

  template <std::floating_point T>
  static numeric from_floating(T value) {
    char text[64];
    auto const [end, fault] =
        std::to_chars(text, text + sizeof(text), value, std::chars_format::scientific);
    // "-nan" is what a NaN with its sign set prints
    return value == value ? numeric(std::string_view(text, static_cast<std::size_t>(end - text)))
                          : nan();
  }

  detail::numeric_parts parts_;
};

/// `pqscope::numeric` is `numeric`, digit for digit. Reads `bigint`, `integer` and `smallint` too.
/// An infinity sent to a server before PostgreSQL 14 is that server's error.
template <>
struct codec<numeric> {
  static constexpr oid_t type = oid::numeric;              ///< `numeric`
  static constexpr oid_t array_type = oid::numeric_array;  ///< `numeric[]`
  static constexpr oid_t parameter_type = type;            ///< declared
  static constexpr bool text_parameter = false;            ///< binary
  static constexpr std::string_view name = "numeric";      ///< in messages

  /// `numeric`, `bigint`, `integer`, `smallint`.
  static constexpr bool accepts(oid_t column) noexcept {
    return column == oid::numeric || column == oid::int8 || column == oid::int4 ||
           column == oid::int2;
  }

  /// The digits to the base 10000.
  static void encode(numeric const& value, encoder& out) {
    detail::encode_numeric(value.parts_, out);
  }

  /// Reads the bytes of any of the accepted types.
  static numeric decode(wire_value value) {
    switch (value.type) {
      case oid::int8:
        detail::require_size(value, 8, name);
        return read_int64(value.data);
      case oid::int4:
        detail::require_size(value, 4, name);
        return read_int32(value.data);
      case oid::int2:
        detail::require_size(value, 2, name);
        return read_int16(value.data);
      default:
        return numeric(detail::decode_numeric(value));
    }
  }

  /// Reads what `numeric::from_string` does.
  static numeric parse(std::string_view text) {
    detail::numeric_parts parsed;
    if (detail::parse_numeric(text, parsed) != detail::numeric_fault::none) {
      throw_malformed(name);
    }
    return numeric(std::move(parsed));
  }
};

}  // namespace pqscope

/// Equal for equal values, whatever their scales.
template <>
struct std::hash<pqscope::numeric> {
  /// The hash of `value`, its scale left out.
  std::size_t operator()(pqscope::numeric const& value) const noexcept {
    return pqscope::detail::hash_numeric(value.parts_);
  }
};

#endif
