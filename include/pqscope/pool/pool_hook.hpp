#ifndef PQSCOPE_POOL_POOL_HOOK_HPP
#define PQSCOPE_POOL_POOL_HOOK_HPP

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace pqscope {

/// A function of the program's that a pool calls with a `Subject&`: a `config` or a `connection`.
///
/// Converts implicitly from anything that can be called with one and returns `void` or a `bool`.
/// Copies share the function; the pool may call it from several threads at once.
template <class Subject>
class pool_hook {
 public:
  /// Nothing to call.
  pool_hook() noexcept = default;
  /// Calls `function(subject)`.
  template <class Function>
    requires(!std::same_as<std::remove_cvref_t<Function>, pool_hook> &&
             std::invocable<std::decay_t<Function>&, Subject&>)
  pool_hook(Function&& function)
      : target_{std::make_shared<model<std::decay_t<Function>>>(std::forward<Function>(function))} {
    using returned = std::invoke_result_t<std::decay_t<Function>&, Subject&>;
    static_assert(std::is_void_v<returned> || std::same_as<returned, bool>,
                  "pqscope: a pool's hook returns nothing, or whether to go on");
  }

  /// Whether there is a function.
  explicit operator bool() const noexcept { return target_ != nullptr; }
  /// Calls it, if there is one; true unless it answers false.
  bool operator()(Subject& subject) const { return target_ == nullptr || target_->call(subject); }

 private:
  struct callable {
    callable() = default;
    callable(callable const&) = delete;
    callable& operator=(callable const&) = delete;
    virtual ~callable() = default;
    virtual bool call(Subject& subject) = 0;
  };
  template <class Function>
  struct model final : callable {
    template <class Given>
    explicit model(Given&& given) : function(std::forward<Given>(given)) {}
    bool call(Subject& subject) override {
      if constexpr (std::is_void_v<std::invoke_result_t<Function&, Subject&>>) {
        function(subject);
        return true;
      } else {
        return function(subject);
      }
    }
    Function function;
  };

  std::shared_ptr<callable> target_;
};

}  // namespace pqscope

#endif
