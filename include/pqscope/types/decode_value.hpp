#ifndef PQSCOPE_TYPES_DECODE_VALUE_HPP
#define PQSCOPE_TYPES_DECODE_VALUE_HPP

#include <pqscope/error/decode_error.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/optional.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace pqscope {

namespace detail {

[[noreturn, gnu::cold, gnu::noinline]] inline void throw_unexpected_null(std::string_view type) {
  throw unexpected_null("NULL cannot be read as " + std::string(type) +
                        "; read it as a std::optional");
}

[[noreturn, gnu::cold, gnu::noinline]] inline void throw_binary_only(std::string_view type) {
  throw usage_error("a " + std::string(type) +
                    " in text format cannot be read as a view of its bytes; read it as a value "
                    "that owns them");
}

/// The column's type where the codec wants to know it.
template <class Codec, class T>
T parse_typed(std::string_view text, oid_t type) {
  if constexpr (requires { Codec::parse(text, type); }) {
    return Codec::parse(text, type);
  } else if constexpr (requires { Codec::parse(text); }) {
    return Codec::parse(text);
  } else {
    throw_binary_only(Codec::name);
  }
}

}  // namespace detail

/// Whether results can be read as `T`: a type with a codec that decodes, or an optional of one.
template <class T>
concept readable_value = decodable<non_null_t<T>>;

/// Whether a column of type `column` can be read as `T`, NULL aside. Asked once per result.
template <readable_value T>
constexpr bool accepts_type(oid_t column) noexcept {
  return codec_for<non_null_t<T>>::accepts(column);
}

/// The same for a column of a result in text format, where some codecs take more types.
template <readable_value T>
constexpr bool accepts_text_type(oid_t column) noexcept {
  if constexpr (requires { codec_for<non_null_t<T>>::accepts_text(column); }) {
    return codec_for<non_null_t<T>>::accepts_text(column);
  } else {
    return accepts_type<T>(column);
  }
}

/// What NULL is as a `T`: an empty `std::optional`. Throws `unexpected_null` for any other type.
template <readable_value T>
T null_value() {
  if constexpr (is_nullable<T>) {
    return T{};
  } else {
    detail::throw_unexpected_null(codec_for<non_null_t<T>>::name);
  }
}

/// Reads one binary value, whose type `accepts_type<T>` has said yes to.
///
/// Throws `decode_error` for malformed bytes, whatever they and the type are.
template <class T>
T decode_value(wire_value value) {
  if constexpr (readable_value<T>) {
    return codec_for<non_null_t<T>>::decode(value);
  } else {
    static_assert(detail::always_false<T>,
                  "pqscope::codec<T> is not specialised for reading this type: see \"Adding a "
                  "type\" in the user guide (an enum needs pqscope::labels<E>)");
  }
}

/// As above for bytes by themselves; `data` is null for NULL, see `null_value`.
template <class T>
T decode_value(char const* data, int size, oid_t type) {
  if constexpr (readable_value<T>) {
    if (data == nullptr) [[unlikely]] {
      return null_value<T>();
    }
  }
  return decode_value<T>(wire_value{data, static_cast<std::size_t>(size), type});
}

/// Reads one value in text format, as `decode_value` does a binary one.
///
/// Throws `usage_error` for a view of bytes that the text does not have as they are.
template <class T>
T parse_value(char const* data, int size, oid_t type) {
  if constexpr (readable_value<T>) {
    using codec_type = codec_for<non_null_t<T>>;
    if (data == nullptr) [[unlikely]] {
      return null_value<T>();
    }
    return detail::parse_typed<codec_type, non_null_t<T>>({data, static_cast<std::size_t>(size)},
                                                          type);
  } else {
    static_assert(detail::always_false<T>,
                  "pqscope::codec<T> is not specialised for reading this type: see \"Adding a "
                  "type\" in the user guide (an enum needs pqscope::labels<E>)");
  }
}

}  // namespace pqscope

#endif
