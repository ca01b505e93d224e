#ifndef PQSCOPE_TRANSFER_RECORD_VALUES_HPP
#define PQSCOPE_TRANSFER_RECORD_VALUES_HPP

#include <pqscope/connection/row_shape.hpp>
#include <pqscope/types/bind_value.hpp>
#include <pqscope/types/record.hpp>

#include <cstddef>
#include <tuple>
#include <type_traits>
#include <utility>

namespace pqscope::detail {

/// Whether a record is reached by position: `std::tuple`, `std::pair`, `std::array`. An array of
/// values that PostgreSQL has an array for is one value.
template <class T>
concept positional_record = !bindable_value<T> && tuple_like<T>;

/// Whether a record is a struct whose fields count in their order.
template <class T>
concept named_record = !bindable_value<T> && !tuple_like<T> && record<T>;

/// Whether records of this type have values to send.
template <class T>
concept sendable_record = bindable_value<T> || positional_record<T> || named_record<T>;

/// What an iterator gives as a record: its references as they are, or, where these stand for
/// something else, such as those of `std::vector<bool>`, its values.
template <class Iterator>
using record_at =
    std::conditional_t<sendable_record<std::remove_cvref_t<std::iter_reference_t<Iterator>>>,
                       std::remove_cvref_t<std::iter_reference_t<Iterator>>,
                       std::iter_value_t<Iterator>>;
/// The same for a range.
template <class Range>
using record_of = record_at<std::ranges::iterator_t<Range>>;

/// How many values a record has.
template <class T>
constexpr std::size_t count_values() {
  static_assert(sendable_record<T>,
                "pqscope: a record is a value with a codec, a std::tuple or std::pair of such, or "
                "an aggregate struct of such");
  if constexpr (positional_record<T>) {
    return std::tuple_size_v<T>;
  } else if constexpr (named_record<T>) {
    return record_size<T>;
  } else {
    return 1;
  }
}

/// Calls `use(values...)` with the values of a record.
template <class T, class Use>
void with_values(T const& from, Use const& use) {
  if constexpr (positional_record<T>) {
    std::apply(use, from);
  } else if constexpr (named_record<T>) {
    with_fields(from, use);
  } else {
    use(from);
  }
}

}  // namespace pqscope::detail

#endif
