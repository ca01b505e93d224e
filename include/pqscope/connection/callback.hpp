#ifndef PQSCOPE_CONNECTION_CALLBACK_HPP
#define PQSCOPE_CONNECTION_CALLBACK_HPP

#include <concepts>
#include <type_traits>
#include <utility>

namespace pqscope::detail {

template <class Signature>
class callback;

/// A move-only callable with a known signature: what `std::move_only_function` is from C++23 on.
template <class Result, class... Arguments>
class callback<Result(Arguments...)> {
 public:
  callback() noexcept = default;

  template <class Function>
    requires(!std::same_as<std::remove_cvref_t<Function>, callback> &&
             std::is_invocable_r_v<Result, std::decay_t<Function>&, Arguments...>)
  callback(Function&& function)
      : target_{new model<std::decay_t<Function>>(std::forward<Function>(function))} {}

  callback(callback&& other) noexcept : target_{other.target_} { other.target_ = nullptr; }
  callback& operator=(callback&& other) noexcept {
    callback moved{std::move(other)};
    std::swap(target_, moved.target_);
    return *this;
  }
  ~callback() { delete target_; }

  explicit operator bool() const noexcept { return target_ != nullptr; }

  Result operator()(Arguments... arguments) {
    return target_->call(std::forward<Arguments>(arguments)...);
  }

 private:
  struct concept_ {
    virtual ~concept_() = default;
    virtual Result call(Arguments... arguments) = 0;
  };
  template <class Function>
  struct model final : concept_ {
    explicit model(Function&& moved) : function(std::move(moved)) {}
    explicit model(Function const& copied) : function(copied) {}
    Result call(Arguments... arguments) override {
      if constexpr (std::is_void_v<Result>) {
        function(std::forward<Arguments>(arguments)...);
      } else {
        return function(std::forward<Arguments>(arguments)...);
      }
    }
    Function function;
  };

  concept_* target_ = nullptr;  // owned; a std::unique_ptr for each signature costs compile time
};

}  // namespace pqscope::detail

#endif
