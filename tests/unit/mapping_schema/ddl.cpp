#include <pqscope/error/usage_error.hpp>
#include <pqscope/mapping/table.hpp>
#include <pqscope/mapping/to_ddl.hpp>
#include <pqscope/types/numeric.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace {

enum class mood { sad, fine };
struct person {
  std::int64_t id{};
  std::string name;
  std::optional<std::string> email;
  int age{};
  pqscope::numeric balance;
  std::optional<mood> feels;
  std::vector<mood> felt;
  std::vector<std::string> tags;
};
struct membership {
  std::int64_t person_id{};
  std::int64_t team_id{};
  std::optional<std::int64_t> invited_by;
  std::optional<std::string> since;
  int twice{};
};
struct team {
  std::int64_t id{};
  std::optional<std::int64_t> parent;
};
// Two tables that refer to each other, and a name for each that has to be quoted.
struct chicken {
  std::int64_t id{};
  std::optional<std::int64_t> egg_id;
};
struct egg {
  std::int64_t id{};
  std::int64_t chicken_id{};
};
struct plain {
  int id{};
  std::optional<double> value;
};
struct long_names {
  int first{};
  int second{};
};
struct long_column_name {
  int value{};
};
struct same_names {
  int a{};
};
struct overlong_constraint {
  int a{};
};

constexpr char const* long_table = "a_table_whose_name_is_as_long_as_the_name_of_a_table_can_be_at";
constexpr char const* long_column = "a_column_whose_name_is_cut_within_the_letter_nxüx_and_so_on_z";
constexpr char const* too_long =
    "a_check_whose_name_is_longer_than_postgresql_can_keep_the_names_of_";

}  // namespace

template <>
inline constexpr auto pqscope::labels<mood> =
    pqscope::enum_labels<mood>({{mood::sad, "sad"}, {mood::fine, "it's fine"}});
//! [mapping]
template <>
inline constexpr auto pqscope::mapping<person> = pqscope::table(
    "people", pqscope::column<&person::id>().primary_key().identity(),
    pqscope::column<&person::name>().varchar(50).unique(),
    pqscope::column<&person::email>().name("E-mail").index({.columns = "DESC", .unique = true}),
    pqscope::column<&person::age>().check("age >= 0").default_value("18"),
    pqscope::column<&person::balance>().numeric(10, 2), pqscope::column<&person::feels>(),
    pqscope::column<&person::felt>(), pqscope::column<&person::tags>().index({.method = "gin"}),
    pqscope::unique<&person::name, &person::age>(),
    pqscope::unique<&person::age, &person::name>("one_of_each"),
    pqscope::check("grown_up", "age > 17 OR email IS NULL"),
    pqscope::index("lower(name)", {.name = "by_lower_name", .where = "age > 17"}),
    pqscope::index<&person::age, &person::name>({.with = "fillfactor = 70"}));
//! [mapping]
template <>
inline constexpr auto pqscope::mapping<team> =
    pqscope::table("app", "teams", pqscope::column<&team::id>().primary_key(),
                   pqscope::column<&team::parent>().references<&team::id>(
                       pqscope::on_delete::set_null, pqscope::on_update::cascade));
template <>
inline constexpr auto pqscope::mapping<membership> = pqscope::table(
    "membership",
    pqscope::column<&membership::person_id>().references<&person::id>(pqscope::on_delete::cascade),
    pqscope::column<&membership::team_id>().references<&team::id>(),
    pqscope::column<&membership::invited_by>().references<&person::id>(),
    pqscope::column<&membership::since>().type("date").default_value("now()"),
    pqscope::column<&membership::twice>().generated("team_id * 2"),
    pqscope::primary_key<&membership::team_id, &membership::person_id>());
template <>
inline constexpr auto pqscope::mapping<chicken> =
    pqscope::table("Chicken", pqscope::column<&chicken::id>().primary_key(),
                   pqscope::column<&chicken::egg_id>().references<&egg::id>());
template <>
inline constexpr auto pqscope::mapping<egg> =
    pqscope::table("order", pqscope::column<&egg::id>().primary_key(),
                   pqscope::column<&egg::chicken_id>().references<&chicken::id>());
template <>
inline constexpr auto pqscope::mapping<long_names> =
    pqscope::table(long_table, pqscope::column<&long_names::first>().primary_key(),
                   pqscope::column<&long_names::second>().unique());
template <>
inline constexpr auto pqscope::mapping<long_column_name> =
    pqscope::table("t", pqscope::column<&long_column_name::value>().name(long_column).unique());
template <>
inline constexpr auto pqscope::mapping<same_names> = pqscope::table(
    "same", pqscope::column<&same_names::a>().index({}).check("a > 0"),
    pqscope::index<&same_names::a>({.method = "hash"}), pqscope::check("same_a_check", "a < 9"));
template <>
inline constexpr auto pqscope::mapping<overlong_constraint> = pqscope::table(
    "t", pqscope::column<&overlong_constraint::a>(), pqscope::check(too_long, "a > 0"));

