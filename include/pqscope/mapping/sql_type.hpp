#ifndef PQSCOPE_MAPPING_SQL_TYPE_HPP
#define PQSCOPE_MAPPING_SQL_TYPE_HPP

#include <pqscope/mapping/member_name.hpp>
#include <pqscope/mapping/text_writer.hpp>
#include <pqscope/types/array_shape.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/composite.hpp>
#include <pqscope/types/enumeration.hpp>
#include <pqscope/types/optional.hpp>
#include <pqscope/types/range_type.hpp>

#include <cstddef>
#include <string_view>
#include <type_traits>

namespace pqscope {

/// The name of the PostgreSQL type of a labelled enum: its own name, without namespaces. Specialise
/// it for another one, before the first use of `E` in a mapping:
///
///     template <>
///     inline constexpr std::string_view pqscope::enum_type<color> = "colour";
template <labelled_enum E>
inline constexpr std::string_view enum_type = detail::own_type_name<E>;

namespace detail {

/// The type of a column.
struct sql_type {
  std::string_view name;   ///< as PostgreSQL writes it, such as `bigint`; empty: not known
  int first = -1;          ///< what follows in parentheses: a length, a precision, a dimension
  int second = -1;         ///< and behind a comma, a scale
  bool is_array = false;   ///< whether `[]` follows
  bool is_quoted = false;  ///< whether the name has to be put in quotes: an enum's
  bool is_own = false;     ///< another one than parameters of the C++ type have

  friend constexpr bool operator==(sql_type const&, sql_type const&) = default;
};

/// Writes the type as in `CREATE TABLE`.
constexpr void put_type(text_writer& out, sql_type const& type) {
  if (type.is_quoted) {
    out.name(type.name);
  } else {
    out << type.name;
  }
  if (type.first >= 0) {
    out << "(";
    out.number(type.first);
    if (type.second >= 0) {
      out << ",";
      out.number(type.second);
    }
    out << ")";
  }
  if (type.is_array) {
    out << "[]";
  }
}

/// Whether a name of a type is `word`, which is in lower case.
constexpr bool is_type_word(std::string_view name, std::string_view word) {
  bool is_same = name.size() == word.size();
  for (std::size_t i = 0; is_same && i < word.size(); ++i) {
    is_same = (name[i] | ' ') == word[i];
  }
  return is_same;
}

/// Writes a cast to the type without its length, which would cut values off: where no length is
/// said, `character` and `bit` are a single character and bit.
constexpr void put_cast(text_writer& out, sql_type const& type) {
  out << "::";
  if (type.is_quoted) {
    out.name(type.name);
  } else {
    std::size_t const begin = type.name.find('(');
    std::size_t const end = type.name.find(')', begin);
    std::string_view name = type.name.substr(0, begin);
    name = name.substr(0, name.find_last_not_of(' ') + 1);
    bool const is_character = is_type_word(name, "character") || is_type_word(name, "char");
    out << (is_character ? "bpchar" : is_type_word(name, "bit") ? "\"bit\"" : name);
    out << type.name.substr(end == std::string_view::npos ? type.name.size() : end + 1);
  }
  out << (type.is_array ? "[]" : "");
}

/// The type of a column that holds a `T`, which may be an optional.
template <class T>
consteval sql_type sql_type_of() {
  using value = non_null_t<T>;
  if constexpr (array_container<value>) {
    sql_type type = sql_type_of<typename array_shape<value>::leaf_type>();
    type.is_array = true;
    return type;
  } else if constexpr (labelled_enum<value>) {
    return {.name = enum_type<value>, .is_quoted = true};
  } else if constexpr (codec_for<value>::type != oid::none) {
    return {.name = builtin_name(codec_for<value>::type)};
  } else if constexpr (std::is_base_of_v<composite_codec, codec_for<value>> ||
                       requires { codec_for<value>::visit; }) {
    return {};
  } else {
    return {.name = codec_for<value>::name};
  }
}

template <class T>
inline constexpr sql_type natural_type = sql_type_of<T>();

template <class T>
struct natural_type_text {
  static constexpr void write(text_writer& out) { put_type(out, natural_type<T>); }
};
/// The type that follows from a C++ type, as text.
template <class T>
inline constexpr std::string_view natural_text = text_of<natural_type_text<T>>();

}  // namespace detail
}  // namespace pqscope

#endif
