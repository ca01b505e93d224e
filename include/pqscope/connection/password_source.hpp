#ifndef PQSCOPE_CONNECTION_PASSWORD_SOURCE_HPP
#define PQSCOPE_CONNECTION_PASSWORD_SOURCE_HPP

#include <pqscope/error/config_error.hpp>

#include <concepts>
#include <iosfwd>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace pqscope {

class password_source;

namespace detail {

/// What converts to a text, such as `char const*` and `std::string`.
template <class T>
concept password_text = !std::same_as<std::remove_cvref_t<T>, password_source> &&
                        std::convertible_to<T, std::string_view>;

/// What gives a text when called without arguments.
template <class T>
concept password_function =
    !std::same_as<std::remove_cvref_t<T>, password_source> && !password_text<T> &&
    std::convertible_to<std::invoke_result_t<std::decay_t<T>&>, std::string_view>;

}  // namespace detail

/// A password, or a function that is asked for it at each connect (rotating tokens).
///
/// Converts implicitly from strings and from callables that return a text. Copies share
/// the callable: it is called by every thread that connects, at the same time if they do, and what
/// it throws reaches whoever connects. Cannot be printed.
class password_source {
 public:
  /// A fixed password. Throws `config_error` for a null pointer, as `std::getenv` may give.
  template <detail::password_text Text>
  password_source(Text&& text) : text_{checked(text)} {}

  /// A password that `ask()` gives each time it is needed.
  template <detail::password_function Function>
  password_source(Function&& ask)
      : asked_{std::make_shared<callable<std::decay_t<Function>>>(std::forward<Function>(ask))} {}

  /// Whether a function is asked.
  bool is_callable() const noexcept { return asked_ != nullptr; }

  /// The password of this moment: the fixed one, or the function's answer.
  std::string get() const { return asked_ ? asked_->ask() : text_; }

  /// Whether both are the same fixed password, or copies of one source.
  friend bool operator==(password_source const& a, password_source const& b) noexcept {
    return a.asked_ == b.asked_ && a.text_ == b.text_;
  }

  /// A password is not printed.
  friend std::ostream& operator<<(std::ostream&, password_source const&) = delete;

 private:
  struct asked {
    asked() = default;
    asked(asked const&) = delete;
    asked& operator=(asked const&) = delete;
    virtual ~asked() = default;
    virtual std::string ask() = 0;
  };

  template <class Function>
  struct callable final : asked {
    template <class Given>
    explicit callable(Given&& given) : function(std::forward<Given>(given)) {}
    std::string ask() override { return checked(function()); }
    Function function;
  };

  template <class Text>
  static std::string checked(Text const& text) {
    if constexpr (std::is_pointer_v<Text>) {
      if (!text) {
        throw config_error("password: a null pointer is not a password");
      }
    }
    return std::string{std::string_view{text}};
  }

  std::string text_;
  std::shared_ptr<asked> asked_;
};

}  // namespace pqscope

#endif
