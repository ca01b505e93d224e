#ifndef PQSCOPE_ASYNC_FIBER_STACK_HPP
#define PQSCOPE_ASYNC_FIBER_STACK_HPP

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <new>
#include <utility>

namespace pqscope::async::detail {

/// The memory of a fiber's stack, with a page below it that nothing may touch: a fiber that goes
/// too deep ends the program instead of writing where it should not.
class fiber_stack {
 public:
  /// How large one is. Address space: only what has been touched takes memory, for the most part
  /// 20 to 40 KiB. Instrumented code needs more.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  static constexpr std::size_t size = std::size_t{1024} * 1024;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  static constexpr std::size_t size = std::size_t{1024} * 1024;
#else
  static constexpr std::size_t size = std::size_t{256} * 1024;
#endif
#else
  static constexpr std::size_t size = std::size_t{256} * 1024;
#endif

  /// Takes the memory. \throws std::bad_alloc where there is none
  fiber_stack() : guard_{static_cast<std::size_t>(::sysconf(_SC_PAGESIZE))} {
    void* const all = ::mmap(nullptr, size + guard_, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (all == MAP_FAILED) {
      throw std::bad_alloc{};
    }
    memory_ = static_cast<std::byte*>(all);
    ::mprotect(memory_, guard_, PROT_NONE);
  }
  fiber_stack(fiber_stack&& other) noexcept
      : memory_{std::exchange(other.memory_, nullptr)}, guard_{other.guard_} {}
  fiber_stack& operator=(fiber_stack&& other) noexcept {
    std::swap(memory_, other.memory_);
    std::swap(guard_, other.guard_);
    return *this;
  }
  ~fiber_stack() {
    if (memory_ != nullptr) {
      ::munmap(memory_, size + guard_);
    }
  }

  /// The lowest byte that can be used.
  void* base() const noexcept { return memory_ + guard_; }

 private:
  std::byte* memory_ = nullptr;
  std::size_t guard_;
};

}  // namespace pqscope::async::detail

#endif
