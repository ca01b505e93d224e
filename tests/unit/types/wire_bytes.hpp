#ifndef PQSCOPE_TESTS_UNIT_TYPES_WIRE_BYTES_HPP
#define PQSCOPE_TESTS_UNIT_TYPES_WIRE_BYTES_HPP

#include <catch2/catch_test_macros.hpp>
#include <pqscope/types/decode_value.hpp>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

/// The bytes given as numbers.
inline std::string bytes(std::initializer_list<int> values) {
  std::string result;
  for (int const value : values) {
    result += static_cast<char>(static_cast<unsigned char>(value));
  }
  return result;
}

/// What the codec of `value` writes.
template <class T>
std::string encoded(T const& value) {
  pqscope::encoder out;
  pqscope::codec_for<T>::encode(value, out);
  return std::string(out.view());
}

/// Decodes a copy of `wire` on the heap that ends exactly where it does, for the sanitizer.
template <class T>
T decoded(std::string_view wire, pqscope::oid_t type) {
  auto const copy = std::make_unique<char[]>(wire.size() + (wire.empty() ? 1 : 0));
  wire.copy(copy.get(), wire.size());
  return pqscope::decode_value<T>(copy.get(), static_cast<int>(wire.size()), type);
}

/// Parses a copy of `text` on the heap that ends exactly where it does.
template <class T>
T parsed(std::string_view text, pqscope::oid_t type = 0) {
  auto const copy = std::make_unique<char[]>(text.size() + (text.empty() ? 1 : 0));
  text.copy(copy.get(), text.size());
  return pqscope::parse_value<T>(copy.get(), static_cast<int>(text.size()), type);
}

/// Encodes and decodes again as the codec's own type.
template <class T>
T round_trip(T const& value) {
  return decoded<T>(encoded(value), pqscope::codec_for<pqscope::non_null_t<T>>::type);
}

/// Requires that every shorter piece of `wire`, and `wire` with a byte more, is refused.
template <class T>
void require_other_lengths_refused(std::string const& wire, pqscope::oid_t type) {
  for (std::size_t size = 0; size < wire.size(); ++size) {
    INFO("the first " << size << " bytes of " << wire.size());
    CHECK_THROWS_AS(decoded<T>(wire.substr(0, size), type), pqscope::decode_error);
  }
  CHECK_THROWS_AS(decoded<T>(wire + '\0', type), pqscope::decode_error);
}

#endif
