#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/sql/compose.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/testing/rolled_back.hpp>
#include <pqscope/transaction/savepoint.hpp>
#include <pqscope/transaction/transaction.hpp>
#include <pqscope/transfer/copy_in.hpp>
#include <pqscope/transfer/copy_out.hpp>
#include <pqscope/with_session.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <list>
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
using pqscope::copy_progress;
using pqscope::identifier;
using pqscope::session;
using pqscope::transaction;
using pqscope::usage_error;
using pqscope::with_session;
using support::copy_table;
using support::ensure_usable;

using namespace std::chrono_literals;

namespace {

struct person {
  int id;
  std::optional<std::string> name;
};

enum class mood { sad, happy };

struct source_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// 0, 1, 2… up to `count`, where it throws.
auto failing_after(int count) {
  return std::views::iota(0) | std::views::transform([count](int i) {
           if (i == count) {
             throw source_error("the source gave up");
           }
           return std::pair{i, std::string(100, 'x')};
         });
}

template <class Do>
std::string message_of(Do const& act) {
  try {
    act();
  } catch (pqscope::error const& failure) {
    return failure.what();
  }
  return "no error";
}

}  // namespace

template <>
inline constexpr auto pqscope::labels<mood> =
    pqscope::enum_labels<mood>({{mood::sad, "sad"}, {mood::happy, "h\"ä\\ppy"}});

TEST_CASE("tuples, pairs, structs and single values are copied into a table") {
  connection conn{support::test_config()};
  copy_table t{"a int, b text"};

  // [copy_in]
  std::vector<person> const people{{1, "Ann"}, {2, std::nullopt}};
  std::uint64_t const copied = conn.copy_in(t.target(), {"a", "b"}, people);
  // [copy_in]
  CHECK(copied == 2);
  CHECK(conn.copy_in(t.target(), {"b", "a"},
                     std::list<std::pair<char const*, int>>{{"Bob", 3}, {nullptr, 4}}) == 2);
  CHECK(conn.copy_in(t.target(), {"a"}, std::array{std::tuple{5}}) == 1);
  CHECK(conn.copy_in(t.target(), {"b"}, std::vector<std::string_view>{"six"}) == 1);
  CHECK(conn.copy_in(t.target(), {}, std::vector{std::tuple{7, nullptr}}) == 1);
  CHECK(t.rows() ==
        std::vector<std::string>{"(1,Ann)", "(2,)", "(3,Bob)", "(4,)", "(5,)", "(,six)", "(7,)"});
  ensure_usable(conn);
}

