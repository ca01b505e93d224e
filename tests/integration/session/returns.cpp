#include <pqscope/connection/connection.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "integration/session/scratch.hpp"
#include "support/ensure_usable.hpp"

using pqscope::session;
using pqscope::with_session;
using support::scratch;

namespace {

int insert_one(session& s) {
  s.execute("INSERT INTO t VALUES (1)");
  return 7;
}

struct inserter {
  int id = 0;
  int calls = 0;
  int operator()(session& s) {
    ++calls;
    s.execute("INSERT INTO t VALUES ($1)", id);
    return id;
  }
};

struct const_inserter {
  void operator()(session& s) const { s.execute("INSERT INTO t VALUES (3)"); }
};

struct without_default {
  explicit without_default(int given) : value{given} {}
  int value;
};

}  // namespace

TEST_CASE("a scope returns the value of its work, committed") {
  scratch here;
  pqscope::connection conn{here.db()};
  auto const value = with_session(conn, [](session& s) {
    s.execute("INSERT INTO t VALUES (1, 10)");
    return s.query<int>("SELECT v FROM t").one();
  });
  static_assert(std::is_same_v<decltype(value), int const>);
  CHECK(value == 10);
  CHECK(here.count() == 1);
  support::ensure_usable(conn);
}

TEST_CASE("a scope returns nothing, move-only values, optionals and types without default") {
  scratch here;
  auto const db = here.db();
  static_assert(std::is_void_v<decltype(with_session(db, [](session&) {}))>);
  with_session(db, [](session& s) { s.execute("INSERT INTO t VALUES (1)"); });
  std::unique_ptr<int> const owned = with_session(
      db, [](session& s) { return std::make_unique<int>(s.query<int>("SELECT id FROM t").one()); });
  CHECK(*owned == 1);
  auto const none = with_session(
      db, [](session& s) { return s.query<int>("SELECT id FROM t WHERE id = 2").first(); });
  static_assert(std::is_same_v<decltype(none), std::optional<int> const>);
  CHECK_FALSE(none);
  CHECK(with_session(db, [](session& s) {
          return without_default{s.query<int>("SELECT id FROM t").one()};
        }).value == 1);
  CHECK(with_session(db, [](session&) -> std::unique_ptr<int> const { return nullptr; }) ==
        nullptr);
}

TEST_CASE("a scope returns references as they are") {
  auto const db = support::test_config();
  int target = 1;
  int& same = with_session(db, [&](session& s) -> int& {
    target = s.query<int>("SELECT 2").one();
    return target;
  });
  CHECK(&same == &target);
  CHECK(same == 2);
  auto&& constant = with_session(db, [&](session&) -> int const& { return target; });
  static_assert(std::is_same_v<decltype(constant), int const&>);
  CHECK(&constant == &target);
  auto&& moved = with_session(db, [&](session&) -> int&& { return std::move(target); });
  static_assert(std::is_same_v<decltype(moved), int&&>);
  CHECK(&moved == &target);
}

TEST_CASE("results and rows of a scope outlive it") {
  auto const db = support::test_config();
  auto const table = with_session(db, [](session& s) { return s.execute("SELECT 5 AS five"); });
  CHECK(table[0]["five"].text() == "5");
  auto const rows = with_session(
      db, [](session& s) { return s.query<std::string>("SELECT 'a' UNION ALL SELECT 'b'"); });
  CHECK(rows.all() == std::vector<std::string>{"a", "b"});
}

TEST_CASE("work is a function, a pointer to one, or any object to be called") {
  scratch here;
  auto const db = here.db();
  CHECK(with_session(db, insert_one) == 7);
  auto* const pointer = &insert_one;
  CHECK_THROWS_AS(with_session(db, pointer), pqscope::unique_violation);
  inserter counting{.id = 2};
  CHECK(with_session(db, counting) == 2);
  CHECK(counting.calls == 1);
  const_inserter const constant;
  with_session(db, constant);
  with_session(db, inserter{.id = 4});
  with_session(db, [n = 5](auto& s) mutable { s.execute("INSERT INTO t VALUES ($1)", n++); });
  CHECK(here.ids() == std::vector<std::string>{"1", "2", "3", "4", "5"});
}

TEST_CASE("generic work sees the session's type") {
  auto const db = support::test_config();
  auto const result = with_session(db, [](auto& s) {
    static_assert(std::is_same_v<decltype(s), session&>);
    using rows = decltype(s.template query<int>("SELECT 1"));
    rows found = s.template query<int>("SELECT 3");
    return found;
  });
  CHECK(result.one() == 3);
  auto const same =
      with_session(db, [](auto&& s) { return s.template query<int>("SELECT 4").one(); });
  CHECK(same == 4);
}

TEST_CASE("a scope opens on temporaries and constants") {
  CHECK(with_session(support::test_config(),
                     [](session& s) { return s.query<int>("SELECT 1").one(); }) == 1);
  CHECK(with_session(pqscope::connection{support::test_config()},
                     [](session& s) { return s.query<int>("SELECT 2").one(); }) == 2);
}
