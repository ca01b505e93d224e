// COPY that is blocked, cut or answered with nonsense.

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_predicate.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/sql/dynamic_sql.hpp>
#include <pqscope/testing/faulty_proxy.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/transaction/transaction.hpp>
#include <pqscope/transfer/copy_in.hpp>
#include <pqscope/transfer/copy_out.hpp>
#include <pqscope/transfer/copy_text.hpp>

#include <chrono>
#include <cstddef>
#include <ranges>
#include <sstream>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "integration/transfer/copy_table.hpp"
#include "support/database.hpp"
#include "support/ensure_usable.hpp"
#include "support/eventually.hpp"
#include "support/scripted_server.hpp"
#include "support/wire.hpp"

using pqscope::connection;
using pqscope::connection_lost;
using pqscope::connection_status;
using pqscope::deadline_exceeded;
using pqscope::dynamic_sql;
using pqscope::transaction;
using pqscope::testing::faulty_proxy;
using support::copy_table;
using support::ensure_usable;
using support::eventually;
using support::script;
using support::scripted_server;
using support::then;
namespace wire = support::wire;

using namespace std::chrono_literals;

namespace {

struct source_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// `count` records of about 1 kB, and `at` called before the one of that number.
template <class At>
auto records(int count, int number, At at) {
  return std::views::iota(0, count) | std::views::transform([number, at](int i) {
           if (i == number) {
             at();
           }
           return std::pair{i, std::string(1000, 'x')};
         });
}

auto records(int count) {
  return records(count, -1, [] {});
}

/// A lock that blocks whoever wants to write to the table, for as long as it lives.
struct table_lock {
  support::witness holder;
  explicit table_lock(copy_table const& t) {
    holder.execute("BEGIN; LOCK TABLE " + t.name() + " IN EXCLUSIVE MODE");
  }
};

}  // namespace

TEST_CASE("a copy that a lock blocks is cancelled at its deadline") {
  connection conn{support::test_config()};
  copy_table t{"i int, s text"};
  {
    table_lock const lock{t};
    conn.deadline(200ms);
    CHECK_THROWS_AS(conn.copy_in(t.target(), {"i", "s"}, records(10)), deadline_exceeded);
    CHECK(conn.status() == connection_status::idle);
    transaction tx{conn};
    std::istringstream csv{"1,x\n"};
    CHECK_THROWS_AS(tx.copy_in_csv(t.target(), csv), deadline_exceeded);
    CHECK(conn.status() == connection_status::in_failed_transaction);
    tx.rollback();
  }
  CHECK(t.number("count(*)") == 0);
  ensure_usable(conn);
}