TEST_CASE("a table's DDL has its columns, constraints and indexes under PostgreSQL's names") {
  //! [to_ddl]
  CHECK(pqscope::to_ddl<person>() == R"(CREATE TYPE "mood" AS ENUM ('sad', 'it''s fine');
CREATE TABLE "people" (
  "id" bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY,
  "name" character varying(50) NOT NULL,
  "E-mail" text,
  "age" integer NOT NULL DEFAULT (18),
  "balance" numeric(10,2) NOT NULL,
  "feels" "mood",
  "felt" "mood"[] NOT NULL,
  "tags" text[] NOT NULL,
  CONSTRAINT "people_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "people_name_key" UNIQUE ("name"),
  CONSTRAINT "people_age_check" CHECK (age >= 0),
  CONSTRAINT "people_name_age_key" UNIQUE ("name", "age"),
  CONSTRAINT "one_of_each" UNIQUE ("age", "name"),
  CONSTRAINT "grown_up" CHECK (age > 17 OR email IS NULL)
);
CREATE UNIQUE INDEX "people_E-mail_idx" ON "people" ("E-mail" DESC);
CREATE INDEX "people_tags_idx" ON "people" USING gin ("tags");
CREATE INDEX "by_lower_name" ON "people" ((lower(name))) WHERE (age > 17);
CREATE INDEX "people_age_name_idx" ON "people" ("age", "name") WITH (fillfactor = 70);
)");
  //! [to_ddl]
}

TEST_CASE("tables come after those they refer to, whatever their order") {
  CHECK(pqscope::to_ddl<membership, team, person>().find(R"(CREATE TABLE "app"."teams" (
  "id" bigint NOT NULL,
  "parent" bigint,
  CONSTRAINT "teams_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "teams_parent_fkey" FOREIGN KEY ("parent") REFERENCES "app"."teams" ("id") ON UPDATE CASCADE ON DELETE SET NULL
);
CREATE TABLE "membership" (
  "person_id" bigint NOT NULL,
  "team_id" bigint NOT NULL,
  "invited_by" bigint,
  "since" date DEFAULT (now()),
  "twice" integer NOT NULL GENERATED ALWAYS AS (team_id * 2) STORED,
  CONSTRAINT "membership_pkey" PRIMARY KEY ("team_id", "person_id"),
  CONSTRAINT "membership_person_id_fkey" FOREIGN KEY ("person_id") REFERENCES "people" ("id") ON DELETE CASCADE,
  CONSTRAINT "membership_team_id_fkey" FOREIGN KEY ("team_id") REFERENCES "app"."teams" ("id"),
  CONSTRAINT "membership_invited_by_fkey" FOREIGN KEY ("invited_by") REFERENCES "people" ("id")
);
)") != std::string::npos);
}

TEST_CASE("a circle of references is closed by ALTER TABLE in the end") {
  CHECK(pqscope::to_ddl<chicken, egg>() == R"(CREATE TABLE "order" (
  "id" bigint NOT NULL,
  "chicken_id" bigint NOT NULL,
  CONSTRAINT "order_pkey" PRIMARY KEY ("id")
);
CREATE TABLE "Chicken" (
  "id" bigint NOT NULL,
  "egg_id" bigint,
  CONSTRAINT "Chicken_pkey" PRIMARY KEY ("id"),
  CONSTRAINT "Chicken_egg_id_fkey" FOREIGN KEY ("egg_id") REFERENCES "order" ("id")
);
ALTER TABLE "order" ADD CONSTRAINT "order_chicken_id_fkey" FOREIGN KEY ("chicken_id") REFERENCES "Chicken" ("id");
)");
}

TEST_CASE("a struct that is not mapped has a table, and a table given twice is made once") {
  CHECK(pqscope::to_ddl<plain, plain>() == R"(CREATE TABLE "plain" (
  "id" integer NOT NULL,
  "value" double precision,
  CONSTRAINT "plain_pkey" PRIMARY KEY ("id")
);
)");
}

TEST_CASE("a name of more than 63 bytes is cut between characters, with a hash that tells it") {
  std::string const ddl = pqscope::to_ddl<long_names, long_column_name>();
  std::vector<std::string> names;
  for (std::size_t at = 0; (at = ddl.find("CONSTRAINT \"", at)) != std::string::npos;) {
    at += 12;
    names.push_back(ddl.substr(at, ddl.find('"', at) - at));
  }
  CHECK(names ==
        std::vector<std::string>{"a_table_whose_name_is_as_long_as_the_name_of_a_ta_c9bef64c_pkey",
                                 "a_table_whose_name_is_as_long_as_the_name_of_a_tab_1a840201_key",
                                 "t_a_column_whose_name_is_cut_within_the_letter_nx_875d3f5b_key"});
}

TEST_CASE("names that would meet are numbered, as PostgreSQL does") {
  CHECK(pqscope::to_ddl<same_names>() == R"(CREATE TABLE "same" (
  "a" integer NOT NULL,
  CONSTRAINT "same_a_check1" CHECK (a > 0),
  CONSTRAINT "same_a_check" CHECK (a < 9)
);
CREATE INDEX "same_a_idx" ON "same" ("a");
CREATE INDEX "same_a_idx1" ON "same" USING hash ("a");
)");
}

TEST_CASE("a constraint's name of more than 63 bytes is refused") {
  CHECK_THROWS_AS(pqscope::to_ddl<overlong_constraint>(), pqscope::usage_error);
}
