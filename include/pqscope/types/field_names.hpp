#ifndef PQSCOPE_TYPES_FIELD_NAMES_HPP
#define PQSCOPE_TYPES_FIELD_NAMES_HPP

#include <pqscope/types/field_binding.hpp>

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

namespace pqscope::detail {

template <class T>
struct declared {
  T value;
};

// An object of any type, declared and never defined: only addresses of its fields are taken, and
// only while compiling. Clang warns about both halves of that.
#ifdef __clang__
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-internal"
#pragma clang diagnostic ignored "-Wundefined-var-template"
#endif
template <class T>
extern declared<T> declared_object;

template <class T>
consteval T& declared_record() {
  return declared_object<T>.value;
}
#ifdef __clang__
#pragma clang diagnostic pop
#endif

// As a template argument, the address is printed as the path that leads to it.
struct field_address {
  void const* value;
};

template <std::size_t N>
struct take_addresses {
  template <class... Fields>
  constexpr std::array<field_address, N> operator()(Fields const&... fields) const {
    return {field_address{&fields}...};
  }
};

template <field_address Address>
consteval std::string_view address_text() {
  return __PRETTY_FUNCTION__;
}

// A function, not a variable: a variable could reach the program and with it the undefined object.
template <class T, std::size_t N>
consteval std::array<field_address, N> field_addresses() {
  return field_binding<N>::apply(declared_record<T>(), take_addresses<N>{});
}

struct name_probe {
  int pqscope_probe;
};

consteval bool is_identifier_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || static_cast<unsigned char>(c) >= 0x80;
}

/// The last identifier in a compiler's spelling of an address. How many characters follow it is
/// learnt from a field whose name is known.
consteval std::string_view last_name(std::string_view text) {
  constexpr std::string_view probe = address_text<field_addresses<name_probe, 1>()[0]>();
  constexpr std::string_view known = "pqscope_probe";
  constexpr std::size_t at = probe.rfind(known);
  static_assert(at != std::string_view::npos, "this compiler does not print the names of fields");
  std::size_t const end = text.size() - (probe.size() - at - known.size());
  std::size_t begin = end;
  while (begin > 0 && is_identifier_character(text[begin - 1])) --begin;
  return text.substr(begin, end - begin);
}

template <class T, std::size_t N, std::size_t... I>
consteval std::array<std::string_view, N> spelled_names(std::index_sequence<I...>) {
  constexpr std::array<field_address, N> addresses = field_addresses<T, N>();
  return {last_name(address_text<addresses[I]>())...};
}

// The compilers' texts are long and would stay in the program: keep the names alone.
template <class T, std::size_t N>
struct kept_names {
  static constexpr std::array<std::string_view, N> spelled =
      spelled_names<T, N>(std::make_index_sequence<N>{});

  static consteval std::size_t total() {
    std::size_t sum = 0;
    for (std::string_view name : spelled) sum += name.size() + 1;
    return sum;
  }

  static constexpr std::size_t size = total();

  static consteval std::array<char, size> joined() {
    std::array<char, size> all{};
    std::size_t at = 0;
    for (std::string_view name : spelled) {
      for (char c : name) all[at++] = c;
      all[at++] = '\0';
    }
    return all;
  }

  static constexpr std::array<char, size> text = joined();

  static consteval std::array<std::string_view, N> views() {
    std::array<std::string_view, N> names{};
    std::size_t begin = 0;
    for (std::size_t i = 0; i != N; ++i) {
      names[i] = std::string_view(text.data() + begin, spelled[i].size());
      begin += spelled[i].size() + 1;
    }
    return names;
  }
};

/// The names of the `N` fields of `T`, in order, each followed by a NUL.
template <class T, std::size_t N>
inline constexpr std::array<std::string_view, N> names_of = kept_names<T, N>::views();

}  // namespace pqscope::detail

#endif
