#include <catch2/catch_test_macros.hpp>
#include <pqscope/libpq/features.hpp>
#include <pqscope/pqscope.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/testing/rolled_back.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"
#include "support/eventually.hpp"
#include "support/memory.hpp"

using namespace std::chrono_literals;
using pqscope::connection;
using pqscope::session;
using pqscope::with_session;
using support::ensure_usable;
using support::witness;

namespace {

struct numbered {
  std::int64_t id;
  std::optional<std::string> name;
};

}  // namespace

TEST_CASE("rows are streamed as values, tuples and structs, with parameters") {
  connection conn{support::test_config()};
  std::vector<int> values;
  for (int each : conn.stream<int>("SELECT generate_series($1::int4, $2::int4)", 3, 6)) {
    values.push_back(each);
  }
  CHECK(values == std::vector<int>{3, 4, 5, 6});

  // [stream]
  std::string names;
  for (auto [id, name] : conn.stream<std::int64_t, std::string_view>(
           "SELECT i::int8, 'n' || i FROM generate_series(1, 3) i WHERE 'n' || i <> $1", "n2")) {
    names.append(name) += ' ';
  }
  // [stream]
  CHECK(names == "n1 n3 ");

  auto const all =
      conn.stream<numbered>("SELECT 'x' AS name, 1::int8 AS id UNION ALL SELECT NULL, 2").all();
  REQUIRE(all.size() == 2);
  CHECK(all[0].name == "x");
  CHECK(all[1].name == std::nullopt);
  ensure_usable(conn);
}

TEST_CASE("a stream costs one round trip, and no rows are no error") {
  pqscope::testing::recorder watcher;
  connection conn{support::test_config(), {.observer = &watcher}};
  int rows = 0;
  for (int each : conn.stream<int>("SELECT 1 WHERE false")) {
    rows += each;
  }
  for (int each : conn.stream<int>("SELECT 1 FROM generate_series(1, 1000)")) {
    rows += each;
  }
  CHECK(rows == 1000);
  CHECK(watcher.round_trips() == 2);
  CHECK(watcher.details().size() == 2);
  CHECK(watcher.details()[1].carried_out);
  ensure_usable(conn);
}

TEST_CASE("columns that do not fit are refused at once, with and without rows") {
  connection conn{support::test_config()};
  CHECK_THROWS_AS((void)conn.stream<int>("SELECT 1::int8"), pqscope::type_mismatch);
  CHECK_THROWS_AS((void)conn.stream<int>("SELECT 1::int8 WHERE false"), pqscope::type_mismatch);
  CHECK_THROWS_AS((void)conn.stream<int>("CREATE TEMPORARY TABLE none (a int)"),
                  pqscope::type_mismatch);
  with_session(conn, [](session& s) {
    CHECK_THROWS_AS((void)s.stream<numbered>("SELECT generate_series(1, 100000)"),
                    pqscope::type_mismatch);
    CHECK(s.query<int>("SELECT 1").one() == 1);
  });
  auto nulls = conn.stream<int>("SELECT NULLIF(i, 3) FROM generate_series(1, 5) i");
  int seen = 0;
  CHECK_THROWS_AS(
      [&] {
        for (int each : nulls) {
          seen += each;
        }
      }(),
      pqscope::unexpected_null);
  CHECK(seen == 3);
  nulls.close();
  ensure_usable(conn);
}

