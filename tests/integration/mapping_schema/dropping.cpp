#include <pqscope/connection/connection.hpp>
#include <pqscope/error/errors.hpp>
#include <pqscope/mapping/create_all.hpp>
#include <pqscope/mapping/drop_all.hpp>
#include <pqscope/testing/recorder.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>
#include <vector>

#include "integration/mapping_schema/models.hpp"
#include "integration/mapping_schema/place.hpp"
#include "support/ensure_usable.hpp"

using namespace models;
using pqscope::create_all;
using pqscope::drop_all;
using support::place;
using texts = std::vector<std::string>;

TEST_CASE("drop_all drops tables that refer to each other, and their enum types, and no others") {
  place here;
  pqscope::testing::recorder seen;
  pqscope::connection conn{here.db(), {.observer = &seen}};
  create_all<customer, purchase, chicken, egg>(conn);
  here.outside.execute("CREATE TABLE other (id int)");
  seen.clear();
  //! [drop_all]
  pqscope::drop_all<customer, purchase, chicken, egg>(conn);
  //! [drop_all]
  CHECK(seen.round_trips() == 3);  // with COMMIT
  CHECK(here.tables() == texts{"other"});
  CHECK(here.enums().empty());
  seen.clear();
  drop_all<customer, purchase, chicken, egg>(conn);
  CHECK(seen.round_trips() == 2);
  support::ensure_usable(conn);
}

TEST_CASE("drop_all drops nothing where another table refers to one of them") {
  place here;
  pqscope::connection conn{here.db()};
  create_all<customer, purchase, chicken, egg>(conn);
  CHECK_THROWS_AS((drop_all<chicken, egg, customer>(conn)), pqscope::dependent_objects_still_exist);
  CHECK(here.tables() == texts{"Chicken", "customers", "order", "purchases"});
  support::ensure_usable(conn);
}

TEST_CASE("drop_all drops nothing where another table has a column of one of the enum types") {
  place here;
  pqscope::connection conn{here.db()};
  create_all<customer>(conn);
  here.outside.execute("CREATE TABLE other (feels mood)");
  CHECK_THROWS_AS(drop_all<customer>(conn), pqscope::dependent_objects_still_exist);
  CHECK(here.tables() == texts{"customers", "other"});
  support::ensure_usable(conn);
}

TEST_CASE("drop_all does not take a view for a table, nor a domain for an enum type") {
  place here;
  here.outside.execute("CREATE VIEW customers AS SELECT 1 AS id");
  here.outside.execute("CREATE DOMAIN mood AS text");
  pqscope::connection conn{here.db()};
  CHECK_THROWS_AS(drop_all<customer>(conn), pqscope::wrong_object_type);
  CHECK(here.tables() == texts{"customers"});
  here.outside.execute("DROP VIEW customers");
  drop_all<customer>(conn);
  CHECK(here.outside.text("SELECT to_regtype('mood')") == "mood");
  support::ensure_usable(conn);
}
