// What objects are after a flush or a session has failed, or was left.

#include <pqscope/error/errors.hpp>
#include <pqscope/session_objects.hpp>
#include <pqscope/transaction/transaction.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "integration/mapping_objects/shelf.hpp"
#include "support/ensure_usable.hpp"

using pqscope::connection;
using pqscope::division_by_zero;
using pqscope::session;
using pqscope::stale_row;
using pqscope::tracked;
using pqscope::unique_violation;
using pqscope::usage_error;
using pqscope::with_session;
using namespace std::chrono_literals;
using namespace support;

namespace {

/// An author whose key has a smaller type than the table's.
struct small_author {
  int id{};
  std::string name;
};

}  // namespace

template <>
inline constexpr auto pqscope::mapping<small_author> =
    pqscope::table("authors", pqscope::column<&small_author::id>().primary_key().identity(),
                   pqscope::column<&small_author::name>());

TEST_CASE("objects outlive their session and can be used in another thread and session") {
  shelf here;
  auto const kept =
      with_session(here.conn, [](session& s) { return s.add(author{.name = "a", .email = {}}); });
  std::thread{[&] { kept->email = kept->name + "@b"; }}.join();
  with_session(here.conn, [&](session& s) {
    s.refresh(kept);
    CHECK_FALSE(kept->email);
    kept->name = "b";
  });
  CHECK(here.column("SELECT name FROM authors") == std::vector<std::string>{"b"});
  with_session(here.conn, [&](session& s) { s.remove(kept); });
  CHECK(here.count("authors") == 0);
  ensure_usable(here.conn);
}

TEST_CASE("a session that is left brings back what was removed and reverts what was changed") {
  shelf here;
  with_session(here.conn, [](session& s) {
    s.add(author{.name = "a", .email = {}});
    s.add(author{.name = "b", .email = {}});
  });
  tracked<author> a;
  tracked<author> b;
  tracked<author> added;
  CHECK_THROWS_AS(with_session(here.conn,
                               [&](session& s) {
                                 a = s.get<author>(1);
                                 b = s.get<author>(2);
                                 added = s.add(author{.name = "c", .email = {}});
                                 a->name = "changed";
                                 s.remove(b);
                                 s.flush();
                                 CHECK(added->id == 3);
                                 a->name = "changed again";
                                 throw std::runtime_error{"no"};
                               }),
                  std::runtime_error);
  CHECK(a->name == "a");
  CHECK(b->name == "b");
  CHECK(added->id == 0);
  CHECK(added->name == "c");
  CHECK(here.count("authors") == 2);
  with_session(here.conn, [&](session& s) { s.remove(b); });
  CHECK(here.count("authors") == 1);
  ensure_usable(here.conn);
}

TEST_CASE("a nested session that is left undoes its own part only") {
  shelf here;
  with_session(here.conn, [](session& outer) {
    auto const a = outer.add(author{.name = "a", .email = {}});
    auto const b = outer.add(author{.name = "b", .email = {}});
    outer.flush();
    a->email = "outer";
    tracked<author> inner_one;
    CHECK_THROWS_AS(with_session(outer,
                                 [&](session& inner) {
                                   CHECK(inner.get<author>(1) == a);
                                   a->email = "inner";
                                   inner.remove(b);
                                   inner_one = inner.add(author{.name = "c", .email = {}});
                                   inner.flush();
                                   throw std::runtime_error{"no"};
                                 }),
                    std::runtime_error);
    CHECK(a->email == "outer");
    CHECK(outer.get<author>(2) == b);
    CHECK(inner_one->id == 0);
    with_session(outer, [&](session& inner) {
      a->email = "kept";
      inner.add(author{.name = "d", .email = {}});
    });
    b->email = "last";
  });
  CHECK(here.column("SELECT name || coalesce(email, '') FROM authors ORDER BY name") ==
        std::vector<std::string>{"akept", "blast", "d"});
  ensure_usable(here.conn);
}

