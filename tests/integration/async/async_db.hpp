#ifndef PQSCOPE_TESTS_INTEGRATION_ASYNC_ASYNC_DB_HPP
#define PQSCOPE_TESTS_INTEGRATION_ASYNC_ASYNC_DB_HPP

#include <pqscope/asio.hpp>
#include <pqscope/testing/recorder.hpp>

#include <asio/io_context.hpp>

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "integration/session/scratch.hpp"
#include "support/async.hpp"
#include "support/ensure_usable.hpp"

namespace support {

/// An asynchronous engine on an io_context of its own, watched by a recorder, with a schema of the
/// test's own.
struct async_db {
  scratch here;
  pqscope::testing::recorder seen;
  std::unique_ptr<asio::io_context> io;
  pqscope::async::engine db;

  explicit async_db(pqscope::engine_options options = {})
      : async_db{[](scratch const& in) { return in.db(); }, std::move(options)} {}
  /// \param to makes the config from that of the schema
  template <class To>
  async_db(To to, pqscope::engine_options options)
      : io{std::make_unique<asio::io_context>()}, db{*io, to(here), watched(std::move(options))} {}
  async_db(async_db const&) = delete;
  async_db& operator=(async_db const&) = delete;
  ~async_db() { io.reset(); }  // before the engine, which outlives its sessions

  /// Runs the coroutine `work()` to its end.
  template <class Work>
  auto run(Work work) {
    return support::run(*io, std::move(work));
  }
  /// Starts it.
  template <class Work>
  auto start(Work work, asio::cancellation_slot slot = {}) {
    return support::start(*io, std::move(work), slot);
  }
  /// Starts a session with this work.
  template <class Work>
  auto start_session(Work work, asio::cancellation_slot slot = {}) {
    return start_session({}, std::move(work), slot);
  }
  /// The same with options.
  template <class Work>
  auto start_session(pqscope::session_options options, Work work,
                     asio::cancellation_slot slot = {}) {
    return start(
        [this, options = std::move(options), work = std::move(work)] {
          return pqscope::async::with_session(db, options, work);
        },
        slot);
  }
  /// Runs a session to its end.
  template <class Work>
  auto session(Work work) {
    return start_session(std::move(work)).get();
  }
  /// The same with options.
  template <class Work>
  auto session(pqscope::session_options options, Work work) {
    return start_session(std::move(options), std::move(work)).get();
  }

  /// How many backends of this test's wait for a lock, or anything else but the next statement.
  long long busy() {
    return here.outside.number(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND state = 'active'",
        {here.schema});
  }
  /// How many wait for a lock.
  long long blocked() {
    return here.outside.number(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = "
        "'Lock'",
        {here.schema});
  }
  /// Runs until as many wait for a lock.
  void run_until_blocked(long long count = 1) {
    run_until(*io, [&] { return blocked() == count; });
  }
  /// Runs until nothing is left to be run.
  void run_out() { support::run_out(*io); }

  /// Requires that all connections are back in the pool and idle, and one of them works.
  void ensure_usable() {
    REQUIRE(db.stats().primary.in_use == 0);
    REQUIRE(db.stats().primary.waiting == 0);
    auto const lease = db.blocking().acquire();
    support::ensure_usable(*lease);
    // those that were cut off may take a moment to go away
    REQUIRE(support::eventually([this] {
      return here.outside.number(
                 "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND state NOT "
                 "IN ('idle')",
                 {here.schema}) == 0;
    }));
  }

 private:
  pqscope::engine_options watched(pqscope::engine_options&& options) {
    options.observer = &seen;
    return std::move(options);
  }
};

/// An advisory lock that is held as long as this lives.
class held_lock {
 public:
  explicit held_lock(long long number) : number_{std::to_string(number)} {
    holder_.text("SELECT pg_advisory_lock($1)", {number_});
  }
  /// Lets it go.
  void release() { holder_.text("SELECT pg_advisory_unlock($1)", {number_}); }

 private:
  std::string number_;
  witness holder_;
};

/// A number for an advisory lock that no other test has. Locks are of a database.
inline long long unique_lock_number() {
  static std::atomic<long long> next{7'000'000};
  return ++next;
}

}  // namespace support

#endif
