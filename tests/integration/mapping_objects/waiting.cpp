// Objects whose INSERT waits to be sent, or that never got a row.

#include <pqscope/error/errors.hpp>
#include <pqscope/error/rollback.hpp>
#include <pqscope/session_objects.hpp>
#include <pqscope/transaction/savepoint.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <stdexcept>
#include <string>
#include <vector>

#include "integration/mapping_objects/shelf.hpp"
#include "support/ensure_usable.hpp"

using pqscope::rollback;
using pqscope::session;
using pqscope::tracked;
using pqscope::unique_violation;
using pqscope::usage_error;
using pqscope::with_session;
using namespace support;

using texts = std::vector<std::string>;

TEST_CASE("an object that waits for its INSERT keeps its key when a nested session is undone") {
  shelf here;
  SECTION("that did nothing") {
    with_session(here.conn, [](session& s) {
      auto const a = s.add(author{.name = "a", .email = {}});
      with_session(s, [](session&) { throw rollback{}; });
      s.add(book{.author_id = 0, .title = "of a", .pages = {}}, a);
    });
    CHECK(here.column("SELECT title FROM books JOIN authors ON author_id = authors.id") ==
          texts{"of a"});
  }
  SECTION("that failed at the server") {
    auto const a = with_session(here.conn, [](session& s) {
      auto added = s.add(author{.name = "a", .email = {}});
      CHECK_THROWS_AS(
          with_session(s, [](session& inner) { inner.add(author{.name = "a", .email = {}}); }),
          unique_violation);
      CHECK(s.get<author>(added->id) == added);
      return added;
    });
    CHECK(a->id == 1);
  }
  SECTION("that removed it") {
    with_session(here.conn, [](session& s) {
      auto const a = s.add(author{.name = "a", .email = {}});
      with_session(s, [&](session& inner) {
        inner.remove(a);
        inner.flush();
        throw rollback{};
      });
      CHECK(a->id == 1);
      a->name = "b";
    });
    CHECK(here.column("SELECT name FROM authors") == texts{"b"});
  }
  SECTION("or a savepoint") {
    with_session(here.conn, [](session& s) {
      auto const a = s.add(author{.name = "a", .email = {}});
      {
        pqscope::savepoint undone{s};
        CHECK_THROWS_AS(undone.execute("SELECT 1 / 0"), pqscope::division_by_zero);
      }
      s.add(book{.author_id = 0, .title = "of a", .pages = {}}, a);
    });
    CHECK(here.count("books") == 1);
  }
  ensure_usable(here.conn);
}

TEST_CASE("objects whose keys are given cost a nested session no round trip") {
  shelf here;
  with_session(here.conn, [](session& s) {
    s.add(loan{.book_id = 1, .reader = "r", .days = {1}});
    with_session(s, [](session& inner) {
      inner.add(loan{.book_id = 2, .reader = "r", .days = {1}});
      throw rollback{};
    });
    s.add(loan{.book_id = 3, .reader = "r", .days = {1}});
  });
  CHECK(here.seen.round_trips() == 1);
  CHECK(here.column("SELECT book_id FROM loans ORDER BY 1") == texts{"1", "3"});
  ensure_usable(here.conn);
}

TEST_CASE("what is given to a column with a default while its INSERT waits is not lost") {
  shelf here;
  auto const add = [](session& s, char const* name) {
    auto const a = s.add(author{.name = name, .email = {}});
    s.flush();
    auto const b = s.add(book{.author_id = 0, .title = name, .pages = {}}, a);
    return s.add(chapter{.book_id = 0, .heading = "h", .state = {}, .shown = {}}, b);
  };
  for (bool const also_heading : {true, false}) {
    auto const one = with_session(here.conn, [&](session& s) {
      auto c = add(s, also_heading ? "x" : "y");
      s.defer("SELECT 1");
      c->state = "mine";
      c->heading = also_heading ? "H2" : "h";
      return c;
    });
    CHECK(one->state == "mine");
    CHECK(here.column("SELECT state FROM chapters ORDER BY id DESC LIMIT 1") == texts{"mine"});
  }
  auto const untouched = with_session(here.conn, [&](session& s) {
    auto c = add(s, "z");
    s.defer("SELECT 1");
    return c;
  });
  CHECK(untouched->state == "draft");
  CHECK(untouched->shown == "H");
  ensure_usable(here.conn);
}

TEST_CASE("an object that never got a row is no parent, and cannot be used in another session") {
  shelf here;
  CHECK_THROWS_AS(with_session(here.conn,
                               [](session& s) {
                                 auto const root = s.add(branch{.parent_id = {}, .name = "root"});
                                 s.add(branch{.parent_id = {}, .name = "leaf"}, root);
                                 s.remove(root);
                               }),
                  usage_error);
  tracked<branch> lost;
  CHECK_THROWS_AS(with_session(here.conn,
                               [&](session& s) {
                                 lost = s.add(branch{.parent_id = {}, .name = "lost"});
                                 throw std::runtime_error{"no"};
                               }),
                  std::runtime_error);
  CHECK_THROWS_AS(
      with_session(here.conn,
                   [&](session& s) { s.add(branch{.parent_id = {}, .name = "leaf"}, lost); }),
      usage_error);
  CHECK_THROWS_AS(with_session(here.conn, [&](session& s) { s.remove(lost); }), usage_error);
  CHECK_THROWS_AS(with_session(here.conn, [&](session& s) { s.refresh(lost); }), usage_error);
  CHECK(here.count("branches") == 0);
  with_session(here.conn, [&](session& s) { s.add(*lost); });
  CHECK(here.column("SELECT name FROM branches") == texts{"lost"});
  ensure_usable(here.conn);
}
