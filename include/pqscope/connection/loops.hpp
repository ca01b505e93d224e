#ifndef PQSCOPE_CONNECTION_LOOPS_HPP
#define PQSCOPE_CONNECTION_LOOPS_HPP

/// \file
/// The little of `<algorithm>` that is needed here and there: that header alone costs each file
/// that includes it eight thousand lines.

namespace pqscope::detail {

template <class Value>
constexpr Value least(Value a, Value b) noexcept {
  return b < a ? b : a;
}
template <class Value>
constexpr Value greatest(Value a, Value b) noexcept {
  return a < b ? b : a;
}

/// Whether `test` answers true for any element.
template <class Range, class Test>
constexpr bool any_of(Range const& range, Test const& test) {
  for (auto const& each : range) {
    if (test(each)) {
      return true;
    }
  }
  return false;
}

/// Whether any element is equal to `value`.
template <class Range, class Value>
constexpr bool contains(Range const& range, Value const& value) {
  for (auto const& each : range) {
    if (each == value) {
      return true;
    }
  }
  return false;
}

}  // namespace pqscope::detail

#endif
