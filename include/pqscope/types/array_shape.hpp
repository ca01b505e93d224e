#ifndef PQSCOPE_TYPES_ARRAY_SHAPE_HPP
#define PQSCOPE_TYPES_ARRAY_SHAPE_HPP

#include <pqscope/types/codec.hpp>
#include <pqscope/types/optional.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace pqscope::detail {

/// Takes a C++ type apart into the dimensions of an array and what lies within. The primary
/// template is for what lies within.
template <class T>
struct array_shape {
  static constexpr std::size_t depth = 0;
  static constexpr bool readable = true;
  using leaf_type = T;
};

template <class T, bool Readable>
struct array_level {
  using below = array_shape<std::remove_cv_t<T>>;
  static constexpr std::size_t depth = below::depth + 1;
  static constexpr bool readable = Readable && below::readable;
  using leaf_type = typename below::leaf_type;
};

template <class T>
struct array_shape<std::vector<T>> : array_level<T, true> {};
template <class T, std::size_t N>
struct array_shape<std::array<T, N>> : array_level<T, true> {};
template <class T, std::size_t N>
struct array_shape<std::span<T, N>> : array_level<T, false> {};

// Sequences of bytes are values, not arrays.
template <>
struct array_shape<std::vector<std::byte>> {
  static constexpr std::size_t depth = 0;
  static constexpr bool readable = true;
  using leaf_type = std::vector<std::byte>;
};
template <std::size_t N>
struct array_shape<std::array<std::byte, N>> {
  static constexpr std::size_t depth = 0;
  static constexpr bool readable = true;
  using leaf_type = std::array<std::byte, N>;
};
template <class T, std::size_t N>
  requires std::is_same_v<std::remove_const_t<T>, std::byte>
struct array_shape<std::span<T, N>> {
  static constexpr std::size_t depth = 0;
  static constexpr bool readable = true;
  using leaf_type = std::span<T, N>;
};

/// Whether `T` is a container that is an array, of elements that have a codec.
template <class T>
concept array_container =
    array_shape<T>::depth > 0 && has_codec<non_null_t<typename array_shape<T>::leaf_type>>;

/// `text[]` from `text`, with static storage.
template <class Codec>
inline constexpr auto array_name = [] {
  std::array<char, Codec::name.size() + 2> text{};
  std::size_t at = 0;
  for (char const c : Codec::name) {
    text[at++] = c;
  }
  text[at++] = '[';
  text[at] = ']';
  return text;
}();

}  // namespace pqscope::detail

#endif
