#ifndef PQSCOPE_SQL_SQL_HPP
#define PQSCOPE_SQL_SQL_HPP

#include <pqscope/sql/check.hpp>
#include <pqscope/sql/hash.hpp>
#include <pqscope/sql/literal_place.hpp>
#include <pqscope/sql/scanner.hpp>
#include <pqscope/sql/sql_view.hpp>

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string_view>
#include <type_traits>

namespace pqscope {

/// A statement written as a string literal, checked while compiling; write it as `sql`.
///
/// The literal's placeholders have to be `$1` to `$n` for the `n` arguments `Args`, each of them
/// used at least once; nothing in it may be left unterminated, and it is at most one statement.
/// What is wrong otherwise is in the compiler's error, as the name of a function, such as
/// `sql_has_more_placeholders_than_arguments`.
///
/// A `std::string`, `std::string_view` or `char const*` does not convert: text that is put together
/// at run time goes through `dynamic_sql` or `compose`. A `static constexpr char[]` does.
///
/// Clang's default limit on what it evaluates while compiling (`-fconstexpr-steps`) is enough for a
/// text of about 40 kB; longer ones need the limit raised, or `dynamic_sql`.
///
/// Costs nothing at run time but the copy of its members. Whether the server takes the statement
/// and the arguments' types is not known here.
template <class... Args>
class basic_sql {
 public:
#ifdef __clang__
  /// Checks `text`; `where` is the place of the call it is an argument of.
  template <std::size_t N>
  consteval basic_sql(char const (&text)[N],
                      std::source_location where = std::source_location::current())
      : basic_sql(detail::checked_text(text, N), where) {}
#else
  /// Checks `text`; `at` is the place of the call it is an argument of.
  template <std::size_t N>
  consteval basic_sql(char const (&text)[N], detail::literal_place at = __builtin_source_location())
      : basic_sql(detail::checked_text(text, N), std::source_location::current(at)) {}
  /// The same for another place.
  template <std::size_t N>
  consteval basic_sql(char const (&text)[N], std::source_location where)
      : basic_sql(detail::checked_text(text, N), where) {}
#endif

  /// The statement, without its types, for code that is no template. Valid for ever.
  constexpr sql_view const& view() const noexcept { return view_; }

  /// The same as `view()`.
  constexpr operator sql_view() const noexcept { return view_; }

  /// The text of the literal.
  constexpr std::string_view text() const noexcept { return view_.str(); }

  /// `hash_sql` of the text, computed while compiling.
  constexpr std::uint64_t hash() const noexcept { return view_.hash; }

  /// The caller's place in the source.
  constexpr std::source_location const& where() const noexcept { return view_.where; }

 private:
  consteval basic_sql(std::string_view text, std::source_location where) {
    std::uint64_t used[detail::placeholder_bits::words_for(sizeof...(Args))] = {};
    scan_result const found = scan_sql(text, used);
    detail::check_statement(found, sizeof...(Args));
    view_ = {text.data(), text.size(), hash_sql(text), where, found.verb};
  }

  sql_view view_;
};

/// The SQL text of a function's parameter list: `void f(sql<Args...> text, Args const&... args)`.
///
/// `Args` are deduced from the arguments alone; the literal is checked against them.
template <class... Args>
using sql = basic_sql<std::type_identity_t<Args>...>;

}  // namespace pqscope

#endif
