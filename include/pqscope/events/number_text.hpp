#ifndef PQSCOPE_EVENTS_NUMBER_TEXT_HPP
#define PQSCOPE_EVENTS_NUMBER_TEXT_HPP

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string>

namespace pqscope::detail {

/// Appends a number in decimal digits, with zeros in front up to `width`; no locale has a say.
inline void append_number(std::string& out, std::uint64_t value, std::size_t width = 1) {
  std::array<char, 20> digits{};
  char const* const end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  auto const size = static_cast<std::size_t>(end - digits.data());
  out.append(width > size ? width - size : 0, '0').append(digits.data(), size);
}

/// Appends nanoseconds as seconds, exactly: `0`, `0.0025`, `12.5`.
inline void append_seconds(std::string& out, std::uint64_t nanoseconds) {
  constexpr std::uint64_t second = 1'000'000'000;
  append_number(out, nanoseconds / second);
  if (nanoseconds % second != 0) {
    out += '.';
    append_number(out, nanoseconds % second, 9);
    out.resize(out.find_last_not_of('0') + 1);
  }
}

/// Appends nanoseconds as milliseconds, cut after the microsecond: `251.300ms`.
inline void append_milliseconds(std::string& out, std::uint64_t nanoseconds) {
  append_number(out, nanoseconds / 1'000'000);
  out += '.';
  append_number(out, nanoseconds / 1'000 % 1'000, 3);
  out += "ms";
}

}  // namespace pqscope::detail

#endif
