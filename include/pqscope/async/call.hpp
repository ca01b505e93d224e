#ifndef PQSCOPE_ASYNC_CALL_HPP
#define PQSCOPE_ASYNC_CALL_HPP

#include <pqscope/async/fiber.hpp>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace pqscope::async::detail {

/// A call as a fiber's task: keeps what it returns or throws.
template <class Function>
class call {
  using result = std::invoke_result_t<Function&>;
  static_assert(!std::is_reference_v<result>,
                "pqscope: an asynchronous operation cannot return a reference: return a value");

 public:
  explicit call(Function& function) noexcept : function_{function} {}
  call(call const&) = delete;
  call& operator=(call const&) = delete;

  /// To be handed to the fiber.
  fiber_task task() noexcept { return {&call::run, this}; }
  /// Whether it has been called.
  bool begun() const noexcept { return begun_; }
  /// Whether it has returned or thrown.
  bool ended() const noexcept { return ended_; }
  /// What it has returned. Throws what it has thrown.
  result take() {
    if (failure_) {
      std::rethrow_exception(std::exchange(failure_, nullptr));
    }
    if constexpr (!std::is_void_v<result>) {
      return std::move(*value_);
    }
  }

 private:
  static void run(void* self) noexcept { static_cast<call*>(self)->run(); }
  void run() noexcept {
    begun_ = true;
    try {
      if constexpr (std::is_void_v<result>) {
        function_();
      } else {
        value_.emplace(function_());
      }
    } catch (...) {
      failure_ = std::current_exception();
    }
    ended_ = true;
  }

  struct nothing {};
  using kept =
      std::conditional_t<std::is_void_v<result>, nothing, std::optional<std::remove_cv_t<result>>>;

  Function& function_;
  std::exception_ptr failure_;
  kept value_{};
  bool begun_ = false;
  bool ended_ = false;
};

}  // namespace pqscope::async::detail

#endif
