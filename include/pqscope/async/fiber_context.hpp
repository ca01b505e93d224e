#ifndef PQSCOPE_ASYNC_FIBER_CONTEXT_HPP
#define PQSCOPE_ASYNC_FIBER_CONTEXT_HPP

#include <cxxabi.h>

#include <pqscope/async/fiber_stack.hpp>
#include <pqscope/async/stack_switch.hpp>

#include <cstddef>
#include <utility>

#if defined(__SANITIZE_ADDRESS__)
#define PQSCOPE_FIBER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PQSCOPE_FIBER_ASAN 1
#endif
#endif
#if defined(__SANITIZE_THREAD__)
#define PQSCOPE_FIBER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define PQSCOPE_FIBER_TSAN 1
#endif
#endif
#ifdef PQSCOPE_FIBER_ASAN
#include <sanitizer/common_interface_defs.h>
#endif
#ifdef PQSCOPE_FIBER_TSAN
#include <sanitizer/tsan_interface.h>
#endif

namespace pqscope::async::detail {

/// A function that can be left in the middle and gone on with later, on a stack of its own.
///
/// Exceptions that are being handled belong to it and not to the thread: a `catch` block may be
/// left in the middle, too. Told to the sanitizers. Neither copyable nor movable; to be destroyed
/// when the function has returned. Source: Itanium C++ ABI, "Exception Handling", 2.2.2.
class fiber_context {
 public:
  /// \param stack what it runs on
  /// \param body  what it calls with `argument`; may not throw
  fiber_context(fiber_stack&& stack, void (*body)(void*) noexcept, void* argument)
      : stack_{std::move(stack)},
        body_{body},
        argument_{argument},
        inside_{stack_.base(), fiber_stack::size, &fiber_context::begin, this} {
#ifdef PQSCOPE_FIBER_TSAN
    thread_inside_ = __tsan_create_fiber(0);
#endif
  }
  fiber_context(fiber_context const&) = delete;
  fiber_context& operator=(fiber_context const&) = delete;
  ~fiber_context() {
#ifdef PQSCOPE_FIBER_TSAN
    __tsan_destroy_fiber(thread_inside_);
#endif
  }

  /// Goes on with it, until it leaves or returns. Not from inside, nor when it has returned.
  [[gnu::noinline]] void enter() noexcept {
    exchange_exceptions();
#ifdef PQSCOPE_FIBER_ASAN
    void* outer = nullptr;
    __sanitizer_start_switch_fiber(&outer, stack_.base(), fiber_stack::size);
#endif
#ifdef PQSCOPE_FIBER_TSAN
    thread_outside_ = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(thread_inside_, 0);
#endif
    execution::exchange(outside_, inside_);
#ifdef PQSCOPE_FIBER_ASAN
    __sanitizer_finish_switch_fiber(outer, nullptr, nullptr);
#endif
    exchange_exceptions();
  }

  /// Leaves it, until it is entered again; from inside.
  [[gnu::noinline]] void leave() noexcept {
#ifdef PQSCOPE_FIBER_ASAN
    void* inner = nullptr;
    __sanitizer_start_switch_fiber(&inner, outer_base_, outer_size_);
#endif
#ifdef PQSCOPE_FIBER_TSAN
    __tsan_switch_to_fiber(thread_outside_, 0);
#endif
    execution::exchange(inside_, outside_);
#ifdef PQSCOPE_FIBER_ASAN
    __sanitizer_finish_switch_fiber(inner, &outer_base_, &outer_size_);
#endif
  }

  /// Whether the function has returned.
  bool ended() const noexcept { return ended_; }
  /// What it ran on, once it has returned.
  fiber_stack take_stack() noexcept { return std::move(stack_); }

 private:
  /// What the C++ runtime keeps of a thread's exceptions.
  struct exceptions {
    void* caught = nullptr;
    unsigned uncaught = 0;
  };

  static void begin(void* argument) {
    auto* const self = static_cast<fiber_context*>(argument);
#ifdef PQSCOPE_FIBER_ASAN
    __sanitizer_finish_switch_fiber(nullptr, &self->outer_base_, &self->outer_size_);
#endif
    self->body_(self->argument_);
    self->end();
  }

  [[noreturn]] void end() noexcept {
    ended_ = true;
#ifdef PQSCOPE_FIBER_ASAN
    __sanitizer_start_switch_fiber(nullptr, outer_base_, outer_size_);
#endif
#ifdef PQSCOPE_FIBER_TSAN
    __tsan_switch_to_fiber(thread_outside_, 0);
#endif
    execution::exchange(inside_, outside_);
    __builtin_unreachable();
  }

  void exchange_exceptions() noexcept {
    auto* const of_thread = reinterpret_cast<exceptions*>(abi::__cxa_get_globals());
    std::swap(*of_thread, exceptions_);
  }

  fiber_stack stack_;
  void (*body_)(void*) noexcept;
  void* argument_;
  execution inside_;
  execution outside_;
  exceptions exceptions_;
  bool ended_ = false;
#ifdef PQSCOPE_FIBER_ASAN
  void const* outer_base_ = nullptr;
  std::size_t outer_size_ = 0;
#endif
#ifdef PQSCOPE_FIBER_TSAN
  void* thread_inside_ = nullptr;
  void* thread_outside_ = nullptr;
#endif
};

}  // namespace pqscope::async::detail

#undef PQSCOPE_FIBER_ASAN
#undef PQSCOPE_FIBER_TSAN

#endif
