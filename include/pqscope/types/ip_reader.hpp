#ifndef PQSCOPE_TYPES_IP_READER_HPP
#define PQSCOPE_TYPES_IP_READER_HPP

#include <pqscope/types/hex.hpp>
#include <pqscope/types/ip_value.hpp>

#include <cstddef>
#include <string_view>

namespace pqscope::detail {

/// Reads a text from left to right. What it takes is gone, whether or not it was wanted.
class ip_scanner {
 public:
  constexpr explicit ip_scanner(std::string_view text) noexcept : text_(text) {}

  constexpr bool done() const noexcept { return at_ == text_.size(); }
  constexpr bool at(char c) const noexcept { return !done() && text_[at_] == c; }
  constexpr bool at_digit() const noexcept { return !done() && is_digit(text_[at_]); }
  constexpr int hex() const noexcept { return done() ? -1 : hex_digit(text_[at_]); }
  constexpr void advance() noexcept { ++at_; }

  constexpr bool skip(char c) noexcept {
    bool const is_next = at(c);
    at_ += is_next ? 1U : 0U;
    return is_next;
  }

  /// Takes decimal digits, of which there must be one; false for more than `limit`, and for leading
  /// zeros where they are `strict`ly forbidden.
  constexpr bool number(unsigned limit, bool strict, unsigned& value) noexcept {
    if (!at_digit()) {
      return false;
    }
    value = 0;
    for (bool first = true; at_digit(); first = false) {
      if (strict && !first && value == 0) {
        return false;
      }
      value = value * 10 + static_cast<unsigned>(text_[at_++] - '0');
      if (value > limit) {
        return false;
      }
    }
    return true;
  }

  /// Where it stands, to come back to.
  constexpr std::size_t place() const noexcept { return at_; }
  constexpr void go_to(std::size_t place) noexcept { at_ = place; }

 private:
  static constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// Reads into a new `value` an `inet` that is an IPv4 address: four numbers, fewer where a prefix
/// length behind `/` needs no more; false where `text` is none. Source: PostgreSQL's
/// `inet_net_pton_ipv4`.
constexpr bool parse_inet4(std::string_view text, ip_value& value) noexcept {
  ip_scanner scan(text);
  std::size_t count = 0;
  while (scan.at_digit()) {
    unsigned number = 0;
    if (!scan.number(255, false, number) || count == 4) {
      return false;
    }
    value.bytes[count++] = static_cast<unsigned char>(number);
    if (!scan.skip('.')) {
      break;
    }
  }
  unsigned prefix = 32;
  if (scan.skip('/')) {
    if (count == 0 || !scan.number(32, false, prefix)) {
      return false;
    }
  } else if (count != 4) {
    return false;
  }
  if (!scan.done() || prefix / 8 > count) {
    return false;
  }
  value.prefix = static_cast<unsigned char>(prefix);
  return true;
}

/// Takes hexadecimal digits, `0x` before them, as the bytes of an address; true if there was one.
constexpr bool take_hex_bytes(ip_scanner& scan, ip_value& value, std::size_t& count) noexcept {
  std::size_t digits = 0;
  for (; scan.hex() >= 0; scan.advance()) {
    if (digits == 8) {
      return false;
    }
    auto const digit = static_cast<unsigned>(scan.hex());
    unsigned char& byte = value.bytes[digits / 2];
    byte = static_cast<unsigned char>(byte | (digits % 2 == 0 ? digit * 16 : digit));
    ++digits;
  }
  count = (digits + 1) / 2;
  return digits != 0;
}

/// Takes one to four decimal numbers as the bytes of an address.
constexpr bool take_decimal_bytes(ip_scanner& scan, ip_value& value, std::size_t& count) noexcept {
  do {
    unsigned number = 0;
    if (!scan.number(255, false, number) || count == 4) {
      return false;
    }
    value.bytes[count++] = static_cast<unsigned char>(number);
  } while (scan.skip('.'));
  return true;
}

/// The prefix length of an IPv4 network of which `count` bytes were given and no length: that of
/// its class, or more where more bytes were given.
constexpr unsigned classful_prefix(unsigned char first, std::size_t count) noexcept {
  unsigned const by_class = first >= 240   ? 32
                            : first >= 224 ? 8
                            : first >= 192 ? 24
                            : first >= 128 ? 16
                                           : 8;
  auto const given = static_cast<unsigned>(8 * count);
  unsigned const prefix = by_class < given ? given : by_class;
  return prefix == 8 && first == 224 ? 4 : prefix;
}

/// Reads into a new `value` a `cidr` that is an IPv4 network: up to four numbers or `0x` and
/// digits, a prefix length. Bits right of the mask are not looked at. False where `text` is none.
/// Source: PostgreSQL's `inet_cidr_pton_ipv4`.
constexpr bool parse_cidr4(std::string_view text, ip_value& value) noexcept {
  ip_scanner scan(text);
  std::size_t count = 0;
  auto const start = scan.place();
  bool const is_hex = scan.skip('0') && (scan.skip('x') || scan.skip('X')) && scan.hex() >= 0;
  if (!is_hex) {
    scan.go_to(start);
  }
  if (!(is_hex ? take_hex_bytes(scan, value, count) : take_decimal_bytes(scan, value, count))) {
    return false;
  }
  unsigned prefix = 0;
  if (!scan.skip('/')) {
    prefix = classful_prefix(value.bytes[0], count);
  } else if (!scan.number(32, false, prefix)) {
    return false;
  }
  if (!scan.done()) {
    return false;
  }
  value.prefix = static_cast<unsigned char>(prefix);
  return true;
}

}  // namespace pqscope::detail

#endif
