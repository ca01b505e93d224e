#ifndef PQSCOPE_TYPES_BIND_VALUE_HPP
#define PQSCOPE_TYPES_BIND_VALUE_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/encoder.hpp>
#include <pqscope/types/optional.hpp>
#include <pqscope/types/text.hpp>

#include <cstddef>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>

namespace pqscope {

/// How many parameters a statement can have. Source: PostgreSQL protocol, "Bind", whose count is
/// a 16-bit number.
inline constexpr std::size_t max_parameters = 65535;

/// Whether a `T` can be a parameter: a type with a codec that encodes, an optional of one,
/// `std::nullopt` or `nullptr`.
template <class T>
concept bindable_value = detail::is_null_constant<T> || encodable<non_null_t<T>>;

namespace detail {

/// One parameter ready for libpq, either borrowed from its value or lying in an encoder.
struct bound_value {
  /// Stands in `offset` for a value that is not in the encoder.
  static constexpr std::size_t borrowed = static_cast<std::size_t>(-1);

  oid_t type = 0;
  char const* data = nullptr;     ///< borrowed bytes; null for NULL
  std::size_t offset = borrowed;  ///< where the bytes begin in the encoder
  int size = 0;
  int format = 0;  ///< 0 text, 1 binary
};

[[noreturn, gnu::cold, gnu::noinline]] inline void throw_parameter_error(
    std::size_t number, std::string_view problem, std::source_location const& where) {
  throw usage_error("parameter $" + std::to_string(number) + ": " + std::string(problem), where);
}

inline int checked_size(std::size_t size, std::size_t number, std::source_location const& where) {
  if (size > max_value_size) {
    throw_parameter_error(number, "the value takes more than 1 GB", where);
  }
  return static_cast<int>(size);
}

/// Ends a value written at `offset` and says where it lies.
inline void finish_value(bound_value& bound, encoder& bytes, std::size_t number,
                         std::source_location const& where) {
  std::string_view const written = bytes.view().substr(bound.offset);
  bound.size = checked_size(written.size(), number, where);
  if (bound.format == 0) {
    if (has_nul(written)) {
      throw_parameter_error(number, "the text holds a NUL byte, which PostgreSQL cannot store",
                            where);
    }
    bytes.put_byte('\0');
  }
}

/// Borrows the value's own bytes; false where they must be encoded.
template <class Codec, class T>
bool borrow_value(T const& value, bound_value& bound, std::size_t number,
                  std::source_location const& where) {
  if constexpr (requires { Codec::borrow(value); }) {
    if constexpr (Codec::text_parameter) {
      bound.data = Codec::borrow(value);
      return bound.data != nullptr;
    } else {
      std::string_view const bytes = Codec::borrow(value);
      bound.data = bytes.data() ? bytes.data() : "";
      bound.size = checked_size(bytes.size(), number, where);
      return true;
    }
  } else {
    return false;
  }
}

/// Binds one value to the placeholder `number`, encoding into `bytes` what cannot be borrowed.
template <class T>
bound_value bind_value(T const& value, encoder& bytes, std::size_t number,
                       std::source_location const& where) {
  bound_value bound;
  if constexpr (is_null_constant<T>) {
    return bound;
  } else if constexpr (bindable_value<T>) {
    using carrier = null_carrier_for<T>;
    using codec_type = codec_for<non_null_t<T>>;
    if constexpr (requires { codec_type::visit(carrier::value(value), [](auto const&) {}); }) {
      if (!carrier::is_null(value)) {
        codec_type::visit(carrier::value(value), [&](auto const& held) {
          bound = bind_value(held, bytes, number, where);
        });
      }
      return bound;
    }
    bound.type = codec_type::parameter_type;
    bound.format = codec_type::text_parameter ? 0 : 1;
    if (carrier::is_null(value)) {
      return bound;
    }
    if (borrow_value<codec_type>(carrier::value(value), bound, number, where)) {
      return bound;
    }
    bound.offset = bytes.size();
    try {
      codec_type::encode(carrier::value(value), bytes);
    } catch (usage_error const& problem) {
      throw_parameter_error(number, problem.what(), where);
    }
    finish_value(bound, bytes, number, where);
    return bound;
  } else {
    static_assert(always_false<T>,
                  "pqscope::codec<T> is not specialised for parameters of this type: see \"Adding "
                  "a type\" in the user guide (an enum needs pqscope::labels<E>, a struct "
                  "pqscope::composite)");
  }
}

}  // namespace detail
}  // namespace pqscope

#endif
