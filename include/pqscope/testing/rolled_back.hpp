#ifndef PQSCOPE_TESTING_ROLLED_BACK_HPP
#define PQSCOPE_TESTING_ROLLED_BACK_HPP

#include <pqscope/connection/config.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/transaction/scope.hpp>

#include <concepts>
#include <source_location>
#include <type_traits>
#include <utility>

namespace pqscope {

class session;

}  // namespace pqscope

namespace pqscope::testing {

/// Runs `work(connection&)` and undoes all it did to the database, commits included.
///
/// A transaction is open around the work: what it begins on this connection becomes a savepoint of
/// it, its COMMIT a RELEASE, and a statement outside a transaction is undone alone when it fails.
/// So code under test commits and sees its effects, `after_commit` functions run, and afterwards
/// everything is gone. Returns what `work` returns; what it throws arrives unchanged, after the
/// rollback. Isolation and access mode of inner transactions have no effect; deferred constraints
/// are not checked by an inner commit; what SET LOCAL sets lasts until the end of the work;
/// sequences keep their position; other connections see nothing. A transaction in SQL text
/// (`BEGIN`) and `prepare` are refused.
template <class Work>
  requires std::invocable<Work&, connection&>
auto rolled_back(connection& on, Work&& work,
                 std::source_location where = std::source_location::current())
    -> std::invoke_result_t<Work&, connection&> {
  pqscope::detail::scope outer =
      pqscope::detail::scope::begin(on.core_for(where), {.identify = false}, where);
  outer.make_sandbox();
  return work(on);
}

/// The same on a connection of its own.
template <class Work>
  requires std::invocable<Work&, connection&>
auto rolled_back(config const& to, Work&& work,
                 std::source_location where = std::source_location::current())
    -> std::invoke_result_t<Work&, connection&> {
  connection on{to, {}, where};
  return rolled_back(on, work, where);
}

/// The same on a connection of a `pool` or an `engine`.
template <class Db, class Work>
  requires requires(Db& db) {
    { *db.acquire() } -> std::same_as<connection&>;
  } && std::invocable<Work&, connection&>
auto rolled_back(Db& db, Work&& work, std::source_location where = std::source_location::current())
    -> std::invoke_result_t<Work&, connection&> {
  auto const on = db.acquire();
  return rolled_back(*on, work, where);
}

/// The same for work that takes a session, on any of these: its commit is undone like the rest.
/// Needs `pqscope/with_session.hpp`.
template <class Db, class Work>
  requires(!std::invocable<Work&, connection&> && std::invocable<Work&, session&>)
auto rolled_back(Db&& db, Work&& work, std::source_location where = std::source_location::current())
    -> std::invoke_result_t<Work&, session&> {
  return rolled_back(
      db, [&](connection& on) -> decltype(auto) { return with_session(on, work); }, where);
}

}  // namespace pqscope::testing

#endif
