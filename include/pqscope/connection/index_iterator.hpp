#ifndef PQSCOPE_CONNECTION_INDEX_ITERATOR_HPP
#define PQSCOPE_CONNECTION_INDEX_ITERATOR_HPP

#include <cstddef>

namespace pqscope::detail {

/// Goes forward through what is counted from 0, such as the rows or the columns of a result. Each
/// element is made as it is looked at, by `Look{}(of, index)`; that it is there is not checked.
/// Refers to what `Of` refers to, which has to outlive it.
template <class Value, class Of, class Look>
class index_iterator {
 public:
  using value_type = Value;                ///< made as it is looked at
  using difference_type = std::ptrdiff_t;  ///< distance of elements
  /// Points nowhere.
  index_iterator() noexcept = default;
  /// Used by what it goes through.
  index_iterator(Of of, int index) noexcept : of_{of}, index_{index} {}
  /// The element. Throws what making it throws.
  Value operator*() const noexcept(noexcept(Look{}(Of{}, 0))) { return Look{}(of_, index_); }
  /// The next element.
  index_iterator& operator++() noexcept {
    ++index_;
    return *this;
  }
  /// The next element; returns where it stood.
  index_iterator operator++(int) noexcept {
    index_iterator const before = *this;
    ++index_;
    return before;
  }
  /// Whether both stand at the same element of one result.
  friend bool operator==(index_iterator const& a, index_iterator const& b) noexcept {
    return a.index_ == b.index_;
  }

 private:
  Of of_{};
  int index_ = 0;
};

}  // namespace pqscope::detail

#endif
