#ifndef PQSCOPE_SQL_COMPOSE_HPP
#define PQSCOPE_SQL_COMPOSE_HPP

#include <pqscope/sql/check_braces.hpp>
#include <pqscope/sql/dynamic_sql.hpp>
#include <pqscope/sql/identifier.hpp>
#include <pqscope/sql/join.hpp>
#include <pqscope/sql/literal.hpp>
#include <pqscope/sql/literal_place.hpp>
#include <pqscope/sql/splice.hpp>

#include <array>
#include <cstddef>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace pqscope {

/// The first argument of `compose`: a string literal with `{}` where the others go, checked while
/// compiling; write it as `compose_format`.
template <class... Pieces>
class basic_compose_format {
 public:
#ifdef __clang__
  /// Checks `text`; `where` is the place of the call it is an argument of.
  template <std::size_t N>
  consteval basic_compose_format(char const (&text)[N],
                                 std::source_location where = std::source_location::current())
      : text_{detail::checked_text(text, N)}, where_{where} {
    detail::check_braces(text_, sizeof...(Pieces));
  }
#else
  /// Checks `text`; `at` is the place of the call it is an argument of.
  template <std::size_t N>
  consteval basic_compose_format(char const (&text)[N],
                                 detail::literal_place at = __builtin_source_location())
      : text_{detail::checked_text(text, N)}, where_{std::source_location::current(at)} {
    detail::check_braces(text_, sizeof...(Pieces));
  }
#endif

  /// The text of the literal.
  constexpr std::string_view text() const noexcept { return text_; }

  /// The caller's place in the source.
  constexpr std::source_location const& where() const noexcept { return where_; }

 private:
  std::string_view text_;
  std::source_location where_;
};

/// The format of `compose` for pieces whose types are deduced from the other arguments.
template <class... Pieces>
using compose_format = basic_compose_format<std::type_identity_t<Pieces>...>;

namespace detail {

inline dynamic_sql compose_pieces(std::string_view format, std::span<sql_piece const> pieces,
                                  std::source_location where) {
  std::string out;
  std::size_t next = 0;
  while (!format.empty()) {
    std::size_t const brace = format.find_first_of("{}");
    splice(out, format.substr(0, brace));
    if (brace == std::string_view::npos) {
      break;
    }
    // check_braces has seen to it that one of {{ }} {} stands here.
    if (format[brace] == '{' && format[brace + 1] == '}') {
      splice(out, pieces[next++], where);
    } else {
      out += format[brace];
    }
    format.remove_prefix(brace + 2);
  }
  return dynamic_sql{std::move(out), where};
}

}  // namespace detail

/// SQL text with names and values in places that take no parameter.
///
/// ```
/// compose("SELECT {} FROM {} WHERE id = $1", identifier{column}, identifier{schema, table})
/// ```
/// Each `{}` takes the next argument: an `identifier`, a `literal`, another composed text or
/// `dynamic_sql`, or a list of these made by `join`. Bare strings are not taken: a value goes into
/// a parameter or says `literal`. What is put in stays words of its own; where it would run
/// together with its neighbour, a space is put between, or an empty comment where a string would go
/// on in a string on the next line.
///
/// `{{` and `}}` stand for a brace, everywhere; a `{}` in a quoted string or a comment, a wrong
/// number of arguments or something unterminated does not compile. The text need not be a whole
/// statement, so that it can be part of another. Parameters are counted by the server.
///
/// Throws `usage_error` if a fragment is not complete in itself, such as a `dynamic_sql` with an
/// open quote. The place errors name is that of this call. Linear in the length of the result.
template <detail::composable... Pieces>
dynamic_sql compose(compose_format<Pieces...> format, Pieces const&... pieces) {
  std::array<detail::sql_piece, sizeof...(Pieces)> const all{detail::piece_of(pieces)...};
  return detail::compose_pieces(format.text(), all, format.where());
}

}  // namespace pqscope

#endif
