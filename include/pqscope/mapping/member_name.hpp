#ifndef PQSCOPE_MAPPING_MEMBER_NAME_HPP
#define PQSCOPE_MAPPING_MEMBER_NAME_HPP

#include <pqscope/types/field_names.hpp>

#include <array>
#include <cstddef>
#include <string_view>
#include <type_traits>

namespace pqscope::detail {

template <class Pointer>
struct member_pointer {
  static constexpr bool is_member = false;
};
template <class Owner, class Value>
struct member_pointer<Value Owner::*> {
  static constexpr bool is_member = !std::is_function_v<Value>;
  using owner = Owner;
  using value = std::remove_cv_t<Value>;
};

/// The struct a member pointer leads into.
template <auto Member>
using owner_of = typename member_pointer<std::remove_cv_t<decltype(Member)>>::owner;
/// The type of the member.
template <auto Member>
using value_of = typename member_pointer<std::remove_cv_t<decltype(Member)>>::value;

/// A member pointer as a type.
template <auto Member>
struct member {
  static constexpr auto pointer = Member;
};

template <auto Member>
consteval std::string_view member_text() {
  return __PRETTY_FUNCTION__;
}
template <class T>
consteval std::string_view type_text() {
  return __PRETTY_FUNCTION__;
}

struct spelling_probe {
  int pqscope_probe;
};

/// The last identifier in a compiler's spelling. How many characters follow it is learnt from a
/// spelling of a known one.
consteval std::string_view last_identifier(std::string_view text, std::string_view probe,
                                           std::string_view known) {
  std::size_t const end = text.size() - (probe.size() - probe.rfind(known) - known.size());
  std::size_t begin = end;
  while (begin > 0 && is_identifier_character(text[begin - 1])) {
    --begin;
  }
  return text.substr(begin, end - begin);
}

template <auto Member>
consteval std::string_view spelled_member() {
  return last_identifier(member_text<Member>(), member_text<&spelling_probe::pqscope_probe>(),
                         "pqscope_probe");
}
template <class T>
consteval std::string_view spelled_type() {
  return last_identifier(type_text<T>(), type_text<spelling_probe>(), "spelling_probe");
}

// The compilers' texts are long and would stay in the program: keep the names alone.
template <std::size_t N>
consteval std::array<char, N + 1> kept_name(std::string_view name) {
  std::array<char, N + 1> kept{};
  for (std::size_t i = 0; i != N; ++i) {
    kept[i] = name[i];
  }
  return kept;
}
template <auto Member>
inline constexpr auto member_characters =
    kept_name<spelled_member<Member>().size()>(spelled_member<Member>());
template <class T>
inline constexpr auto type_characters = kept_name<spelled_type<T>().size()>(spelled_type<T>());

/// The name of a member, as it is written in its declaration.
template <auto Member>
inline constexpr std::string_view member_name{member_characters<Member>.data(),
                                              member_characters<Member>.size() - 1};
/// The name of a struct or enum without its namespaces; empty for an instance of a template.
template <class T>
inline constexpr std::string_view own_type_name{type_characters<T>.data(),
                                                type_characters<T>.size() - 1};

}  // namespace pqscope::detail

#endif
