#ifndef PQSCOPE_SESSION_HPP
#define PQSCOPE_SESSION_HPP

#include <pqscope/connection/canceller.hpp>
#include <pqscope/connection/connection_status.hpp>
#include <pqscope/connection/statements.hpp>
#include <pqscope/error/commit_in_doubt.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/mapping/tracked.hpp>
#include <pqscope/mapping/unit_of_work.hpp>
#include <pqscope/session_limits.hpp>
#include <pqscope/session_options.hpp>
#include <pqscope/session_source.hpp>
#include <pqscope/transaction/scope.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

namespace pqscope {

/// One unit of work: what `with_session` hands to the work it runs, and `unique_session` holds.
///
/// Takes its connection and begins its transaction with its first statement; without one it costs
/// nothing, nested ones included. Neither copyable nor movable, so that it does not outlive its
/// scope. After its end, or while a session or savepoint nested in it lives, every use is a
/// `usage_error` and sends nothing. One thread at a time.
class session : public statements<session> {
 public:
  session(session const&) = delete;
  session& operator=(session const&) = delete;
  /// Rolls back what has not ended, in the time that `transaction`'s destructor allows itself, and
  /// gives the connection back. Does not throw; problems reach the observer.
  ~session() { leave(); }

  /// Which run of the work this is, from 1; see `session_options::retry`. A nested session's is
  /// that of the session it is nested in.
  int attempt() const noexcept { return attempt_; }
  /// The label of its options.
  std::string const& label() const noexcept { return options_.label; }
  /// Whether it has not ended.
  bool is_active() const noexcept { return !ended_; }
  /// The server's 64-bit id of its transaction, once that has written.
  std::optional<std::uint64_t> transaction_id() const noexcept { return scope_.transaction_id(); }
  /// Where its connection stands: `idle` before the first statement, `closed` after the end.
  connection_status status() const noexcept;

  /// Commits now, instead of when the work returns; the session has ended then. Errors as
  /// `transaction::commit`; a nested session's as `savepoint::commit`.
  void commit(std::source_location where = std::source_location::current()) {
    require_active(where);
    finish(where);
  }
  /// Leaves without effect and without an error; the session has ended then. Where ROLLBACK does
  /// not get through the connection is given up, and the observer is told.
  void rollback(std::source_location where = std::source_location::current());
  /// Ends it with PREPARE TRANSACTION, as `transaction::prepare`. \throws usage_error if nested
  void prepare(std::string_view gid, std::source_location where = std::source_location::current());

  /// Calls `function()` once the outermost transaction is known to be committed, in order of
  /// registration; dropped with a nested session that is rolled back, not called while in doubt.
  /// The session has ended by then, and its connection has gone back to where it came from: the
  /// function may open a session of its own. What one throws leaves `with_session` after all have
  /// been called: the work is committed nevertheless, and not repeated.
  template <std::invocable Function>
  void after_commit(Function function,
                    std::source_location where = std::source_location::current()) {
    hooks_for(where).after_commit.emplace_back(std::move(function));
  }
  /// Calls `function()` once the outermost transaction is known to be rolled back, as above.
  template <std::invocable Function>
  void after_rollback(Function function,
                      std::source_location where = std::source_location::current()) {
    hooks_for(where).after_rollback.emplace_back(std::move(function));
  }

  /// Limits each operation from now on to its end, as `connection::deadline` does, in place of what
  /// the connection has for that. The deadline of the options holds all the same.
  session& deadline(std::chrono::nanoseconds each_operation,
                    std::source_location where = std::source_location::current()) {
    limits(where).each(each_operation);
    return *this;
  }
  /// Limits all operations from now on to end by this time.
  session& deadline(std::chrono::steady_clock::time_point until,
                    std::source_location where = std::source_location::current()) {
    limits(where).until(until);
    return *this;
  }
  /// Takes these limits away.
  session& deadline(std::nullopt_t, std::source_location where = std::source_location::current()) {
    limits(where).lift();
    return *this;
  }
  /// A handle by which other threads cancel what the session does; takes the connection.
  pqscope::canceller canceller(std::source_location where = std::source_location::current()) {
    return pqscope::canceller{core_for(where).gate()};
  }
  /// Number of the server process; takes the connection.
  int backend_pid(std::source_location where = std::source_location::current()) {
    return libpq::backend_pid(core_for(where).handle());
  }
  /// libpq's own handle, as `connection::native_handle`, in the transaction: a BEGIN that is due
  /// is carried out, in a round trip of its own.
  PGconn* native_handle(std::source_location where = std::source_location::current()) {
    detail::connection_core& core = core_for(where);
    if (core.has_queue()) {
      core.control("SELECT", where);
    }
    return core.handle().get();
  }

