#ifndef PQSCOPE_MAPPING_STATEMENT_HPP
#define PQSCOPE_MAPPING_STATEMENT_HPP

#include <pqscope/connection/result.hpp>
#include <pqscope/connection/rows.hpp>
#include <pqscope/connection/statements.hpp>
#include <pqscope/libpq/request.hpp>
#include <pqscope/mapping/statement_arguments.hpp>
#include <pqscope/sql/sql.hpp>
#include <pqscope/types/parameters.hpp>

#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string_view>
#include <type_traits>

namespace pqscope {

/// A statement as an object: its text, and the types of its row and its arguments, written as a
/// function type.
///
///     inline constexpr pqscope::statement<user(std::int64_t)> user_by_id{
///         "SELECT id, name, email FROM users WHERE id = $1"};
///     inline constexpr pqscope::statement<void(std::string)> insert_user{
///         "INSERT INTO users (name) VALUES ($1)"};
///
///     auto ada = conn.query(user_by_id, 7).one();
///     conn.execute(insert_user, "ada");
///
/// The row is a type with a `codec`, a `std::tuple` or `std::pair` by position, an aggregate struct
/// by name, or `void` for a statement that returns no rows. Whether the server agrees is what
/// `verify` finds out.
///
/// The types of the arguments are what the server is told, whatever is passed: an argument is
/// converted where its type is another one. What could lose something (`long` for `int`, an
/// optional for what is not declared as one) does not compile. Errors of a call name the
/// declaration.
template <class Signature>
class statement {
  static_assert(detail::always_false<Signature>,
                "pqscope: row and arguments of a statement are written as a function type, as in "
                "statement<user(std::int64_t)>");
};

/// The only form that there is: a row, and arguments.
template <class Row, class... Args>
class statement<Row(Args...)> {
  static_assert((bindable_value<std::remove_cvref_t<Args>> && ...),
                "pqscope: an argument of the statement is of a type that cannot be a parameter: it "
                "needs a codec, or std::optional of such a type");

 public:
  /// What a row is, `void` for none.
  using row = Row;

  /// Checks `text` while compiling, as `sql` does, against the number of arguments; `where` is the
  /// place of the declaration.
  template <std::size_t N>
  consteval explicit statement(char const (&text)[N],
                               std::source_location where = std::source_location::current())
      : text_{text, where} {}

  /// The statement for code that is no template. Valid for ever.
  constexpr sql_view const& view() const noexcept { return text_.view(); }
  /// The text of the literal.
  constexpr std::string_view text() const noexcept { return text_.text(); }
  /// `hash_sql` of the text, computed while compiling.
  constexpr std::uint64_t hash() const noexcept { return text_.hash(); }
  /// The place of its declaration.
  constexpr std::source_location const& where() const noexcept { return text_.where(); }

  /// Carries it out: the same as `on.query(*this, arguments...)`, or for `void`
  /// `on.execute(*this, arguments...)`.
  template <class On, class... Given>
  auto operator()(On& on, Given const&... arguments) const {
    if constexpr (std::is_void_v<Row>) {
      return on.execute(*this, arguments...);
    } else {
      return on.query(*this, arguments...);
    }
  }

 private:
  basic_sql<std::remove_cvref_t<Args>...> text_;
};

template <class Self>
template <class Row, class... Declared, class... Args>
result statements<Self>::execute(statement<Row(Declared...)> const& text,
                                 Args const&... arguments) {
  static_assert(std::is_void_v<Row>,
                "pqscope: a statement that is declared with a row is carried out by query");
  return detail::with_declared(
      detail::type_list<Declared...>{}, text.where(),
      [&](auto const&... values) {
        parameter_pack const bound(text.where(), values...);
        return result{this->send(text.view(), bound.view(), libpq::value_format::text)};
      },
      arguments...);
}

template <class Self>
template <class Row, class... Declared, class... Args>
auto statements<Self>::query(statement<Row(Declared...)> const& text, Args const&... arguments)
    -> rows<detail::declared_row_t<Row>> {
  return detail::with_declared(
      detail::type_list<Declared...>{}, text.where(),
      [&](auto const&... values) {
        parameter_pack const bound(text.where(), values...);
        return this->template read<Row>(text.view(), bound.view());
      },
      arguments...);
}

template <class Self>
template <class Row, class... Declared, class... Args>
void statements<Self>::defer(statement<Row(Declared...)> const& text, Args const&... arguments) {
  detail::with_declared(
      detail::type_list<Declared...>{}, text.where(),
      [&](auto const&... values) {
        parameter_pack const bound(text.where(), values...);
        self().core_for(text.where()).defer(text.view(), bound.view());
      },
      arguments...);
}

}  // namespace pqscope

#endif