TEST_CASE("a million rows stream in less than four MiB above the start") {
  if (!support::frees_memory) {
    SKIP("a sanitizer keeps memory that was freed");
  }
  connection conn{support::test_config()};
  for (int each : conn.stream<int>("SELECT generate_series(1, 1000)")) {
    static_cast<void>(each);
  }
  long const before = support::resident_memory();
  long most = 0;
  std::int64_t sum = 0;
  std::int64_t rows = 0;
  for (auto [id, text] : conn.stream<std::int64_t, std::string_view>(
           "SELECT i::int8, repeat('x', 20) FROM generate_series(1, 1000000) i")) {
    sum += id + static_cast<std::int64_t>(text.size());
    if (++rows % 100'000 == 0) {
      most = std::max(most, support::resident_memory() - before);
    }
  }
  CHECK(rows == 1'000'000);
  CHECK(sum == 500'000'500'000 + 20'000'000);
  CHECK(most < 4096);
  ensure_usable(conn);
}

TEST_CASE("leaving after the first row returns soon, and the transaction goes on") {
  connection conn{support::test_config()};
  std::string const table = support::unique_name("left");
  witness{}.execute("CREATE TABLE " + table + " (n int)");
  with_session(conn, [&](session& s) {
    s.execute(pqscope::dynamic_sql{"INSERT INTO " + table + " VALUES (1)"});
    std::chrono::steady_clock::time_point left;
    for (int each : s.stream<int>("SELECT generate_series(1, 1000000000)")) {
      CHECK(each == 1);
      left = std::chrono::steady_clock::now();
      break;
    }
    CHECK(std::chrono::steady_clock::now() - left < 500ms);
    try {
      for (int each : s.stream<int>("SELECT generate_series(1, 1000000000)")) {
        if (each == 1000) {
          throw std::runtime_error("the work has had enough");
        }
      }
    } catch (std::runtime_error const&) {
    }
    s.execute(pqscope::dynamic_sql{"INSERT INTO " + table + " VALUES (2)"});
  });
  CHECK(witness{}.count(table) == 2);
  ensure_usable(conn);
  for (int each : conn.stream<int>("SELECT generate_series(1, 1000000000)")) {
    CHECK(each == 1);
    break;
  }
  ensure_usable(conn);
}

TEST_CASE("leaving a stream leaves a transaction begun by hand unharmed") {
  connection conn{support::test_config()};
  conn.execute("BEGIN");
  conn.execute("CREATE TEMPORARY TABLE kept (i int) ON COMMIT DROP");
  for (int each : conn.stream<int>("SELECT generate_series(1, 1000000000)")) {
    CHECK(each == 1);
    break;
  }
  CHECK(conn.status() == pqscope::connection_status::in_transaction);
  CHECK(conn.stream<int>("SELECT generate_series(1, 3)").all().size() == 3);
  CHECK(conn.query<std::int64_t>("SELECT count(*) FROM kept").one() == 0);
  conn.execute("COMMIT");
  ensure_usable(conn);
}

TEST_CASE("a stream left behind its deadline, or after a stop, leaves the transaction unharmed") {
  connection conn{support::test_config()};
  pqscope::transaction tx{conn};
  std::stop_source stop;
  conn.stop_on(stop.get_token());
  for (int each : tx.stream<int>("SELECT generate_series(1, 1000000000)")) {
    CHECK(each == 1);
    stop.request_stop();
    break;
  }
  conn.stop_on({});
  CHECK(tx.query<int>("SELECT 1").one() == 1);
  for (int each : tx.stream<int>("SELECT generate_series(1, 1000000000)")) {
    CHECK(each == 1);
    conn.deadline(std::chrono::steady_clock::now());
    break;
  }
  conn.deadline(std::nullopt);
  CHECK(tx.query<int>("SELECT 1").one() == 1);
  tx.rollback();
  ensure_usable(conn);
}

TEST_CASE("inside rolled_back a stream that fails is undone alone") {
  connection conn{support::test_config()};
  pqscope::testing::rolled_back(conn, [](connection& on) {
    on.execute("CREATE TEMPORARY TABLE kept (i int)");
    CHECK_THROWS_AS((void)on.stream<int>("SELECT no_such_column"), pqscope::undefined_column);
    CHECK_THROWS_AS(on.stream<int>("SELECT 10 / (500 - i) FROM generate_series(1, 1000) i").all(),
                    pqscope::division_by_zero);
    CHECK(on.query<std::int64_t>("SELECT count(*) FROM kept").one() == 0);
  });
  ensure_usable(conn);
}

TEST_CASE("a stream whose connection was closed can be left, and reads no further") {
  for (bool const reads_on : {false, true}) {
    connection conn{support::test_config()};
    auto stream = conn.stream<int>("SELECT generate_series(1, 1000000000)");
    CHECK(*stream.begin() == 1);
    conn.close();
    if (reads_on) {
      CHECK_THROWS_AS(stream.all(), pqscope::connection_closed);
    }
    stream.close();
    CHECK(conn.status() == pqscope::connection_status::closed);
  }
}

TEST_CASE("a stream that was left is gone from the server") {
  connection conn{support::test_config()};
  int const pid = conn.backend_pid();
  for (int each : conn.stream<int>("SELECT generate_series(1, 1000000000)")) {
    CHECK(each == 1);
    break;
  }
  CHECK(witness{}.text("SELECT state FROM pg_stat_activity WHERE pid = $1",
                       {std::to_string(pid)}) == "idle");
  ensure_usable(conn);
}

TEST_CASE("a few rows that are left unread cost no cancel") {
  connection conn{support::test_config()};
  with_session(conn, [](session& s) {
    for (int round = 0; round < 50; ++round) {
      for (int each : s.stream<int>("SELECT generate_series(1, 10)")) {
        CHECK(each == 1);
        break;
      }
    }
    CHECK(s.query<int>("SELECT 1").one() == 1);
  });
  ensure_usable(conn);
}

TEST_CASE("an open stream refuses a second statement, and ends undisturbed") {
  connection conn{support::test_config()};
  with_session(conn, [&](session& s) {
    int rows = 0;
    for (int each : s.stream<int>("SELECT generate_series(1, 1000)")) {
      if (each % 100 == 0) {
        CHECK_THROWS_AS(s.execute("SELECT 1"), pqscope::connection_busy);
        CHECK_THROWS_AS((void)s.stream<int>("SELECT 1"), pqscope::connection_busy);
        CHECK(conn.status() == pqscope::connection_status::busy);
      }
      ++rows;
    }
    CHECK(rows == 1000);
    CHECK(s.query<int>("SELECT 1").one() == 1);
  });
  ensure_usable(conn);
}

TEST_CASE("an error in the middle ends the rows and fails the transaction") {
  connection conn{support::test_config()};
  auto const divide = [](auto& on) {
    int rows = 0;
    CHECK_THROWS_AS(
        [&] {
          for (int each :
               on.template stream<int>("SELECT 10 / (500 - i) FROM generate_series(1, 1000) i")) {
            static_cast<void>(each);
            ++rows;
          }
        }(),
        pqscope::division_by_zero);
    // libpq 17 hands over 256 rows at a time, and none of those that an error interrupts
    CHECK(rows == (pqscope::libpq::has_chunked_rows ? 256 : 499));
  };
  divide(conn);
  CHECK_THROWS_AS(with_session(conn, [&](session& s) { divide(s); }),
                  pqscope::transaction_rolled_back);
  ensure_usable(conn);
}

TEST_CASE("a value that does not fit names its row of all that were streamed") {
  connection conn{support::test_config()};
  auto stream = conn.stream<int>("SELECT nullif(i % 300, 7) AS n FROM generate_series(1, 1000) i");
  std::vector<std::size_t> named;
  for (auto at = stream.begin(); at != stream.end(); ++at) {
    try {
      static_cast<void>(*at);
    } catch (pqscope::unexpected_null const& fault) {
      CHECK(fault.column() == "n");
      named.push_back(fault.row().value());
    }
  }
  CHECK(named == std::vector<std::size_t>{6, 306, 606, 906});
  ensure_usable(conn);
}

TEST_CASE("a deadline in the middle of a stream cancels it and keeps the connection") {
  connection conn{support::test_config()};
  conn.deadline(200ms);
  CHECK_THROWS_AS(
      [&] {
        for (int each :
             conn.stream<int>("SELECT i FROM generate_series(1, 3) i, "
                              "LATERAL (SELECT pg_sleep(CASE i WHEN 3 THEN 20 ELSE 0 END)) s")) {
          static_cast<void>(each);
        }
      }(),
      pqscope::deadline_exceeded);
  ensure_usable(conn);
}

TEST_CASE("a stream whose statement completes behind the deadline does not seem to have ended") {
  connection conn{support::test_config()};
  conn.execute(
      "CREATE FUNCTION pg_temp.outlast() RETURNS int LANGUAGE plpgsql AS $$ BEGIN "
      "PERFORM pg_sleep(20); RETURN 0; EXCEPTION WHEN query_canceled THEN RETURN 0; END $$");
  auto const outlast = [&](auto& on) {
    conn.deadline(200ms);
    int rows = 0;
    CHECK_THROWS_AS(
        [&] {
          for (int each : on.template stream<int>(
                   "SELECT generate_series(1, 1000) UNION ALL SELECT pg_temp.outlast()")) {
            static_cast<void>(each);
            ++rows;
          }
        }(),
        pqscope::deadline_exceeded);
    CHECK(rows < 1001);
    conn.deadline(std::nullopt);
  };
  outlast(conn);
  pqscope::transaction tx{conn};
  outlast(tx);
  if (conn.status() == pqscope::connection_status::in_transaction) {  // cancelled once, not twice
    CHECK(tx.query<int>("SELECT 1").one() == 1);
    tx.commit();
  } else {
    tx.rollback();
  }
  ensure_usable(conn);
}

TEST_CASE("a backend that is killed in the middle ends the stream with its error") {
  connection conn{support::test_config()};
  std::int64_t rows = 0;
  CHECK_THROWS_AS(
      [&] {
        for (int each : conn.stream<int>("SELECT generate_series(1, 1000000000)")) {
          static_cast<void>(each);
          if (++rows == 1000) {
            witness{}.terminate(conn.backend_pid());
          }
        }
      }(),
      pqscope::error);
  CHECK(rows >= 1000);
  CHECK(conn.status() == pqscope::connection_status::broken);
}

TEST_CASE("commit while a stream is open is refused, and works after it") {
  connection conn{support::test_config()};
  pqscope::transaction tx{conn};
  {
    auto rows = tx.stream<int>("SELECT generate_series(1, 1000)");
    CHECK_THROWS_AS(tx.commit(), pqscope::connection_busy);
  }
  CHECK(tx.query<int>("SELECT 1").one() == 1);
  tx.commit();
  ensure_usable(conn);
}

TEST_CASE("no text parameter is in the error of a stream") {
  connection conn{support::test_config()};
  try {
    for (int each : conn.stream<int>("SELECT $1::text::int4", "secret-value")) {
      static_cast<void>(each);
    }
    FAIL("it is no number");
  } catch (pqscope::server_error const& failure) {
    CHECK(failure.sqlstate() == "22P02");
    CHECK(std::string{failure.what()}.find("secret-value") == std::string::npos);
  }
  ensure_usable(conn);
}

TEST_CASE("outside a transaction a stream of a statement that has changed is prepared anew") {
  connection conn{support::test_config()};
  auto const letters = [&] {
    std::string all;
    for (auto const [each] :
         conn.stream<std::tuple<std::string_view>>("SELECT * FROM changing WHERE $1 <> ''", "x")) {
      all.append(each) += ' ';
    }
    return all;
  };
  for (char const* const type : {"text", "varchar(5)", "name", "\"char\""}) {
    conn.execute_script(pqscope::dynamic_sql{std::string{"CREATE TEMPORARY TABLE changing (a "} +
                                             type + "); INSERT INTO changing VALUES ('a')"});
    CHECK(letters() == "a ");
    CHECK(letters() == "a ");
    conn.execute("DROP TABLE changing");
  }
  ensure_usable(conn);
}

TEST_CASE("a stream does not care that its prepared statement is gone, but in a transaction") {
  connection conn{support::test_config()};
  auto const read = [](auto& from) { return from.template stream<int>("SELECT 7").all(); };
  auto const forget = [&] { conn.execute("DO $$ BEGIN EXECUTE 'DEALLOCATE ALL'; END $$"); };
  CHECK(read(conn) == std::vector{7});
  forget();
  CHECK(read(conn) == std::vector{7});
  forget();
  pqscope::transaction tx{conn};
  CHECK_THROWS_AS(read(tx), pqscope::server_error);
  tx.rollback();
  CHECK(read(conn) == std::vector{7});
  ensure_usable(conn);
}

TEST_CASE("a stream whose lease was given back reads no further, and harms nobody") {
  pqscope::pool db{support::test_config(), {.max_size = 1}};
  pqscope::lease lease = db.acquire();
  {
    auto stream = lease->stream<int>("SELECT generate_series(1, 100000)");
    auto at = stream.begin();
    CHECK(*at == 1);
    lease.release();
    pqscope::lease const other = db.acquire();
    CHECK(other->query<int>("SELECT 7").one() == 7);
    CHECK_THROWS_AS(
        [&] {
          while (at != stream.end()) {
            ++at;
          }
        }(),
        pqscope::connection_closed);
    support::ensure_usable(*other);
  }
  pqscope::lease held = db.acquire();
  {
    auto left = held->stream<int>("SELECT generate_series(1, 100000)");
    CHECK(*left.begin() == 1);
    held.release();
  }
  CHECK(db.stats().in_use == 0);
  ensure_usable(*db.acquire());
}
