#ifndef PQSCOPE_SESSION_TARGET_HPP
#define PQSCOPE_SESSION_TARGET_HPP

#include <pqscope/session.hpp>
#include <pqscope/session_source.hpp>
#include <pqscope/transaction/savepoint.hpp>
#include <pqscope/transaction/transaction.hpp>

#include <concepts>
#include <source_location>
#include <type_traits>
#include <utility>

namespace pqscope {

namespace detail {

/// Gives connections to sessions; `source_for` is found beside its class, too.
template <class Db>
concept gives_connections = requires(Db& db) { source_for(db); };

}  // namespace detail

/// What a session can be opened on: an `engine`, its `reader()` or a `pool`, which lend a
/// connection to it; a `config`, which connects for the scope; a `connection`; or, nested as a
/// savepoint, a `transaction`, `savepoint`, `session` or `unique_session`.
template <class Db>
concept session_base = nestable<Db> || detail::gives_connections<Db>;

/// What can be run in a session: anything that can be called with a `session&`, more than once.
template <class Work>
concept session_work = requires(Work& work, session& scope) { work(scope); };

namespace detail {

/// What calling the work returns.
template <class Work>
using work_result = decltype(std::declval<Work&>()(std::declval<session&>()));

/// Holds sessions, as `session` and `unique_session` do.
template <class Db>
concept holds_session = requires(Db& db) {
  { db.session_for_nesting() } -> std::same_as<session&>;
};

/// Where a session on `db` takes its connection from.
template <gives_connections Db>
auto open_source(Db& db) {
  return source_for(db);
}

/// What a session copies: configs, and what refers to something else.
template <class Db>
concept copied_by_session =
    std::same_as<std::remove_const_t<Db>, config> || requires { typename Db::refers_to_engine; };

/// What a session without a lambda can be opened on: what is not gone at once, or is copied.
template <class Db>
concept outlives_its_session =
    std::is_lvalue_reference_v<Db> || copied_by_session<std::remove_cvref_t<Db>>;

/// Has options for the sessions on it.
template <class Db>
concept has_session_defaults = requires(Db& db) { db.session_defaults(); };

/// The options of a session on `db`.
template <class Db>
decltype(auto) options_for(Db& db, session_options const& given,
                           std::source_location const& where) {
  if constexpr (requires { db.require_read_only(given, where); }) {
    db.require_read_only(given, where);
  }
  if constexpr (has_session_defaults<Db>) {
    return merged(db.session_defaults(), given);
  } else {
    return (given);
  }
}

/// What a session on `db` nests in.
template <nestable Db>
auto& outer_of(Db& db) {
  if constexpr (holds_session<Db>) {
    return db.session_for_nesting();
  } else {
    return db.scope_for_nesting();
  }
}

/// What sessions of the asynchronous wing are opened on, by a function of the same name.
template <class Db>
concept asynchronous = requires { typename std::remove_cvref_t<Db>::is_asynchronous; };

// Template arguments of deleted functions, shown in the compiler's message.
struct no_session_can_be_opened_on_the_first_argument {};
struct the_work_cannot_be_called_with_a_session_reference {};

}  // namespace detail
}  // namespace pqscope

#endif
