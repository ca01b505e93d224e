#ifndef PQSCOPE_TYPES_INFERRED_HPP
#define PQSCOPE_TYPES_INFERRED_HPP

#include <pqscope/types/codec.hpp>
#include <pqscope/types/optional.hpp>
#include <pqscope/types/text_form.hpp>

#include <string_view>
#include <type_traits>
#include <utility>

namespace pqscope {

/// A parameter that declares no type, whatever `T` is: the server takes its text for what it
/// expects in that place. For arrays of texts above all, which are `text[]` otherwise, where the
/// column is an array of enums, domains, dates or anything else:
///
///     db.execute("UPDATE people SET past = $1", pqscope::inferred{std::vector{"sad"s, "happy"s}});
///
/// Where nothing tells the type (`unnest($1)`), the server answers an error. A `std::optional` goes
/// around it, not into it. Never a result.
template <class T>
struct inferred {
  static_assert(!is_nullable<T>, "pqscope: put the std::optional around inferred");

  T value;  ///< what is sent
};

/// Lets `inferred{value}` do without the type.
template <class T>
inferred(T) -> inferred<T>;

/// `inferred<T>` is the text of a `T`, of no declared type.
template <class T>
struct codec<inferred<T>> {
  static constexpr oid_t type = oid::none;                  ///< the server's to tell
  static constexpr oid_t array_type = oid::none;            ///< no array is declared
  static constexpr oid_t parameter_type = oid::none;        ///< inferred
  static constexpr bool text_parameter = true;              ///< text
  static constexpr std::string_view name = codec<T>::name;  ///< in messages

  /// Appends the text form.
  static void encode(inferred<T> const& parameter, encoder& out)
    requires detail::text_writable<T>
  {
    detail::text_form<T>::put(parameter.value, out);
  }
};

}  // namespace pqscope

#endif