TEST_CASE("a failed flush leaves objects as they were loaded, and the session refuses to go on") {
  shelf here;
  with_session(here.conn, [](session& s) { s.add(author{.name = "a", .email = {}}); });
  tracked<author> a;
  tracked<author> twice;
  try {
    with_session(here.conn, [&](session& s) {
      a = s.get<author>(1);
      a->email = "x";
      twice = s.add(author{.name = "a", .email = {}});
      CHECK_THROWS_AS(s.flush(), unique_violation);
      CHECK_FALSE(a->email);
      CHECK(twice->id == 0);
      CHECK_THROWS_AS(s.execute("SELECT 1"), pqscope::transaction_rolled_back);
    });
    FAIL("a session whose flush had failed was reported as committed");
  } catch (pqscope::transaction_rolled_back const& refused) {
    REQUIRE(refused.first_error() != nullptr);
    CHECK(refused.violates("authors_name_key"));
  }
  CHECK(here.count("authors") == 1);
  ensure_usable(here.conn);
}

TEST_CASE("a flush that rides with a statement or the commit and fails throws its own error") {
  shelf here;
  with_session(here.conn, [](session& s) { s.add(author{.name = "a", .email = {}}); });
  tracked<author> again;
  CHECK_THROWS_AS(
      with_session(here.conn, [&](session& s) { again = s.add(author{.name = "a", .email = {}}); }),
      unique_violation);
  CHECK(again->id == 0);
  CHECK_THROWS_AS(with_session(here.conn,
                               [&](session& s) {
                                 again = s.add(author{.name = "a", .email = {}});
                                 CHECK_THROWS_AS(s.execute("SELECT 1"), unique_violation);
                                 s.execute("SELECT 1");
                               }),
                  pqscope::transaction_rolled_back);
  CHECK(here.count("authors") == 1);
  with_session(here.conn, [&](session& outer) {
    CHECK_THROWS_AS(
        with_session(outer, [&](session& s) { s.add(author{.name = "a", .email = {}}); }),
        unique_violation);
    outer.add(author{.name = "b", .email = {}});
  });
  CHECK(here.count("authors") == 2);
  ensure_usable(here.conn);
}

TEST_CASE("a value PostgreSQL cannot hold fails the flush before anything is sent") {
  shelf here;
  auto const before = here.conn.round_trips();
  CHECK_THROWS_AS(
      with_session(here.conn,
                   [](session& s) { s.add(author{.name = std::string{"a\0b", 3}, .email = {}}); }),
      pqscope::usage_error);
  CHECK(here.conn.round_trips() == before);
  ensure_usable(here.conn);
}

TEST_CASE("a row that somebody else has changed or deleted is stale, and nothing is committed") {
  shelf here;
  with_session(here.conn, [](session& s) {
    auto const a = s.add(author{.name = "a", .email = {}});
    s.add(book{.title = "b", .pages = {}}, a);
  });
  tracked<book> b;
  try {
    with_session(here.conn, [&](session& s) {
      b = s.get<book>(1);
      s.get<author>(1)->email = "x";
      here.outside.execute("UPDATE books SET version = version + 1, title = 'theirs'");
      b->title = "mine";
    });
    FAIL("somebody's change was overwritten");
  } catch (stale_row const& stale) {
    CHECK(stale.table() == "books");
    CHECK(stale.connection_usable());
  }
  CHECK(b->title == "b");
  CHECK(here.column("SELECT title || coalesce(email, '') FROM books, authors") ==
        std::vector<std::string>{"theirs"});
  CHECK_THROWS_AS(with_session(here.conn,
                               [&](session& s) {
                                 b = s.get<book>(1);
                                 here.outside.execute("UPDATE books SET version = version + 1");
                                 s.remove(b);
                               }),
                  stale_row);
  CHECK(here.count("books") == 1);
  CHECK_THROWS_AS(with_session(here.conn,
                               [&](session& s) {
                                 auto const a = s.get<author>(1);
                                 here.outside.execute("DELETE FROM books");
                                 here.outside.execute("DELETE FROM authors");
                                 a->name = "gone";
                               }),
                  stale_row);
  CHECK_THROWS_AS(with_session(here.conn, [&](session& s) { s.refresh(b); }), stale_row);
  ensure_usable(here.conn);
}

