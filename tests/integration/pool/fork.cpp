#include <sys/wait.h>
#include <unistd.h>
#include <pqscope/pool/pool.hpp>

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <optional>
#include <thread>
#include <utility>

#include "integration/pool/pool_db.hpp"
#include "support/ensure_usable.hpp"

using pqscope::lease;
using pqscope::pool;
using support::pool_db;

namespace {

/// Whether `check` holds in a child process, which ends without anything being destroyed.
template <class Check>
bool holds_in_child(Check check) {
  ::pid_t const child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    bool holds = false;
    try {
      holds = check();
    } catch (...) {
    }
    ::_exit(holds ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return status == 0;
}

template <class Action>
bool is_refused(Action action) {
  return support::outcome_of(action) == "usage_error";
}

/// A pool with one connection that is idle and one that is in use.
struct used_pool {
  pool_db here;
  std::optional<pool> db{std::in_place, here.config(), pqscope::pool_options{.max_size = 2}};
  lease held = db->acquire();
  int idle = db->acquire()->backend_pid();

  /// Requires that neither connection has been touched.
  void ensure_unharmed() {
    CHECK(here.backends() == 2);
    support::ensure_usable(*held);
    {
      lease const conn = db->acquire();
      CHECK(conn->backend_pid() == idle);
      support::ensure_usable(*conn);
    }
    held.release();
    CHECK(db->stats().connects == 2);
    CHECK(db->stats().idle == 2);
    support::ensure_whole(*db);
  }
};

}  // namespace

TEST_CASE("a forked child may not take connections from its parent's pool") {
  used_pool p;
  CHECK(holds_in_child([&] {
    return is_refused([&] { static_cast<void>(p.db->acquire()); }) &&
           is_refused([&] { static_cast<void>(p.db->try_acquire()); }) &&
           is_refused([&] { p.db->warm_up(); }) && is_refused([&] { p.db->resize(3); }) &&
           is_refused([&] { p.db->drain(support::test_config()); }) &&
           is_refused([&] { static_cast<void>(p.db->stats()); }) &&
           is_refused([&] { p.held->execute("SELECT 1"); });
  }));
  p.ensure_unharmed();
}

TEST_CASE("a forked child may not drain or maintain its parent's pool") {
  used_pool p;
  CHECK(holds_in_child([&] { return is_refused([&] { p.db->drain(); }); }));
  CHECK(holds_in_child([&] { return is_refused([&] { p.db->maintain(); }); }));
  p.ensure_unharmed();
}

TEST_CASE("a forked child that disposes of its parent's pool has one of its own") {
  used_pool p;
  CHECK(holds_in_child([&] {
    p.db->dispose();
    lease conn = p.db->acquire();
    int const pid = conn->backend_pid();
    bool const new_one = pid != p.idle && conn->query<int>("SELECT 1").one() == 1;
    conn.release();
    bool const kept = p.db->acquire()->backend_pid() == pid && p.db->stats().connects == 1;
    p.held.release();
    return new_one && kept && p.db->stats().size == 1;
  }));
  CHECK(p.here.comes_to(2));  // the child's own ends with it
  p.ensure_unharmed();
}

TEST_CASE("a pool destroyed or closed in a forked child leaves its parent's connections alone") {
  used_pool p;
  CHECK(holds_in_child([&] {
    p.db->close();
    p.held.release();
    p.db.reset();
    return true;
  }));
  p.ensure_unharmed();
}

TEST_CASE("a lease given back in a forked child goes nowhere") {
  used_pool p;
  CHECK(holds_in_child([&] {
    p.held.release();
    return !p.held;
  }));
  p.ensure_unharmed();
}

TEST_CASE("a child forked while other threads are in the pool can dispose of it") {
  pool_db here;
  pool db{here.config(), {.max_size = 2}};
  {
    lease const conn = db.acquire();
  }
  std::atomic<bool> over{false};
  std::jthread const asking{[&] {
    while (!over) {
      static_cast<void>(db.stats());
    }
  }};
  std::jthread const using_it{[&] {
    while (!over) {
      lease const conn = db.acquire();
    }
  }};
  int failures = 0;
  for (int i = 0; i < 20; ++i) {
    failures += holds_in_child([&] {
      ::alarm(20);
      db.dispose();
      return db.acquire()->query<int>("SELECT 1").one() == 1;
    })
                    ? 0
                    : 1;
  }
  over = true;
  CHECK(failures == 0);
}

TEST_CASE("a pool's hooks are not called for the parent's connections in a forked child") {
  pool_db here;
  int closed = 0;
  std::optional<pool> db{
      std::in_place, here.config(),
      pqscope::pool_options{.before_close = [&](pqscope::connection&) { ++closed; }}};
  {
    lease const conn = db->acquire();
  }
  CHECK(holds_in_child([&] {
    db->dispose();
    db.reset();
    return closed == 0;
  }));
  CHECK(here.backends() == 1);
  support::ensure_whole(*db);
}
