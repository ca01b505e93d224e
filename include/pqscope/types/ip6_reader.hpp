#ifndef PQSCOPE_TYPES_IP6_READER_HPP
#define PQSCOPE_TYPES_IP6_READER_HPP

#include <pqscope/types/ip_reader.hpp>
#include <pqscope/types/ip_value.hpp>

#include <cstddef>
#include <string_view>

namespace pqscope::detail {

/// Reads an IPv6 address or network, such as `2001:db8::1/64` or `::ffff:10.0.0.1`.
///
/// Takes what PostgreSQL takes, oddities included: an IPv4 tail of fewer than four numbers, and a
/// colon between the eighth group and the slash. Source: PostgreSQL's `inet_cidr_pton_ipv6`.
class ip6_reader {
 public:
  constexpr explicit ip6_reader(std::string_view text) noexcept : scan_(text) {
    value_.family = ip_family::v6;
    value_.prefix = 128;
  }

  /// False where it is none.
  constexpr bool read(ip_value& value) noexcept {
    if (!groups() || !close_gap()) {
      return false;
    }
    value = value_;
    return true;
  }

 private:
  static constexpr std::size_t no_gap = 17;

  constexpr bool groups() noexcept {
    if (scan_.skip(':') && !scan_.at(':')) {
      return false;
    }
    while (!scan_.done()) {
      std::size_t const start = scan_.place();
      unsigned group = 0;
      int digits = 0;
      for (; scan_.hex() >= 0; scan_.advance()) {
        group = group * 16 + static_cast<unsigned>(scan_.hex());
        if (++digits > 4) {
          return false;
        }
      }
      if (scan_.at('.')) {
        scan_.go_to(start);
        return ip4_tail();
      }
      if (digits != 0 && !put_group(group)) {
        return false;
      }
      if (scan_.done() || scan_.at('/')) {
        return scan_.done() || prefix();
      }
      if (!scan_.skip(':')) {
        return false;
      }
      if (digits == 0) {
        if (gap_ != no_gap) {
          return false;
        }
        gap_ = count_;
      } else if (scan_.done()) {
        return false;
      }
    }
    return true;
  }

  constexpr bool put_group(unsigned group) noexcept {
    if (count_ + 2 > 16) {
      return false;
    }
    value_.bytes[count_++] = static_cast<unsigned char>(group >> 8U);
    value_.bytes[count_++] = static_cast<unsigned char>(group & 0xffU);
    return true;
  }

  /// The last four bytes as numbers. An empty one counts as zero, unless it is the last.
  constexpr bool ip4_tail() noexcept {
    if (count_ + 4 > 16) {
      return false;
    }
    for (std::size_t i = 0; i < 4; ++i) {
      unsigned number = 0;
      bool const there = scan_.at_digit();
      if (there && !scan_.number(255, true, number)) {
        return false;
      }
      value_.bytes[count_ + i] = static_cast<unsigned char>(number);
      bool const more = scan_.skip('.');
      if (!more) {
        count_ += 4;
        return scan_.done() ? there : prefix();
      }
    }
    return false;
  }

  constexpr bool prefix() noexcept {
    unsigned number = 0;
    if (!scan_.skip('/') || !scan_.number(128, true, number) || !scan_.done()) {
      return false;
    }
    value_.prefix = static_cast<unsigned char>(number);
    return true;
  }

  /// Moves what stands behind `::` to the end.
  constexpr bool close_gap() noexcept {
    if (gap_ == no_gap) {
      return count_ == 16;
    }
    if (count_ == 16) {
      return false;
    }
    for (std::size_t to = value_.bytes.size(); to-- > gap_;) {
      value_.bytes[to] = count_ > gap_ ? value_.bytes[--count_] : static_cast<unsigned char>(0);
    }
    return true;
  }

  ip_scanner scan_;
  ip_value value_;
  std::size_t count_ = 0;
  std::size_t gap_ = no_gap;
};

/// Reads an `inet`; false where it is none. Source: PostgreSQL's `network_in`.
constexpr bool parse_inet(std::string_view text, ip_value& value) noexcept {
  return text.find(':') == text.npos ? parse_inet4(text, value) : ip6_reader(text).read(value);
}

/// Reads a `cidr`; false where it is none or bits are set right of the mask.
constexpr bool parse_cidr(std::string_view text, ip_value& value) noexcept {
  bool const read =
      text.find(':') == text.npos ? parse_cidr4(text, value) : ip6_reader(text).read(value);
  return read && masked(value) == value;
}

}  // namespace pqscope::detail

#endif
