// compare_schema of tables whose expressions name them, and of tables of one name.

#include <pqscope/connection/connection.hpp>
#include <pqscope/mapping/compare_schema.hpp>
#include <pqscope/mapping/create_all.hpp>
#include <pqscope/mapping/drop_all.hpp>
#include <pqscope/mapping/table.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <optional>
#include <string>

#include "integration/mapping_schema/place.hpp"
#include "support/ensure_usable.hpp"

using difference = pqscope::schema_difference_kind;
using support::place;

namespace {

struct item {
  std::int64_t id{};
  int pay{};
  int twice{};
  std::string name;
  std::optional<std::int64_t> previous;
};
/// Of the same name in another schema, and refers to the first.
struct item_elsewhere {
  std::int64_t id{};
  int pay{};
  std::optional<std::int64_t> item_id;
};
struct part {
  std::int64_t id{};
  std::int64_t item_id{};
  std::optional<std::int64_t> number;
};
struct unknown {
  int id{};
};

constexpr char const* other_schema = "named tables, in pqscope's tests";

}  // namespace

template <>
inline constexpr auto pqscope::mapping<item> =
    pqscope::table("Items", pqscope::column<&item::id>().primary_key().identity(),
                   pqscope::column<&item::pay>().check("\"Items\".pay > 0"),
                   pqscope::column<&item::twice>().generated("\"Items\".pay * 2"),
                   pqscope::column<&item::name>().index(),
                   pqscope::column<&item::previous>().references<&item::id>(),
                   pqscope::index("lower(\"Items\".name)",
                                  {.name = "items_by_name", .where = "\"Items\".pay > 1"}));
template <>
inline constexpr auto pqscope::mapping<item_elsewhere> =
    pqscope::table(other_schema, "Items", pqscope::column<&item_elsewhere::id>().primary_key(),
                   pqscope::column<&item_elsewhere::pay>().check("\"Items\".pay > 10").index(),
                   pqscope::column<&item_elsewhere::item_id>().unique().references<&item::id>());
template <>
inline constexpr auto pqscope::mapping<part> =
    pqscope::table("parts", pqscope::column<&part::id>().primary_key(),
                   pqscope::column<&part::item_id>().references<&item::id>(),
                   pqscope::column<&part::number>().default_value("nextval('\"Items_id_seq\"')"));
template <>
inline constexpr auto pqscope::mapping<unknown> =
    pqscope::table("unknown", pqscope::column<&unknown::id>().primary_key().check("parts.id > 0"));

TEST_CASE("compare_schema takes expressions that name their table") {
  place here;
  pqscope::connection conn{here.db()};
  pqscope::create_all<item, part>(conn);
  CHECK(pqscope::compare_schema<item, part>(conn).empty());
  CHECK(pqscope::compare_schema<part, item>(conn).empty());

  conn.execute("ALTER TABLE \"Items\" DROP CONSTRAINT \"Items_pay_check\"");
  auto const found = pqscope::compare_schema<item, part>(conn);
  REQUIRE(found.size() == 1);
  CHECK(found[0].kind == difference::check);
  CHECK(found[0].message ==
        "table \"Items\": constraint \"Items_pay_check\", CHECK ((pay > 0)), "
        "is not in the database");
  CHECK(here.outside.count("pg_class WHERE relname LIKE 'pqscope_declared%'") == 0);
  support::ensure_usable(conn);
}

TEST_CASE("compare_schema still refuses an expression that names another table") {
  place here;
  pqscope::connection conn{here.db()};
  pqscope::create_all<item, part>(conn);
  conn.execute("CREATE TABLE unknown (id int PRIMARY KEY)");
  auto const found = pqscope::compare_schema<unknown, item>(conn);
  REQUIRE(found.size() == 1);
  CHECK(found[0].kind == difference::refused);
  CHECK(found[0].table == "unknown");
  support::ensure_usable(conn);
}

TEST_CASE("compare_schema tells tables of one name in two schemas apart") {
  place here;
  pqscope::connection conn{here.db()};
  std::string const schema = '"' + std::string{other_schema} + '"';
  here.outside.execute("CREATE SCHEMA " + schema);
  pqscope::create_all<item, item_elsewhere>(conn);
  CHECK(pqscope::compare_schema<item, item_elsewhere>(conn).empty());
  CHECK(pqscope::compare_schema<item_elsewhere, item>(conn).empty());

  conn.execute(pqscope::dynamic_sql{"DROP INDEX " + schema + ".\"Items_pay_idx\""});
  auto const found = pqscope::compare_schema<item, item_elsewhere>(conn);
  REQUIRE(found.size() == 1);
  CHECK(found[0].kind == difference::index);
  CHECK(found[0].table == std::string{other_schema} + ".Items");
  pqscope::drop_all<item, item_elsewhere>(conn);
  here.outside.execute("DROP SCHEMA " + schema);
  support::ensure_usable(conn);
}
