// What a flush sends, in which order, and in how many round trips.

#include <pqscope/error/errors.hpp>
#include <pqscope/session_objects.hpp>
#include <pqscope/transfer/stream.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "integration/mapping_objects/shelf.hpp"
#include "support/ensure_usable.hpp"

using pqscope::session;
using pqscope::tracked;
using pqscope::with_session;
using namespace support;

TEST_CASE("a unit of work of any size and its commit cost one round trip") {
  shelf here;
  int const count = GENERATE(1, 2, 3000);
  auto const before = here.conn.round_trips();
  //! [unit_of_work]
  std::vector<tracked<author>> added;
  with_session(here.conn, [&](session& s) {
    for (int i = 0; i < count; ++i) {
      added.push_back(s.add(author{.name = "author " + std::to_string(i), .email = {}}));
    }
  });
  //! [unit_of_work]
  CHECK(here.conn.round_trips() == before + 1);
  CHECK(here.sent().size() == 1);
  CHECK(here.count("authors") == count);
  for (std::size_t i = 0; i < added.size(); ++i) {
    REQUIRE(added[i]->id == static_cast<std::int64_t>(i) + 1);
  }
  CHECK(here.column("SELECT name FROM authors WHERE id = 1") ==
        std::vector<std::string>{"author 0"});
  ensure_usable(here.conn);
}

TEST_CASE("parents are inserted before children whatever the order of adding, in one round trip") {
  shelf here;
  auto const before = here.conn.round_trips();
  with_session(here.conn, [](session& s) {
    s.add(chapter{.id = 7, .book_id = 5, .heading = "one", .state = {}, .shown = {}});
    s.add(book{.id = 5, .author_id = 3, .title = "b", .pages = 10});
    s.add(author{.id = 3, .name = "a", .email = "a@b"});
  });
  CHECK(here.conn.round_trips() == before + 1);
  CHECK(here.column("SELECT shown || author_id FROM chapters JOIN books ON books.id = book_id") ==
        std::vector<std::string>{"ONE3"});
  ensure_usable(here.conn);
}

TEST_CASE("each step to a key that the server makes costs one round trip more") {
  shelf here;
  auto const before = here.conn.round_trips();
  tracked<chapter> last;
  with_session(here.conn, [&](session& s) {
    auto const a = s.add(author{.name = "a", .email = {}});
    auto const b = s.add(book{.title = "b", .pages = {}}, a);
    auto const c = s.add(book{.title = "c", .pages = {}}, a);
    last = s.add(chapter{.heading = "one", .state = {}, .shown = {}}, c);
    s.add(chapter{.heading = "two", .state = "final", .shown = {}}, b);
  });
  CHECK(here.conn.round_trips() == before + 3);
  CHECK(here.sent().size() == 3);
  CHECK(last->book_id == 2);
  CHECK(last->state == "draft");
  CHECK(last->shown == "ONE");
  CHECK(here.column("SELECT heading || state || title FROM chapters JOIN books ON books.id = "
                    "book_id ORDER BY heading") ==
        std::vector<std::string>{"onedraftc", "twofinalb"});
  ensure_usable(here.conn);
}

TEST_CASE("a tree of rows of one table is inserted level by level") {
  shelf here;
  auto const before = here.conn.round_trips();
  with_session(here.conn, [](session& s) {
    auto const root = s.add(branch{.parent_id = {}, .name = "root"});
    for (int i = 0; i < 3; ++i) {
      auto const inner = s.add(branch{.parent_id = {}, .name = "inner"}, root);
      s.add(branch{.parent_id = {}, .name = "leaf"}, inner);
      s.add(branch{.parent_id = {}, .name = "leaf"}, inner);
    }
  });
  CHECK(here.conn.round_trips() == before + 3);
  CHECK(here.column("SELECT count(*) FROM branches c JOIN branches p ON p.id = c.parent_id WHERE "
                    "p.name = 'inner' AND c.name = 'leaf'") == std::vector<std::string>{"6"});
  ensure_usable(here.conn);
}

TEST_CASE("new objects that refer to each other in a circle are refused") {
  shelf here;
  CHECK_THROWS_AS(with_session(here.conn,
                               [](session& s) {
                                 auto const a = s.add(branch{.parent_id = {}, .name = "a"});
                                 auto const b = s.add(branch{.parent_id = {}, .name = "b"}, a);
                                 s.refer<&branch::parent_id>(a, b);
                               }),
                  pqscope::usage_error);
  CHECK(here.count("branches") == 0);
  ensure_usable(here.conn);
}

