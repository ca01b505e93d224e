#ifndef PQSCOPE_TYPES_RANGE_TYPE_HPP
#define PQSCOPE_TYPES_RANGE_TYPE_HPP

#include <pqscope/types/codec.hpp>
#include <pqscope/types/oid.hpp>

#include <array>
#include <cstddef>
#include <string_view>

namespace pqscope {

namespace detail {

struct builtin_range {
  oid_t element;
  oid_t range;
  oid_t multirange;
};

// Source: PostgreSQL's catalog data file `pg_range.dat`.
inline constexpr builtin_range builtin_ranges[] = {
    {oid::int4, oid::int4range, oid::int4multirange},
    {oid::int8, oid::int8range, oid::int8multirange},
    {oid::numeric, oid::numrange, oid::nummultirange},
    {oid::timestamp, oid::tsrange, oid::tsmultirange},
    {oid::timestamptz, oid::tstzrange, oid::tstzmultirange},
    {oid::date, oid::daterange, oid::datemultirange},
};

/// What is known of the first built-in range whose `Key` is `type`; all zero if there is none.
template <oid_t builtin_range::* Key>
constexpr builtin_range find_builtin_range(oid_t type) noexcept {
  for (auto const& known : builtin_ranges) {
    if (known.*Key == type && type != oid::none) {
      return known;
    }
  }
  return {};
}

/// The built-in array type over `type`; 0 if there is none.
constexpr oid_t builtin_array_over(oid_t type) noexcept {
  for (auto const& known : builtin_types) {
    if (known.type == type) {
      return known.array_type;
    }
  }
  return oid::none;
}

constexpr std::string_view builtin_name(oid_t type) noexcept {
  for (auto const& known : builtin_types) {
    if (known.type == type) {
      return known.name;
    }
  }
  return {};
}

/// `Prefix` and a codec's name in one, with static storage.
template <class Codec, std::size_t N>
constexpr auto prefixed_name(char const (&prefix)[N]) {
  std::array<char, N - 1 + Codec::name.size()> text{};
  std::size_t at = 0;
  for (char const c : std::string_view(prefix, N - 1)) {
    text[at++] = c;
  }
  for (char const c : Codec::name) {
    text[at++] = c;
  }
  return text;
}

}  // namespace detail

/// The range type that users made over some type, whose OIDs only the database knows: whoever
/// names it vouches that the columns read as `range<T>` are ranges over what `T` is.
struct user_range_type {
  static constexpr bool is_declared = true;                  ///< it is known which range is meant
  static constexpr oid_t type = oid::none;                   ///< of the range
  static constexpr oid_t array_type = oid::none;             ///< of arrays of ranges
  static constexpr oid_t multirange_type = oid::none;        ///< of the multirange
  static constexpr oid_t multirange_array_type = oid::none;  ///< of arrays of multiranges
};

/// Which PostgreSQL type `range<T>` is: the built-in range over the type that `T` is.
///
/// Where there is none, or another one is meant, specialise it before the first use of `range<T>`:
///
///     template <>
///     struct pqscope::range_type<double> : pqscope::user_range_type {};  // floatrange
template <class T>
struct range_type {
 private:
  static constexpr detail::builtin_range known =
      detail::find_builtin_range<&detail::builtin_range::element>(codec<T>::type);

 public:
  static constexpr bool is_declared = known.range != oid::none;  ///< it is known which is meant
  static constexpr oid_t type = known.range;                     ///< of the range
  static constexpr oid_t array_type = detail::builtin_array_over(type);  ///< of its arrays
  static constexpr oid_t multirange_type = known.multirange;             ///< of the multirange
  static constexpr oid_t multirange_array_type =
      detail::builtin_array_over(multirange_type);  ///< of its arrays
};

}  // namespace pqscope

#endif
