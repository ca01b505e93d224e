#ifndef PQSCOPE_TYPES_FIELD_COUNT_HPP
#define PQSCOPE_TYPES_FIELD_COUNT_HPP

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace pqscope::detail {

/// The largest number of fields a record may have.
inline constexpr std::size_t max_record_size = 64;

// Converts to anything the constraint allows, in unevaluated operands. The conversion is const so
// that a member with a constructor that takes anything (std::optional, std::any) prefers that
// constructor instead of being ambiguous. It has a body because GCC asks for one where U is local
// to a function; it is never run.
struct any_value {
  template <class U>
  operator U() const {
    throw 0;
  }
};

template <class T>
struct any_value_but_itself {
  template <class U>
    requires(!std::same_as<U, T>)
  operator U() const {
    throw 0;
  }
};

template <class T>
struct any_value_but_a_union {
  template <class U>
    requires(!std::same_as<U, T> && !std::is_union_v<U>)
  operator U() const {
    throw 0;
  }
};

template <class T>
struct any_base_of {
  template <class U>
    requires(!std::same_as<U, T> && std::is_base_of_v<U, T>)
  operator U() const {
    throw 0;
  }
};

template <class Value, std::size_t>
using repeated = Value;

template <class T, std::size_t... I>
consteval bool takes(std::index_sequence<I...>) {
  return requires { T{repeated<any_value, I>{}...}; };
}

// Unlike braces, parentheses never reach into a field that is an array or an aggregate.
template <class T, class Value, std::size_t... I>
consteval bool takes_in_parentheses(std::index_sequence<I...>) {
  return requires { T(repeated<Value, I>{}...); };
}

template <class T, std::size_t... I>
consteval bool takes_base_first(std::index_sequence<I...>) {
  return requires { T{any_base_of<T>{}, repeated<any_value, I>{}...}; };
}

template <class T, std::size_t N>
inline constexpr bool takes_values = takes<T>(std::make_index_sequence<N>{});

// When T{} is valid every shorter list of initialisers is too, and the longest is found by halving.
template <class T, std::size_t Valid, std::size_t Invalid>
consteval std::size_t halve() {
  if constexpr (Invalid - Valid == 1) {
    return Valid;
  } else {
    constexpr std::size_t middle = Valid + (Invalid - Valid) / 2;
    if constexpr (takes_values<T, middle>) {
      return halve<T, middle, Invalid>();
    } else {
      return halve<T, Valid, middle>();
    }
  }
}

// A field without a default makes short lists invalid as well: try from the longest.
template <class T, std::size_t N>
consteval std::size_t descend() {
  if constexpr (N == 0 || takes_values<T, N>) {
    return N;
  } else {
    return descend<T, N - 1>();
  }
}

/// The number of initialisers aggregate `T` takes: its number of fields, unless it has a base class
/// (which counts as one) or a C array (whose elements count). `max_record_size + 1` for anything
/// longer; 0 when no number of values will do, as with a reference.
template <class T>
consteval std::size_t count_initialisers() {
  if constexpr (takes_values<T, 0>) {
    return halve<T, 0, max_record_size + 2>();
  } else {
    return descend<T, max_record_size + 1>();
  }
}

}  // namespace pqscope::detail

#endif