  // Objects: defined in `pqscope/session_objects.hpp`.

  /// Adds a new object: the next flush inserts its row. Values the server makes (an identity, a
  /// default for an empty optional, generated columns) are in it once that has been answered; a
  /// copy of the struct made before lacks them.
  template <class T>
  tracked<T> add(T value, std::source_location where = std::source_location::current());
  /// The same for an object that refers to another one, which may be new: the flush inserts that
  /// first and fills its key in. The struct has one column that references the other struct.
  template <class T, class Parent>
  tracked<T> add(T value, tracked<Parent> const& parent,
                 std::source_location where = std::source_location::current());
  /// Has the column `Member` of an object refer to another object, as above; for structs that refer
  /// to one struct by several columns. The child is new.
  template <auto Member, class T, class Parent>
  void refer(tracked<T> const& child, tracked<Parent> const& parent,
             std::source_location where = std::source_location::current());
  /// The object of a primary key, whose values are given in the order of its columns; empty where
  /// there is no such row. There is one object for each key: the second time it costs no round
  /// trip, the first time one. Does not flush.
  template <class T, class... Keys>
    requires(sizeof...(Keys) > 0)
  tracked<T> get(Keys const&... keys);
  /// Watches a value that was read in this session, such as by `find`, as its row is now. Where
  /// the session has an object of that key already it is that one, unchanged. No round trip.
  template <class T>
  tracked<T> track(T value, std::source_location where = std::source_location::current());
  /// The next flush deletes the object's row. \throws usage_error if it is empty
  template <class T>
  void remove(tracked<T> const& object,
              std::source_location where = std::source_location::current());
  /// Reads the object's row again; what was changed in it and not flushed is lost. One round trip.
  /// \throws stale_row if the row is gone
  template <class T>
  void refresh(tracked<T> const& object,
               std::source_location where = std::source_location::current());
  /// Sends what has been added, changed, removed and deferred: one round trip, and one more for
  /// each step from a new object to one that refers to it, where the server makes the key. None
  /// where there is nothing. Each statement of the session, its nested sessions and its commit do
  /// so by themselves, and share their own round trip with it.
  ///
  /// Order: inserts, parents before children, the new objects of one struct by one statement where
  /// their types allow; updates of the columns that were changed; deletes, children before
  /// parents. Once a flush has failed, the objects are what was loaded, and the session can only
  /// be left.
  ///
  /// \throws stale_row if an object's row was deleted, or its `version` column was changed, since
  ///         it was loaded; without such a column removing a row that is gone is no error
  /// \throws usage_error if the server has not inserted all rows, since a trigger keeps one back.
  ///         That and what is wrong with values that come back is found out once the flush is
  ///         answered: a COMMIT that shared its round trip has happened, then
  void flush(std::source_location where = std::source_location::current());
  /// As long as the answer lives, statements do not flush.
  [[nodiscard]] auto no_autoflush();

  /// Not for users: what statements and nested scopes work on.
  detail::connection_core& core_for(std::source_location const& where) {
    require_usable(where);
    start(where);
    detail::connection_core& core = scope_.use(where);
    if (has_unit()) {
      detail::unit_of_work& all = *shared_->unit;
      all.look_at(core);
      all.require_intact(where);
      if (all.autoflush) {
        all.queue_changes(core, where);
      }
    }
    return core;
  }
  /// Not for users.
  detail::scope& scope_for_nesting() {
    require_usable(where_);
    start(where_);
    flush_for_nested(where_);
    return scope_;
  }
  /// Not for users.
  session& session_for_nesting() noexcept { return *this; }

