#include "support/pgbouncer.hpp"

#include <catch2/catch_test_macros.hpp>
#include <pqscope/pqscope.hpp>
#include <pqscope/testing/faulty_proxy.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "support/database.hpp"

using pqscope::session;
using pqscope::with_session;
using support::witness;

TEST_CASE("engines share a few server connections behind PgBouncer in transaction mode") {
  if (!support::pgbouncer::available()) {
    SKIP("there is no pgbouncer");
  }
  support::pgbouncer const bouncer{support::test_config(), {.pool_size = 2}};
  std::string const table = support::unique_name("bounced");
  witness outside;
  outside.execute("CREATE TABLE " + table + " (worker int, n int)");
  pqscope::engine db{
      bouncer.config(),
      {.pool = {.max_size = 6, .statement_cache = 0}, .session = {.retry = {.attempts = 3}}}};
  std::atomic<int> failed{0};
  {
    std::vector<std::jthread> threads;
    for (int worker = 0; worker < 6; ++worker) {
      threads.emplace_back([&, worker] {
        for (int n = 0; n < 20; ++n) {
          try {
            with_session(db, [&](session& s) {
              s.execute(pqscope::dynamic_sql{"INSERT INTO " + table + " VALUES ($1, $2)"}, worker,
                        n);
              if (n % 2 == 1) {
                s.rollback();
              }
            });
          } catch (pqscope::error const&) {
            ++failed;
          }
        }
      });
    }
  }
  CHECK(failed == 0);
  CHECK(outside.count(table) == 60);
  CHECK(db.stats().primary.in_use == 0);
  CHECK(db.stats().primary.discarded == 0);
  outside.execute("DROP TABLE " + table);
}

TEST_CASE("when PgBouncer is restarted an engine replaces its connections") {
  if (!support::pgbouncer::available()) {
    SKIP("there is no pgbouncer");
  }
  support::pgbouncer bouncer{support::test_config(), {.pool_size = 2}};
  pqscope::engine db{bouncer.config(),
                     {.pool = {.min_size = 3, .max_size = 3, .statement_cache = 0}}};
  db.warm_up();
  bouncer.stop();
  bouncer.start();
  for (int i = 0; i < 5; ++i) {
    CHECK(with_session(db, [](session& s) { return s.query<int>("SELECT 1").one(); }) == 1);
  }
  CHECK(db.stats().primary.failed_checks == 1);
}

TEST_CASE("when PgBouncer has lost the server in a transaction the work is run again") {
  if (!support::pgbouncer::available()) {
    SKIP("there is no pgbouncer");
  }
  pqscope::testing::faulty_proxy proxy{support::test_config()};
  support::pgbouncer const bouncer{proxy.config(), {.pool_size = 2}};
  pqscope::engine db{bouncer.config(),
                     {.pool = {.statement_cache = 0}, .session = {.retry = {.attempts = 2}}}};
  int runs = 0;
  with_session(db, [&](session& s) {
    ++runs;
    s.execute("SELECT 1");
    if (s.attempt() == 1) {
      proxy.cut_all();
      s.execute("SELECT 2");
    }
  });
  CHECK(runs == 2);
  CHECK(db.stats().primary.lost == 1);
}

TEST_CASE("with the statement cache on, autocommit statements work behind PgBouncer all the same") {
  if (!support::pgbouncer::available()) {
    SKIP("there is no pgbouncer");
  }
  support::pgbouncer const bouncer{support::test_config(), {.pool_size = 2}};
  pqscope::pool pool{bouncer.config(), {.max_size = 4}};
  std::atomic<int> good{0};
  {
    std::vector<std::jthread> threads;
    for (int worker = 0; worker < 4; ++worker) {
      threads.emplace_back([&] {
        for (int n = 0; n < 50; ++n) {
          auto lease = pool.acquire();
          try {
            good += lease->query<int>("SELECT 1").one();
            good += lease->query<int>("SELECT $1::int4", 1).one();
          } catch (pqscope::error const&) {
          }
        }
      });
    }
  }
  CHECK(good == 400);
}
