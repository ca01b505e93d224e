#ifndef PQSCOPE_TYPES_MALFORMED_HPP
#define PQSCOPE_TYPES_MALFORMED_HPP

#include <pqscope/error/decode_error.hpp>
#include <pqscope/types/wire_value.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace pqscope {

/// Throws the `decode_error` of bytes that are no value of the PostgreSQL type called `type`.
///
/// For codecs: kept out of their inlined paths. The bytes themselves are not part of the message.
[[noreturn, gnu::cold, gnu::noinline]] inline void throw_malformed(std::string_view type) {
  throw decode_error("the server's bytes are not a value of type " + std::string(type));
}

/// Throws the `decode_error` of a valid value that the C++ type cannot hold.
[[noreturn, gnu::cold, gnu::noinline]] inline void throw_out_of_range(std::string_view type) {
  throw decode_error("a value of type " + std::string(type) +
                     " is out of the range of the C++ type it is read as");
}

namespace detail {

/// Throws `decode_error` unless the value has exactly `size` bytes.
inline void require_size(wire_value value, std::size_t size, std::string_view type) {
  if (value.size != size) {
    throw_malformed(type);
  }
}

}  // namespace detail
}  // namespace pqscope

#endif
