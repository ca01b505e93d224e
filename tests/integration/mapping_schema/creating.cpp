#include <pqscope/connection/connection.hpp>
#include <pqscope/engine.hpp>
#include <pqscope/error/errors.hpp>
#include <pqscope/mapping/compare_schema.hpp>
#include <pqscope/mapping/create_all.hpp>
#include <pqscope/mapping/to_ddl.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <barrier>
#include <exception>
#include <source_location>
#include <string>
#include <thread>
#include <vector>

#include "integration/mapping_schema/models.hpp"
#include "integration/mapping_schema/place.hpp"
#include "support/ensure_usable.hpp"

using namespace models;
using pqscope::create_all;
using support::place;
using texts = std::vector<std::string>;

namespace {

/// The statements that change something.
texts changes(pqscope::testing::recorder const& seen) {
  texts all = seen.statements();
  std::erase_if(all, [](std::string const& text) {
    return text.starts_with("SELECT") || text == "BEGIN" || text == "COMMIT";
  });
  return all;
}

}  // namespace

TEST_CASE("create_all makes tables, enum types, constraints and indexes in two round trips") {
  place here;
  pqscope::testing::recorder seen;
  pqscope::connection conn{here.db(), {.observer = &seen}};
  //! [create_all]
  pqscope::create_all<purchase, customer>(conn);
  //! [create_all]
  CHECK(seen.round_trips() == 3);  // with COMMIT
  CHECK(here.tables() == texts{"customers", "purchases"});
  CHECK(here.enums() == texts{"mood"});
  CHECK(here.constraints() == texts{"customers_age_check", "customers_email_age_key",
                                    "customers_name_key", "customers_pkey", "named",
                                    "purchases_customer_id_fkey", "purchases_pkey",
                                    "purchases_recommended_by_fkey"});
  CHECK(here.indexes() == texts{"customers_age_idx", "customers_age_name_idx", "customers_by_name",
                                "customers_email_age_key", "customers_name_key", "customers_pkey",
                                "customers_tags_idx", "purchases_pkey"});
  std::string text;
  for (std::string const& each : changes(seen)) {
    text += each + ";\n";
  }
  CHECK(text == pqscope::to_ddl<purchase, customer>());
  support::ensure_usable(conn);
}

TEST_CASE("create_all a second time sends no DDL") {
  place here;
  pqscope::testing::recorder seen;
  pqscope::connection conn{here.db(), {.observer = &seen}};
  create_all<customer, purchase, chicken, egg, long_names>(conn);
  seen.clear();
  create_all<customer, purchase, chicken, egg, long_names>(conn);
  CHECK(changes(seen).empty());
  CHECK(seen.round_trips() == 2);  // with COMMIT
  support::ensure_usable(conn);
}

TEST_CASE("create_all leaves tables and types alone that are there, and makes the others") {
  place here;
  here.outside.execute("CREATE TABLE customers (id bigint PRIMARY KEY, other text)");
  here.outside.execute("CREATE TYPE mood AS ENUM ('indifferent')");
  pqscope::connection conn{here.db()};
  create_all<customer, purchase>(conn);
  CHECK(here.tables() == texts{"customers", "purchases"});
  CHECK(here.outside.column("SELECT attname FROM pg_attribute WHERE attrelid = "
                            "'customers'::regclass AND attnum > 0 ORDER BY attnum") ==
        texts{"id", "other"});
  CHECK(here.outside.text("SELECT enum_range(NULL::mood)") == "{indifferent}");
  support::ensure_usable(conn);
}

TEST_CASE("create_all closes circles of references, and quotes names") {
  place here;
  pqscope::connection conn{here.db()};
  create_all<chicken, egg>(conn);
  CHECK(here.tables() == texts{"Chicken", "order"});
  CHECK(here.constraints() == texts{"Chicken_egg_id_fkey", "Chicken_pkey", "order_elder_fkey",
                                    "order_from_fkey", "order_pkey"});
  here.outside.execute(R"(INSERT INTO "order" VALUES (1, NULL, 1))");
  CHECK_THROWS(here.outside.execute(R"(INSERT INTO "order" VALUES (2, 7, 1))"));
  support::ensure_usable(conn);
}

