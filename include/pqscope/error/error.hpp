#ifndef PQSCOPE_ERROR_ERROR_HPP
#define PQSCOPE_ERROR_ERROR_HPP

#include <cstddef>
#include <source_location>
#include <stdexcept>
#include <string>
#include <string_view>

namespace pqscope {

namespace detail {

/// The line that ends a message: `\n  at file.cpp:12 (function)`; empty where the place is unknown.
///
/// A function name longer than 100 bytes, as templates have them, is left out.
inline std::string call_site(std::source_location const& where) {
  if (where.line() == 0) {
    return {};
  }
  std::string line = "\n  at ";
  line += where.file_name();
  line += ':';
  line += std::to_string(where.line());
  std::string_view const function = where.function_name();
  if (!function.empty() && function.size() <= 100) {
    line += " (";
    line += function;
    line += ')';
  }
  return line;
}

}  // namespace detail

/// Root of everything pqscope throws.
///
/// `what()` is the message, followed by the call site on a line of its own where that is known:
///
///     relation "user" does not exist (SQLSTATE 42P01 undefined_table)
///       SELECT * FROM "user"
///                     ^
///       at app.cpp:12 (int main())
///
/// It never holds a parameter value or a password. Three questions replace looking at types:
/// `is_retryable()`, `connection_usable()` and `violates()`. Every exception of the tree is copied
/// cheaply and without throwing. Exceptions of user code pass through pqscope unchanged and are not
/// of this tree.
class error : public std::runtime_error {
 public:
  /// Makes an error that says `message` and names `where`, if given, as the call site.
  explicit error(std::string const& message, std::source_location where = {})
      : std::runtime_error(message + detail::call_site(where)),
        where_(where),
        message_size_(message.size()) {}

  /// The user's call that failed; its `line()` is 0 where that is unknown.
  std::source_location const& where() const noexcept { return where_; }

  /// `what()` without the call site, as for people who have no source code. Lives as long as this
  /// error, which is not assigned to meanwhile.
  std::string_view bare_message() const noexcept { return {what(), message_size_}; }

  /// Whether running the whole transaction again, from its beginning, can be expected to succeed.
  ///
  /// Says nothing about statements outside a transaction.
  virtual bool is_retryable() const noexcept { return false; }

  /// Whether the connection concerned can still run statements.
  ///
  /// True also for a transaction that has to be rolled back first, and for errors that concern no
  /// connection.
  virtual bool connection_usable() const noexcept { return true; }

  /// Whether the server refused because of the constraint of this name.
  ///
  /// `constraint` is its bare name, unquoted and without a schema.
  virtual bool violates([[maybe_unused]] std::string_view constraint) const noexcept {
    return false;
  }

 protected:
  /// Replaces message and call site, for context that is known only further up the stack.
  void reword(std::string const& message, std::source_location where) {
    static_cast<std::runtime_error&>(*this) =
        std::runtime_error(message + detail::call_site(where));
    where_ = where;
    message_size_ = message.size();
  }

 private:
  std::source_location where_;
  std::size_t message_size_;
};

}  // namespace pqscope

#endif