TEST_CASE("an update sends the changed columns only") {
  shelf here;
  with_session(here.conn, [](session& s) {
    auto const a = s.add(author{.name = "a", .email = {}});
    s.add(book{.title = "b", .pages = 1}, a);
  });
  here.sent();
  auto const before = here.conn.round_trips();
  with_session(here.conn, [](session& s) {
    auto const a = s.get<author>(1);
    auto const b = s.get<book>(1);
    a->email = "a@b";
    b->title = "c";
    b->pages.reset();
    CHECK(s.get<author>(1) == a);
  });
  CHECK(here.conn.round_trips() == before + 3);
  auto const sent = here.sent();
  REQUIRE(sent.size() == 4);
  CHECK(sent[2].starts_with(
      "WITH changed AS (UPDATE \"authors\" SET \"email\" = $1 WHERE \"id\" = $2 RETURNING 1)"));
  CHECK(
      sent[3].starts_with("WITH changed AS (UPDATE \"books\" SET \"title\" = $1, \"pages\" = $2, "
                          "\"version\" = \"version\" + 1 WHERE \"id\" = $3 AND \"version\" = $4"));
  CHECK(here.column("SELECT email || title || version FROM authors, books WHERE pages IS NULL") ==
        std::vector<std::string>{"a@bc1"});
  with_session(here.conn, [](session& s) { s.get<author>(1)->email = "a@b"; });
  CHECK(here.sent().size() == 1);
  ensure_usable(here.conn);
}

TEST_CASE("what is changed or removed while its INSERT waits to be sent is not lost") {
  shelf here;
  tracked<author> kept;
  with_session(here.conn, [&](session& s) {
    kept = s.add(author{.name = "kept", .email = {}});
    auto const gone = s.add(author{.name = "gone", .email = {}});
    auto const read = s.add(author{.name = "read", .email = {}});
    s.defer("SELECT 1");  // queues them, and sends nothing
    kept->email = "a@b";
    s.remove(gone);
    read->email = "not flushed";
    s.refresh(read);
    CHECK_FALSE(read->email);
    CHECK(read->id == 3);
  });
  CHECK(kept->id == 1);
  CHECK(here.column("SELECT name || coalesce(email, '') FROM authors ORDER BY id") ==
        std::vector<std::string>{"kepta@b", "read"});
  with_session(here.conn, [&](session& outer) {
    auto const one = outer.add(author{.name = "outer", .email = {}});
    with_session(outer, [&](session&) { one->email = "inner"; });
  });
  CHECK(here.column("SELECT email FROM authors WHERE name = 'outer'") ==
        std::vector<std::string>{"inner"});
  ensure_usable(here.conn);
}

TEST_CASE("generated columns come back with an update") {
  shelf here;
  tracked<chapter> one;
  with_session(here.conn, [&](session& s) {
    auto const a = s.add(author{.name = "a", .email = {}});
    one = s.add(chapter{.heading = "one", .state = {}, .shown = {}},
                s.add(book{.title = "b", .pages = {}}, a));
    s.flush();
    CHECK(one->shown == "ONE");
    one->heading = "two";
  });
  CHECK(one->shown == "TWO");
  ensure_usable(here.conn);
}

TEST_CASE("children are deleted before parents, and what was never inserted is not deleted") {
  shelf here;
  with_session(here.conn, [](session& s) {
    auto const a = s.add(author{.name = "a", .email = {}});
    auto const b = s.add(book{.title = "b", .pages = {}}, a);
    s.add(chapter{.heading = "one", .state = {}, .shown = {}}, b);
  });
  auto const before = here.conn.round_trips();
  with_session(here.conn, [](session& s) {
    s.remove(s.get<author>(1));
    s.remove(s.get<book>(1));
    s.remove(s.get<chapter>(1));
    CHECK_FALSE(s.get<author>(1));
    s.remove(s.add(author{.name = "never", .email = {}}));
  });
  CHECK(here.conn.round_trips() == before + 4);
  CHECK(here.count("authors") + here.count("books") + here.count("chapters") == 0);
  ensure_usable(here.conn);
}

