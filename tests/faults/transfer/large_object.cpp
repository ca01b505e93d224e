#include <pqscope/connection/connection.hpp>
#include <pqscope/testing/faulty_proxy.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/transaction/transaction.hpp>
#include <pqscope/transfer/large_object.hpp>
#include <pqscope/transfer/large_object_streambuf.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"

using pqscope::large_object;
using pqscope::large_object_streambuf;
using pqscope::new_large_object;
using pqscope::testing::faulty_proxy;

using namespace std::chrono_literals;

TEST_CASE("a connection cut between the chunks of a large object leaves nothing of it") {
  support::witness outside;
  faulty_proxy proxy{support::test_config()};
  pqscope::testing::recorder seen;
  pqscope::connection conn{proxy.config(), {.observer = &seen}};
  pqscope::oid_t id = 0;
  std::string const bytes(3 * large_object::chunk_size, 'x');
  CHECK_THROWS_AS(pqscope::with_session(conn,
                                        [&](pqscope::session& s) {
                                          large_object lo{s, new_large_object{}};
                                          id = lo.id();
                                          lo.write("first");
                                          proxy.cut_before_server_message('D', 2);
                                          lo.write(bytes);
                                        }),
                  pqscope::connection_lost);
  CHECK(conn.status() == pqscope::connection_status::broken);
  CHECK(id != 0);
  CHECK(outside.number("SELECT count(*) FROM pg_largeobject_metadata WHERE oid = $1::oid",
                       {std::to_string(id)}) == 0);
  CHECK(seen.problems().empty());
}

TEST_CASE("a stream of a large object whose backend died is bad, and ends in silence") {
  support::witness outside;
  pqscope::connection conn{support::test_config()};
  pqscope::transaction tx{conn};
  large_object lo{tx, new_large_object{}};
  {
    large_object_streambuf buffer{lo};
    std::ostream stream{&buffer};
    stream << "some text";
    outside.terminate(conn.backend_pid());
    CHECK_FALSE(stream.flush());
    CHECK(conn.status() == pqscope::connection_status::broken);
  }
  CHECK_THROWS_AS(lo.read(1), pqscope::connection_lost);
  CHECK_THROWS_AS(tx.commit(), pqscope::connection_lost);
}

TEST_CASE("a deadline that passes while a large object waits for a lock fails the transaction") {
  pqscope::connection conn{support::test_config()};
  pqscope::oid_t const id = pqscope::with_session(conn, [](pqscope::session& s) {
    large_object lo{s, new_large_object{}};
    lo.write("before");
    return lo.id();
  });
  support::witness holder;
  holder.execute("BEGIN; SELECT lo_put(" + std::to_string(id) + ", 0, 'holder')");
  {
    pqscope::transaction tx{conn};
    large_object lo{tx, id};
    conn.deadline(150ms);
    CHECK_THROWS_AS(lo.write("blocked"), pqscope::deadline_exceeded);
    conn.deadline(std::nullopt);
    CHECK(conn.status() == pqscope::connection_status::in_failed_transaction);
    lo.close();
    tx.rollback();
  }
  holder.execute("ROLLBACK");
  CHECK(holder.text("SELECT convert_from(lo_get(" + std::to_string(id) + "), 'UTF8')") == "before");
  holder.execute("SELECT lo_unlink(" + std::to_string(id) + ")");
  support::ensure_usable(conn);
}
