#include <catch2/catch_test_macros.hpp>
#include <pqscope/pqscope.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/testing/rolled_back.hpp>

#include <array>
#include <chrono>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <iterator>
#include <list>
#include <optional>
#include <ranges>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "integration/session/scratch.hpp"
#include "support/database.hpp"
#include "support/ensure_usable.hpp"
#include "support/memory.hpp"

using namespace std::chrono_literals;
using pqscope::connection;
using pqscope::dynamic_sql;
using pqscope::session;
using pqscope::with_session;
using support::ensure_usable;
using support::scratch;

namespace {

struct pair_of_numbers {
  int id;
  std::optional<int> v;
};

/// What a coroutine yields, one by one: an input range that throws what the coroutine throws.
template <class T>
class generated {
 public:
  struct promise_type {
    std::optional<T> value;
    std::exception_ptr failure;

    generated get_return_object() {
      return generated{std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(T next) {
      value = std::move(next);
      return {};
    }
    void return_void() {}
    void unhandled_exception() { failure = std::current_exception(); }
  };

  explicit generated(std::coroutine_handle<promise_type> handle) : handle_{handle} {}
  generated(generated const&) = delete;
  generated& operator=(generated const&) = delete;
  ~generated() { handle_.destroy(); }

  class iterator {
   public:
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    explicit iterator(std::coroutine_handle<promise_type> handle) : handle_{handle} {}
    T const& operator*() const { return *handle_.promise().value; }
    iterator& operator++() {
      resume();
      return *this;
    }
    void operator++(int) { ++*this; }
    bool operator==(std::default_sentinel_t) const { return handle_.done(); }
    void resume() {
      handle_.resume();
      if (handle_.promise().failure) {
        std::rethrow_exception(std::exchange(handle_.promise().failure, nullptr));
      }
    }

   private:
    std::coroutine_handle<promise_type> handle_;
  };

  iterator begin() {
    iterator first{handle_};
    first.resume();
    return first;
  }
  std::default_sentinel_t end() const { return {}; }

 private:
  std::coroutine_handle<promise_type> handle_;
};

generated<std::pair<int, int>> numbers(int count, int throws_at = -1) {
  for (int i = 0; i < count; ++i) {
    if (i == throws_at) {
      throw std::runtime_error("the source is dry");
    }
    co_yield std::pair{i, i * 2};
  }
}

auto records(int count, int last_id = -1) {
  return std::views::iota(0, count) | std::views::transform([=](int i) {
           return std::tuple{last_id >= 0 && i + 1 == count ? last_id : i, i * 2};
         });
}

}  // namespace

TEST_CASE("a statement is carried out for each record, of any kind, in one round trip") {
  scratch here;
  pqscope::testing::recorder watcher;
  connection conn{here.db(), {.observer = &watcher}};

  // [execute_many]
  std::vector<std::tuple<int, int>> records{{1, 10}, {2, 20}, {3, 30}};
  auto const inserted = conn.execute_many("INSERT INTO t (id, v) VALUES ($1, $2)", records);
  // [execute_many]
  CHECK(inserted == 3);
  CHECK(watcher.round_trips() == 1);
  CHECK(conn.round_trips() == 1);

  std::list<pair_of_numbers> const structs{{4, 40}, {5, std::nullopt}};
  CHECK(conn.execute_many("INSERT INTO t VALUES ($1, $2)", structs) == 2);
  CHECK(conn.execute_many("INSERT INTO t VALUES ($1, $2)", numbers(0)) == 0);
  CHECK(conn.execute_many("INSERT INTO t (v, id) VALUES ($1, $2 + 10)", numbers(2)) == 2);
  std::array<std::pair<int, std::string_view>, 1> const pairs{{{20, "7"}}};
  CHECK(conn.execute_many("INSERT INTO t VALUES ($1, $2::text::int)", pairs) == 1);
  CHECK(conn.execute_many("DELETE FROM t WHERE id > $1", std::vector{19, 4, 100}) == 4);
  CHECK(conn.execute_many("UPDATE t SET v = $1 WHERE id < 3",
                          std::vector<std::optional<int>>{std::nullopt, 8}) == 4);
  CHECK(conn.execute_many("UPDATE t SET v = 9 WHERE (id = 3) = $1 AND id > 2",
                          std::vector<bool>{true, true}) == 2);
  CHECK(here.outside.text("SELECT string_agg(id || '=' || coalesce(v::text, '-'), ' ' ORDER BY id) "
                          "FROM " +
                          here.table()) == "1=8 2=8 3=9 4=40");
  CHECK(watcher.round_trips() == 7);
  ensure_usable(conn);
}

TEST_CASE("without records nothing is sent, and a session is not begun") {
  scratch here;
  pqscope::testing::recorder watcher;
  connection conn{here.db(), {.observer = &watcher}};
  std::vector<int> const none;
  CHECK(conn.execute_many("DELETE FROM t WHERE id = $1", none) == 0);
  with_session(
      conn, [&](session& s) { CHECK(s.execute_many("DELETE FROM t WHERE id = $1", none) == 0); });
  CHECK(watcher.round_trips() == 0);
  ensure_usable(conn);
}

TEST_CASE("2500 records go in a session in one round trip, with its BEGIN, before its commit") {
  scratch here;
  pqscope::testing::recorder watcher;
  connection conn{here.db(), {.observer = &watcher}};
  with_session(conn, [&](session& s) {
    CHECK(s.execute_many("INSERT INTO t VALUES ($1, $2)", records(2500)) == 2500);
    CHECK(watcher.round_trips() == 1);
    CHECK(s.transaction_id().has_value());
  });
  CHECK(watcher.round_trips() == 2);
  CHECK(watcher.statements() ==
        std::vector<std::string>{"BEGIN", "INSERT INTO t VALUES ($1, $2)", "COMMIT"});
  auto const event = watcher.details().at(2);
  CHECK(event.text == "INSERT INTO t VALUES ($1, $2)");
  CHECK(event.rows == 2500);
  CHECK(event.carried_out);
  CHECK(event.origin == pqscope::statement_origin::caller);
  CHECK(here.count() == 2500);
  CHECK(here.outside.number("SELECT sum(v) FROM " + here.table()) == 2499 * 2500);
  ensure_usable(conn);
}

TEST_CASE("a failing record undoes all outside a transaction, and is named with its fields") {
  scratch here;
  connection conn{here.db()};
  try {
    conn.execute_many("INSERT INTO t VALUES ($1, $2)", records(2500, 17));
    FAIL("the last record repeats an id");
  } catch (pqscope::unique_violation const& failure) {
    CHECK(failure.message().starts_with("record 2499, counted from 0: duplicate key"));
    CHECK(failure.constraint_name() == "t_pkey");
    CHECK(failure.detail() == "Key (id)=(17) already exists.");
    CHECK(failure.sql() == "INSERT INTO t VALUES ($1, $2)");
    CHECK(std::string_view{failure.where().file_name()}.ends_with("execute_many.cpp"));
    CHECK(failure.connection_usable());
  }
  CHECK(here.count() == 0);
  ensure_usable(conn);
}

TEST_CASE("after a server error the source is asked for no more than was on its way") {
  scratch here;
  connection conn{here.db()};
  int asked = 0;
  auto const endless = std::views::iota(0) | std::views::transform([&](int i) {
                         ++asked;
                         return i % 1000;
                       });
  CHECK_THROWS_AS(conn.execute_many("INSERT INTO t VALUES ($1)", endless),
                  pqscope::unique_violation);
  CHECK(asked > 1000);
  CHECK(here.count() == 0);
  ensure_usable(conn);
}

TEST_CASE("a failing record fails the transaction as any statement does") {
  scratch here;
  connection conn{here.db()};
  CHECK_THROWS_AS(
      with_session(conn,
                   [&](session& s) {
                     s.execute("INSERT INTO t VALUES (5000)");
                     CHECK_THROWS_AS(
                         s.execute_many("INSERT INTO t VALUES ($1, $2)", records(10, 2)),
                         pqscope::unique_violation);
                     CHECK(s.status() == pqscope::connection_status::in_failed_transaction);
                   }),
      pqscope::transaction_rolled_back);
  CHECK(here.count() == 0);
  ensure_usable(conn);
}

TEST_CASE("what fails in a savepoint is undone with it, and the transaction goes on") {
  scratch here;
  connection conn{here.db()};
  pqscope::transaction tx{conn};
  tx.execute("INSERT INTO t VALUES (5000)");
  {
    pqscope::savepoint inner{tx};
    CHECK_THROWS_AS(inner.execute_many("INSERT INTO t VALUES ($1, $2)", records(10, 2)),
                    pqscope::unique_violation);
    inner.rollback();
  }
  pqscope::savepoint again{tx};
  CHECK(again.execute_many("INSERT INTO t VALUES ($1, $2)", records(10)) == 10);
  again.commit();
  tx.commit();
  CHECK(here.count() == 11);
  ensure_usable(conn);
}

TEST_CASE("a source that throws undoes all: its exception arrives, and the transaction goes on") {
  scratch here;
  pqscope::testing::recorder watcher;
  connection conn{here.db(), {.observer = &watcher}};
  auto const dry = [&](auto& on, int at) {
    try {
      on.execute_many("INSERT INTO t VALUES ($1, $2)", numbers(100'000, at));
      FAIL("the source throws");
    } catch (std::runtime_error const& failure) {
      CHECK(failure.what() == std::string_view{"the source is dry"});
    }
  };
  for (int const at : {0, 1, 40, 2500, 60'000}) {
    CAPTURE(at);
    dry(conn, at);
    CHECK(conn.status() == pqscope::connection_status::idle);
    CHECK(here.count() == 0);
    with_session(conn, [&](session& s) {
      s.execute("INSERT INTO t VALUES (-1)");
      dry(s, at);
      CHECK(s.query<std::int64_t>("SELECT count(*) FROM t").one() == 1);
      s.execute_many("INSERT INTO t VALUES ($1, $2)", numbers(3));
    });
    CHECK(here.ids() == std::vector<std::string>{"-1", "0", "1", "2"});
    conn.execute("DELETE FROM t");
  }
  CHECK(watcher.notices().empty());
  ensure_usable(conn);
}

TEST_CASE("a source that throws in a session's first statement leaves the session usable") {
  scratch here;
  connection conn{here.db()};
  with_session(conn, [&](session& s) {
    CHECK_THROWS_AS(s.execute_many("INSERT INTO t VALUES ($1, $2)", numbers(9, 5)),
                    std::runtime_error);
    s.execute("INSERT INTO t VALUES (1)");
  });
  CHECK(here.count() == 1);
  ensure_usable(conn);
}

TEST_CASE("the source's exception wins over the server's error before it") {
  scratch here;
  connection conn{here.db()};
  auto const repeated = std::views::iota(0, 200'000) | std::views::transform([](int i) {
                          if (i == 50) {
                            throw std::logic_error("mine");
                          }
                          return i / 2;
                        });
  CHECK_THROWS_AS(conn.execute_many("INSERT INTO t VALUES ($1)", repeated), std::logic_error);
  CHECK(here.count() == 0);
  ensure_usable(conn);
}

TEST_CASE("a source that uses the connection is refused, and may use another one") {
  scratch here;
  connection conn{here.db()};
  connection other{here.db()};
  auto const asking = [&](connection& whom) {
    return std::views::iota(0, 3) | std::views::transform([&](int i) {
             return whom.query<int>("SELECT $1::int4", i).one();
           });
  };
  CHECK_THROWS_AS(conn.execute_many("INSERT INTO t VALUES ($1)", asking(conn)),
                  pqscope::connection_busy);
  CHECK(conn.execute_many("INSERT INTO t VALUES ($1)", asking(other)) == 3);
  CHECK(here.count() == 3);
  ensure_usable(conn);
  ensure_usable(other);
}

TEST_CASE("many records take no more memory than a few", "[no-valgrind]") {
  if (!support::frees_memory) {
    SKIP("a sanitizer keeps memory that was freed");
  }
  connection conn{support::test_config()};
  conn.execute("CREATE TEMPORARY TABLE many (a int, b text)");
  std::string const text(100, 'x');
  auto const make = [&](int count) {
    return std::views::iota(0, count) |
           std::views::transform([&](int i) { return std::tuple{i, std::string_view{text}}; });
  };
  conn.execute_many("INSERT INTO many VALUES ($1, $2)", make(20'000));
  long const before = support::peak_memory();
  CHECK(conn.execute_many("INSERT INTO many VALUES ($1, $2)", make(300'000)) == 300'000);
  CHECK(support::peak_memory() - before < 16'384);
  CHECK(conn.query<std::int64_t>("SELECT count(*) FROM many").one() == 320'000);
  ensure_usable(conn);
}

TEST_CASE("records larger than any buffer, and answers with rows, go through") {
  connection conn{support::test_config()};
  conn.execute("CREATE TEMPORARY TABLE large (a text)");
  std::vector<std::string> const texts(4, std::string(3'000'000, 'y'));
  CHECK(conn.execute_many("INSERT INTO large VALUES ($1) RETURNING a || a", texts) == 4);
  CHECK(conn.query<std::int64_t>("SELECT sum(length(a)) FROM large").one() == 12'000'000);
  CHECK(conn.execute_many("SELECT $1::int4",
                          records(1) | std::views::transform([](auto) { return 7; })) == 1);
  ensure_usable(conn);
}

TEST_CASE("values whose type changes from record to record are sent as what they are") {
  connection conn{support::test_config()};
  conn.execute("CREATE TEMPORARY TABLE kinds (kind text)");
  using either = std::variant<int, std::int64_t, bool>;
  std::int64_t const large = 1;
  std::vector<either> const values{1, 2, large, 3, true, large, large};
  CHECK(conn.execute_many("INSERT INTO kinds SELECT pg_typeof($1)::text", values) == 7);
  CHECK(conn.query<std::string>("SELECT string_agg(kind, ' ' ORDER BY kind) FROM kinds").one() ==
        "bigint bigint bigint boolean integer integer integer");
  std::vector<std::tuple<either>> const bad{{1}, {large}, {2}, {true}, {large}};
  try {
    conn.execute_many("INSERT INTO kinds SELECT 1 / ($1::text <> 'true')::int", bad);
    FAIL("division by zero");
  } catch (pqscope::division_by_zero const& failure) {
    CHECK(failure.message() == "record 3, counted from 0: division by zero");
  }
  ensure_usable(conn);
}

TEST_CASE("what() shows no value of a record that failed, nor of any other") {
  scratch here;
  connection conn{here.db()};
  std::vector<std::pair<int, std::string>> const rows{{1, "1"}, {2, "secret"}, {3, "3"}};
  try {
    conn.execute_many("INSERT INTO t VALUES ($1, $2::text::int)", rows);
    FAIL("no number");
  } catch (pqscope::server_error const& failure) {
    CHECK(failure.sqlstate() == "22P02");
    CHECK(failure.message() ==
          "record 1, counted from 0: invalid input syntax for type integer: \"$2\"");
  }
  std::vector<std::string> const nul{"1", std::string("a\0b", 3)};
  try {
    conn.execute_many("INSERT INTO t VALUES ($1::text::int)", nul);
    FAIL("a NUL byte");
  } catch (pqscope::usage_error const& failure) {
    CHECK(std::string_view{failure.what()}.starts_with("record 1, counted from 0: parameter $1"));
    CHECK(failure.where().line() != 0);
  }
  CHECK(here.count() == 0);
  ensure_usable(conn);
}

TEST_CASE("an error of the statement itself names its place and no record") {
  connection conn{support::test_config()};
  try {
    conn.execute_many("INSERT INTO no_such_table VALUES ($1)", std::vector{1, 2, 3});
    FAIL("no such table");
  } catch (pqscope::undefined_table const& failure) {
    CHECK(failure.message() == "relation \"no_such_table\" does not exist");
    CHECK(failure.position() == 13);
  }
  ensure_usable(conn);
}

TEST_CASE("a deferred constraint fails all of it, without a record's number") {
  scratch here;
  connection conn{here.db()};
  conn.execute("ALTER TABLE t ADD UNIQUE (v) DEFERRABLE INITIALLY DEFERRED");
  std::vector<std::pair<int, int>> const rows{{1, 1}, {2, 1}};
  try {
    conn.execute_many("INSERT INTO t VALUES ($1, $2)", rows);
    FAIL("a value is there twice");
  } catch (pqscope::unique_violation const& failure) {
    CHECK(failure.message().starts_with("duplicate key"));
  }
  CHECK(here.count() == 0);
  ensure_usable(conn);
}

TEST_CASE("COPY, transaction commands and a wrong number of values are refused unsent") {
  pqscope::testing::recorder watcher;
  connection conn{support::test_config(), {.observer = &watcher}};
  std::vector<int> const one{1};
  for (char const* const text : {"COPY t FROM STDIN", "BEGIN", "COMMIT", "SAVEPOINT a", "SELECT $1",
                                 "SELECT $1::int; SELECT $1::int"}) {
    CAPTURE(text);
    if (std::string_view{text} == "SELECT $1") {
      CHECK_THROWS_AS(conn.execute_many(dynamic_sql{text}, std::vector{std::pair{1, 2}}),
                      pqscope::usage_error);
    } else {
      CHECK_THROWS_AS(conn.execute_many(dynamic_sql{text}, one), pqscope::usage_error);
    }
  }
  CHECK(watcher.round_trips() == 0);
  CHECK(conn.execute_many(dynamic_sql{"SELECT $1::int"}, one) == 1);
  ensure_usable(conn);
}

TEST_CASE("what an observer sees of records that were undone is a statement without effect") {
  scratch here;
  pqscope::testing::recorder watcher;
  connection conn{here.db(), {.observer = &watcher}};
  pqscope::transaction tx{conn};
  CHECK_THROWS_AS(tx.execute_many("INSERT INTO t VALUES ($1, $2)", numbers(9, 5)),
                  std::runtime_error);
  tx.commit();
  auto const events = watcher.details();
  REQUIRE(events.size() == 6);
  CHECK(events[1].text == "SAVEPOINT pqscope_batch");
  CHECK(events[1].origin == pqscope::statement_origin::internal);
  CHECK_FALSE(events[2].carried_out);
  CHECK(events[2].rows == 0);
  CHECK(events[3].text == "ROLLBACK TO SAVEPOINT pqscope_batch");
  CHECK(events[4].text == "RELEASE SAVEPOINT pqscope_batch");
  CHECK(events[5].text == "COMMIT");
  CHECK(watcher.round_trips() == 2);
  ensure_usable(conn);
}

TEST_CASE("a cursor that is open outlives a source that throws") {
  scratch here;
  connection conn{here.db()};
  pqscope::transaction tx{conn};
  tx.execute("INSERT INTO t VALUES (100), (101)");
  tx.execute("DECLARE held CURSOR FOR SELECT id FROM t ORDER BY id");
  CHECK_THROWS_AS(tx.execute_many("INSERT INTO t VALUES ($1, $2)", numbers(9, 5)),
                  std::runtime_error);
  CHECK(tx.query<int>("FETCH ALL FROM held").size() == 2);
  tx.commit();
  ensure_usable(conn);
}

TEST_CASE("a transaction begun in SQL text is joined") {
  scratch here;
  connection conn{here.db()};
  conn.execute("BEGIN");
  CHECK(conn.execute_many("INSERT INTO t VALUES ($1, $2)", records(5)) == 5);
  CHECK_THROWS_AS(conn.execute_many("INSERT INTO t VALUES ($1 + 10, $2)", numbers(9, 5)),
                  std::runtime_error);
  CHECK(here.count() == 0);
  conn.execute("COMMIT");
  CHECK(here.count() == 5);
  ensure_usable(conn);
}

TEST_CASE("inside rolled_back a failing record is undone alone") {
  scratch here;
  connection conn{here.db()};
  pqscope::testing::rolled_back(conn, [&](connection& on) {
    CHECK(on.execute_many("INSERT INTO t VALUES ($1, $2)", records(5)) == 5);
    CHECK_THROWS_AS(on.execute_many("INSERT INTO t VALUES ($1 + 10, $2)", records(5, 3)),
                    pqscope::unique_violation);
    CHECK_THROWS_AS(on.execute_many("INSERT INTO t VALUES ($1 + 10, $2)", numbers(9, 5)),
                    std::runtime_error);
    CHECK(on.query<std::int64_t>("SELECT count(*) FROM t").one() == 5);
  });
  CHECK(here.count() == 0);
  ensure_usable(conn);
}

TEST_CASE("a stop in the middle of an endless source undoes all, and the transaction goes on") {
  scratch here;
  connection conn{here.db()};
  auto const stopping = [](std::stop_source stop) {
    return std::views::iota(0) | std::views::transform([stop](int i) mutable {
             if (i == 5000) {
               stop.request_stop();
             }
             return i;
           });
  };
  std::stop_source first;
  conn.stop_on(first.get_token());
  CHECK_THROWS_AS(conn.execute_many("INSERT INTO t VALUES ($1)", stopping(first)),
                  pqscope::operation_cancelled);
  CHECK(conn.status() == pqscope::connection_status::idle);
  conn.stop_on({});
  CHECK(here.count() == 0);
  ensure_usable(conn);
}