TEST_CASE("statements see what was changed, unless flushing is paused") {
  shelf here;
  with_session(here.conn, [](session& s) {
    s.add(author{.name = "a", .email = {}});
    CHECK(s.query<std::int64_t>("SELECT count(*) FROM authors").one() == 1);
    s.add(author{.name = "b", .email = {}});
    try {
      auto const paused = s.no_autoflush();
      CHECK(s.query<std::int64_t>("SELECT count(*) FROM authors").one() == 1);
      throw 1;
    } catch (int) {
    }
    CHECK(s.query<std::int64_t>("SELECT count(*) FROM authors").one() == 2);
    for (auto const count : s.stream<std::int64_t>("SELECT count(*) FROM authors")) {
      CHECK(count == 2);
    }
    auto const last = s.add(author{.name = "c", .email = {}});
    for (auto const count : s.stream<std::int64_t>("SELECT count(*) FROM authors")) {
      CHECK(count == 3);
      CHECK(last->id == 3);
    }
  });
  ensure_usable(here.conn);
}

TEST_CASE("a flush sends what there is, and nothing where there is nothing") {
  shelf here;
  auto const before = here.conn.round_trips();
  with_session(here.conn, [&](session& s) {
    s.flush();
    CHECK(here.conn.round_trips() == before);
    auto const a = s.add(author{.name = "a", .email = {}});
    CHECK(a->id == 0);
    s.flush();
    CHECK(a->id == 1);
    CHECK(here.conn.round_trips() == before + 1);
    s.flush();
    s.defer("UPDATE authors SET email = 'x'");
    s.flush();
    CHECK(here.conn.round_trips() == before + 2);
  });
  CHECK(here.conn.round_trips() == before + 3);
  ensure_usable(here.conn);
}

TEST_CASE("keys of several columns and columns of arrays") {
  shelf here;
  auto const before = here.conn.round_trips();
  with_session(here.conn, [](session& s) {
    s.add(loan{.book_id = 1, .reader = "x", .days = {1, 2}});
    s.add(loan{.book_id = 1, .reader = "y", .days = {}});
  });
  CHECK(here.conn.round_trips() == before + 1);
  with_session(here.conn, [](session& s) {
    auto const x = s.get<loan>(1, "x");
    CHECK(x->days == std::vector<int>{1, 2});
    CHECK_FALSE(s.get<loan>(2, "x"));
    x->days.push_back(3);
    x->reader = "z";
    s.flush();
    CHECK(s.get<loan>(1, "z") == x);
    CHECK_FALSE(s.get<loan>(1, "x"));
    s.remove(s.get<loan>(1, "y"));
  });
  CHECK(here.column("SELECT reader || days::text FROM loans") ==
        std::vector<std::string>{"z{1,2,3}"});
  ensure_usable(here.conn);
}

TEST_CASE("new rows with and without keys of their own go together") {
  shelf here;
  auto const before = here.conn.round_trips();
  std::vector<tracked<author>> all;
  with_session(here.conn, [&](session& s) {
    all.push_back(s.add(author{.id = 100, .name = "a", .email = {}}));
    all.push_back(s.add(author{.name = "b", .email = {}}));
    all.push_back(s.add(author{.id = 101, .name = "c", .email = {}}));
    all.push_back(s.add(author{.name = "d", .email = {}}));
  });
  CHECK(here.conn.round_trips() == before + 1);
  CHECK(all[0]->id == 100);
  CHECK(all[1]->id == 1);
  CHECK(all[2]->id == 101);
  CHECK(all[3]->id == 2);
  ensure_usable(here.conn);
}

TEST_CASE("a number that the column of a key cannot hold is the key of no object") {
  shelf here;
  with_session(here.conn, [](session& s) { s.add(branch{.id = 1, .parent_id = {}, .name = "a"}); });
  with_session(here.conn, [](session& s) {
    auto const one = s.get<branch>(std::int64_t{1});
    CHECK(one);
    CHECK_FALSE(s.get<branch>((std::int64_t{1} << 32) + 1));
    CHECK_FALSE(s.get<branch>((std::uint64_t{1} << 63)));
    CHECK(s.get<branch>(1U) == one);
  });
  ensure_usable(here.conn);
}
