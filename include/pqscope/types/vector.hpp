#ifndef PQSCOPE_TYPES_VECTOR_HPP
#define PQSCOPE_TYPES_VECTOR_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/malformed.hpp>
#include <pqscope/types/user_type.hpp>
#include <pqscope/types/vector_numbers.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace pqscope {

/// The extension pgvector's `vector`: 1 to 16000 finite numbers.
///
/// A type of its own, because `std::vector<float>` is `real[]`.
struct vector {
  std::vector<float> values;  ///< one number per dimension

  /// Whether all numbers are equal.
  friend bool operator==(vector const&, vector const&) = default;
};

/// The extension pgvector's `halfvec`: 1 to 16000 finite numbers of half precision.
///
/// They are held as `float`, which represents each of them exactly. On its way to the server a
/// number is rounded to the nearest of half precision: of 11 significant bits, at most 65504.
struct halfvec {
  std::vector<float> values;  ///< one number per dimension

  /// Whether all numbers are equal.
  friend bool operator==(halfvec const&, halfvec const&) = default;
};

namespace detail {

/// What dense vectors have in common. Source: pgvector's `vector_send` and `halfvec_send`: number
/// of dimensions and an unused 0, 16 bits each, then the numbers.
template <class Vector, bool Half>
struct dense_vector_codec {
  static constexpr oid_t type = oid::none;
  static constexpr oid_t array_type = oid::none;
  static constexpr oid_t parameter_type = oid::none;
  static constexpr bool text_parameter = true;
  static constexpr std::string_view name = Half ? "halfvec" : "vector";

  static constexpr bool accepts(oid_t column) noexcept { return column >= oid::first_user; }
  static bool accepts(user_type const& known, type_table const&, std::string*) noexcept {
    return sends_as(known, name);
  }

  static void encode(Vector const& value, encoder& out) {
    if (value.values.empty() || value.values.size() > max_vector_size) {
      throw usage_error("a vector has 1 to 16000 dimensions");
    }
    char next = '[';
    for (float const number : value.values) {
      out.put_byte(static_cast<unsigned char>(next));
      put_vector_number(number, Half ? end_of_halves : end_of_floats, out);
      next = ',';
    }
    out.put_byte(']');
  }

  static Vector decode(wire_value value) {
    constexpr std::size_t width = Half ? 2 : 4;
    std::size_t const count = value.size < 4 ? 0 : (value.size - 4) / width;
    if (count == 0 || count > max_vector_size || value.size != 4 + count * width ||
        read_int16(value.data) != static_cast<std::int16_t>(count) ||
        read_int16(value.data + 2) != 0) {
      throw_malformed(name);
    }
    Vector decoded;
    decoded.values.reserve(count);
    for (char const* at = value.data + 4; at != value.data + value.size; at += width) {
      decoded.values.push_back(checked_vector_number(Half ? read_half(at) : read_float(at), name));
    }
    return decoded;
  }

  static Vector parse(std::string_view text) {
    if (text.size() < 2 || text.front() != '[' || text.back() != ']') {
      throw_malformed(name);
    }
    text = text.substr(1, text.size() - 2);
    Vector parsed;
    for (bool more = true; more;) {
      std::size_t const comma = text.find(',');
      parsed.values.push_back(
          parse_vector_number(text.substr(0, comma), name, Half ? end_of_halves : end_of_floats));
      more = comma != std::string_view::npos;
      text.remove_prefix(more ? comma + 1 : text.size());
    }
    if (parsed.values.size() > max_vector_size) {
      throw_malformed(name);
    }
    return parsed;
  }
};

}  // namespace detail

/// `pqscope::vector` is pgvector's `vector`.
///
/// Its OID differs from database to database: columns of any type made by users are taken, and
/// bytes that are no vector are a `decode_error`. As a parameter it travels as text of no declared
/// type; one without dimensions, with more than 16000 or with a number that is not finite is a
/// `usage_error`.
template <>
struct codec<vector> : detail::dense_vector_codec<vector, false> {};

/// `pqscope::halfvec` is pgvector's `halfvec`, read and sent as `vector` is; a number that half
/// precision cannot hold is a `usage_error`.
template <>
struct codec<halfvec> : detail::dense_vector_codec<halfvec, true> {};

}  // namespace pqscope

#endif
