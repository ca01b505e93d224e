#ifndef PQSCOPE_TYPES_SPARSEVEC_HPP
#define PQSCOPE_TYPES_SPARSEVEC_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/malformed.hpp>
#include <pqscope/types/user_type.hpp>
#include <pqscope/types/vector_numbers.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace pqscope {

/// The extension pgvector's `sparsevec`: a vector of which only the numbers other than zero are
/// held, at most 16000 of them in 1 to 1000000000 dimensions.
struct sparsevec {
  /// A dimension, counted from 0, and its number.
  struct element {
    std::int32_t index;  ///< from 0; the text form counts from 1
    float value;         ///< finite and not zero

    /// Whether both are equal.
    friend bool operator==(element const&, element const&) = default;
  };

  std::int32_t dimensions = 0;    ///< how many numbers there would be with the zeros
  std::vector<element> elements;  ///< by ascending index, none twice

  /// Whether dimensions and elements are equal.
  friend bool operator==(sparsevec const&, sparsevec const&) = default;
};

namespace detail {

/// Source: pgvector's `SPARSEVEC_MAX_DIM`.
inline constexpr std::int32_t max_sparsevec_dimensions = 1'000'000'000;

/// Whether a `sparsevec` is one that the server can hold.
inline bool is_sparsevec(sparsevec const& value) noexcept {
  if (value.dimensions < 1 || value.dimensions > max_sparsevec_dimensions ||
      value.elements.size() > max_vector_size) {
    return false;
  }
  std::int32_t after = -1;
  for (auto const& [index, number] : value.elements) {
    if (index <= after || index >= value.dimensions || number == 0 ||
        !is_vector_number(number, end_of_floats)) {
      return false;
    }
    after = index;
  }
  return true;
}

/// Takes a whole number and the mark behind it off the front of `text`; no mark means its end.
inline std::int32_t take_sparsevec_integer(std::string_view& text, std::string_view mark) {
  std::int32_t number = 0;
  auto const [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc{} || number < 1) {
    throw_malformed("sparsevec");
  }
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  if (mark.empty() ? !text.empty() : !text.starts_with(mark)) {
    throw_malformed("sparsevec");
  }
  text.remove_prefix(mark.size());
  return number;
}

/// How one travels. A template so that only programs that use sparsevec compile it.
template <class Sparsevec>
struct sparsevec_codec {
  /// Appends `{index:number,…}/dimensions`.
  static void encode(Sparsevec const& value, encoder& out) {
    if (!is_sparsevec(value)) {
      throw usage_error(
          "a sparsevec has a dimension that is out of range or order, or a number that is zero or "
          "not finite");
    }
    char next = '{';
    for (auto const& [index, number] : value.elements) {
      out.put_byte(static_cast<unsigned char>(next));
      put_integer(index + 1, out);
      out.put_byte(':');
      put_vector_number(number, end_of_floats, out);
      next = ',';
    }
    out.append(std::string_view(value.elements.empty() ? "{}/" : "}/"));
    put_integer(value.dimensions, out);
  }

  /// Reads number of dimensions, number of elements and an unused 0, then all indexes, then all
  /// numbers. Source: pgvector's `sparsevec_send`.
  static Sparsevec decode(wire_value value) {
    std::size_t const count = value.size < 12 ? 0 : (value.size - 12) / 8;
    if (value.size != 12 + count * 8 || count > max_vector_size ||
        read_int32(value.data + 4) != static_cast<std::int32_t>(count) ||
        read_int32(value.data + 8) != 0) {
      throw_malformed(codec<Sparsevec>::name);
    }
    Sparsevec decoded;
    decoded.dimensions = read_int32(value.data);
    decoded.elements.reserve(count);
    char const* at = value.data + 12;
    for (std::size_t i = 0; i < count; ++i, at += 4) {
      decoded.elements.push_back({read_int32(at), read_float(at + count * 4)});
    }
    return checked(std::move(decoded));
  }

  /// Reads what the server prints.
  static Sparsevec parse(std::string_view text) {
    if (!text.starts_with('{')) {
      throw_malformed(codec<Sparsevec>::name);
    }
    text.remove_prefix(1);
    Sparsevec parsed;
    if (!text.starts_with('}')) {
      for (bool more = true; more;) {
        std::int32_t const index = take_sparsevec_integer(text, ":") - 1;
        std::size_t const end = text.find_first_of(",}");
        if (end == std::string_view::npos) {
          throw_malformed(codec<Sparsevec>::name);
        }
        parsed.elements.push_back(
            {index, parse_vector_number(text.substr(0, end), codec<Sparsevec>::name)});
        more = text[end] == ',';
        text.remove_prefix(more ? end + 1 : end);
      }
    }
    if (!text.starts_with("}/")) {
      throw_malformed(codec<Sparsevec>::name);
    }
    text.remove_prefix(2);
    parsed.dimensions = take_sparsevec_integer(text, "");
    return checked(std::move(parsed));
  }

 private:
  static Sparsevec checked(Sparsevec value) {
    if (!is_sparsevec(value)) {
      throw_malformed(codec<Sparsevec>::name);
    }
    return value;
  }

  static void put_integer(std::int32_t number, encoder& out) {
    char digits[12];
    auto const stop = std::to_chars(digits, digits + sizeof digits, number).ptr;
    out.append(std::string_view(digits, static_cast<std::size_t>(stop - digits)));
  }
};

}  // namespace detail

/// `pqscope::sparsevec` is pgvector's `sparsevec`.
///
/// Its OID differs from database to database: columns of any type made by users are taken, and
/// bytes that are no sparsevec are a `decode_error`. As a parameter it travels as text of no
/// declared type; a dimension out of range or order, and a number that is zero or not finite, is a
/// `usage_error`.
template <>
struct codec<sparsevec> : detail::sparsevec_codec<sparsevec> {
  static constexpr oid_t type = oid::none;               ///< known only to the database
  static constexpr oid_t array_type = oid::none;         ///< known only to the database
  static constexpr oid_t parameter_type = oid::none;     ///< inferred
  static constexpr bool text_parameter = true;           ///< text
  static constexpr std::string_view name = "sparsevec";  ///< in messages

  /// Any type made by users or extensions that nothing is known of.
  static constexpr bool accepts(oid_t column) noexcept { return column >= oid::first_user; }

  /// The type of the extension.
  static bool accepts(user_type const& known, type_table const&, std::string*) noexcept {
    return detail::sends_as(known, name);
  }
};

}  // namespace pqscope

#endif
