#ifndef PQSCOPE_ASYNC_COMPLETION_HPP
#define PQSCOPE_ASYNC_COMPLETION_HPP

#include <pqscope/async/asio.hpp>

#include <memory>
#include <type_traits>
#include <utility>

namespace pqscope::async::detail {

/// A completion handler whose type has been forgotten, in memory of its own allocator. Keeps the
/// executor busy that it is to run on.
class completion {
 public:
  completion(completion const&) = delete;
  completion& operator=(completion const&) = delete;

  /// Calls the handler on its executor, and is no more: later, if what began it has not returned.
  /// Throws what the handler throws.
  virtual void complete() = 0;
  /// Is no more, and drops the handler.
  virtual void drop() noexcept = 0;

  bool at_once = true;  ///< what began it has not returned yet

 protected:
  completion() = default;
  ~completion() = default;
};

/// Drops one that was not completed.
struct drop_completion {
  void operator()(completion* which) const noexcept { which->drop(); }
};
using completion_ptr = std::unique_ptr<completion, drop_completion>;

/// The one for a type of handler.
template <class Handler, class Otherwise>
class completion_of final : public completion {
  using executor_type = asio::associated_executor_t<Handler, Otherwise>;

 public:
  completion_of(Handler&& handler, Otherwise const& otherwise)
      : handler_{std::move(handler)}, work_{asio::get_associated_executor(handler_, otherwise)} {}

  void complete() override {
    Handler handler{std::move(handler_)};
    asio::executor_work_guard<executor_type> const work{std::move(work_)};
    bool const later = at_once;
    give_back(allocator(handler));
    if (later) {
      asio::post(work.get_executor(), std::move(handler));
    } else {
      asio::dispatch(work.get_executor(), std::move(handler));
    }
  }
  void drop() noexcept override {
    Handler const handler{std::move(handler_)};  // goes last: it can own whoever calls this
    give_back(allocator(handler));
  }

  static auto allocator(Handler const& handler) noexcept {
    auto const own = asio::get_associated_allocator(handler, asio::recycling_allocator<void>{});
    using all = std::allocator_traits<std::remove_const_t<decltype(own)>>;
    return typename all::template rebind_alloc<completion_of>{own};
  }

 private:
  template <class Allocator>
  void give_back(Allocator memory) noexcept {
    this->~completion_of();
    std::allocator_traits<Allocator>::deallocate(memory, this, 1);
  }

  Handler handler_;
  asio::executor_work_guard<executor_type> work_;
};

/// One for `handler`, which runs on its own executor, or on `otherwise` if it has none.
template <class Otherwise, class Handler>
completion_ptr make_completion(Otherwise const& otherwise, Handler&& handler) {
  using made = completion_of<std::decay_t<Handler>, Otherwise>;
  auto memory = made::allocator(handler);
  made* const place = std::allocator_traits<decltype(memory)>::allocate(memory, 1);
  return completion_ptr{::new (static_cast<void*>(place))
                            made{std::forward<Handler>(handler), otherwise}};
}

}  // namespace pqscope::async::detail

#endif
