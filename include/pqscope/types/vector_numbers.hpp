#ifndef PQSCOPE_TYPES_VECTOR_NUMBERS_HPP
#define PQSCOPE_TYPES_VECTOR_NUMBERS_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/types/encoder.hpp>
#include <pqscope/types/floating.hpp>
#include <pqscope/types/malformed.hpp>
#include <pqscope/types/wire_value.hpp>

#include <bit>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace pqscope::detail {

/// How many numbers a vector holds at most. Source: pgvector's `VECTOR_MAX_DIM`,
/// `HALFVEC_MAX_DIM` and `SPARSEVEC_MAX_NNZ`.
inline constexpr std::size_t max_vector_size = 16000;

/// What the numbers of a vector stay below: the first value that is rounded to infinity.
inline constexpr float end_of_floats = std::numeric_limits<float>::infinity();
inline constexpr float end_of_halves = 65520;  // 65504 is the largest, in steps of 32

constexpr bool is_vector_number(float number, float end) noexcept {
  return number > -end && number < end;  // not for NaN
}

/// Appends the shortest text of `number`. \throws usage_error unless it is finite and below `end`
inline void put_vector_number(float number, float end, encoder& out) {
  if (!is_vector_number(number, end)) {
    throw usage_error("a vector holds a number that is not finite or out of its type's range");
  }
  char digits[24];
  auto const stop = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(std::string_view(digits, static_cast<std::size_t>(stop - digits)));
}

/// Answers `number`, which has to be finite and below `end`.
inline float checked_vector_number(float number, std::string_view type, float end = end_of_floats) {
  if (!is_vector_number(number, end)) {
    throw_malformed(type);
  }
  return number;
}

inline float parse_vector_number(std::string_view text, std::string_view type,
                                 float end = end_of_floats) {
  return checked_vector_number(parse_floating<float>(text, type), type, end);
}

inline float read_float(char const* data) noexcept {
  return std::bit_cast<float>(read_int32(data));
}

/// Reads a number of half precision: a sign, 5 bits of exponent, 10 of fraction (IEEE 754,
/// "binary16").
inline float read_half(char const* data) noexcept {
  std::uint32_t const bits = static_cast<std::uint16_t>(read_int16(data));
  std::uint32_t const sign = (bits & 0x8000U) << 16U;
  std::uint32_t const exponent = bits >> 10U & 0x1fU;
  std::uint32_t const fraction = bits & 0x3ffU;
  if (exponent == 0) {  // zero and subnormal numbers: a multiple of 2^-24
    float const magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return sign != 0 ? -magnitude : magnitude;
  }
  std::uint32_t const wide = exponent == 0x1fU ? 0xffU : exponent + 127 - 15;
  return std::bit_cast<float>(sign | wide << 23U | fraction << 13U);
}

}  // namespace pqscope::detail

#endif