TEST_CASE("a session with objects whose connection is replaced by its work gets an error") {
  bool const flushes = GENERATE(false, true);
  bool const looks = GENERATE(false, true);
  shelf here;
  tracked<author> added;
  CHECK_THROWS_AS(with_session(here.conn,
                               [&](session& s) {
                                 added = s.add(author{.name = "a", .email = {}});
                                 CHECK_THROWS_AS(s.execute("SELECT 1 / 0"), division_by_zero);
                                 here.conn = connection{here.db()};
                                 if (looks) {
                                   s.deadline(1min);
                                 }
                                 if (flushes) {
                                   s.flush();
                                 }
                               }),
                  usage_error);
  CHECK(added->id == 0);
  CHECK(here.count("authors") == 0);
  ensure_usable(here.conn);
}

TEST_CASE("an update that divides by zero fails with that, and not as a stale row") {
  shelf here;
  here.outside.execute("ALTER TABLE books ADD share int GENERATED ALWAYS AS (100 / pages) STORED");
  with_session(here.conn, [](session& s) {
    auto const a = s.add(author{.name = "a", .email = {}});
    s.add(book{.title = "b", .pages = {}}, a);
  });
  CHECK_THROWS_AS(with_session(here.conn, [](session& s) { s.get<book>(1)->pages = 0; }),
                  pqscope::division_by_zero);
  ensure_usable(here.conn);
}

TEST_CASE("an update of an object whose key several rows have changes none of them") {
  shelf here;
  here.outside.execute("ALTER TABLE branches DROP CONSTRAINT branches_pkey CASCADE");
  here.outside.execute("INSERT INTO branches VALUES (1, NULL, 'a'), (1, NULL, 'b')");
  CHECK_THROWS_AS(with_session(here.conn, [](session& s) { s.get<branch>(1)->name = "c"; }),
                  stale_row);
  CHECK(here.column("SELECT name FROM branches ORDER BY 1") == std::vector<std::string>{"a", "b"});
  ensure_usable(here.conn);
}

TEST_CASE("an answer that cannot be read is told, even if it comes with that to COMMIT") {
  shelf here;
  bool told = false;
  CHECK_THROWS_AS(with_session(here.conn, {.retry = {.attempts = 3}},
                               [&](session& s) {
                                 s.add(small_author{.name = "a"});
                                 s.after_commit([&] { told = true; });
                               }),
                  pqscope::type_mismatch);
  CHECK(told);
  CHECK(here.count("authors") == 1);
  CHECK_THROWS_AS(with_session(here.conn, {.on_in_doubt = pqscope::on_in_doubt::resolve},
                               [](session& s) { s.add(small_author{.name = "b"}); }),
                  pqscope::type_mismatch);
  CHECK_THROWS_AS(with_session(here.conn,
                               [](session& s) {
                                 s.add(small_author{.name = "b"});
                                 s.prepare("pqscope_not_prepared");
                               }),
                  pqscope::type_mismatch);
  with_session(here.conn, [](session& outer) {
    CHECK_THROWS_AS(
        with_session(outer, [](session& inner) { inner.add(small_author{.name = "c"}); }),
        pqscope::type_mismatch);
    outer.add(author{.name = "d", .email = {}});
  });
  pqscope::transaction whole{here.conn};
  CHECK_THROWS_AS(with_session(whole, [](session& s) { s.add(small_author{.name = "e"}); }),
                  pqscope::type_mismatch);
  whole.commit();
  CHECK(here.column("SELECT name FROM authors ORDER BY name") ==
        std::vector<std::string>{"a", "d"});
  ensure_usable(here.conn);
}

