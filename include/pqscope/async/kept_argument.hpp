#ifndef PQSCOPE_ASYNC_KEPT_ARGUMENT_HPP
#define PQSCOPE_ASYNC_KEPT_ARGUMENT_HPP

#include <cstddef>
#include <type_traits>
#include <utility>

namespace pqscope::async::detail {

/// A copy of an argument, for an operation that begins later; has the argument's own type, so that
/// it is bound as the argument would have been.
template <class T>
class kept_argument {
 public:
  explicit kept_argument(T const& value) : value_(value) {}
  /// The copy.
  T const& get() const noexcept { return value_; }

 private:
  T value_;
};

/// One of a text literal, or another array.
template <class T, std::size_t N>
class kept_argument<T[N]> {
 public:
  explicit kept_argument(T const (&value)[N])
      : kept_argument(value, std::make_index_sequence<N>{}) {}
  /// The copy.
  T const (&get() const noexcept)[N] { return value_; }

 private:
  template <std::size_t... I>
  kept_argument(T const (&value)[N], std::index_sequence<I...>) : value_{value[I]...} {}

  T value_[N];
};

/// A range: owned if it was given away, else referred to.
template <class Range>
class kept_range {
 public:
  explicit kept_range(Range&& range) : range_(std::forward<Range>(range)) {}
  /// The range.
  std::remove_reference_t<Range>& get() noexcept { return range_; }

 private:
  Range range_;
};

}  // namespace pqscope::async::detail

#endif
