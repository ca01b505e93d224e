#ifndef PQSCOPE_MAPPING_STATEMENT_ARGUMENTS_HPP
#define PQSCOPE_MAPPING_STATEMENT_ARGUMENTS_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/types/bind_value.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/optional.hpp>
#include <pqscope/types/text.hpp>

#include <concepts>
#include <limits>
#include <source_location>
#include <type_traits>
#include <utility>

namespace pqscope::detail {

template <class... Ts>
struct type_list {};

/// Whether a `T` is sent as a text that declares no type.
template <class T>
inline constexpr bool is_sent_as_text = std::is_base_of_v<text_codec, codec_for<non_null_t<T>>>;

/// Whether the server cannot tell a `Given` from a `Declared`, so that there is nothing to convert.
template <class Given, class Declared>
consteval bool travels_alike() {
  if constexpr (std::same_as<Given, Declared>) {
    return true;
  } else if constexpr (!has_codec<Given> || !has_codec<Declared> || std::is_arithmetic_v<Given> ||
                       std::is_arithmetic_v<Declared>) {
    return false;
  } else {
    using given = codec_for<Given>;
    using declared = codec_for<Declared>;
    return (is_sent_as_text<Given> && is_sent_as_text<Declared>) ||
           (given::parameter_type != oid::none &&
            given::parameter_type == declared::parameter_type &&
            given::text_parameter == declared::text_parameter);
  }
}

// An array's initialiser converts implicitly, and does not narrow.
template <class Given, class Declared>
concept converts_implicitly =
    requires(Given const& given) { std::type_identity_t<Declared[]>{given}; };

/// Whether each value of a `Given` is one of a `Declared`, too.
template <class Given, class Declared>
consteval bool converts_without_loss() {
  if constexpr (std::is_arithmetic_v<Given> && std::is_arithmetic_v<Declared>) {
    constexpr bool is_number = !std::same_as<Given, bool> && !std::same_as<Given, char> &&
                               !std::same_as<Declared, bool> && !std::same_as<Declared, char>;
    constexpr bool fits =
        std::numeric_limits<Given>::digits <= std::numeric_limits<Declared>::digits;
    return is_number && (converts_implicitly<Given, Declared> ||
                         (std::is_integral_v<Given> && std::is_floating_point_v<Declared> && fits));
  } else {
    return converts_implicitly<Given, Declared>;
  }
}

/// An argument as the type that its statement declares; itself where that makes no difference.
/// \throws usage_error for a null pointer where no NULL is declared
template <class Declared, class Given>
decltype(auto) as_declared(Given const& given, std::source_location const& where) {
  using to = non_null_t<Declared>;
  using from = non_null_t<Given>;
  using carrier = null_carrier<Given>;
  if constexpr (is_null_constant<Given>) {
    static_assert(
        is_nullable<Declared>,
        "pqscope: NULL for an argument that the statement declares without std::optional");
    return Declared{};
  } else {
    static_assert(is_nullable<Declared> || !is_nullable<Given> || is_sent_as_text<Given>,
                  "pqscope: an argument that can be NULL for one that the statement declares "
                  "without std::optional");
    if constexpr (std::is_pointer_v<Given> && !is_nullable<Declared>) {
      if (given == nullptr) {
        throw usage_error("a null pointer for an argument that is declared without std::optional",
                          where);
      }
    }
    if constexpr (travels_alike<from, to>()) {
      return (given);
    } else if constexpr (!converts_without_loss<from, to>()) {
      static_assert(always_false<Given>,
                    "pqscope: an argument cannot be converted without loss to the type that the "
                    "statement declares for it");
    } else if constexpr (is_nullable<Given>) {
      return carrier::is_null(given) ? Declared{}
                                     : Declared{static_cast<to>(carrier::value(given))};
    } else {
      return static_cast<to>(given);
    }
  }
}

/// Calls `use` with the arguments as they are declared; answers what it answers.
template <class... Declared, class Use, class... Given>
decltype(auto) with_declared(type_list<Declared...>, std::source_location const& where,
                             Use const& use, Given const&... arguments) {
  static_assert(sizeof...(Given) == sizeof...(Declared),
                "pqscope: the statement is declared with another number of arguments");
  if constexpr (sizeof...(Given) == sizeof...(Declared)) {
    return use(as_declared<std::remove_cvref_t<Declared>>(arguments, where)...);
  }
}

}  // namespace pqscope::detail

#endif
