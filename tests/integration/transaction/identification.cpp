#include <pqscope/pqscope.hpp>

#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "integration/transaction/watched.hpp"
#include "support/ensure_usable.hpp"

using pqscope::savepoint;
using pqscope::transaction;
using support::watched;

namespace {

std::uint64_t id_by_server(transaction& tx) {
  return std::stoull(tx.query<std::string>("SELECT pg_current_xact_id()::text").one());
}

bool has_id(transaction& tx) {
  return tx.query<bool>("SELECT pg_current_xact_id_if_assigned() IS NOT NULL").one();
}

}  // namespace

TEST_CASE("a transaction knows its id after its first write, for no round trip more") {
  watched w;
  transaction tx{w.conn};
  CHECK_FALSE(tx.id().has_value());
  tx.execute("INSERT INTO t VALUES (1)");
  CHECK(tx.id().has_value());
  CHECK(w.log.round_trips() == 1);
  CHECK(tx.id() == id_by_server(tx));
  tx.commit();
  CHECK(w.log.round_trips() == 3);
  CHECK_FALSE(tx.id().has_value());
  {
    CHECK_FALSE(transaction{w.conn}.id().has_value());
  }
  support::ensure_usable(w.conn);
}

TEST_CASE("a transaction that only reads gets no id") {
  watched w;
  transaction tx{w.conn};
  tx.execute("SELECT 1");
  tx.query<int>("SELECT n FROM t").all();
  CHECK_FALSE(has_id(tx));
  CHECK_FALSE(tx.id().has_value());
  tx.execute("INSERT INTO t VALUES (1)");
  CHECK(tx.id() == id_by_server(tx));
  tx.commit();
  support::ensure_usable(w.conn);
}

TEST_CASE("the id is that of the whole transaction, also when a nested scope writes first") {
  watched w;
  transaction tx{w.conn};
  {
    savepoint inner{tx};
    inner.execute("INSERT INTO t VALUES (1)");
    CHECK(tx.id().has_value());
  }
  CHECK(tx.id() == id_by_server(tx));
  tx.commit();
  support::ensure_usable(w.conn);
}

TEST_CASE("what is not to be identified, or cannot write, is asked nothing more") {
  watched w;
  {
    transaction tx{w.conn, {.access = pqscope::access::read_only}};
    tx.execute("SELECT 1");
    tx.commit();
  }
  {
    transaction tx{w.conn, {.identify = false}};
    tx.execute("INSERT INTO t VALUES (1)");
    CHECK_FALSE(tx.id().has_value());
    tx.commit();
  }
  for (auto const& each : w.log.details()) {
    CHECK(each.origin != pqscope::statement_origin::internal);
  }
  {
    w.log.clear();
    transaction tx{w.conn};
    tx.execute("INSERT INTO t VALUES (2)");
    tx.execute("INSERT INTO t VALUES (3)");
    tx.commit();
  }
  int asked = 0;
  for (auto const& each : w.log.details()) {
    asked += each.origin == pqscope::statement_origin::internal ? 1 : 0;
  }
  CHECK(asked == 1);
  support::ensure_usable(w.conn);
}
