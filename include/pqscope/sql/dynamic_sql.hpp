#ifndef PQSCOPE_SQL_DYNAMIC_SQL_HPP
#define PQSCOPE_SQL_DYNAMIC_SQL_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/sql/hash.hpp>
#include <pqscope/sql/scanner.hpp>
#include <pqscope/sql/sql_view.hpp>

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

namespace pqscope {

/// SQL text that is known only at run time, and says so in the code.
///
/// Nothing is quoted or checked here but that the text holds no NUL byte: whoever writes
/// `dynamic_sql` vouches for where the text comes from. Values belong into parameters, names and
/// DDL values into `compose`. A moved-from object may only be assigned to or destroyed.
class dynamic_sql {
 public:
  /// Takes the text over; `where` is the place errors and traces name. Linear in its length.
  /// Throws `usage_error` if it holds a NUL byte.
  explicit dynamic_sql(std::string text,
                       std::source_location where = std::source_location::current())
      : text_{std::move(text)}, hash_{hash_sql(text_)}, where_{where}, verb_{control_of(text_)} {
    if (text_.find('\0') != std::string::npos) {
      throw usage_error("SQL text holds a NUL byte", where);
    }
  }

  /// Copies the text; else as above.
  explicit dynamic_sql(std::string_view text,
                       std::source_location where = std::source_location::current())
      : dynamic_sql(std::string{text}, where) {}

  /// Copies the text; throws `usage_error` for a null pointer; else as above.
  explicit dynamic_sql(char const* text,
                       std::source_location where = std::source_location::current())
      : dynamic_sql(text != nullptr ? std::string{text}
                                    : throw usage_error("SQL text is a null pointer", where),
                    where) {}

  dynamic_sql(std::nullptr_t) = delete;

  /// The statement for code that does not care how it was written. Refers to this object.
  sql_view view() const noexcept {
    return {text_.c_str(), text_.size(), hash_, where_, verb_, true};
  }

  /// The text as it was given.
  std::string const& text() const noexcept { return text_; }

  /// `hash_sql` of the text.
  std::uint64_t hash() const noexcept { return hash_; }

  /// Where in the source it was made.
  std::source_location const& where() const noexcept { return where_; }

 private:
  std::string text_;
  std::uint64_t hash_;
  std::source_location where_;
  control verb_;
};

}  // namespace pqscope

#endif
