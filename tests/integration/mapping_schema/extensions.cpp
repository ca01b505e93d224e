#include <pqscope/connection/connection.hpp>
#include <pqscope/error/errors.hpp>
#include <pqscope/mapping/create_all.hpp>
#include <pqscope/mapping/create_extension.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <barrier>
#include <string>
#include <thread>
#include <vector>

#include "integration/mapping_schema/models.hpp"
#include "integration/mapping_schema/place.hpp"
#include "support/ensure_usable.hpp"

using models::customer;
using pqscope::create_extension;
using support::place;
using texts = std::vector<std::string>;

TEST_CASE("an extension is made where it is missing, and left alone where it is there") {
  place here;
  pqscope::testing::recorder seen;
  pqscope::connection conn{here.db(), {.observer = &seen}};
  {
    pqscope::transaction tx{conn};
    CHECK(create_extension(tx, "pg_trgm"));
    CHECK(seen.round_trips() == 2);
    CHECK_FALSE(create_extension(tx, "pg_trgm"));
    CHECK(seen.round_trips() == 3);
    CHECK(seen.notices().empty());
    CHECK(tx.query<bool>("SELECT 'word' % 'words'").one());
    tx.rollback();
  }
  support::ensure_usable(conn);
}

TEST_CASE("of sessions that make an extension at once, one makes it and none fails") {
  place here;
  constexpr int count = 8;
  std::barrier start{count};
  std::atomic<int> made{0};
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < count; ++i) {
      threads.emplace_back([&] {
        pqscope::connection conn{here.db()};
        start.arrive_and_wait();
        made += create_extension(conn, "tcn") ? 1 : 0;
      });
    }
  }
  CHECK(made == 1);
  here.outside.execute("DROP EXTENSION tcn");
}

TEST_CASE("an extension that the server does not have is told, and the session goes on") {
  place here;
  pqscope::connection conn{here.db()};
  //! [create_extension]
  bool const has_vectors = pqscope::with_session(conn, [](pqscope::session& s) {
    bool is_there = true;
    try {
      pqscope::create_extension(s, "no such extension");
    } catch (pqscope::feature_not_supported const&) {
      is_there = false;  // the session goes on
    }
    pqscope::create_all<customer>(s);
    return is_there;
  });
  //! [create_extension]
  CHECK_FALSE(has_vectors);
  CHECK(here.tables() == texts{"customers"});
  support::ensure_usable(conn);
}

TEST_CASE("an extension that the role may not make is another error") {
  place here;
  std::string const role = support::unique_name("role");
  here.outside.execute("CREATE ROLE " + role);
  here.outside.execute("GRANT ALL ON SCHEMA " + here.schema + " TO " + role);
  pqscope::connection conn{here.db()};
  conn.execute(pqscope::dynamic_sql{"SET ROLE " + role});
  CHECK_THROWS_AS(create_extension(conn, "pageinspect"), pqscope::insufficient_privilege);
  conn.execute("RESET ROLE");
  CHECK_THROWS_AS(create_extension(conn, std::string(64, 'x')), pqscope::usage_error);
  support::ensure_usable(conn);
  here.outside.execute("DROP OWNED BY " + role + "; DROP ROLE " + role);
}