TEST_CASE("a copy that a row of another transaction blocks is cancelled at its deadline") {
  connection conn{support::test_config()};
  copy_table t{"i int PRIMARY KEY, s text"};
  support::witness other;
  other.execute("BEGIN; INSERT INTO " + t.name() + " VALUES (5)");
  conn.deadline(300ms);
  CHECK_THROWS_AS(conn.copy_in(t.target(), {"i", "s"}, records(100'000)), deadline_exceeded);
  ensure_usable(conn);
  CHECK(t.number("count(*)") == 0);
}

TEST_CASE("the source's exception arrives though the server is blocked") {
  connection conn{support::test_config()};
  copy_table t{"i int PRIMARY KEY, s text"};
  support::witness other;
  other.execute("BEGIN; INSERT INTO " + t.name() + " VALUES (5)");
  transaction tx{conn};
  // enough to have the server insert the first of them, and little enough to be sent nevertheless
  auto const source = std::views::iota(0, 1500) | std::views::transform([](int i) {
                        if (i == 1499) {
                          throw source_error("enough");
                        }
                        return std::pair{i, std::string(100, 'x')};
                      });
  CHECK_THROWS_AS(tx.copy_in(t.target(), {"i", "s"}, source), source_error);
  CHECK(tx.query<int>("SELECT 1").one() == 1);
  tx.commit();
  ensure_usable(conn);
}

TEST_CASE("a source that is too slow is not waited for beyond the deadline") {
  connection conn{support::test_config()};
  copy_table t{"i int, s text"};
  conn.deadline(100ms);
  auto const start = std::chrono::steady_clock::now();
  CHECK_THROWS_AS(conn.copy_in(t.target(), {"i", "s"}, records(10'000'000)), deadline_exceeded);
  CHECK(std::chrono::steady_clock::now() - start < 5s);
  CHECK(t.number("count(*)") == 0);
  ensure_usable(conn);
}

TEST_CASE("copying out waits for rows no longer than the deadline, and stops when asked") {
  connection conn{support::test_config()};
  conn.deadline(200ms);
  CHECK_THROWS_AS(
      [&] {
        for (int each : conn.copy_out<int>("SELECT 1 FROM pg_sleep(100)")) {
          CHECK(each == 1);
        }
      }(),
      deadline_exceeded);
  CHECK(conn.status() == connection_status::idle);
  conn.deadline(std::nullopt);
  std::stop_source source;
  conn.stop_on(source.get_token());
  std::jthread const stopper{[&] {
    support::witness watch;
    CHECK(eventually([&] {
      return watch.number(
                 "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND "
                 "pid = " +
                 std::to_string(conn.backend_pid())) == 1;
    }));
    source.request_stop();
  }};
  std::ostringstream out;
  CHECK_THROWS_AS(conn.copy_out_csv("SELECT 1 FROM pg_sleep(100)", out),
                  pqscope::operation_cancelled);
  ensure_usable(conn);
}

TEST_CASE("a deadline that has passed sends nothing of a COPY, and harms no transaction") {
  connection conn{support::test_config()};
  copy_table t{"i int, s text"};
  transaction tx{conn};
  tx.execute("SELECT 1");
  auto const before = conn.round_trips();
  conn.deadline(0ms);
  std::istringstream csv{"1,x\n"};
  std::ostringstream out;
  CHECK_THROWS_AS(tx.copy_in(t.target(), {"i", "s"}, records(1)), deadline_exceeded);
  CHECK_THROWS_AS(tx.copy_out<int>("SELECT 1"), deadline_exceeded);
  CHECK_THROWS_AS(tx.copy_in_csv(t.target(), csv), deadline_exceeded);
  CHECK_THROWS_AS(tx.copy_out_csv("SELECT 1", out), deadline_exceeded);
  CHECK(conn.round_trips() == before);
  conn.deadline(std::nullopt);
  tx.copy_in(t.target(), {"i", "s"}, records(1));
  tx.commit();
  CHECK(t.number("count(*)") == 1);
  ensure_usable(conn);
}

TEST_CASE("a backend killed in the middle of a COPY loses the connection, with its last word") {
  copy_table t{"i int, s text"};
  {
    connection conn{support::test_config()};
    int const pid = conn.backend_pid();
    CHECK_THROWS_AS(conn.copy_in(t.target(), {"i", "s"},
                                 records(1'000'000, 1000, [&] { t.outside.terminate(pid); })),
                    pqscope::admin_shutdown);
    CHECK(conn.status() == connection_status::broken);
  }
  {
    connection conn{support::test_config()};
    int const pid = conn.backend_pid();
    bool killed = false;
    // The last word comes only where the backend was not held up in the middle of a row.
    CHECK_THROWS_MATCHES(
        [&] {
          for (std::string_view const each : conn.copy_out<std::string_view>(
                   "SELECT repeat('x', 1000) FROM generate_series(1, 1000000)")) {
            if (!std::exchange(killed, true)) {
              CHECK(each.size() == 1000);
              t.outside.execute("SELECT pg_terminate_backend(" + std::to_string(pid) + ")");
            }
          }
        }(),
        pqscope::error, Catch::Matchers::Predicate<pqscope::error>([](pqscope::error const& e) {
          return dynamic_cast<pqscope::admin_shutdown const*>(&e) != nullptr ||
                 dynamic_cast<pqscope::connection_lost const*>(&e) != nullptr;
        }));
    CHECK(conn.status() == connection_status::broken);
  }
  CHECK(t.number("count(*)") == 0);
}

TEST_CASE("a source's exception wins over a connection that is lost") {
  copy_table t{"i int, s text"};
  connection conn{support::test_config()};
  transaction tx{conn};
  int const pid = conn.backend_pid();
  CHECK_THROWS_AS(tx.copy_in(t.target(), {"i", "s"},
                             records(100, 50,
                                     [&] {
                                       t.outside.terminate(pid);
                                       throw source_error("enough");
                                     })),
                  source_error);
  CHECK(conn.status() == connection_status::broken);
  CHECK(t.number("count(*)") == 0);
}

TEST_CASE("a connection cut in the middle of a COPY is lost, and nothing is inserted") {
  copy_table t{"i int, s text"};
  auto const url = support::test_tcp_url();
  if (!url) {
    SKIP("the server is not reached by TCP");
  }
  faulty_proxy proxy{pqscope::config::from_url(*url)};
  // G: CopyInResponse; d: CopyData; c: CopyDone; C: CommandComplete of the COPY
  SECTION("before the server is ready") {
    connection conn{proxy.config()};
    proxy.cut_before_server_message('G');
    CHECK_THROWS_AS(conn.copy_in(t.target(), {"i", "s"}, records(10)), connection_lost);
    CHECK(conn.status() == connection_status::broken);
  }
  SECTION("among the data") {
    connection conn{proxy.config()};
    proxy.cut_before_client_message('d', 5);
    CHECK_THROWS_AS(conn.copy_in(t.target(), {"i", "s"}, records(100'000)), connection_lost);
    CHECK(conn.status() == connection_status::broken);
  }
  SECTION("before the end of the data") {
    connection conn{proxy.config()};
    proxy.cut_before_client_message('c');
    CHECK_THROWS_AS(conn.copy_in(t.target(), {"i", "s"}, records(10)), connection_lost);
    CHECK(conn.status() == connection_status::broken);
  }
  SECTION("among the rows") {
    connection conn{proxy.config()};
    proxy.cut_before_server_message('d', 100);
    int rows = 0;
    CHECK_THROWS_AS(
        [&] {
          for (int each : conn.copy_out<int>("SELECT generate_series(1, 100000)")) {
            rows += each > 0 ? 1 : 0;
          }
        }(),
        connection_lost);
    CHECK(rows < 100);
    CHECK(conn.status() == connection_status::broken);
  }
  CHECK(eventually([&] { return t.number("count(*)") == 0; }));
}

TEST_CASE("a server that falls silent while a COPY is left is given up in time") {
  auto const url = support::test_tcp_url();
  if (!url) {
    SKIP("the server is not reached by TCP");
  }
  faulty_proxy proxy{pqscope::config::from_url(*url)};
  connection conn{proxy.config()};
  auto const start = std::chrono::steady_clock::now();
  for (int each : conn.copy_out<int>("SELECT generate_series(1, 10000000)")) {
    CHECK(each == 1);
    proxy.stall();
    break;
  }
  CHECK(std::chrono::steady_clock::now() - start < 10s);
  CHECK(conn.status() == connection_status::broken);
  proxy.resume();
}

TEST_CASE("a connection closed in the middle of a COPY is closed, no more") {
  connection conn{support::test_config()};
  CHECK_THROWS_AS(
      [&] {
        for (int each : conn.copy_out<int>("SELECT generate_series(1, 10000000)")) {
          CHECK(each == 1);
          conn.close();
        }
      }(),
      pqscope::connection_closed);
  CHECK(conn.status() == connection_status::closed);
}

TEST_CASE("a server that answers COPY with something else broke the protocol") {
  struct answer {
    char const* name;
    std::string bytes;
  };
  std::string const done = wire::command_complete("COPY 0") + wire::ready_for_query('I');
  std::string const begun = wire::parse_complete() + wire::bind_complete() + wire::no_data();
  std::vector<answer> const answers{
      {"a finished command", begun + done},
      {"the other direction",
       begun + wire::copy_out_response() + wire::copy_data("1\n") + wire::copy_done() + done},
      {"both directions", begun + wire::copy_both_response()},
  };
  for (answer const& each : answers) {
    INFO(each.name);
    scripted_server server{script{}.answer_to("COPY", {each.bytes, then::go_on})};
    connection conn{pqscope::config::from_url(server.url())};
    std::istringstream csv{"1\n"};
    CHECK_THROWS_AS(conn.copy_in_csv("t", csv), connection_lost);
    CHECK(conn.status() == connection_status::broken);
  }
  scripted_server server{script{}.answer_to(
      "COPY", {begun + wire::copy_in_response() + wire::error_response("ERROR", "57014", "no") +
                   wire::ready_for_query('I'),
               then::go_on})};
  connection conn{pqscope::config::from_url(server.url())};
  std::ostringstream out;
  CHECK_THROWS_AS(conn.copy_out_csv("SELECT 1", out), pqscope::server_error);
  CHECK(conn.status() == connection_status::idle);
}
