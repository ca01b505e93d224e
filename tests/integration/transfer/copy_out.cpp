#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/pool/pool.hpp>
#include <pqscope/sql/dynamic_sql.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/transaction/transaction.hpp>
#include <pqscope/transfer/copy_in.hpp>
#include <pqscope/transfer/copy_out.hpp>
#include <pqscope/with_session.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "integration/transfer/copy_table.hpp"
#include "support/database.hpp"
#include "support/ensure_usable.hpp"

using pqscope::connection;
using pqscope::connection_busy;
using pqscope::connection_status;
using pqscope::copy_progress;
using pqscope::dynamic_sql;
using pqscope::session;
using pqscope::transaction;
using pqscope::with_session;
using support::copy_table;
using support::ensure_usable;

using namespace std::chrono_literals;

namespace {

struct person {
  int id;
  std::optional<std::string> name;
};

enum class weather { dry, wet };

using every_type =
    std::tuple<bool, short, int, std::int64_t, float, double, std::string, std::optional<int>,
               std::vector<std::byte>, pqscope::json, pqscope::jsonb, weather,
               std::vector<std::optional<int>>, std::vector<std::vector<std::string>>,
               std::chrono::sys_time<std::chrono::microseconds>>;

static_assert(std::ranges::input_range<pqscope::copy_rows<int>>);

}  // namespace

template <>
inline constexpr auto pqscope::labels<weather> =
    pqscope::enum_labels<weather>({{weather::dry, "dry"}, {weather::wet, "wet"}});

