#ifndef PQSCOPE_TYPES_WIRE_VALUE_HPP
#define PQSCOPE_TYPES_WIRE_VALUE_HPP

#include <pqscope/types/oid.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pqscope {

class type_table;  // see user_type.hpp, as is user_type
struct user_type;

/// One value of a result in the server's binary format, never NULL.
///
/// A view: the bytes belong to the result (or to the array or row around them) and live as long
/// as it does. `codec<T>::decode` is given one and checks `size` before it reads.
struct wire_value {
  char const* data = nullptr;         ///< first byte; not terminated by a NUL byte
  std::size_t size = 0;               ///< number of bytes
  oid_t type = 0;                     ///< the type the server gave the value
  type_table const* types = nullptr;  ///< what is known of types made by users; null for nothing

  /// The bytes as text.
  constexpr std::string_view text() const noexcept { return {data, size}; }
};

/// Reads a big-endian 16-bit integer; the caller has checked that two bytes are there.
inline std::int16_t read_int16(char const* data) noexcept {
  auto const byte = [data](int i) {
    return static_cast<unsigned>(static_cast<unsigned char>(data[i]));
  };
  return static_cast<std::int16_t>(static_cast<std::uint16_t>(byte(0) << 8U | byte(1)));
}

/// Reads a big-endian 32-bit integer; the caller has checked that four bytes are there.
inline std::int32_t read_int32(char const* data) noexcept {
  auto const byte = [data](int i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(data[i]));
  };
  return static_cast<std::int32_t>(byte(0) << 24U | byte(1) << 16U | byte(2) << 8U | byte(3));
}

/// Reads a big-endian 64-bit integer; the caller has checked that eight bytes are there.
inline std::int64_t read_int64(char const* data) noexcept {
  auto const high = static_cast<std::uint64_t>(static_cast<std::uint32_t>(read_int32(data)));
  auto const low = static_cast<std::uint64_t>(static_cast<std::uint32_t>(read_int32(data + 4)));
  return static_cast<std::int64_t>(high << 32U | low);
}

}  // namespace pqscope

#endif
