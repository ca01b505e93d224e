#ifndef PQSCOPE_ASYNC_SHARED_LIST_HPP
#define PQSCOPE_ASYNC_SHARED_LIST_HPP

#include <pqscope/async/shared_statement.hpp>

#include <cstdint>

namespace pqscope::async::detail {

/// Statements in the order in which they came; they are linked by themselves.
class shared_list {
 public:
  /// Whether there are none.
  bool empty() const noexcept { return first_ == nullptr; }
  /// The first; null if there is none.
  shared_statement* first() const noexcept { return first_; }
  /// The last; null if there is none.
  shared_statement* last() const noexcept { return last_; }
  /// Adds one that is in no list.
  void push_back(shared_statement& which) noexcept {
    which.before = last_;
    (last_ != nullptr ? last_->behind : first_) = &which;
    last_ = &which;
  }
  /// Adds one that is in no list, behind those whose time is over no later.
  void add_in_time(shared_statement& which) noexcept {
    shared_statement* last = last_;
    while (last != nullptr && last->until > which.until) {
      last = last->before;
    }
    which.before = last;
    which.behind = last != nullptr ? last->behind : first_;
    (last != nullptr ? last->behind : first_) = &which;
    (which.behind != nullptr ? which.behind->before : last_) = &which;
  }
  /// Takes out one that is in this list.
  void remove(shared_statement& which) noexcept {
    (which.before != nullptr ? which.before->behind : first_) = which.behind;
    (which.behind != nullptr ? which.behind->before : last_) = which.before;
    which.before = which.behind = nullptr;
  }
  /// Takes the first out; null if there is none.
  shared_statement* take_first() noexcept {
    shared_statement* const taken = first_;
    if (taken != nullptr) {
      remove(*taken);
    }
    return taken;
  }
  /// The one of that number; null if it is not there.
  shared_statement* find(std::uint64_t number) const noexcept {
    shared_statement* each = first_;
    while (each != nullptr && each->number != number) {
      each = each->behind;
    }
    return each;
  }

 private:
  shared_statement* first_ = nullptr;
  shared_statement* last_ = nullptr;
};

}  // namespace pqscope::async::detail

#endif
