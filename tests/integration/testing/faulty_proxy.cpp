#include <libpq-fe.h>
#include <pqscope/testing/faulty_proxy.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <string>

#include "support/database.hpp"
#include "support/eventually.hpp"
#include "support/raw_connection.hpp"

using pqscope::testing::faulty_proxy;
using support::eventually;
using support::raw_connection;
using support::test_config;
using support::unique_name;
using support::witness;

namespace {

// A table of the test's own, dropped at its end.
struct table {
  std::string name = unique_name("proxied");
  witness outside;

  table() { outside.execute("CREATE TABLE " + name + " (n int)"); }
  table(table const&) = delete;
  table& operator=(table const&) = delete;
  ~table() { outside.execute("DROP TABLE " + name); }
};

}  // namespace

TEST_CASE("a real server behind a proxy: a lost COMMIT is undone, a lost answer is not") {
  auto const extended = GENERATE(false, true);
  auto const after = GENERATE(false, true);
  table t;
  faulty_proxy proxy(test_config());
  after ? proxy.cut_after("COMMIT") : proxy.cut_before("COMMIT");
  raw_connection client(proxy.url());
  INFO(client.error());
  REQUIRE(client.ok());
  auto const run = [&](std::string const& sql) {
    return extended ? client.exec_params(sql) : client.exec(sql);
  };
  int const pid = PQbackendPID(client.get());
  REQUIRE(run("BEGIN") == "BEGIN");
  REQUIRE(run("INSERT INTO " + t.name + " VALUES (1)") == "INSERT 0 1");
  CHECK(run("COMMIT") == "error");
  CHECK_FALSE(client.ok());
  CHECK(eventually([&] { return !t.outside.has_backend(pid); }));
  CHECK(t.outside.count(t.name) == (after ? 1 : 0));
}

TEST_CASE("a real server behind a proxy: a whole transaction in one pipeline is one round trip") {
  auto const cut = GENERATE(false, true);
  table t;
  faulty_proxy proxy(test_config());
  raw_connection client(proxy.url());
  REQUIRE(client.ok());
  if (cut) {
    proxy.cut_after("COMMIT");
  }
  REQUIRE(PQenterPipelineMode(client.get()) == 1);
  for (std::string const& sql :
       {std::string("BEGIN"), "INSERT INTO " + t.name + " VALUES (1)", std::string("COMMIT")}) {
    REQUIRE(PQsendQueryParams(client.get(), sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr,
                              0) == 1);
  }
  REQUIRE(PQpipelineSync(client.get()) == 1);
  std::string told;
  for (int i = 0; i < 7 && client.ok(); ++i) {
    if (PGresult* result = PQgetResult(client.get())) {
      told += PQcmdStatus(result);
      PQclear(result);
    }
  }
  CHECK(told == (cut ? "" : "BEGININSERT 0 1COMMIT"));
  CHECK(client.ok() == !cut);
  CHECK(proxy.round_trips() == 1);
  CHECK(t.outside.count(t.name) == 1);
}

TEST_CASE("a real server behind a proxy: COPY passes, and the next statement can be cut") {
  auto const extended = GENERATE(false, true);
  table t;
  faulty_proxy proxy(test_config());
  raw_connection client(proxy.url());
  REQUIRE(client.ok());
  std::string const copy = "COPY " + t.name + " FROM STDIN";
  PQclear(extended
              ? PQexecParams(client.get(), copy.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0)
              : PQexec(client.get(), copy.c_str()));
  REQUIRE(PQputCopyData(client.get(), "1\n2\n", 4) == 1);
  REQUIRE(PQputCopyEnd(client.get(), nullptr) == 1);
  PGresult* const result = PQgetResult(client.get());
  CHECK(PQcmdStatus(result) == std::string("COPY 2"));
  PQclear(result);
  PQclear(PQgetResult(client.get()));
  CHECK(client.exec("SELECT count(*) FROM " + t.name) == "2");
  proxy.cut_after("INSERT");
  CHECK(client.exec("INSERT INTO " + t.name + " VALUES (3)") == "error");
  CHECK(t.outside.count(t.name) == 3);
}

TEST_CASE("a real server behind a proxy: a statement is cancelled through it") {
  faulty_proxy proxy(test_config());
  raw_connection client(proxy.url());
  REQUIRE(client.ok());
  REQUIRE(PQsendQuery(client.get(), "SELECT pg_sleep(60)") == 1);
  witness outside;
  REQUIRE(eventually([&] {
    return outside.text("SELECT wait_event FROM pg_stat_activity WHERE pid = $1",
                        {std::to_string(PQbackendPID(client.get()))}) == "PgSleep";
  }));
  PGcancel* const cancel = PQgetCancel(client.get());
  char problem[256] = "";
  CHECK(PQcancel(cancel, problem, sizeof problem) == 1);
  PQfreeCancel(cancel);
  PGresult* const result = PQgetResult(client.get());
  CHECK(PQresultErrorField(result, PG_DIAG_SQLSTATE) == std::string("57014"));
  PQclear(result);
  PQclear(PQgetResult(client.get()));
  CHECK(client.exec("SELECT 1") == "1");
}
