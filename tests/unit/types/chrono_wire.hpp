#ifndef PQSCOPE_TESTS_UNIT_TYPES_CHRONO_WIRE_HPP
#define PQSCOPE_TESTS_UNIT_TYPES_CHRONO_WIRE_HPP

#include <pqscope/types/codec.hpp>

#include <cstddef>
#include <string>
#include <string_view>

#include "wire_bytes.hpp"

/// The bytes `value` is sent as, in hexadecimal.
template <class T>
std::string sent(T const& value) {
  std::string text;
  for (char c : encoded(value)) {
    auto const byte = static_cast<unsigned char>(c);
    text += "0123456789abcdef"[byte / 16];
    text += "0123456789abcdef"[byte % 16];
  }
  return text;
}

/// The value that the bytes written as `hex` are received as.
template <class T>
T received(std::string_view hex) {
  auto const digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string wire;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    wire += static_cast<char>(digit(hex[i]) * 16 + digit(hex[i + 1]));
  }
  return decoded<T>(wire, pqscope::codec<T>::type);
}

/// The value that the server's text is read as.
template <class T>
T read(std::string_view text) {
  return parsed<T>(text);
}

#endif
