#ifndef PQSCOPE_ASYNC_FIBER_SERVICE_HPP
#define PQSCOPE_ASYNC_FIBER_SERVICE_HPP

#include <pqscope/async/asio.hpp>
#include <pqscope/async/fiber_stack.hpp>

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace pqscope::async::detail {

/// A fiber in the list of all fibers of an execution context.
class listed_fiber {
 public:
  listed_fiber* before = nullptr;  ///< in the list
  listed_fiber* behind = nullptr;  ///< in the list
  bool listed = false;             ///< it is in it

  /// The context ends: whoever waits for it will not be told any more.
  virtual void forget_completion() noexcept = 0;

 protected:
  listed_fiber() = default;
  listed_fiber(listed_fiber const&) = delete;
  listed_fiber& operator=(listed_fiber const&) = delete;
  ~listed_fiber() = default;
};

/// The fibers of an execution context, and the stacks of those that have ended, for those to come.
class fiber_list {
 public:
  /// Adds one.
  void add(listed_fiber& which) noexcept {
    std::lock_guard const held{mutex_};
    which.behind = first_;
    which.listed = true;
    if (first_ != nullptr) {
      first_->before = &which;
    }
    first_ = &which;
  }
  /// Takes one out, if it is in it.
  void remove(listed_fiber& which) noexcept {
    std::lock_guard const held{mutex_};
    take_out(which);
  }
  /// Whether the context has ended: Asio waits for nothing any more.
  bool is_over() const noexcept { return over_.load(std::memory_order_relaxed); }
  /// The context has ended. Has each forget who waits for it, which may end that one and others.
  void forget_completions() noexcept {
    over_.store(true, std::memory_order_relaxed);
    for (;;) {
      listed_fiber* next = nullptr;
      {
        std::lock_guard const held{mutex_};
        next = first_;
        if (next == nullptr) {
          return;
        }
        take_out(*next);
      }
      next->forget_completion();
    }
  }

  /// A stack. \throws std::bad_alloc where there is no memory for one
  fiber_stack take_stack() {
    {
      std::lock_guard const held{mutex_};
      if (!stacks_.empty()) {
        fiber_stack last = std::move(stacks_.back());
        stacks_.pop_back();
        return last;
      }
    }
    return fiber_stack{};
  }
  /// Keeps one, if there are not many.
  void keep_stack(fiber_stack&& stack) noexcept {
    std::lock_guard const held{mutex_};
    if (stacks_.size() < stacks_.capacity()) {
      stacks_.push_back(std::move(stack));
    }
  }

 private:
  void take_out(listed_fiber& which) noexcept {
    if (!std::exchange(which.listed, false)) {
      return;
    }
    (which.before != nullptr ? which.before->behind : first_) = which.behind;
    if (which.behind != nullptr) {
      which.behind->before = which.before;
    }
    which.before = which.behind = nullptr;
  }

  static std::vector<fiber_stack> room() {
    std::vector<fiber_stack> made;
    made.reserve(64);
    return made;
  }

  std::mutex mutex_;
  std::atomic<bool> over_{false};
  listed_fiber* first_ = nullptr;
  std::vector<fiber_stack> stacks_ = room();
};

/// Has an execution context keep its fibers in a list, which fibers that outlive it keep.
class fiber_service : public asio::execution_context::service {
 public:
  using key_type = fiber_service;                ///< asked for by Asio
  inline static asio::execution_context::id id;  ///< asked for by Asio

  explicit fiber_service(asio::execution_context& context)
      : asio::execution_context::service{context} {}

  /// The list of a context.
  static std::shared_ptr<fiber_list> const& of(asio::any_io_executor const& executor) {
    return asio::use_service<fiber_service>(asio::query(executor, asio::execution::context))
        .fibers_;
  }

 private:
  void shutdown() noexcept override { fibers_->forget_completions(); }

  std::shared_ptr<fiber_list> fibers_ = std::make_shared<fiber_list>();
};

}  // namespace pqscope::async::detail

#endif
