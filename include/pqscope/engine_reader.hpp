#ifndef PQSCOPE_ENGINE_READER_HPP
#define PQSCOPE_ENGINE_READER_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/pool/pool.hpp>
#include <pqscope/pool_source.hpp>
#include <pqscope/replica_set.hpp>
#include <pqscope/session_options.hpp>
#include <pqscope/unique_session.hpp>

#include <source_location>
#include <utility>

namespace pqscope {

namespace detail {

/// Lends a connection of a replica for the scope, or of the primary where there is none.
class reader_source final : public lease_source {
 public:
  reader_source(pool& primary, replica_set& replicas) noexcept
      : primary_{primary}, replicas_{replicas} {}

  connection& take(connection_options const& options, std::source_location const& where) override {
    acquire_options const limits = limits_of(options);
    lease taken = replicas_.acquire(limits, where);
    return hold(taken ? std::move(taken) : primary_.acquire(limits, where));
  }

 private:
  pool& primary_;
  replica_set& replicas_;
};

}  // namespace detail

/// An engine as read-only sessions see it: what `engine::reader()` returns.
///
///     auto n = pqscope::with_session(db.reader(), [](auto& s) {
///       return s.template query<std::int64_t>("SELECT count(*) FROM users").one();
///     });
///
/// Its sessions are read-only transactions: a statement that writes fails with 25006, and options
/// that ask for one that may are a `usage_error`. What a replica shows can be older than what has
/// been committed on the primary. A session whose replica is lost fails as any other, and can be
/// retried by its options: then it uses another one.
///
/// A small value that refers to its engine. Thread-safe.
class engine_reader {
 public:
  /// Sessions copy it.
  using refers_to_engine = void;

  /// As `engine::begin`, read-only.
  [[nodiscard]] unique_session begin(
      session_options options = {},
      std::source_location where = std::source_location::current()) const {
    return unique_session{*this, std::move(options), where};
  }
  /// What sessions leave at its default: that of the engine, read-only.
  session_options session_defaults() const {
    session_options defaults = *session_;
    defaults.access = access::read_only;
    return defaults;
  }

  /// Not for users: refuses a session that may write, on the primary where no replica is there.
  void require_read_only(session_options const& asked, std::source_location const& where) const {
    if (asked.access == access::read_write) {
      throw usage_error("a reader's sessions are read-only: open one that writes on its engine",
                        where);
    }
  }
  /// Not for users: `engine::reader()` makes them.
  engine_reader(pool& primary, detail::replica_set& replicas,
                session_options const& session) noexcept
      : primary_{&primary}, replicas_{&replicas}, session_{&session} {}
  /// Not for users: how sessions find its connections.
  friend detail::reader_source source_for(engine_reader const& from) noexcept {
    return {*from.primary_, *from.replicas_};
  }

 private:
  pool* primary_;
  detail::replica_set* replicas_;
  session_options const* session_;
};

}  // namespace pqscope

#endif