TEST_CASE("names made of a table's name of 63 bytes are cut so that each is another one") {
  place here;
  pqscope::connection conn{here.db()};
  create_all<long_names>(conn);
  CHECK(here.tables() == texts{longest});
  texts const constraints = here.constraints();
  REQUIRE(constraints.size() == 3);
  for (std::string const& each : constraints) {
    CHECK(each.size() == 63);
  }
  CHECK(here.indexes().size() == 3);
  support::ensure_usable(conn);
}

TEST_CASE("create_all makes nothing where one table cannot be made, and says at whose call") {
  place here;
  pqscope::connection conn{here.db()};
  unsigned line = 0;
  try {
    line = std::source_location::current().line() + 1;
    create_all<chicken, egg, impossible, customer>(conn);
    FAIL("the table was made");
  } catch (pqscope::undefined_object const& failure) {
    CHECK(failure.message() == "type \"no_such_type\" does not exist");
    CHECK(failure.where().line() == line);
  }
  CHECK(here.tables().empty());
  CHECK(here.enums().empty());
  support::ensure_usable(conn);
}

TEST_CASE("create_all refuses an enum type whose name belongs to another type") {
  place here;
  here.outside.execute("CREATE DOMAIN mood AS text");
  pqscope::connection conn{here.db()};
  CHECK_THROWS_AS(create_all<customer>(conn), pqscope::usage_error);
  CHECK(here.tables().empty());
  support::ensure_usable(conn);
}

TEST_CASE("create_all belongs to the transaction or session that it is given") {
  place here;
  pqscope::connection conn{here.db()};
  {
    pqscope::transaction tx{conn};
    create_all<egg, chicken>(tx);
    tx.execute(R"(INSERT INTO "order" VALUES (1))");
    tx.rollback();
  }
  CHECK(here.tables().empty());
  pqscope::with_session(conn, [&](pqscope::session& s) {
    create_all<egg, chicken>(s);
    CHECK(here.tables().empty());
    pqscope::savepoint nested{s};
    create_all<customer>(nested);
    nested.rollback();
  });
  CHECK(here.tables() == texts{"Chicken", "order"});
  support::ensure_usable(conn);
}

TEST_CASE("create_all takes an engine, a pool and a config") {
  place here;
  pqscope::engine engine{here.db()};
  create_all<egg, chicken>(engine);
  CHECK(here.tables() == texts{"Chicken", "order"});
  pqscope::pool pool{here.db()};
  create_all<customer>(pool);
  CHECK(here.tables() == texts{"Chicken", "customers", "order"});
  create_all<purchase>(here.db());
  CHECK(here.tables() == texts{"Chicken", "customers", "order", "purchases"});
}

TEST_CASE("create_all in sixteen sessions at once succeeds in all of them") {
  place here;
  constexpr int count = 16;
  std::barrier start{count};
  std::vector<std::string> failures(count);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < count; ++i) {
      threads.emplace_back([&, i] {
        try {
          pqscope::connection conn{here.db()};
          auto const isolation =
              i % 2 == 0 ? pqscope::isolation::read_committed : pqscope::isolation::serializable;
          pqscope::transaction tx{conn, {.isolation = isolation}};
          start.arrive_and_wait();
          create_all<purchase, customer, egg, chicken>(tx);
          tx.commit();
        } catch (std::exception const& failure) {
          failures[static_cast<std::size_t>(i)] = failure.what();
        }
      });
    }
  }
  CHECK(failures == texts(count));
  CHECK(here.tables() == texts{"Chicken", "customers", "order", "purchases"});
  CHECK(pqscope::compare_schema<purchase, customer, egg, chicken>(here.db()).empty());
}