  /// Not for users: a session that takes a connection of `source`.
  session(detail::session_source& source, session_options const& options,
          std::optional<libpq::clock::time_point> deadline, int attempt,
          std::source_location const& where)
      : source_{&source},
        options_{options},
        mode_{.isolation = options.isolation,
              .access = options.access,
              .deferrable = options.deferrable,
              .identify = options.identify.value_or(true)},
        deadline_{deadline},
        attempt_{attempt},
        where_{where} {
    require_sensible(where);
  }
  /// Not for users: a session nested in a transaction or savepoint.
  session(detail::scope& outer, session_options const& options,
          std::optional<libpq::clock::time_point> deadline, std::source_location const& where)
      : options_{options}, mode_{outer.options(where)}, deadline_{deadline}, where_{where} {
    refuse_when_nested(where);
    start_in(outer, where);
  }
  /// Not for users: a session nested in another one; costs nothing as long as both do nothing.
  session(session& outer, session_options const& options,
          std::optional<libpq::clock::time_point> deadline, std::source_location const& where)
      : options_{options},
        mode_{outer.mode_},
        deadline_{deadline},
        attempt_{outer.attempt_},
        where_{where} {
    refuse_when_nested(where);
    outer.require_usable(where);
    shared_ = outer.share_objects();
    depth_ = outer.depth_ + 1;
    if (outer.started_ || outer.has_unit()) {
      start_in(outer.scope_for_nesting(), where);  // objects that change from here on are its own
    } else {
      outer_ = &outer;
      outer.inner_ = this;
    }
  }

  /// Not for users: commits what has not ended, as the end of the work does.
  void finish(std::source_location const& where);
  /// Not for users: whether its effects are there, or may be, so that it must not be run again.
  bool committed() const noexcept { return kept_ || scope_.committed(); }
  /// Not for users: whether it has had a connection.
  bool started() const noexcept { return started_; }

 private:
  detail::hooks& hooks_for(std::source_location const& where) {
    require_usable(where);
    return started_ ? scope_.hooks_for(where) : early_;
  }
  detail::session_limits& limits(std::source_location const& where);
  void require_sensible(std::source_location const& where) const;
  void refuse_when_nested(std::source_location const& where) const;
  void require_active(std::source_location const& where) const;
  void require_usable(std::source_location const& where) const;
  void require_last(std::source_location const& where);
  void start(std::source_location const& where);
  void start_in(detail::scope& outer, std::source_location const& where);
  void take_connection(std::source_location const& where);
  void finish_unstarted();
  void settle_doubt(commit_in_doubt const& doubt, std::source_location const& where);
  void forget_if_gone() noexcept;
  void release() noexcept;
  void release_undone() noexcept;
  void leave() noexcept;
  void unlink() noexcept;

  bool has_unit() noexcept;
  std::shared_ptr<detail::shared_objects> const& share_objects();
  detail::unit_of_work& unit();
  void flush_for_nested(std::source_location const& where);
  void queue_changes(std::source_location const& where);
  void send_ahead(std::source_location const& where);
  void settle_objects() noexcept;
  detail::connection_core& unflushed_core(std::source_location const& where);
  template <class T>
  auto& objects(std::source_location const& where);

  detail::session_source* source_ = nullptr;  // null for a nested session
  session* outer_ = nullptr;  // the session it is nested in, until they begin together
  session* inner_ = nullptr;  // the one that has this as its outer_
  session_options const& options_;
  transaction_options const mode_;  // of the transaction it is, or is in
  std::optional<libpq::clock::time_point> deadline_;
  detail::session_limits limits_;
  detail::scope scope_;
  detail::hooks early_;                             // registered before it began
  std::shared_ptr<detail::shared_objects> shared_;  // with the session it is nested in
  int depth_ = 0;                                   // of sessions it is nested in
  int attempt_ = 1;
  bool objects_kept_ = false;  // they are as they are in the database, or may be
  bool started_ = false;
  bool ended_ = false;
  bool kept_ = false;
  bool disordered_ = false;  // the session it is nested in was to be ended before it
  std::source_location where_;
};

}  // namespace pqscope

#include <pqscope/session_lifetime.hpp>

#endif
