#include <catch2/catch_test_macros.hpp>
#include <pqscope/pqscope.hpp>
#include <pqscope/testing/recorder.hpp>

#include <ranges>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"
#include "support/eventually.hpp"

using pqscope::connection;
using pqscope::connection_lost;
using pqscope::connection_status;
using pqscope::server_error;

namespace {

void check_broken(connection& db) {
  CHECK(db.status() == connection_status::broken);
  CHECK_THROWS_AS(db.execute("SELECT 1"), connection_lost);
  CHECK_THROWS_AS(db.query<int>("SELECT 1"), connection_lost);
  CHECK_THROWS_AS(db.execute_script(pqscope::dynamic_sql{"SELECT 1"}), connection_lost);
  CHECK_FALSE(db.canceller().cancel());
  CHECK(db.status() == connection_status::broken);
  db.close();
  CHECK(db.status() == connection_status::closed);
  CHECK_THROWS_AS(db.execute("SELECT 1"), pqscope::connection_closed);
}

void check_terminated(server_error const& failure) {
  CHECK(failure.sqlstate() == "57P01");
  CHECK(failure.severity() == "FATAL");
  CHECK_FALSE(failure.connection_usable());
  CHECK(failure.is_retryable());
}

}  // namespace

TEST_CASE("the statement after the backend was killed gets 57P01, and the connection is broken") {
  auto const urls = {std::optional{support::test_url()}, support::test_tcp_url()};
  for (auto const& url : urls) {
    if (!url) {
      continue;
    }
    connection db{pqscope::config::from_url(*url)};
    support::witness{}.terminate(db.backend_pid());
    try {
      db.execute("SELECT 1");
      FAIL("it ran");
    } catch (pqscope::admin_shutdown const& failure) {
      check_terminated(failure);
    }
    check_broken(db);
  }
}

TEST_CASE("the statement during which the backend is killed gets 57P01") {
  connection db{support::test_config()};
  int const pid = db.backend_pid();
  std::thread other{[pid] {
    support::witness outside;
    CHECK(support::eventually([&] {
      return outside.number(
                 "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND wait_event = "
                 "'PgSleep'",
                 {std::to_string(pid)}) == 1;
    }));
    outside.terminate(pid);
  }};
  try {
    db.execute("SELECT pg_sleep(30)");
    FAIL("it slept");
  } catch (pqscope::admin_shutdown const& failure) {
    check_terminated(failure);
  }
  other.join();
  check_broken(db);
}

TEST_CASE("a connection that ends itself gets 57P01") {
  connection db{support::test_config()};
  CHECK_THROWS_AS(db.execute("SELECT pg_terminate_backend(pg_backend_pid())"),
                  pqscope::admin_shutdown);
  check_broken(db);
}

TEST_CASE("a typed query and a script notice the end of the backend too") {
  {
    connection db{support::test_config()};
    support::witness{}.terminate(db.backend_pid());
    CHECK_THROWS_AS(db.query<int>("SELECT 1"), pqscope::admin_shutdown);
    check_broken(db);
  }
  connection db{support::test_config()};
  support::witness{}.terminate(db.backend_pid());
  CHECK_THROWS_AS(db.execute_script(pqscope::dynamic_sql{"SELECT 1; SELECT 2"}),
                  pqscope::admin_shutdown);
  check_broken(db);
}

TEST_CASE("a large parameter to a dead backend ends in an error, not in a wait") {
  connection db{support::test_config()};
  support::witness{}.terminate(db.backend_pid());
  std::string const large(8U << 20U, 'x');
  CHECK_THROWS_AS(db.execute("SELECT $1::text", large), pqscope::error);
  CHECK(db.status() == connection_status::broken);
}

TEST_CASE("statements that libpq cannot send to a killed backend get 57P01, too") {
  std::string const large(1'000'000, 'x');
  for (std::string const& text : {std::string{"x"}, large}) {
    for (int const count : {1, 20}) {
      connection db{support::test_config()};
      support::witness{}.terminate(db.backend_pid());
      try {
        db.pipeline([&](pqscope::pipeline& all) {
          for (int i = 0; i < count; ++i) {
            all.execute("SELECT length($1::text)", text);
          }
        });
        FAIL("nobody answers");
      } catch (pqscope::admin_shutdown const& failure) {
        check_terminated(failure);
      }
    }
  }
}

TEST_CASE("records on their way to a backend that is killed get 57P01, too") {
  connection home{support::test_config()};
  std::string const table = support::unique_name("records");
  home.execute(pqscope::dynamic_sql{"CREATE TABLE " + table + " (id int, name text)"});
  for (std::string const& text : {"INSERT INTO " + table + " VALUES ($1, $2)",
                                  "UPDATE " + table + " SET name = $2 WHERE id = $1"}) {
    INFO(text);
    connection db{support::test_config()};
    bool killed = false;
    auto const records = std::views::iota(0, 1'000'000) | std::views::transform([&](int i) {
                           if (i == 50'000 && !std::exchange(killed, true)) {
                             support::witness{}.terminate(db.backend_pid());
                           }
                           return std::pair{i, "x"};
                         });
    CHECK_THROWS_AS(db.execute_many(pqscope::dynamic_sql{text}, records), pqscope::admin_shutdown);
    CHECK(db.status() == pqscope::connection_status::broken);
  }
  home.execute(pqscope::dynamic_sql{"DROP TABLE " + table});
  support::ensure_usable(home);
}

TEST_CASE("a commit on a killed backend says why, and nothing is in doubt") {
  connection db{support::test_config()};
  pqscope::transaction tx{db};
  tx.execute("CREATE TEMP TABLE t (i int)");
  support::witness{}.terminate(db.backend_pid());
  try {
    tx.commit();
    FAIL("nobody answers");
  } catch (pqscope::connection_lost const& failure) {
    CHECK(failure.sqlstate() == "57P01");
    CHECK(std::string_view{failure.what()}.find("administrator command") != std::string_view::npos);
  }
}