TEST_CASE("lazy ranges, proxies and move-only ranges are copied; no record is none") {
  connection conn{support::test_config()};
  copy_table t{"a bigint, b bool"};
  CHECK(conn.copy_in(t.target(), {"b"}, std::vector<bool>{true, false}) == 2);
  CHECK(conn.copy_in(t.target(), {"a"}, std::views::iota(0, 100'000)) == 100'000);
  CHECK(conn.copy_in(t.target(), {"a"}, std::views::empty<int>) == 0);
  auto odd = std::views::iota(0, 10) | std::views::filter([](int i) { return i % 2 == 1; });
  CHECK(conn.copy_in(t.target(), {"a"}, odd) == 5);
  CHECK(t.number("sum(a)") == 4'999'950'000 + 25);
  CHECK(t.number("count(*)") == 100'007);
  ensure_usable(conn);
}

TEST_CASE("names of tables and columns are taken as they stand") {
  connection conn{support::test_config()};
  copy_table t{"\"an \"\"odd\"\" column\" int, \"Select\" text"};
  CHECK(conn.copy_in(t.target(), {"Select", "an \"odd\" column"},
                     std::vector{std::tuple{"x", 1}}) == 1);
  conn.execute(pqscope::compose("CREATE TEMP TABLE {} (a int)", identifier{"od\"d; t"}));
  CHECK(conn.copy_in("od\"d; t", {"a"}, std::vector{1}) == 1);
  CHECK_THROWS_AS(conn.copy_in("", {"a"}, std::vector{1}), usage_error);
  CHECK_THROWS_AS(conn.copy_in("t", {""}, std::vector{1}), usage_error);
  CHECK_THROWS_AS(conn.copy_in(support::unique_name("none"), {"a"}, std::vector{1}),
                  pqscope::undefined_table);
  ensure_usable(conn);
}

TEST_CASE(
    "an error of a table that does not exist shows the COPY, not how its columns are asked for") {
  connection conn{support::test_config()};
  auto const shows = [](pqscope::server_error const& failure) {
    CHECK(failure.sql() == R"(COPY "no such table" ("a") FROM STDIN)");
    std::string_view const what = failure.what();
    CHECK(what.find("COPY \"no such table\"") != what.npos);
    CHECK(what.find("pg_attribute") == what.npos);
    CHECK(what.find("copy_in.cpp") != what.npos);
  };
  try {
    conn.copy_in("no such table", {"a"}, std::vector{1});
    FAIL("nothing thrown");
  } catch (pqscope::undefined_table const& failure) {
    shows(failure);
  }
  pqscope::transaction tx{conn};
  CHECK_THROWS_AS(tx.copy_in("no such table", {"a"}, std::vector{1}), pqscope::undefined_table);
  try {
    tx.commit();
    FAIL("nothing thrown");
  } catch (pqscope::transaction_rolled_back const& failure) {
    REQUIRE(failure.first_error() != nullptr);
    shows(*failure.first_error());
  }
  ensure_usable(conn);
}

TEST_CASE("values are widened without loss, and refused where they could not be held") {
  connection conn{support::test_config()};
  copy_table t{"i4 int, i8 bigint, j8 bigint, f8 float8"};
  using row = std::tuple<short, short, int, float>;
  std::vector<row> const rows{
      {std::numeric_limits<short>::min(), std::numeric_limits<short>::max(),
       std::numeric_limits<int>::min(), 0.5F},
      {-1, -1, std::numeric_limits<int>::max(), -std::numeric_limits<float>::infinity()}};
  CHECK(conn.copy_in(t.target(), {"i4", "i8", "j8", "f8"}, rows) == 2);
  CHECK(t.rows() ==
        std::vector<std::string>{"(-32768,32767,-2147483648,0.5)", "(-1,-1,2147483647,-Infinity)"});

  conn.execute(pqscope::dynamic_sql{"TRUNCATE " + t.name()});
  CHECK(conn.copy_in(t.target(), {"f8"}, std::vector{0.1F}) == 1);
  using texts = std::vector<std::tuple<float, std::string>>;
  CHECK(conn.copy_in(t.target(), {"f8", "i4"}, texts{{0.1F, "1"}}) == 1);  // travels as text
  CHECK(t.number("count(DISTINCT f8)") == 1);

  std::string const narrow = message_of([&] {
    conn.copy_in(t.target(), {"i4", "f8"}, std::vector<std::tuple<std::int64_t, int>>{{1, 1}});
  });
  CHECK(narrow.find("column \"i4\" is integer, not bigint") != std::string::npos);
  CHECK(narrow.find("column \"f8\" is double precision, not integer") != std::string::npos);
  CHECK(message_of([&] {
          conn.copy_in(t.target(), {"nix"}, std::vector{1});
        }).find("the table has no column \"nix\"") != std::string::npos);
  CHECK_THROWS_AS(conn.copy_in(t.target(), {}, std::vector{1}), usage_error);
  CHECK(t.number("count(*)") == 2);
  ensure_usable(conn);
}

TEST_CASE("a wrong number of columns is refused before anything is sent") {
  connection conn{support::test_config()};
  auto const before = conn.round_trips();
  CHECK_THROWS_AS(conn.copy_in("t", {"a", "b"}, std::vector{1}), usage_error);
  CHECK(conn.round_trips() == before);
  ensure_usable(conn);
}

TEST_CASE("domains, generated columns and columns that were dropped do not get in the way") {
  connection conn{support::test_config()};
  copy_table t{"x int, a int, g int GENERATED ALWAYS AS (a * 2) STORED, d int"};
  t.outside.execute("CREATE DOMAIN " + t.schema + ".small AS int CHECK (value < 10)");
  t.outside.execute("CREATE DOMAIN " + t.schema + ".smaller AS " + t.schema + ".small");
  t.outside.execute("ALTER TABLE " + t.name() + " DROP x, ALTER d TYPE " + t.schema + ".smaller");
  CHECK(conn.copy_in(t.target(), {}, std::vector{std::pair{4, 5}}) == 1);
  CHECK(t.rows() == std::vector<std::string>{"(4,8,5)"});
  CHECK_THROWS_AS(conn.copy_in(t.target(), {}, std::vector{std::pair{4, 10}}),
                  pqscope::check_violation);
  ensure_usable(conn);
}

TEST_CASE("texts and enums go into text types, enums and json, in binary format") {
  connection conn{support::test_config()};
  copy_table t{"CREATE TYPE {}.mood AS ENUM ('sad', E'h\"ä\\\\ppy')",
               "m {}.mood, n {}.mood, v varchar(5), c char(3), j json, k jsonb, l jsonb"};
  pqscope::testing::recorder seen;
  conn.observe(&seen);
  using row = std::tuple<mood, std::string, mood, std::string, pqscope::json, std::string,
                         std::optional<pqscope::jsonb>>;
  std::vector<row> const rows{{mood::happy, "sad", mood::sad, "ab", pqscope::json{"[1, 2]"},
                               R"({"a":1})", pqscope::jsonb{"null"}}};
  CHECK(conn.copy_in(t.target(), {}, rows) == 1);
  CHECK(seen.statements().back().ends_with("(FORMAT binary)"));
  CHECK(t.rows() == std::vector<std::string>{
                        R"raw(("h""ä\\ppy",sad,sad,"ab ","[1, 2]","{""a"": 1}",null))raw"});
  conn.observe(nullptr);
  ensure_usable(conn);
}

TEST_CASE("texts for columns of other types let all values travel as text") {
  connection conn{support::test_config()};
  copy_table t{"CREATE TYPE {}.mood AS ENUM ('sad', E'h\"ä\\\\ppy')",
               "d date, i int, f float8, s text, n numeric, a {}.mood[], w varchar[]"};
  pqscope::testing::recorder seen;
  conn.observe(&seen);
  using row = std::tuple<std::string, int, double, std::string, char const*, std::vector<mood>,
                         std::vector<std::optional<std::string>>>;
  std::vector<row> const rows{{"2024-02-29",
                               -1,
                               1e-300,
                               "tab\tline\nreturn\r\\N\\.",
                               "1.50",
                               {mood::happy, mood::sad},
                               {"a,\"b\\", std::nullopt}}};
  CHECK(conn.copy_in(t.target(), {}, rows) == 1);
  CHECK(seen.statements().back().ends_with("FROM STDIN"));
  CHECK(t.rows().size() == 1);
  CHECK(t.text("s") == "tab\tline\nreturn\r\\N\\.");
  CHECK(t.text("concat_ws(' ', d, i, f, n, a[1], a[2], w[1], w[2] IS NULL)") ==
        "2024-02-29 -1 1e-300 1.50 h\"ä\\ppy sad a,\"b\\ t");
  conn.observe(nullptr);
  ensure_usable(conn);
}

TEST_CASE("arrays travel as text with what separates the elements of the column's type") {
  copy_table t{
      "CREATE TYPE {}.semi; "
      "CREATE FUNCTION {}.semi_in(cstring) RETURNS {}.semi LANGUAGE internal IMMUTABLE STRICT "
      "AS 'int4in'; "
      "CREATE FUNCTION {}.semi_out({}.semi) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT "
      "AS 'int4out'; "
      "CREATE TYPE {}.semi (INPUT = {}.semi_in, OUTPUT = {}.semi_out, INTERNALLENGTH = 4, "
      "PASSEDBYVALUE, ALIGNMENT = int4, DELIMITER = ';'); "
      "CREATE DOMAIN {}.boxes AS box[]",
      "b {}.boxes, p point[], s {}.semi[]"};
  pqscope::connection conn{support::test_config()};
  using texts = std::vector<std::string>;
  using row = std::tuple<std::vector<std::optional<std::string>>, texts, texts>;
  CHECK(
      conn.copy_in(t.target(), {},
                   std::vector<row>{{{"(1,1),(0,0)", std::nullopt}, {"(1,2)", "(3,4)"}, {"5", "6"}},
                                    {{}, {}, {}}}) == 2);
  CHECK(t.rows() ==
        texts{R"#(("{(1,1),(0,0);NULL}","{""(1,2)"",""(3,4)""}",{5;6}))#", "({},{},{})"});
  std::vector<texts> const matrix{{"(1,1),(0,0)"}, {"(3,3),(2,2)"}};
  CHECK(conn.copy_in(t.target(), {"b"}, std::vector<std::tuple<std::vector<texts>>>{{matrix}}) ==
        1);
  CHECK(t.rows().back() == R"#(("{{(1,1),(0,0)};{(3,3),(2,2)}}",,))#");
  ensure_usable(conn);
}

TEST_CASE("all characters a text can hold are copied in both formats") {
  connection conn{support::test_config()};
  copy_table t{"i int, s text, c varchar[]"};
  std::vector<std::tuple<int, std::string>> rows{{0, ""}};
  for (int code = 1; code < 256; ++code) {
    std::string text(1, static_cast<char>(code));
    if (code > 127) {
      text = {static_cast<char>(0xc0 | code >> 6), static_cast<char>(0x80 | (code & 0x3f))};
    }
    rows.emplace_back(code, text);
  }
  CHECK(conn.copy_in(t.target(), {"i", "s"}, rows) == 256);
  CHECK(t.number("count(*) FILTER (WHERE i = 0 AND s = '' OR i > 0 AND s = chr(i))") == 256);
  auto const as_text = rows | std::views::transform([](auto const& row) {
                         return std::tuple{std::get<0>(row), std::get<1>(row),
                                           std::vector<std::string>{std::get<1>(row)}};
                       });
  CHECK(conn.copy_in(t.target(), {"i", "s", "c"}, as_text) == 256);
  CHECK(t.number("count(*) FILTER (WHERE i > 0 AND s = chr(i) AND c[1] = chr(i))") == 255);
  ensure_usable(conn);
}

TEST_CASE("a text with a NUL byte ends a copy, and names the record and the column") {
  connection conn{support::test_config()};
  copy_table t{"i int, s text"};
  using row = std::pair<int, std::string>;
  std::vector<row> const rows{{1, "good"}, {2, std::string("b\0d", 3)}};
  std::string const what = message_of([&] { conn.copy_in(t.target(), {"i", "s"}, rows); });
  CHECK(what.find("record 1, counted from 0, column \"s\": the text holds a NUL byte") !=
        std::string::npos);
  CHECK(t.number("count(*)") == 0);
  ensure_usable(conn);
}

TEST_CASE("a record of 64 MB is copied") {
  connection conn{support::test_config()};
  copy_table t{"i int, s text, b bytea"};
  std::string const huge(32 << 20, 'h');
  std::vector<std::byte> const bytes(32 << 20, std::byte{7});
  CHECK(conn.copy_in(t.target(), {},
                     std::vector{std::tuple{1, std::string_view{huge},
                                            std::span<std::byte const>{bytes}}}) == 1);
  CHECK(t.number("length(s) + length(b)") == 64 << 20);
  ensure_usable(conn);
}

TEST_CASE("a row the server refuses fails the copy and tells its line; nothing is inserted") {
  connection conn{support::test_config()};
  copy_table t{"i int CHECK (i <> 777), s text"};
  auto const rows = std::views::iota(1, 20'000) |
                    std::views::transform([](int i) { return std::pair{i, "some text"}; });
  auto const check = [&](pqscope::server_error const& refused) {
    CHECK(refused.context().find("line 777") != std::string_view::npos);
    CHECK(refused.sql().find("COPY ") == 0);
    CHECK(refused.where().line() != 0);
  };
  try {
    conn.copy_in(t.target(), {"i", "s"}, rows);
    FAIL("the row was taken");
  } catch (pqscope::check_violation const& refused) {
    check(refused);
  }
  ensure_usable(conn);
  transaction tx{conn};
  tx.execute("SELECT 1");
  try {
    tx.copy_in(t.target(), {"i", "s"}, rows);
    FAIL("the row was taken");
  } catch (pqscope::check_violation const& refused) {
    check(refused);
  }
  CHECK(conn.status() == pqscope::connection_status::in_failed_transaction);
  CHECK_THROWS_AS(tx.commit(), pqscope::transaction_rolled_back);
  CHECK(t.number("count(*)") == 0);
  ensure_usable(conn);
}

TEST_CASE("the source's exception arrives, nothing is inserted, and the transaction goes on") {
  connection conn{support::test_config()};
  copy_table t{"i int, s text"};
  for (int const count : {0, 1, 10'000}) {
    CHECK_THROWS_AS(conn.copy_in(t.target(), {"i", "s"}, failing_after(count)), source_error);
    ensure_usable(conn);
    transaction tx{conn};
    CHECK_THROWS_AS(tx.copy_in(t.target(), {"i", "s"}, failing_after(count)), source_error);
    CHECK(tx.copy_in(t.target(), {"i", "s"}, std::vector{std::pair{count, "kept"}}) == 1);
    CHECK_THROWS_AS(tx.copy_in(t.target(), {"i", "s"}, failing_after(count)), source_error);
    tx.commit();
    ensure_usable(conn);
  }
  CHECK(t.number("count(*)") == 3);
  CHECK(t.number("count(*) FILTER (WHERE s = 'kept')") == 3);
}

TEST_CASE("the source's exception leaves a savepoint and a transaction begun by hand unharmed") {
  connection conn{support::test_config()};
  copy_table t{"i int, s text"};
  {
    transaction tx{conn};
    pqscope::savepoint inner{tx};
    CHECK_THROWS_AS(inner.copy_in(t.target(), {"i", "s"}, failing_after(3000)), source_error);
    inner.copy_in(t.target(), {"i"}, std::vector{1});
    inner.commit();
    tx.commit();
  }
  conn.execute("BEGIN");
  CHECK_THROWS_AS(conn.copy_in(t.target(), {"i", "s"}, failing_after(3000)), source_error);
  conn.copy_in(t.target(), {"i"}, std::vector{2});
  conn.execute("COMMIT");
  CHECK(t.number("sum(i)") == 3);
  ensure_usable(conn);
}

TEST_CASE("a copy that fails in a sandbox is undone alone") {
  connection conn{support::test_config()};
  copy_table t{"i int CHECK (i <> 7)"};
  pqscope::testing::rolled_back(conn, [&](auto& tx) {
    tx.copy_in(t.target(), {"i"}, std::vector{1});
    CHECK_THROWS_AS(tx.copy_in(t.target(), {"i"}, std::vector{7}), pqscope::check_violation);
    CHECK_THROWS_AS(tx.copy_in("no such table", {"i"}, std::vector{7}), pqscope::undefined_table);
    CHECK(tx.execute(pqscope::dynamic_sql{"SELECT * FROM " + t.name()}).size() == 1);
  });
  CHECK(t.number("count(*)") == 0);
  ensure_usable(conn);
}

TEST_CASE("the source may not use the connection it is copied into") {
  connection conn{support::test_config()};
  copy_table t{"i int"};
  auto const source = std::views::iota(0, 3) |
                      std::views::transform([&](int) { return conn.query<int>("SELECT 1").one(); });
  CHECK_THROWS_AS(conn.copy_in(t.target(), {"i"}, source), connection_busy);
  CHECK(t.number("count(*)") == 0);
  ensure_usable(conn);
}

TEST_CASE("progress is told as records are copied, and may end the copy by an exception") {
  connection conn{support::test_config()};
  copy_table t{"i int, s text"};
  auto const rows = std::views::iota(0, 10'000) | std::views::transform([](int i) {
                      return std::pair{i, std::string(100, 'x')};
                    });
  std::vector<copy_progress> told;
  CHECK(conn.copy_in(t.target(), {"i", "s"}, rows, {.on_progress = [&](copy_progress const& now) {
                       told.push_back(now);
                     }}) == 10'000);
  REQUIRE(told.size() > 10);
  CHECK(told.front().rows < 1000);
  CHECK(told.back().rows == 10'000);
  CHECK(told.back().bytes == 19 + 10'000 * (2 + 8 + 104) + 2);

  transaction tx{conn};
  CHECK_THROWS_AS(
      tx.copy_in(t.target(), {"i", "s"}, rows,
                 {.on_progress = [](copy_progress const&) { throw source_error("enough"); }}),
      source_error);
  tx.commit();
  CHECK(t.number("count(*)") == 10'000);
  ensure_usable(conn);
}

TEST_CASE("a copy takes three round trips, and BEGIN rides with the first") {
  copy_table t{"i int"};
  pqscope::testing::recorder seen;
  connection conn{support::test_config()};
  conn.observe(&seen);
  conn.copy_in(t.target(), {"i"}, std::vector{1});
  CHECK(conn.round_trips() == 3);
  CHECK(seen.round_trips() == 3);
  with_session(conn, [&](session& s) {
    s.copy_in(t.target(), {"i"}, std::vector{2});
    CHECK(s.transaction_id().has_value());
  });
  CHECK(conn.round_trips() == 7);
  CHECK(
      seen.statements() ==
      std::vector<std::string>{"COPY " + t.target().text() + " (\"i\") FROM STDIN (FORMAT binary)",
                               "BEGIN", "SAVEPOINT pqscope_copy",
                               "COPY " + t.target().text() + " (\"i\") FROM STDIN (FORMAT binary)",
                               "RELEASE SAVEPOINT pqscope_copy", "COMMIT"});
  CHECK(seen.details().at(1).command_tag == "COPY 1");
  CHECK(seen.problems().empty());
  conn.observe(nullptr);
  ensure_usable(conn);
}

TEST_CASE("a copy needs the right to insert, no other") {
  copy_table t{"i int"};
  std::string const role = support::unique_name("copier");
  t.outside.execute("CREATE ROLE " + role);
  t.outside.execute("GRANT USAGE ON SCHEMA " + t.schema + " TO " + role);
  t.outside.execute("GRANT INSERT ON " + t.name() + " TO " + role);
  connection conn{support::test_config()};
  conn.execute(pqscope::compose("SET ROLE {}", identifier{role}));
  CHECK(conn.copy_in(t.target(), {"i"}, std::vector{1}) == 1);
  conn.execute("RESET ROLE");
  CHECK(t.number("count(*)") == 1);
  ensure_usable(conn);
  conn.close();
  t.outside.execute("DROP OWNED BY " + role);
  t.outside.execute("DROP ROLE " + role);
}

TEST_CASE("notices of a trigger are delivered while data is sent, however many") {
  connection conn{support::test_config()};
  copy_table t{"i int, s text"};
  t.outside.execute("CREATE FUNCTION " + t.schema +
                    ".talk() RETURNS trigger LANGUAGE plpgsql AS "
                    "$$BEGIN RAISE NOTICE '%', repeat('n', 1000); RETURN new; END$$");
  t.outside.execute("CREATE TRIGGER talk BEFORE INSERT ON " + t.name() +
                    " FOR EACH ROW EXECUTE FUNCTION " + t.schema + ".talk()");
  std::size_t notices = 0;
  conn.on_notice([&](pqscope::diagnostics const&) { ++notices; });
  auto const rows = std::views::iota(0, 20'000) | std::views::transform([](int i) {
                      return std::pair{i, std::string(500, 'x')};
                    });
  CHECK(conn.copy_in(t.target(), {"i", "s"}, rows) == 20'000);
  CHECK(notices == 20'000);
  ensure_usable(conn);
}

TEST_CASE("rows are copied from one connection into another as they come") {
  connection from{support::test_config()};
  connection to{support::test_config()};
  copy_table t{"i int, s text"};
  // [copy_between]
  std::uint64_t const copied =
      to.copy_in(t.target(), {"i", "s"},
                 from.copy_out<int, std::string_view>("SELECT i, repeat('x', 100) FROM "
                                                      "generate_series(1, 50000) i"));
  // [copy_between]
  CHECK(copied == 50'000);
  CHECK(t.number("sum(i)") == 50'000LL * 50'001 / 2);
  ensure_usable(from);

  CHECK_THROWS_AS(to.copy_in(t.target(), {"i"},
                             from.copy_out<int>("SELECT 1 / (i - 30000) FROM "
                                                "generate_series(1, 50000) i")),
                  pqscope::division_by_zero);
  CHECK(t.number("count(*)") == 50'000);
  ensure_usable(from);
  ensure_usable(to);
}
