#ifndef PQSCOPE_TYPES_CODEC_HPP
#define PQSCOPE_TYPES_CODEC_HPP

#include <pqscope/types/encoder.hpp>
#include <pqscope/types/oid.hpp>
#include <pqscope/types/wire_value.hpp>

#include <concepts>
#include <string_view>
#include <type_traits>

namespace pqscope {

/// How values of the C++ type `T` travel to and from PostgreSQL. Specialise it to add a type.
///
/// Members of a specialisation:
///
/// | member | meaning |
/// | --- | --- |
/// | `static constexpr oid_t type` | its PostgreSQL type; 0 where only the database knows (enums) |
/// | `static constexpr oid_t array_type` | the array type over it, 0 if there is none |
/// | `static constexpr oid_t parameter_type` | declared for parameters; 0: the server infers it |
/// | `static constexpr bool text_parameter` | parameters travel as text (true) or binary (false) |
/// | `static constexpr std::string_view name` | the type's name in messages |
/// | `static constexpr bool accepts(oid_t) noexcept` | which column types `decode` takes |
/// | `static void encode(T const&, encoder&)` | appends the parameter's bytes |
/// | `static T decode(wire_value)` | reads a binary value |
/// | `static T parse(std::string_view)` | reads a value in text format |
///
/// and, where it helps:
///
/// - `static char const* borrow(T const&) noexcept`, for text parameters: bytes ending in NUL that
///   are part of the value, so that nothing is copied;
/// - `static T parse(std::string_view, oid_t)`: as `parse`, told the column's type;
/// - `static bool accepts(user_type const& type, type_table const& all, std::string* why)`: whether
///   `decode` takes a type made by users, when the database has told what it is; `accepts(oid_t)`
///   is for those that it has not told of, and it alone where this one is missing. Domains never
///   come here, but what is below them does. `why` may be null, or is told what does not fit;
/// - `static constexpr bool accepts_text(oid_t) noexcept`: which column types `parse` takes, where
///   these are more than `accepts` says;
/// - `static I wire_integer(T const&)`, or of `T`, where the binary format is an integer of 16, 32
///   or 64 bits: that integer, which `encode` appends. It saves counting the bytes where their
///   number goes ahead of them;
/// - `static constexpr char delimiter`: what separates elements in the text of arrays of the type,
///   where it was made with a DELIMITER that is no comma;
/// - `static constexpr bool is_view`: true if a decoded value points into the result.
///
/// `encode` throws `usage_error` for a value PostgreSQL cannot hold, without quoting it. `decode`
/// and `parse` throw `decode_error` for bytes that are no valid value, however malformed.
/// `accepts` is strict: a column type whose values might not fit is refused (no narrowing).
/// NULL never reaches a codec: `std::optional<T>` carries it. A type that can only be a parameter
/// leaves out `decode` and `parse`; one that can only be a result leaves out `encode`.
template <class T>
struct codec;

/// The codec responsible for an argument or result of type `T`, which may be a reference or const.
template <class T>
using codec_for = codec<std::remove_cvref_t<T>>;

/// Whether `codec` is specialised for `T`. NULL carriers such as `std::optional<int>` have none.
template <class T>
concept has_codec = requires {
  { codec_for<T>::type } -> std::convertible_to<oid_t>;
};

/// Whether a non-NULL `T` can be sent as a parameter.
template <class T>
concept encodable = has_codec<T> && requires(std::remove_cvref_t<T> const& value, encoder& out) {
  codec_for<T>::encode(value, out);
};

/// Whether a non-NULL result value can be read as `T`.
template <class T>
concept decodable = has_codec<T> && requires(wire_value value) {
  { codec_for<T>::decode(value) } -> std::convertible_to<std::remove_cvref_t<T>>;
};

namespace detail {

template <class>
inline constexpr bool always_false = false;

template <class T, class Integer, class Argument>
consteval bool takes_exactly(Integer (*)(Argument)) {
  return std::is_same_v<std::remove_cvref_t<Argument>, T>;
}

/// Whether the binary format is an integer that the codec tells; its own, not that of a codec it is
/// derived from, whose `encode` it may have replaced.
template <class T>
concept integer_on_wire =
    requires { requires takes_exactly<std::remove_cvref_t<T>>(&codec_for<T>::wire_integer); };

template <class Codec>
inline constexpr char delimiter_of = ',';

template <class Codec>
  requires requires { Codec::delimiter; }
inline constexpr char delimiter_of<Codec> = Codec::delimiter;

template <class T>
inline constexpr bool is_view = false;

template <class T>
  requires requires { codec_for<T>::is_view; }
inline constexpr bool is_view<T> = codec_for<T>::is_view;

}  // namespace detail
}  // namespace pqscope

#endif
