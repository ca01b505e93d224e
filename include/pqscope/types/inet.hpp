#ifndef PQSCOPE_TYPES_INET_HPP
#define PQSCOPE_TYPES_INET_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/ip6_reader.hpp>
#include <pqscope/types/ip_text.hpp>
#include <pqscope/types/ip_value.hpp>
#include <pqscope/types/malformed.hpp>

#include <array>
#include <compare>
#include <cstddef>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>

namespace pqscope {

class cidr;

/// An IPv4 or IPv6 address and, in the same value, the length of the network's prefix: PostgreSQL's
/// `inet`. An address alone has a prefix of all its bits. Ordered as PostgreSQL orders.
class inet {
 public:
  /// 0.0.0.0.
  constexpr inet() noexcept = default;

  /// An IPv4 address. Throws `usage_error` for a prefix of more than 32 bits.
  static constexpr inet v4(std::array<unsigned char, 4> const& bytes, unsigned prefix = 32,
                           std::source_location where = std::source_location::current()) {
    return make(ip_family::v4, bytes, prefix, where);
  }

  /// An IPv6 address. Throws `usage_error` for a prefix of more than 128 bits.
  static constexpr inet v6(std::array<unsigned char, 16> const& bytes, unsigned prefix = 128,
                           std::source_location where = std::source_location::current()) {
    return make(ip_family::v6, bytes, prefix, where);
  }

  /// Reads an address as PostgreSQL does: `192.168.0.1/24`, `10/8`, IPv6 with
  /// its zeros left out or an IPv4 tail; nothing if `text` is none.
  static constexpr std::optional<inet> try_parse(std::string_view text) noexcept {
    inet parsed;
    return detail::parse_inet(text, parsed.value_) ? std::optional(parsed) : std::nullopt;
  }

  /// As `try_parse`; throws `usage_error` if `text` is no address.
  static constexpr inet parse(std::string_view text,
                              std::source_location where = std::source_location::current()) {
    auto const parsed = try_parse(text);
    if (!parsed) {
      throw usage_error("the text is not an IP address", where);
    }
    return *parsed;
  }

  /// Which kind of address.
  constexpr ip_family family() const noexcept { return value_.family; }

  /// The address, 4 or 16 bytes, most significant first; holds as long as this value.
  constexpr std::span<unsigned char const> bytes() const noexcept {
    return {value_.bytes.data(), value_.size()};
  }

  /// How many of the address's bits are the network's.
  constexpr unsigned prefix_length() const noexcept { return value_.prefix; }

  /// The text PostgreSQL prints: `/` and the prefix length only where it is less than all bits,
  /// zero groups of IPv6 shortened. Round-trips through `parse`.
  std::string to_string() const { return detail::ip_to_text(value_, false); }

  /// Whether all are equal: family, address, prefix length.
  friend constexpr bool operator==(inet const&, inet const&) = default;

  /// PostgreSQL's order: IPv4 first, then by network, by prefix length, by address.
  friend constexpr std::strong_ordering operator<=>(inet const& a, inet const& b) noexcept {
    return detail::compare_ip(a.value_, b.value_);
  }

 private:
  friend class cidr;
  friend struct codec<inet>;
  friend struct codec<cidr>;
  friend struct std::hash<inet>;

  constexpr explicit inet(detail::ip_value const& value) noexcept : value_(value) {}

  template <std::size_t N>
  static constexpr inet make(ip_family family, std::array<unsigned char, N> const& bytes,
                             unsigned prefix, std::source_location const& where) {
    if (prefix > 8 * N) {
      throw usage_error("the prefix is longer than the IP address", where);
    }
    detail::ip_value value;
    for (std::size_t i = 0; i < N; ++i) {
      value.bytes[i] = bytes[i];
    }
    value.family = family;
    value.prefix = static_cast<unsigned char>(prefix);
    return inet(value);
  }

  detail::ip_value value_;
};

/// `pqscope::inet` is `inet`; reads `cidr` too, for each network is an address with a prefix.
template <>
struct codec<inet> {
  static constexpr oid_t type = oid::inet;              ///< `inet`
  static constexpr oid_t array_type = oid::inet_array;  ///< `inet[]`
  static constexpr oid_t parameter_type = type;         ///< declared
  static constexpr bool text_parameter = false;         ///< binary
  static constexpr std::string_view name = "inet";      ///< in messages

  /// `inet` and `cidr`.
  static constexpr bool accepts(oid_t column) noexcept {
    return column == oid::inet || column == oid::cidr;
  }

  /// Four bytes of description, then the address.
  static void encode(inet const& value, encoder& out) { detail::put_ip(value.value_, false, out); }

  /// Reads description and address.
  static inet decode(wire_value value) { return inet(detail::read_ip(value, name)); }

  /// Reads the text form.
  static inet parse(std::string_view text) {
    auto const parsed = inet::try_parse(text);
    if (!parsed) {
      throw_malformed(name);
    }
    return *parsed;
  }
};

}  // namespace pqscope

/// Hashes the address, its family and the prefix length.
template <>
struct std::hash<pqscope::inet> {
  /// The hash of `value`.
  std::size_t operator()(pqscope::inet const& value) const noexcept {
    return pqscope::detail::hash_ip(value.value_);
  }
};

#endif
