#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/testing/recorder.hpp>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"

using pqscope::connection;
using pqscope::diagnostics;
using pqscope::testing::recorder;
using texts = std::vector<std::string>;

namespace {

constexpr auto two_notices = "DO $$ BEGIN RAISE NOTICE 'one'; RAISE WARNING 'two'; END $$";

}  // namespace

TEST_CASE("every notice handler is called, in the order they were added") {
  connection db{support::test_config()};
  texts heard;
  db.on_notice([&](diagnostics const& notice) { heard.push_back("a " + notice.message); });
  db.on_notice([&](diagnostics const& notice) { heard.push_back("b " + notice.message); });
  db.execute(pqscope::dynamic_sql{two_notices});
  CHECK(heard == texts{"a one", "b one", "a two", "b two"});
  support::ensure_usable(db);
}

TEST_CASE("a notice has all its fields") {
  connection db{support::test_config()};
  diagnostics heard;
  db.on_notice([&](diagnostics const& notice) { heard = notice; });
  db.execute(
      "DO $$ BEGIN RAISE WARNING 'text' USING ERRCODE = '01999', DETAIL = 'more',"
      " HINT = 'help', TABLE = 't', COLUMN = 'c', CONSTRAINT = 'k', SCHEMA = 's'; END $$");
  CHECK(heard.severity == "WARNING");
  CHECK(heard.sqlstate == "01999");
  CHECK(heard.message == "text");
  CHECK(heard.detail == "more");
  CHECK(heard.hint == "help");
  CHECK(heard.table_name == "t");
  CHECK(heard.column_name == "c");
  CHECK(heard.constraint_name == "k");
  CHECK(heard.schema_name == "s");
  support::ensure_usable(db);
}

TEST_CASE("a notice handler that throws stops neither the others nor the statement") {
  recorder log;
  connection db{support::test_config(), {.observer = &log}};
  texts heard;
  db.on_notice([](diagnostics const&) { throw std::runtime_error("first"); });
  db.on_notice([](diagnostics const&) { throw 42; });
  db.on_notice([&](diagnostics const& notice) { heard.push_back(notice.message); });
  CHECK_NOTHROW(db.execute(pqscope::dynamic_sql{two_notices}));
  CHECK(heard == texts{"one", "two"});
  CHECK(log.notices() == texts{"one", "two"});
  REQUIRE(log.problems().size() == 4);
  CHECK(log.problems()[0].find("first") != std::string::npos);
  support::ensure_usable(db);
}

TEST_CASE("notices arrive before the rows and errors of their statement are returned") {
  connection db{support::test_config()};
  texts heard;
  db.on_notice([&](diagnostics const& notice) { heard.push_back(notice.message); });
  CHECK_THROWS_AS(db.execute("DO $$ BEGIN RAISE NOTICE 'before'; RAISE EXCEPTION 'failed'; END $$"),
                  pqscope::raise_exception);
  CHECK(heard == texts{"before"});
  support::ensure_usable(db);
}

TEST_CASE("a notice handler may own what cannot be copied") {
  connection db{support::test_config()};
  auto count = std::make_unique<int>(0);
  int const* const seen = count.get();
  db.on_notice([count = std::move(count)](diagnostics const&) { ++*count; });
  db.execute(pqscope::dynamic_sql{two_notices});
  CHECK(*seen == 2);
  support::ensure_usable(db);
}

TEST_CASE("notices below client_min_messages do not come") {
  connection db{support::test_config()};
  texts heard;
  db.on_notice([&](diagnostics const& notice) { heard.push_back(notice.message); });
  db.execute("SET client_min_messages = warning");
  db.execute(pqscope::dynamic_sql{two_notices});
  CHECK(heard == texts{"two"});
  support::ensure_usable(db);
}

TEST_CASE("a connection without handlers takes notices silently") {
  connection db{support::test_config()};
  CHECK_NOTHROW(db.execute(pqscope::dynamic_sql{two_notices}));
  support::ensure_usable(db);
}
