#ifndef PQSCOPE_TYPES_ARRAY_HPP
#define PQSCOPE_TYPES_ARRAY_HPP

#include <pqscope/types/array_reader.hpp>
#include <pqscope/types/array_shape.hpp>
#include <pqscope/types/array_wire.hpp>
#include <pqscope/types/array_writer.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/decode_value.hpp>
#include <pqscope/types/optional.hpp>
#include <pqscope/types/user_type.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace pqscope {

namespace detail {

/// What `codec` does for every container that is an array.
template <class Container>
struct array_codec {
  using shape = array_shape<Container>;
  using leaf_type = typename shape::leaf_type;
  using leaf_codec = codec_for<non_null_t<leaf_type>>;

  static_assert(shape::depth <= max_array_depth, "PostgreSQL's arrays have at most 6 dimensions");
  static_assert(array_shape<non_null_t<leaf_type>>::depth == 0,
                "an array within an array cannot be NULL in PostgreSQL, only its elements can");

  // the server reads binary xml in the encoding that it declares, text in the client's
  static constexpr bool text_parameter =
      leaf_codec::array_type == oid::none || leaf_codec::type == oid::xml;
  static_assert(!text_parameter || leaf_codec::text_parameter,
                "parameters of this array need the OID of its type: codec<T>::array_type is 0");

  static constexpr oid_t type = leaf_codec::array_type;
  static constexpr oid_t array_type = type;
  static constexpr oid_t parameter_type = type;
  static constexpr std::string_view name{array_name<leaf_codec>.data(),
                                         array_name<leaf_codec>.size()};
  static constexpr bool is_view = detail::is_view<non_null_t<leaf_type>>;

  static constexpr bool accepts(oid_t column) noexcept {
    oid_t const element = pqscope::element_type(column);
    if (element != oid::none) {
      return leaf_codec::accepts(element);
    }
    return column >= oid::first_unfixed && leaf_codec::accepts(oid::first_user);
  }

  static bool accepts(user_type const& known, type_table const& all, std::string* why) {
    return known.kind == type_kind::array &&
           (codec_accepts<leaf_codec>(known.element, &all, why) || blame_elements(why));
  }

  /// Of an array made by users the text tells whether it fits.
  static constexpr bool accepts_text(oid_t column) noexcept
    requires(shape::readable && decodable<non_null_t<leaf_type>>)
  {
    oid_t const element = pqscope::element_type(column);
    return element != oid::none ? accepts_text_type<non_null_t<leaf_type>>(element)
                                : column >= oid::first_unfixed;
  }

  static void encode(Container const& value, encoder& out)
    requires encodable<non_null_t<leaf_type>>
  {
    if constexpr (text_parameter) {
      array_writer<Container>::write_text(value, out);
    } else {
      array_writer<Container>::write_binary(value, out);
    }
  }

  static Container decode(wire_value value)
    requires(shape::readable && decodable<non_null_t<leaf_type>>)
  {
    return array_reader<Container>::read_binary(value, name);
  }

  static Container parse(std::string_view text)
    requires(shape::readable && decodable<non_null_t<leaf_type>>)
  {
    return parse(text, oid::none);
  }

  static Container parse(std::string_view text, oid_t column)
    requires(shape::readable && decodable<non_null_t<leaf_type>>)
  {
    if constexpr (is_view) {
      throw_binary_only(name);
    } else {
      // Of an array type made by users only its own OID is known, which tells as much.
      oid_t const element = column >= oid::first_unfixed ? column : pqscope::element_type(column);
      return array_reader<Container>::read_text(text, element);
    }
  }
};

}  // namespace detail

/// `std::vector<T>` is the array of what `T` is: `std::vector<int>` is `integer[]`.
///
/// `std::vector<std::optional<T>>` has NULL elements; without the optional a NULL element is an
/// `unexpected_null`. Vectors of vectors are arrays of more dimensions, at most 6, and must be
/// rectangular (else `usage_error` as a parameter); a result with another number of dimensions is a
/// `decode_error`. Lower bounds are not kept. An array without elements has no dimensions in
/// PostgreSQL, so vectors of nothing but empty vectors come back as an empty vector. As text, from
/// `execute` or within a composite's text, an array of a type made by users is read with commas
/// between its elements, or the `delimiter` of `codec<T>`, whatever DELIMITER the type has.
///
/// Parameters declare the array's type and travel in binary, those of `xml` as text; those whose
/// type has no fixed OID (enums) as text of no declared type. `std::vector<std::string>` is
/// `text[]` wherever it stands; for an array of something else cast in the SQL text, to `text[]`
/// first and then to that type. `std::vector<std::byte>` is `bytea`.
template <class T>
  requires detail::array_container<std::vector<T>>
struct codec<std::vector<T>> : detail::array_codec<std::vector<T>> {};

/// `std::array<T, N>` is as a vector of exactly `N` elements; any other length is a
/// `decode_error`. `std::array<std::byte, N>` is `bytea`.
template <class T, std::size_t N>
  requires detail::array_container<std::array<T, N>>
struct codec<std::array<T, N>> : detail::array_codec<std::array<T, N>> {};

/// `std::span<T>` is a parameter as a vector is, never a result; so is one whose length is a part
/// of its type. A span of bytes is `bytea`.
template <class T, std::size_t N>
  requires detail::array_container<std::span<T, N>>
struct codec<std::span<T, N>> : detail::array_codec<std::span<T, N>> {};

}  // namespace pqscope

#endif