TEST_CASE(
    "a row that a trigger keeps from being inserted is an error, and undone where it can be") {
  shelf here;
  here.outside.execute(
      "CREATE FUNCTION skip() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'");
  for (std::string const table : {"authors", "loans"}) {
    here.outside.execute("CREATE TRIGGER skips BEFORE INSERT ON " + table +
                         " FOR EACH ROW EXECUTE FUNCTION skip()");
  }
  auto const add_author = [](session& s) { s.add(author{.name = "a", .email = {}}); };
  auto const add_loan = [](session& s) { s.add(loan{.book_id = 1, .reader = "r", .days = {}}); };
  CHECK_THROWS_AS(with_session(here.conn, add_author), pqscope::usage_error);
  CHECK_THROWS_AS(with_session(here.conn, add_loan), pqscope::usage_error);
  CHECK_THROWS_AS(with_session(here.conn,
                               [&](session& s) {
                                 s.execute("INSERT INTO branches (name) VALUES ('x')");
                                 add_loan(s);
                                 s.execute("SELECT 1");
                                 CHECK_THROWS_AS(s.execute("SELECT 1"), pqscope::usage_error);
                               }),
                  pqscope::transaction_rolled_back);
  with_session(here.conn, [&](session& outer) {
    outer.execute("INSERT INTO branches (name) VALUES ('outer')");
    CHECK_THROWS_AS(with_session(outer,
                                 [&](session& inner) {
                                   add_author(inner);
                                   inner.execute("SELECT 1");
                                   throw std::runtime_error{"no"};
                                 }),
                    std::runtime_error);
    outer.execute("UPDATE branches SET name = 'kept'");
  });
  CHECK(here.column("SELECT name FROM branches") == std::vector<std::string>{"kept"});
  ensure_usable(here.conn);
}

TEST_CASE(
    "a session that fails before its flush carries the first error, whatever is done in doubt") {
  shelf here;
  for (auto const in_doubt : {pqscope::on_in_doubt::report, pqscope::on_in_doubt::resolve}) {
    try {
      with_session(here.conn, {.on_in_doubt = in_doubt}, [](session& s) {
        CHECK_THROWS_AS(s.execute("SELECT 1 / 0"), pqscope::division_by_zero);
        s.add(author{.name = "a", .email = {}});
      });
      FAIL("a session in which a statement had failed was reported as committed");
    } catch (pqscope::transaction_rolled_back const& refused) {
      REQUIRE(refused.first_error() != nullptr);
      CHECK(refused.first_error()->sqlstate() == "22012");
    }
  }
  CHECK(here.count("authors") == 0);
  ensure_usable(here.conn);
}

TEST_CASE("an empty object says that there is no such row") {
  shelf here;
  with_session(here.conn, [](session& s) {
    auto const none = s.get<author>(1);
    CHECK_FALSE(none);
    CHECK_THROWS_AS(none->name, pqscope::usage_error);
    CHECK_THROWS_AS(s.remove(none), pqscope::usage_error);
    CHECK_THROWS_AS(s.refresh(s.add(author{.name = "new", .email = {}})), pqscope::usage_error);
  });
  ensure_usable(here.conn);
}

TEST_CASE("a value that was read by a query is watched once it is tracked") {
  shelf here;
  with_session(here.conn, [](session& s) { s.add(author{.name = "a", .email = {}}); });
  with_session(here.conn, [](session& s) {
    auto const found = s.query<author>("SELECT * FROM authors").one();
    auto const watched = s.track(found);
    watched->email = "a@b";
    CHECK(s.get<author>(1) == watched);
    CHECK(s.track(found) == watched);
  });
  CHECK(here.column("SELECT email FROM authors") == std::vector<std::string>{"a@b"});
  ensure_usable(here.conn);
}

TEST_CASE("a run that is repeated has objects of its own") {
  shelf here;
  int runs = 0;
  with_session(
      here.conn, {.retry = {.attempts = 2, .base_delay = std::chrono::milliseconds{1}}},
      [&](session& s) {
        ++runs;
        s.add(author{.name = "a", .email = {}});
        if (runs == 1) {
          s.execute("DO $$ BEGIN RAISE 'again' USING ERRCODE = 'serialization_failure'; END $$");
        }
      });
  CHECK(runs == 2);
  CHECK(here.count("authors") == 1);
  ensure_usable(here.conn);
}
