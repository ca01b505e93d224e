#ifndef PQSCOPE_LIBPQ_FIFO_HPP
#define PQSCOPE_LIBPQ_FIFO_HPP

#include <cstddef>
#include <utility>
#include <vector>

namespace pqscope::libpq {

/// What waits for its turn: first in, first out, in one piece of memory that is used again.
template <class T>
class fifo {
 public:
  /// Whether nothing waits.
  bool empty() const noexcept { return head_ == items_.size(); }
  /// How many wait.
  std::size_t size() const noexcept { return items_.size() - head_; }
  /// The first; there has to be one.
  T& front() noexcept { return items_[head_]; }
  /// The first; there has to be one.
  T const& front() const noexcept { return items_[head_]; }
  /// The one of that number, from 0 for the first; there has to be one.
  T const& operator[](std::size_t index) const noexcept { return items_[head_ + index]; }
  /// The last; there has to be one.
  T& back() noexcept { return items_.back(); }
  /// The last; there has to be one.
  T const& back() const noexcept { return items_.back(); }

  /// Adds one behind the others.
  void push_back(T item) {
    if (head_ > 32 && head_ > size()) {  // more room in front than is used
      items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(head_));
      head_ = 0;
    }
    items_.push_back(std::move(item));
  }
  /// Takes the first out; there has to be one.
  T take_front() {
    T first = std::move(items_[head_++]);
    if (empty()) {
      items_.clear();
      head_ = 0;
    }
    return first;
  }
  /// Takes the last out; there has to be one.
  T take_back() {
    T last = std::move(items_.back());
    items_.pop_back();
    return last;
  }

 private:
  std::vector<T> items_;
  std::size_t head_ = 0;
};

}  // namespace pqscope::libpq

#endif
