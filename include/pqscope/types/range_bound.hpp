#ifndef PQSCOPE_TYPES_RANGE_BOUND_HPP
#define PQSCOPE_TYPES_RANGE_BOUND_HPP

#include <pqscope/error/usage_error.hpp>

#include <optional>
#include <type_traits>
#include <utility>

namespace pqscope {

/// The type of `unbounded`.
struct unbounded_t {
  /// For `unbounded` only.
  explicit constexpr unbounded_t() = default;
};

/// A range's bound that is not there: the range goes on for ever on that side.
inline constexpr unbounded_t unbounded{};

/// One end of a range: a value that belongs to the range, a value that does not, or no end at all.
///
/// Made by `inclusive`, `exclusive` and `unbounded`. A value of infinity, as dates have, is a
/// value: no end is something else, here as in PostgreSQL.
template <class T>
class range_bound {
 public:
  /// No end.
  constexpr range_bound() = default;

  /// No end.
  constexpr range_bound(unbounded_t) {}

  /// An end at `value`, which belongs to the range if `is_inclusive`.
  constexpr range_bound(T value, bool is_inclusive)
      : value_(std::move(value)), inclusive_(is_inclusive) {}

  /// From an end of another type, where that takes no narrowing: `inclusive("a")` is one of
  /// `std::string`.
  template <class U>
    requires(!std::is_same_v<T, U> && std::is_convertible_v<U, T> &&
             requires(U value) { T{std::move(value)}; })
  constexpr range_bound(range_bound<U> other) : inclusive_(other.is_inclusive()) {
    if (!other.is_unbounded()) {
      value_.emplace(T{std::move(other).value()});
    }
  }

  /// Whether there is no end.
  constexpr bool is_unbounded() const noexcept { return !value_; }

  /// Whether the value belongs to the range; false where there is none.
  constexpr bool is_inclusive() const noexcept { return inclusive_; }

  /// The value. Throws `usage_error` where there is none.
  constexpr T const& value() const& {
    require_value();
    return *value_;
  }

  /// As above.
  constexpr T value() && {
    require_value();
    return std::move(*value_);
  }

  /// Whether both are of the same kind and their values equal.
  friend constexpr bool operator==(range_bound const&, range_bound const&) = default;

 private:
  constexpr void require_value() const {
    if (!value_) {
      throw usage_error("the range is unbounded on this side: there is no value");
    }
  }

  std::optional<T> value_;
  bool inclusive_ = false;
};

/// An end at `value`, which belongs to the range: `[value` or `value]`.
template <class T>
constexpr range_bound<std::decay_t<T>> inclusive(T&& value) {
  return {std::forward<T>(value), true};
}

/// An end at `value`, which does not belong to the range: `(value` or `value)`.
template <class T>
constexpr range_bound<std::decay_t<T>> exclusive(T&& value) {
  return {std::forward<T>(value), false};
}

}  // namespace pqscope

#endif
