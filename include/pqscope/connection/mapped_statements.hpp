#ifndef PQSCOPE_CONNECTION_MAPPED_STATEMENTS_HPP
#define PQSCOPE_CONNECTION_MAPPED_STATEMENTS_HPP

#include <concepts>
#include <cstdint>
#include <optional>
#include <source_location>
#include <string_view>
#include <utility>

namespace pqscope {

namespace detail {

/// The typed queries of a struct; defined in `pqscope/mapping/queries.hpp`.
template <class T>
struct typed_queries;

}  // namespace detail

/// Statements that are made from plain structs: part of the face of `connection`, `transaction`,
/// `savepoint` and `session`. Declared here, defined in `pqscope/mapping/queries.hpp`.
///
/// A struct stands for a table: by its `mapping`, or the table of its own name. The SQL text is
/// made while compiling, from the types of the expressions, and so is its hash; `to_sql` shows it.
/// Values travel as parameters. Every call that carries something out is one statement in one
/// round trip, with the errors of `statements`. Structs are values: nothing is remembered of them.
///
/// Queries refer to the connection, transaction or session that made them, which has to outlive
/// them; they own their values, and can be used any number of times.
template <class Self>
class mapped_statements {
 public:
  /// The rows of a struct's table; what is said further makes it narrower:
  ///
  ///     auto v = s.select<user>()
  ///                  .where(col<&user::id> > 10 && col<&user::email>.is_null())
  ///                  .order_by(desc(col<&user::id>))
  ///                  .limit(5)
  ///                  .all();
  ///
  /// Further: `offset`, `distinct`, `for_update`, `for_share`, `join`, `left_join`, `group_by`,
  /// `having`, `values`. Carried out by `all`, `first`, `one`, `one_or_none`, `rows`, `count` and
  /// `exists`.
  template <class T>
  [[nodiscard]] auto select() {
    return detail::typed_queries<T>::select(mapped_self());
  }
  /// The rows that fulfil a condition: `find<user>(col<&user::username> == "ada").first()`.
  template <class T, class Condition>
  [[nodiscard]] auto find(Condition const& condition) {
    return detail::typed_queries<T>::select(mapped_self()).where(condition);
  }

  /// The row with a primary key; nothing where there is none. A key of several columns is given in
  /// its order.
  template <class T, class Key>
  [[nodiscard]] std::optional<T> get(Key const& key,
                                     std::source_location where = std::source_location::current()) {
    return detail::typed_queries<T>::get(mapped_self(), where, key);
  }
  /// The same for a key of two columns.
  template <class T, class First, class Second>
    requires(!std::same_as<Second, std::source_location>)
  [[nodiscard]] std::optional<T> get(First const& first, Second const& second,
                                     std::source_location where = std::source_location::current()) {
    return detail::typed_queries<T>::get(mapped_self(), where, first, second);
  }
  /// The same for a key of three columns.
  template <class T, class First, class Second, class Third>
    requires(!std::same_as<Third, std::source_location>)
  [[nodiscard]] std::optional<T> get(First const& first, Second const& second, Third const& third,
                                     std::source_location where = std::source_location::current()) {
    return detail::typed_queries<T>::get(mapped_self(), where, first, second, third);
  }

  /// How many rows a struct's table has.
  template <class T>
  [[nodiscard]] std::int64_t count(std::source_location where = std::source_location::current()) {
    return detail::typed_queries<T>::select(mapped_self()).count(where);
  }
  /// How many rows fulfil a condition.
  template <class T, class Condition>
    requires(!std::same_as<Condition, std::source_location>)
  [[nodiscard]] std::int64_t count(Condition const& condition,
                                   std::source_location where = std::source_location::current()) {
    return detail::typed_queries<T>::select(mapped_self()).where(condition).count(where);
  }
  /// Whether a struct's table has a row.
  template <class T>
  [[nodiscard]] bool exists(std::source_location where = std::source_location::current()) {
    return detail::typed_queries<T>::select(mapped_self()).exists(where);
  }
  /// Whether a row fulfils a condition.
  template <class T, class Condition>
    requires(!std::same_as<Condition, std::source_location>)
  [[nodiscard]] bool exists(Condition const& condition,
                            std::source_location where = std::source_location::current()) {
    return detail::typed_queries<T>::select(mapped_self()).where(condition).exists(where);
  }

  /// Changes rows without reading them:
  ///
  ///     s.update<user>().set(col<&user::visits> = col<&user::visits> + 1).where(…).execute();
  ///
  /// Needs a condition, or `all_rows()`. Carried out by `execute`, which answers how many rows it
  /// affected, `returning().all()` and the like, or `defer`.
  template <class T>
  [[nodiscard]] auto update() {
    return detail::typed_queries<T>::update(mapped_self());
  }
  /// Deletes rows without reading them; else as `update`.
  template <class T>
  [[nodiscard]] auto erase() {
    return detail::typed_queries<T>::erase(mapped_self());
  }

  /// Inserts a row; answers it as it is then, with what the server has made: the key of an identity
  /// column where the struct's has the value of a new struct, generated columns, and defaults where
  /// the struct has an empty optional.
  template <class T>
  T insert(T row, std::source_location where = std::source_location::current()) {
    return detail::typed_queries<T>::insert(mapped_self(), where, std::move(row));
  }
  /// Inserts a row, or updates the one that is there with the same primary key; answers the row as
  /// it is then.
  template <class T>
  auto upsert(T row, std::source_location where = std::source_location::current()) {
    return detail::typed_queries<T>::upsert(mapped_self(), where, std::move(row));
  }
  /// The same with another conflict and what is to be done then:
  ///
  ///     s.upsert(u, on_conflict<&user::username>().do_nothing());   // std::optional<user>
  ///     s.upsert(u, on_conflict<&user::username>().do_update());    // user
  ///     s.upsert(u, on_conflict<&user::username>().do_update(
  ///                     col<&user::email> = excluded<&user::email>));
  template <class T, class Conflict>
    requires(!std::same_as<Conflict, std::source_location>)
  auto upsert(T row, Conflict conflict,
              std::source_location where = std::source_location::current()) {
    return detail::typed_queries<T>::upsert(mapped_self(), where, std::move(row),
                                            std::move(conflict));
  }

  /// The SQL text of a typed query, there for ever. Carries nothing out.
  template <class Query>
  static constexpr std::string_view to_sql(Query const&) noexcept {
    return Query::text();
  }

 protected:
  mapped_statements() = default;
  mapped_statements(mapped_statements const&) = default;
  mapped_statements& operator=(mapped_statements const&) = default;
  ~mapped_statements() = default;

 private:
  Self& mapped_self() noexcept { return static_cast<Self&>(*this); }
};

}  // namespace pqscope

#endif
