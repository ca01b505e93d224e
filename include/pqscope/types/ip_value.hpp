#ifndef PQSCOPE_TYPES_IP_VALUE_HPP
#define PQSCOPE_TYPES_IP_VALUE_HPP

#include <pqscope/types/encoder.hpp>
#include <pqscope/types/malformed.hpp>
#include <pqscope/types/wire_value.hpp>

#include <array>
#include <compare>
#include <cstddef>
#include <string_view>

namespace pqscope {

/// The two kinds of IP addresses.
enum class ip_family : unsigned char {
  v4 = 4,  ///< 4 bytes
  v6 = 6,  ///< 16 bytes
};

namespace detail {

/// What `inet` and `cidr` are made of: an address and how many of its bits are the network's.
struct ip_value {
  std::array<unsigned char, 16> bytes{};  ///< those that the family does not have are zero
  ip_family family = ip_family::v4;
  unsigned char prefix = 32;

  constexpr std::size_t size() const noexcept { return family == ip_family::v4 ? 4 : 16; }
  constexpr unsigned bits() const noexcept { return family == ip_family::v4 ? 32 : 128; }

  friend constexpr bool operator==(ip_value const&, ip_value const&) = default;
};

/// The bits of byte `i` of an address that are among the first `prefix`.
constexpr unsigned char mask_byte(unsigned prefix, std::size_t i) noexcept {
  std::size_t const before = 8 * i;
  if (prefix >= before + 8) {
    return 0xff;
  }
  return prefix <= before ? static_cast<unsigned char>(0)
                          : static_cast<unsigned char>(0xff00U >> (prefix - before));
}

/// Compares the first `prefix` bits.
constexpr std::strong_ordering compare_bits(ip_value const& a, ip_value const& b,
                                            unsigned prefix) noexcept {
  for (std::size_t i = 0; i < a.bytes.size(); ++i) {
    unsigned const mask = mask_byte(prefix, i);
    auto const order = (a.bytes[i] & mask) <=> (b.bytes[i] & mask);
    if (std::is_neq(order)) {
      return order;
    }
  }
  return std::strong_ordering::equal;
}

/// The order of `inet` and `cidr`: family, common bits of the network, length of the network, whole
/// address. Source: PostgreSQL's `network_cmp`.
constexpr std::strong_ordering compare_ip(ip_value const& a, ip_value const& b) noexcept {
  if (a.family != b.family) {
    return a.family <=> b.family;
  }
  auto const network = compare_bits(a, b, a.prefix < b.prefix ? a.prefix : b.prefix);
  if (std::is_neq(network)) {
    return network;
  }
  return a.prefix != b.prefix ? a.prefix <=> b.prefix : compare_bits(a, b, a.bits());
}

/// The value with all bits right of the prefix zero.
constexpr ip_value masked(ip_value value) noexcept {
  for (std::size_t i = 0; i < value.bytes.size(); ++i) {
    value.bytes[i] = static_cast<unsigned char>(value.bytes[i] & mask_byte(value.prefix, i));
  }
  return value;
}

/// Appends the binary format: family (2 or 3), prefix, whether it is a `cidr`, number of bytes,
/// bytes. Source: PostgreSQL's `network_send`.
inline void put_ip(ip_value const& value, bool is_cidr, encoder& out) {
  out.put_byte(value.family == ip_family::v4 ? 2 : 3);
  out.put_byte(value.prefix);
  out.put_byte(is_cidr ? 1 : 0);
  out.put_byte(static_cast<unsigned char>(value.size()));
  out.append(std::string_view(reinterpret_cast<char const*>(value.bytes.data()), value.size()));
}

/// Reads the binary format.
inline ip_value read_ip(wire_value wire, std::string_view type) {
  if (wire.size < 4) {
    throw_malformed(type);
  }
  auto const byte = [&](std::size_t i) { return static_cast<unsigned char>(wire.data[i]); };
  ip_value value;
  value.family = byte(0) == 2 ? ip_family::v4 : ip_family::v6;
  value.prefix = byte(1);
  if ((byte(0) != 2 && byte(0) != 3) || value.prefix > value.bits() || byte(2) > 1 ||
      byte(3) != value.size() || wire.size != 4 + value.size()) {
    throw_malformed(type);
  }
  __builtin_memcpy(value.bytes.data(), wire.data + 4, value.size());
  return value;
}

inline std::size_t hash_ip(ip_value const& value) noexcept {
  std::string_view const bytes(reinterpret_cast<char const*>(value.bytes.data()),
                               value.bytes.size());
  return std::hash<std::string_view>{}(bytes) * 31U + value.prefix * 2U +
         (value.family == ip_family::v4 ? 0U : 1U);
}

}  // namespace detail
}  // namespace pqscope

#endif
