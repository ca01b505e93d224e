#include <pqscope/connection/connection.hpp>
#include <pqscope/error/errors.hpp>
#include <pqscope/mapping/compare_schema.hpp>
#include <pqscope/mapping/create_all.hpp>
#include <pqscope/mapping/drop_all.hpp>
#include <pqscope/mapping/table.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "integration/mapping_schema/place.hpp"
#include "support/ensure_usable.hpp"

using support::place;
using texts = std::vector<std::string>;

namespace {

enum class state { open, closed };
struct account {
  std::int64_t id{};
  std::vector<std::optional<state>> states;
  std::optional<std::int64_t> first_entry;
};
struct entry {
  std::int64_t id{};
  std::int64_t account_id{};
  std::optional<std::int64_t> previous;
  state now{};
};

constexpr char const* elsewhere = "Elsewhere, in pqscope's tests";

}  // namespace

template <>
inline constexpr auto pqscope::labels<state> =
    pqscope::enum_labels<state>({{state::open, "open"}, {state::closed, "closed"}});
template <>
inline constexpr std::string_view pqscope::enum_type<state> = "Account State";
template <>
inline constexpr auto pqscope::mapping<account> =
    pqscope::table("accounts", pqscope::column<&account::id>().primary_key(),
                   pqscope::column<&account::states>().default_value("'{open,NULL}'"),
                   pqscope::column<&account::first_entry>().references<&entry::id>());
template <>
inline constexpr auto pqscope::mapping<entry> =
    pqscope::table(elsewhere, "Entries", pqscope::column<&entry::id>().primary_key(),
                   pqscope::column<&entry::account_id>().index().references<&account::id>(),
                   pqscope::column<&entry::previous>().unique().references<&entry::id>(),
                   pqscope::column<&entry::now>().default_value("'open'").check("now <> 'closed'"));

TEST_CASE("tables of another schema are made, compared and dropped there") {
  place here;
  pqscope::connection conn{here.db()};
  CHECK_THROWS_AS((pqscope::create_all<entry, account>(conn)), pqscope::invalid_schema_name);
  CHECK(here.tables().empty());
  CHECK(here.enums().empty());

  here.outside.execute("CREATE SCHEMA \"" + std::string{elsewhere} + '"');
  pqscope::create_all<entry, account>(conn);
  CHECK(here.tables() == texts{"accounts"});
  CHECK(here.enums() == texts{"Account State"});
  CHECK(here.outside.text("SELECT count(*) FROM pg_tables WHERE schemaname = $1", {elsewhere}) ==
        "1");
  CHECK(pqscope::compare_schema<account, entry>(conn).empty());

  conn.execute("ALTER TABLE accounts DROP CONSTRAINT accounts_first_entry_fkey");
  auto const found = pqscope::compare_schema<account, entry>(conn);
  REQUIRE(found.size() == 1);
  CHECK(found[0].message ==
        "table \"accounts\": constraint \"accounts_first_entry_fkey\", FOREIGN KEY (first_entry) "
        "REFERENCES \"Elsewhere, in pqscope's tests\".\"Entries\"(id), is not in the database");

  pqscope::drop_all<account, entry>(conn);
  CHECK(here.tables().empty());
  CHECK(here.enums().empty());
  here.outside.execute("DROP SCHEMA \"" + std::string{elsewhere} + '"');
  support::ensure_usable(conn);
}
