#ifndef PQSCOPE_TYPES_RECORD_HPP
#define PQSCOPE_TYPES_RECORD_HPP

#include <pqscope/types/field_binding.hpp>
#include <pqscope/types/field_count.hpp>
#include <pqscope/types/field_names.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace pqscope {

namespace detail {

enum class record_problem {
  none,
  not_an_aggregate_class,
  tuple_like,
  base_class,
  array_or_reference,
  union_member,
  too_many_fields,
  no_field,
  bit_field,
};

template <class T>
concept tuple_like = requires { std::tuple_size<T>::value; };

template <class T>
consteval record_problem find_record_problem() {
  if constexpr (!std::is_class_v<T> || !std::is_aggregate_v<T>) {
    return record_problem::not_an_aggregate_class;
  } else if constexpr (tuple_like<T>) {
    return record_problem::tuple_like;
  } else if constexpr (std::is_empty_v<T> && takes_values<T, 0> && !takes_values<T, 1>) {
    return record_problem::no_field;
  } else {
    constexpr std::size_t count = count_initialisers<T>();
    if constexpr (count == 0) {
      return record_problem::array_or_reference;
    } else if constexpr (takes_base_first<T>(std::make_index_sequence<count - 1>{})) {
      return record_problem::base_class;
    } else if constexpr (!takes_in_parentheses<T, any_value_but_itself<T>>(
                             std::make_index_sequence<count>{})) {
      return record_problem::array_or_reference;
    } else if constexpr (count > max_record_size) {
      return record_problem::too_many_fields;
    } else if constexpr (!takes_in_parentheses<T, any_value_but_a_union<T>>(
                             std::make_index_sequence<count>{})) {
      return record_problem::union_member;
    } else if constexpr (!field_binding<count>::apply(declared_record<T>(), binding_probe{})) {
      return record_problem::bit_field;
    } else {
      return record_problem::none;
    }
  }
}

template <class T>
inline constexpr record_problem record_problem_of = find_record_problem<T>();

template <class T>
consteval std::size_t checked_record_size() {
  constexpr record_problem problem = record_problem_of<T>;
  static_assert(problem != record_problem::not_an_aggregate_class,
                "pqscope: a record must be an aggregate: a struct without constructors, private "
                "members or virtual functions");
  static_assert(problem != record_problem::tuple_like,
                "pqscope: a record must not be std::array, std::tuple or the like: these have "
                "positions, not names");
  static_assert(problem != record_problem::base_class,
                "pqscope: a record must not have base classes: make the base a field, or repeat "
                "its fields");
  static_assert(problem != record_problem::array_or_reference,
                "pqscope: a record must not have C arrays or references as fields: use std::array, "
                "std::string or values");
  static_assert(problem != record_problem::union_member,
                "pqscope: a record must not have a union, named or anonymous, among its fields");
  static_assert(problem != record_problem::too_many_fields,
                "pqscope: a record must not have more than 64 fields");
  static_assert(problem != record_problem::no_field, "pqscope: a record must have a field");
  static_assert(problem != record_problem::bit_field,
                "pqscope: a record must not have bit-fields: no reference can be bound to one");
  if constexpr (problem == record_problem::none) {
    return count_initialisers<T>();
  } else {
    return 0;
  }
}

template <class... Fields>
struct field_list {
  using values = std::tuple<std::remove_cv_t<Fields>...>;
};

struct list_fields {
  template <class... Fields>
  constexpr field_list<Fields...> operator()(Fields&...) const {
    return {};
  }
};

struct tie_fields {
  template <class... Fields>
  constexpr std::tuple<Fields&...> operator()(Fields&... fields) const {
    return std::tuple<Fields&...>(fields...);
  }
};

}  // namespace detail

/// A plain struct whose fields have names: an aggregate class with 1 to 64 fields. Needs no macro
/// and no registration; local structs, templates and structs in unnamed namespaces will do.
///
/// Not records: anything with a base class, a bit-field, a C array, a reference or a union among
/// its fields, and what is reached by position, such as `std::array` and `std::pair`. `const` and
/// move-only fields are fine. A field that is a record itself counts as one field.
template <class T>
concept record = detail::record_problem_of<std::remove_cv_t<T>> == detail::record_problem::none;

/// The number of fields of `T`. For what is not a `record`, a compile-time error that says why.
template <class T>
inline constexpr std::size_t record_size = detail::checked_record_size<std::remove_cv_t<T>>();

/// The names of the fields of `T`, in the order of their declaration. Each is followed by a NUL.
template <record T>
inline constexpr std::array<std::string_view, record_size<T>> const& field_names =
    detail::names_of<std::remove_cv_t<T>, record_size<T>>;

/// The name of field `I` of `T`, as it is written in its declaration.
template <record T, std::size_t I>
  requires(I < record_size<T>)
inline constexpr std::string_view field_name = field_names<T>[I];

/// Calls `use(field...)` with lvalues of all fields of `object`, `const` if `object` is, and
/// returns what it returns. The cheapest of the ways to reach the fields, for the compiler.
template <class T, class Use>
  requires record<T>
constexpr decltype(auto) with_fields(T& object, Use const& use) {
  return detail::field_binding<record_size<T>>::apply(object, use);
}

/// The types of the fields of `T` without `const`: a `std::tuple`.
template <record T>
using field_types = typename decltype(with_fields(detail::declared_record<std::remove_cv_t<T>>(),
                                                  detail::list_fields{}))::values;

/// The type of field `I` of `T`, without `const`.
template <record T, std::size_t I>
using field_type = std::tuple_element_t<I, field_types<T>>;

/// A tuple of references to the fields of `object`; they live as long as `object` does.
template <class T>
  requires record<T>
constexpr auto as_tuple(T& object) {
  return with_fields(object, detail::tie_fields{});
}

/// A reference to field `I` of `object`.
template <std::size_t I, class T>
  requires record<T>
constexpr auto& get_field(T& object) {
  return std::get<I>(as_tuple(object));
}

/// Calls `use(field)` for each field of `object`, in order.
template <class T, class Use>
  requires record<T>
constexpr void for_each_field(T& object, Use&& use) {
  with_fields(object, [&use](auto&... fields) { (static_cast<void>(use(fields)), ...); });
}

}  // namespace pqscope

#endif
