#ifndef PQSCOPE_TYPES_OPTIONAL_HPP
#define PQSCOPE_TYPES_OPTIONAL_HPP

#include <cstddef>
#include <optional>
#include <type_traits>

namespace pqscope {

namespace detail {

/// How a C++ type carries NULL. The primary template is for types that cannot.
template <class T>
struct null_carrier {
  static constexpr bool nullable = false;
  using value_type = T;
  static constexpr bool is_null(T const&) noexcept { return false; }
  static constexpr T const& value(T const& carrier) noexcept { return carrier; }
};

template <class T>
struct null_carrier<std::optional<T>> {
  static_assert(!null_carrier<std::remove_cv_t<T>>::nullable,
                "an optional of something that can be NULL itself has two ways to be NULL; "
                "PostgreSQL has one");
  static constexpr bool nullable = true;
  using value_type = std::remove_cv_t<T>;
  static constexpr bool is_null(std::optional<T> const& carrier) noexcept { return !carrier; }
  static constexpr T const& value(std::optional<T> const& carrier) noexcept { return *carrier; }
};

/// A C string is its own value; the null pointer is NULL.
template <>
struct null_carrier<char const*> {
  static constexpr bool nullable = true;
  using value_type = char const*;
  static constexpr bool is_null(char const* carrier) noexcept { return carrier == nullptr; }
  static constexpr char const* value(char const* carrier) noexcept { return carrier; }
};

template <>
struct null_carrier<char*> : null_carrier<char const*> {};

/// `nullptr` and `nullopt` are never anything but NULL.
template <class T>
inline constexpr bool is_null_constant = std::is_same_v<std::remove_cvref_t<T>, std::nullptr_t> ||
                                         std::is_same_v<std::remove_cvref_t<T>, std::nullopt_t>;

template <class T>
using null_carrier_for = null_carrier<std::remove_cvref_t<T>>;

}  // namespace detail

/// Whether a `T` can be NULL: `std::optional`, `std::nullopt`, `nullptr` and, as parameters,
/// C strings.
template <class T>
inline constexpr bool is_nullable =
    detail::null_carrier_for<T>::nullable || detail::is_null_constant<T>;

/// `T` without its NULL: the value type of an optional, any other type itself.
template <class T>
using non_null_t = typename detail::null_carrier_for<T>::value_type;

}  // namespace pqscope

#endif
