#ifndef PQSCOPE_TYPES_IP_TEXT_HPP
#define PQSCOPE_TYPES_IP_TEXT_HPP

#include <pqscope/types/ip_value.hpp>

#include <array>
#include <cstddef>
#include <string>

namespace pqscope::detail {

/// A run of zero groups in an IPv6 address.
struct zero_run {
  std::size_t begin = 0;
  std::size_t length = 0;
};

using ip6_groups = std::array<unsigned, 8>;

/// The longest run of at least two zero groups, the first of several; length 0 if there is none.
constexpr zero_run longest_zero_run(ip6_groups const& groups) noexcept {
  zero_run best;
  zero_run run;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    run = groups[i] != 0 ? zero_run{i + 1, 0} : zero_run{run.begin, run.length + 1};
    best = run.length > best.length ? run : best;
  }
  return best.length < 2 ? zero_run{} : best;
}

inline void append_ip4(std::string& text, unsigned char const* bytes) {
  for (int i = 0; i < 4; ++i) {
    text += i == 0 ? "" : ".";
    text += std::to_string(bytes[i]);
  }
}

inline void append_hex_group(std::string& text, unsigned group) {
  bool leading = true;
  for (unsigned shift = 16; shift > 0;) {
    shift -= 4;
    unsigned const digit = group >> shift & 0xfU;
    leading = leading && digit == 0 && shift > 0;
    if (!leading) {
      text += "0123456789abcdef"[digit];
    }
  }
}

/// Whether the address is printed with its last four bytes as an IPv4 address: `::1.2.3.4` and
/// `::ffff:1.2.3.4`.
constexpr bool has_ip4_tail(ip6_groups const& groups, zero_run run) noexcept {
  return run.begin == 0 && (run.length == 6 || (run.length == 5 && groups[5] == 0xffff));
}

/// `text` must be empty.
inline void append_ip6(std::string& text, std::array<unsigned char, 16> const& bytes) {
  ip6_groups groups{};
  for (std::size_t i = 0; i < groups.size(); ++i) {
    groups[i] = bytes[2 * i] * 256U + bytes[2 * i + 1];
  }
  zero_run const run = longest_zero_run(groups);
  std::size_t const end = has_ip4_tail(groups, run) ? 6 : groups.size();
  for (std::size_t i = 0; i < end; ++i) {
    if (run.length != 0 && i == run.begin) {
      text += "::";
      i += run.length - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') {
      text += ':';
    }
    append_hex_group(text, groups[i]);
  }
  if (end == 6) {
    text += text.back() == ':' ? "" : ":";
    append_ip4(text, bytes.data() + 12);
  }
}

/// The text PostgreSQL prints; without the prefix's length where that is all bits, unless
/// `always_prefix`. Source: PostgreSQL's `network_out` and `pg_inet_net_ntop`.
inline std::string ip_to_text(ip_value const& value, bool always_prefix) {
  std::string text;
  text.reserve(sizeof "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128");
  if (value.family == ip_family::v4) {
    append_ip4(text, value.bytes.data());
  } else {
    append_ip6(text, value.bytes);
  }
  if (always_prefix || value.prefix != value.bits()) {
    text += '/';
    text += std::to_string(value.prefix);
  }
  return text;
}

}  // namespace pqscope::detail

#endif
