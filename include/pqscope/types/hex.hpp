#ifndef PQSCOPE_TYPES_HEX_HPP
#define PQSCOPE_TYPES_HEX_HPP

namespace pqscope::detail {

/// The value of a hexadecimal digit of either case; negative for any other character.
constexpr int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

}  // namespace pqscope::detail

#endif