TEST_CASE("rows are copied out as tuples by position, structs by name and single values") {
  connection conn{support::test_config()};
  // [copy_out]
  std::string names;
  for (auto [id, name] : conn.copy_out<int, std::string_view>(
           "SELECT i, 'n' || i FROM generate_series(1, 3) i ORDER BY i")) {
    names.append(name) += ' ';
  }
  // [copy_out]
  CHECK(names == "n1 n2 n3 ");
  std::vector<person> people;
  for (person each : conn.copy_out<person>(dynamic_sql{
           "SELECT CASE i WHEN 2 THEN 'Bob' END AS name, i AS id FROM generate_series(1, 2) i"})) {
    people.push_back(std::move(each));
  }
  REQUIRE(people.size() == 2);
  CHECK(people[0].id == 1);
  CHECK_FALSE(people[0].name.has_value());
  CHECK(people[1].name == "Bob");
  std::int64_t sum = 0;
  for (std::int64_t each : conn.copy_out<std::int64_t>("SELECT generate_series(1, 100000)")) {
    sum += each;
  }
  CHECK(sum == 5'000'050'000);
  ensure_usable(conn);
}

TEST_CASE("no row, an empty text and NULL are told apart") {
  connection conn{support::test_config()};
  for (int each : conn.copy_out<int>("SELECT 1 WHERE false")) {
    FAIL("a row came: " << each);
  }
  std::vector<std::optional<std::string>> texts;
  for (auto each : conn.copy_out<std::optional<std::string>>("VALUES (''), (NULL), ('x')")) {
    texts.push_back(std::move(each));
  }
  CHECK(texts == std::vector<std::optional<std::string>>{"", std::nullopt, "x"});
  ensure_usable(conn);
}

TEST_CASE("values of all types go into a table and out again by COPY in binary format") {
  connection conn{support::test_config()};
  copy_table t{"CREATE TYPE {}.weather AS ENUM ('dry', 'wet')",
               "a bool, b smallint, c int, d bigint, e real, f float8, g text, h int, i bytea, "
               "j json, k jsonb, l {}.weather, m int[], n text[], o timestamptz"};
  std::string all;
  for (int code = 1; code < 128; ++code) {
    all += static_cast<char>(code);
  }
  std::vector<std::byte> bytes;
  for (int code = 0; code < 256; ++code) {
    bytes.push_back(static_cast<std::byte>(code));
  }
  using std::chrono::microseconds;
  using std::chrono::sys_time;
  std::vector<every_type> const rows{{true,
                                      short{-32768},
                                      2147483647,
                                      INT64_MIN,
                                      0.1F,
                                      -1e300,
                                      all,
                                      std::nullopt,
                                      bytes,
                                      pqscope::json{"[ 1 ]"},
                                      pqscope::jsonb{"{}"},
                                      weather::wet,
                                      {1, std::nullopt},
                                      {{all, ""}},
                                      sys_time<microseconds>{microseconds{-1}}},
                                     {false,
                                      short{0},
                                      0,
                                      0,
                                      0.0F,
                                      0.0,
                                      "",
                                      1,
                                      {},
                                      pqscope::json{"null"},
                                      pqscope::jsonb{"[]"},
                                      weather::dry,
                                      {},
                                      {},
                                      sys_time<microseconds>{}}};
  CHECK(conn.copy_in(t.target(), {}, rows) == 2);
  std::vector<every_type> back;
  auto const query = dynamic_sql{"SELECT * FROM " + t.name()};
  for (every_type each :
       conn.copy_out<bool, short, int, std::int64_t, float, double, std::string, std::optional<int>,
                     std::vector<std::byte>, pqscope::json, pqscope::jsonb, weather,
                     std::vector<std::optional<int>>, std::vector<std::vector<std::string>>,
                     sys_time<microseconds>>(query)) {
    back.push_back(std::move(each));
  }
  CHECK(back == rows);
  ensure_usable(conn);
}

TEST_CASE("columns that do not fit are refused before the COPY, and harm no transaction") {
  connection conn{support::test_config()};
  transaction tx{conn};
  auto const before = conn.round_trips();
  CHECK_THROWS_AS((tx.copy_out<int, int>("SELECT 1, 'text'")), pqscope::type_mismatch);
  CHECK_THROWS_AS((tx.copy_out<int, int>("SELECT 1")), pqscope::type_mismatch);
  CHECK_THROWS_AS((tx.copy_out<person>("SELECT 1 AS id")), pqscope::type_mismatch);
  CHECK(conn.round_trips() == before + 3);
  CHECK(tx.query<int>("SELECT 1").one() == 1);
  tx.commit();
  ensure_usable(conn);
}

TEST_CASE("a value that does not fit names its column and row, and the transaction goes on") {
  connection conn{support::test_config()};
  transaction tx{conn};
  try {
    for (auto [a, b] : tx.copy_out<int, int>("SELECT i, nullif(i, 3) AS b FROM "
                                             "generate_series(1, 100000) i")) {
      CHECK(a == b);
    }
    FAIL("NULL was read as an int");
  } catch (pqscope::unexpected_null const& failure) {
    CHECK(failure.column() == "b");
    CHECK(failure.row() == 2);
  }
  CHECK(tx.query<int>("SELECT 1").one() == 1);
  tx.commit();
  ensure_usable(conn);
}

TEST_CASE("comments and a semicolon at the end of the query do no harm; other statements do") {
  connection conn{support::test_config()};
  int rows = 0;
  for (int each : conn.copy_out<int>("SELECT 1 -- one; only")) {
    rows += each;
  }
  for (int each : conn.copy_out<int>("SELECT 1 /* ; */ ; -- done")) {
    rows += each;
  }
  for (std::string_view const each : conn.copy_out<std::string_view>("SELECT ';'::text;")) {
    rows += each == ";" ? 1 : 0;
  }
  CHECK(rows == 3);
  CHECK_THROWS_AS(conn.copy_out<int>("COMMIT"), pqscope::usage_error);
  CHECK_THROWS_AS(conn.copy_out<int>(dynamic_sql{"SELECT 1; SELECT 2"}), pqscope::server_error);
  CHECK_THROWS_AS(conn.copy_out<int>(dynamic_sql{"SELECT 1) TO STDOUT; --"}),
                  pqscope::server_error);
  CHECK_THROWS_AS(conn.copy_out<int>(dynamic_sql{"SELECT 'open"}), pqscope::usage_error);
  ensure_usable(conn);
}

TEST_CASE("a COPY that is open keeps the connection busy") {
  connection conn{support::test_config()};
  {
    auto rows = conn.copy_out<int>("SELECT generate_series(1, 100000)");
    CHECK(conn.status() == connection_status::busy);
    CHECK_THROWS_AS(conn.execute("SELECT 1"), connection_busy);
    CHECK_THROWS_AS(conn.copy_out<int>("SELECT 1"), connection_busy);
    CHECK(*rows.begin() == 1);
  }
  ensure_usable(conn);
}

TEST_CASE("leaving a COPY early, with or without an exception, leaves the connection usable") {
  connection conn{support::test_config()};
  pqscope::testing::recorder seen;
  conn.observe(&seen);
  for (std::string_view const each : conn.copy_out<std::string_view>(
           "SELECT repeat('x', 1000) FROM generate_series(1, 100000)")) {
    CHECK(each.size() == 1000);
    break;
  }
  CHECK(conn.status() == connection_status::idle);
  CHECK_THROWS_AS(
      [&] {
        for (int each : conn.copy_out<int>("SELECT generate_series(1, 10000000)")) {
          throw std::runtime_error(std::to_string(each));
        }
      }(),
      std::runtime_error);
  CHECK(conn.status() == connection_status::idle);
  {
    auto unused = conn.copy_out<int>("SELECT 1");
  }
  CHECK(seen.problems().empty());
  conn.observe(nullptr);
  ensure_usable(conn);
}

TEST_CASE("leaving a COPY early leaves the transaction unharmed") {
  connection conn{support::test_config()};
  copy_table t{"i int"};
  with_session(conn, [&](session& s) {
    s.execute(dynamic_sql{"INSERT INTO " + t.name() + " VALUES (1)"});
    for (int each : s.copy_out<int>("SELECT generate_series(1, 10000000)")) {
      if (each == 5) {
        break;
      }
    }
    CHECK_THROWS_AS(
        [&] {
          for (int each : s.copy_out<int>("SELECT generate_series(1, 10000000)")) {
            throw std::runtime_error(std::to_string(each));
          }
        }(),
        std::runtime_error);
    s.execute(dynamic_sql{"INSERT INTO " + t.name() + " VALUES (2)"});
  });
  CHECK(t.number("sum(i)") == 3);
  ensure_usable(conn);
}

TEST_CASE("a COPY whose lease was given back reads no further, and harms nobody") {
  pqscope::pool db{support::test_config(), {.max_size = 1}};
  for (bool const reads_on : {false, true}) {
    pqscope::lease lease = db.acquire();
    auto rows = lease->copy_out<int>("SELECT generate_series(1, 10000000)");
    auto at = rows.begin();
    CHECK(*at == 1);
    lease.release();
    pqscope::lease const other = db.acquire();
    CHECK(other->query<int>("SELECT 7").one() == 7);
    if (reads_on) {
      CHECK_THROWS_AS(++at, pqscope::connection_closed);
    }
  }
  CHECK(db.stats().in_use == 0);
  ensure_usable(*db.acquire());
}

TEST_CASE("an exception that leaves a transaction with an open COPY arrives unchanged") {
  connection conn{support::test_config()};
  CHECK_THROWS_AS(with_session(conn,
                               [&](session& s) {
                                 auto rows = s.copy_out<int>("SELECT generate_series(1, 10000000)");
                                 throw std::runtime_error(std::to_string(*rows.begin()));
                               }),
                  std::runtime_error);
  ensure_usable(conn);
}

TEST_CASE("an error of the server's in the middle arrives where the row was asked for") {
  connection conn{support::test_config()};
  int seen = 0;
  auto const go = [&](auto& s) {
    for (int each :
         s.template copy_out<int>("SELECT 100 / (50000 - i) FROM generate_series(1, 100000) i")) {
      seen += each >= 0 ? 1 : 0;
    }
  };
  CHECK_THROWS_AS(go(conn), pqscope::division_by_zero);
  CHECK(seen == 49'999);
  ensure_usable(conn);
  transaction tx{conn};
  CHECK_THROWS_AS(go(tx), pqscope::division_by_zero);
  CHECK(conn.status() == connection_status::in_failed_transaction);
  tx.rollback();
  ensure_usable(conn);
}

TEST_CASE("copying out takes two round trips, and BEGIN rides with the first") {
  connection conn{support::test_config()};
  auto const go = [](auto& s) {
    for (int each : s.template copy_out<int>("SELECT generate_series(1, 1000)")) {
      CHECK(each > 0);
    }
  };
  go(conn);
  CHECK(conn.round_trips() == 2);
  with_session(conn, [&](session& s) { go(s); });
  CHECK(conn.round_trips() == 5);
  ensure_usable(conn);
}

TEST_CASE("progress is told as rows are copied out, and may end it by an exception") {
  connection conn{support::test_config()};
  std::vector<copy_progress> told;
  std::uint64_t rows = 0;
  for (std::string_view const each : conn.copy_out<std::string_view>(
           "SELECT repeat('x', 1000) FROM generate_series(1, 1000)",
           {.on_progress = [&](copy_progress const& now) { told.push_back(now); }})) {
    rows += each.size() == 1000 ? 1U : 0U;
  }
  CHECK(rows == 1000);
  REQUIRE(told.size() > 10);
  CHECK(told.back().rows == 1000);
  CHECK(told.back().bytes == 19 + 1000 * 1006 + 2);
  transaction tx{conn};
  CHECK_THROWS_AS(
      [&] {
        for (std::string_view const each : tx.copy_out<std::string_view>(
                 "SELECT repeat('x', 1000) FROM generate_series(1, 100000)",
                 {.on_progress = [](copy_progress const&) {
                   throw std::runtime_error("enough");
                 }})) {
          CHECK(each.size() == 1000);
        }
      }(),
      std::runtime_error);
  CHECK(tx.query<int>("SELECT 1").one() == 1);
  tx.commit();
  ensure_usable(conn);
}

TEST_CASE("a value of 64 MB is copied out, and views of it need no copy") {
  connection conn{support::test_config()};
  std::size_t size = 0;
  for (std::string_view const each :
       conn.copy_out<std::string_view>("SELECT repeat('h', 64 * 1024 * 1024)")) {
    size += each.size();
  }
  CHECK(size == std::size_t{64} << 20);
  ensure_usable(conn);
}
