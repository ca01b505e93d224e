#ifndef PQSCOPE_ASYNC_STACK_SWITCH_HPP
#define PQSCOPE_ASYNC_STACK_SWITCH_HPP

#include <cstddef>
#include <cstdint>

// Code that is compiled for shadow stacks leaves them to the C library.
#if defined(__x86_64__) && defined(__LP64__) && !(defined(__CET__) && (__CET__ & 2))
#define PQSCOPE_OWN_STACK_SWITCH 1
#else
#include <ucontext.h>
#endif

namespace pqscope::async::detail {

#ifdef PQSCOPE_OWN_STACK_SWITCH

/// Where a thread of execution has been left: its stack and what comes next on it.
///
/// POSIX's `swapcontext` asks the system for the signal mask each time, which nothing here changes.
/// Source: System V ABI for AMD64, "Registers".
class execution {
 public:
  /// Of nothing that could be gone on with.
  execution() noexcept = default;
  /// Of a function that is about to be called with `argument` on a stack of its own, and does not
  /// return.
  execution(void* stack, std::size_t size, void (*function)(void*), void* argument) noexcept
      : next_{reinterpret_cast<void*>(function)}, argument_{argument} {
    auto const top = (reinterpret_cast<std::uintptr_t>(stack) + size) & ~std::uintptr_t{15};
    auto* const frame = reinterpret_cast<void**>(top) - 1;
    *frame = nullptr;  // where a return address would be: nobody called it
    stack_ = frame;
  }

  /// Leaves the calling one, which is kept in `from`, and goes on with `to`.
  [[gnu::always_inline]] static void exchange(execution& from, execution& to) noexcept {
    // All other registers are lost on the way, so that the compiler keeps what it needs of them.
    execution* leaving = &from;
    execution* entering = &to;
    asm volatile(
        "leaq 1f(%%rip), %%rax\n\t"
        "movq %%rax, 0(%[from])\n\t"
        "movq %%rsp, 8(%[from])\n\t"
        "movq %%rbp, 16(%[from])\n\t"
        "movq 0(%[to]), %%rax\n\t"
        "movq 8(%[to]), %%rsp\n\t"
        "movq 16(%[to]), %%rbp\n\t"
        "movq 24(%[to]), %%rdi\n\t"
        "jmpq *%%rax\n\t"
        "1:\n\t"
        ".byte 0xf3, 0x0f, 0x1e, 0xfa\n\t"  // endbr64: may be jumped to
        : [from] "+S"(leaving), [to] "+d"(entering)
        :
        : "rax", "rbx", "rcx", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0",
          "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11",
          "xmm12", "xmm13", "xmm14", "xmm15", "mm0", "mm1", "mm2", "mm3", "mm4", "mm5", "mm6",
          "mm7", "st", "cc", "memory");
  }

 private:
  void* next_ = nullptr;
  void* stack_ = nullptr;
  void* frame_ = nullptr;
  void* argument_ = nullptr;
};

#else

/// Where a thread of execution has been left. Source: POSIX.1-2001, "makecontext".
class execution {
 public:
  /// Of nothing that could be gone on with.
  execution() noexcept = default;
  /// Of a function that is about to be called with `argument` on a stack of its own, and does not
  /// return.
  execution(void* stack, std::size_t size, void (*function)(void*), void* argument) noexcept
      : function_{function}, argument_{argument}, stack_{stack}, size_{size} {}
  execution(execution const&) = delete;
  execution& operator=(execution const&) = delete;

  /// Leaves the calling one, which is kept in `from`, and goes on with `to`.
  static void exchange(execution& from, execution& to) noexcept {
    if (to.function_ != nullptr) {
      to.begin();
    }
    ::swapcontext(&from.context_, &to.context_);
  }

 private:
  void begin() noexcept {
    ::getcontext(&context_);
    context_.uc_stack.ss_sp = stack_;
    context_.uc_stack.ss_size = size_;
    context_.uc_link = nullptr;
    auto const self = reinterpret_cast<std::uintptr_t>(this);
    ::makecontext(&context_, reinterpret_cast<void (*)()>(&execution::call), 2,
                  static_cast<unsigned>(self & 0xffffffffU),
                  static_cast<unsigned>(static_cast<std::uint64_t>(self) >> 32U));
  }
  static void call(unsigned low, unsigned high) {
    auto* const self = reinterpret_cast<execution*>(static_cast<std::uintptr_t>(
        (static_cast<std::uint64_t>(high) << 32U) | static_cast<std::uint64_t>(low)));
    void (*const function)(void*) = self->function_;
    self->function_ = nullptr;
    function(self->argument_);
  }

  ucontext_t context_{};
  void (*function_)(void*) = nullptr;
  void* argument_ = nullptr;
  void* stack_ = nullptr;
  std::size_t size_ = 0;
};

#endif

}  // namespace pqscope::async::detail

#undef PQSCOPE_OWN_STACK_SWITCH

#endif
