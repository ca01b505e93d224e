#ifndef PQSCOPE_TYPES_CIDR_HPP
#define PQSCOPE_TYPES_CIDR_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/inet.hpp>
#include <pqscope/types/ip6_reader.hpp>
#include <pqscope/types/ip_text.hpp>
#include <pqscope/types/ip_value.hpp>
#include <pqscope/types/malformed.hpp>

#include <compare>
#include <cstddef>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>

namespace pqscope {

/// An IPv4 or IPv6 network: PostgreSQL's `cidr`. All bits right of the prefix are zero. Ordered as
/// PostgreSQL orders.
class cidr {
 public:
  /// 0.0.0.0/32.
  constexpr cidr() noexcept = default;

  /// The network that `address` names. Throws `usage_error` where bits are set right of the prefix.
  constexpr explicit cidr(inet const& address,
                          std::source_location where = std::source_location::current())
      : network_(address) {
    if (detail::masked(address.value_) != address.value_) {
      throw usage_error("the network has bits set to the right of its prefix", where);
    }
  }

  /// The network in which `address` lies: its bits right of the prefix become zero.
  static constexpr cidr network_of(inet const& address) noexcept {
    cidr network;
    network.network_ = inet(detail::masked(address.value_));
    return network;
  }

  /// Reads a network as PostgreSQL does: `10.0.0.0/8`, `192.168.1` (a /24), `2001:db8::/32`;
  /// nothing if `text` is none or has bits set right of the prefix.
  static constexpr std::optional<cidr> try_parse(std::string_view text) noexcept {
    inet parsed;
    return detail::parse_cidr(text, parsed.value_) ? std::optional(network_of(parsed))
                                                   : std::nullopt;
  }

  /// As `try_parse`; throws `usage_error` if `text` is no network.
  static constexpr cidr parse(std::string_view text,
                              std::source_location where = std::source_location::current()) {
    auto const parsed = try_parse(text);
    if (!parsed) {
      throw usage_error("the text is not an IP network, or has bits set to the right of its prefix",
                        where);
    }
    return *parsed;
  }

  /// Which kind of network.
  constexpr ip_family family() const noexcept { return network_.family(); }

  /// The network's address, 4 or 16 bytes; holds as long as this value.
  constexpr std::span<unsigned char const> bytes() const noexcept { return network_.bytes(); }

  /// How many bits the network's prefix has.
  constexpr unsigned prefix_length() const noexcept { return network_.prefix_length(); }

  /// The same as an address with a prefix; holds as long as this value.
  constexpr inet const& as_inet() const noexcept { return network_; }

  /// Whether `address`, or the network it stands for, lies in this one or is it: PostgreSQL's
  /// `>>=`.
  constexpr bool contains(inet const& address) const noexcept {
    return address.family() == family() && address.prefix_length() >= prefix_length() &&
           std::is_eq(detail::compare_bits(network_.value_, address.value_, prefix_length()));
  }

  /// The text PostgreSQL prints, always with the prefix length. Round-trips through `parse`.
  std::string to_string() const { return detail::ip_to_text(network_.value_, true); }

  /// Orders as `inet`.
  friend constexpr auto operator<=>(cidr const&, cidr const&) = default;

 private:
  friend struct codec<cidr>;

  inet network_;
};

/// `pqscope::cidr` is `cidr`. An `inet` column is not read: it may have bits right of the prefix.
template <>
struct codec<cidr> {
  static constexpr oid_t type = oid::cidr;              ///< `cidr`
  static constexpr oid_t array_type = oid::cidr_array;  ///< `cidr[]`
  static constexpr oid_t parameter_type = type;         ///< declared
  static constexpr bool text_parameter = false;         ///< binary
  static constexpr std::string_view name = "cidr";      ///< in messages

  /// Only `cidr`.
  static constexpr bool accepts(oid_t column) noexcept { return column == oid::cidr; }

  /// Four bytes of description, then the address.
  static void encode(cidr const& value, encoder& out) {
    detail::put_ip(value.network_.value_, true, out);
  }

  /// Reads description and address; bits right of the prefix are malformed.
  static cidr decode(wire_value value) {
    inet const network(detail::read_ip(value, name));
    cidr const decoded = cidr::network_of(network);
    if (decoded.as_inet() != network) {
      throw_malformed(name);
    }
    return decoded;
  }

  /// Reads the text form.
  static cidr parse(std::string_view text) {
    auto const parsed = cidr::try_parse(text);
    if (!parsed) {
      throw_malformed(name);
    }
    return *parsed;
  }
};

}  // namespace pqscope

/// Hashes as `inet`.
template <>
struct std::hash<pqscope::cidr> {
  /// The hash of `value`.
  std::size_t operator()(pqscope::cidr const& value) const noexcept {
    return std::hash<pqscope::inet>{}(value.as_inet());
  }
};

#endif
