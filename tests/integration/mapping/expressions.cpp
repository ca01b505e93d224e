// Of which types the values of expressions are, and which operators they have.

#include <catch2/catch_test_macros.hpp>
#include <pqscope/mapping/create_all.hpp>
#include <pqscope/mapping/queries.hpp>
#include <pqscope/pqscope.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "integration/mapping_schema/place.hpp"
#include "support/ensure_usable.hpp"

using pqscope::col;
using pqscope::count;
using support::ensure_usable;

namespace {

struct worker {
  int id{};
  std::string name;
};
struct task {
  int id{};
  int worker_id{};
  std::string title;
  std::vector<std::string> tags;
  pqscope::jsonb details;
  float hours{};
  std::int16_t priority{};
  std::optional<int> steps;
  std::int64_t bytes{};
  std::string due;
  int exact{};
};

/// Two workers, the second without a task.
void fill(pqscope::connection& db) {
  pqscope::create_all<worker, task>(db);
  db.insert(worker{.id = 1, .name = "Ada"});
  db.insert(worker{.id = 2, .name = "Bob"});
  db.insert(task{.id = 7,
                 .worker_id = 1,
                 .title = "Paint",
                 .tags = {"a", "b"},
                 .details = pqscope::jsonb{R"({"k": "v"})"},
                 .hours = 1.5F,
                 .priority = 3,
                 .steps = {},
                 .bytes = 40,
                 .due = "2026-01-02 00:00:00+00",
                 .exact = 12});
}

/// Whether a value is the expected one, and of that very type.
template <class T, class V>
bool same(V const& value, T expected) {
  return std::is_same_v<T, V> && static_cast<double>(value) == static_cast<double>(expected);
}

}  // namespace

template <>
inline constexpr auto pqscope::mapping<worker> = pqscope::table(
    "workers", pqscope::column<&worker::id>().primary_key(), pqscope::column<&worker::name>());
template <>
inline constexpr auto pqscope::mapping<task> = pqscope::table(
    "tasks", pqscope::column<&task::id>().primary_key(),
    pqscope::column<&task::worker_id>().references<&worker::id>(), pqscope::column<&task::title>(),
    pqscope::column<&task::tags>(), pqscope::column<&task::details>(),
    pqscope::column<&task::hours>(), pqscope::column<&task::priority>(),
    pqscope::column<&task::steps>(), pqscope::column<&task::bytes>(),
    pqscope::column<&task::due>().type("timestamptz"),
    pqscope::column<&task::exact>().type("numeric"));

TEST_CASE("an expression over a column behind left_join is optional where the column is NULL") {
  support::place here;
  pqscope::connection db{here.db()};
  fill(db);
  auto const bob = db.select<worker>().left_join<&task::worker_id>().where(col<&worker::id> == 2);
  REQUIRE(bob.values(lower(col<&task::title>)).one() == std::nullopt);
  REQUIRE(bob.values(col<&worker::id> - col<&task::id>).one() == std::nullopt);
  REQUIRE(bob.values(2 * (col<&task::id> + 1)).one() == std::nullopt);
  REQUIRE(bob.values(cardinality(col<&task::tags>)).one() == std::nullopt);
  REQUIRE(bob.values(col<&task::title> == "x").one() == std::nullopt);
  REQUIRE(bob.values(!(col<&task::title> == "x")).one() == std::nullopt);
  REQUIRE(bob.values(col<&task::tags>.has("x")).one() == std::nullopt);
  REQUIRE(bob.values(col<&task::details>.get_text("k")).one() == std::nullopt);
  REQUIRE(bob.values(coalesce(col<&task::title>, lower(col<&task::title>))).one() == std::nullopt);

  REQUIRE(bob.values(coalesce(col<&task::title>, "none")).one() == "none");
  REQUIRE(bob.values(col<&task::title>.is_null()).one());
  REQUIRE(bob.values(col<&task::title>.is_distinct_from("x")).one());
  REQUIRE(bob.values(count(col<&task::title>)).one() == 0);
  REQUIRE(bob.values(lower(col<&worker::name>)).one() == "bob");
  auto const ada = db.select<task>().join<&task::worker_id>().values(lower(col<&task::title>));
  static_assert(std::is_same_v<decltype(ada)::row, std::string>);
  REQUIRE(ada.one() == "paint");
  ensure_usable(db);
}

TEST_CASE("functions, calculations and aggregates have the operators of columns") {
  support::place here;
  pqscope::connection db{here.db()};
  fill(db);
  auto const tasks = [&](auto const& condition) { return db.count<task>(condition); };
  REQUIRE(tasks(lower(col<&task::title>).like("p%")) == 1);
  REQUIRE(tasks(upper(col<&task::title>).in({"PAINT", "X"})) == 1);
  REQUIRE(tasks(lower(col<&task::title>).not_in({"paint"})) == 0);
  REQUIRE(tasks((col<&task::id> + 1).between(8, 9)) == 1);
  REQUIRE(tasks((col<&task::id> - col<&task::steps>).is_null()) == 1);
  REQUIRE(tasks((col<&task::steps> == 1).is_null()) == 1);
  REQUIRE(tasks((col<&task::id> == 7).is_not_distinct_from(true)) == 1);
  REQUIRE(tasks((col<&task::id> * 2).is_distinct_from(std::optional<int>{14})) == 0);
  REQUIRE(tasks(cardinality(col<&task::tags>).in({2})) == 1);
  REQUIRE(tasks(coalesce(col<&task::details>, pqscope::jsonb{"{}"}).has_key("k")) == 1);
  auto const titles = db.select<task>()
                          .group_by(col<&task::worker_id>)
                          .having(count().between(1, 2) && max(col<&task::title>).is_not_null() &&
                                  sum(col<&task::id>).in({7}))
                          .order_by(desc(max(col<&task::title>)));
  REQUIRE(titles.values(min(col<&task::title>)).all().size() == 1);
  REQUIRE(db.select<task>().values(max(col<&task::tags>).has("b")).one() == true);
  ensure_usable(db);
}

TEST_CASE("a calculation has the type that the server gives it") {
  support::place here;
  pqscope::connection db{here.db()};
  fill(db);
  auto const value = [&](auto const& calculation) {
    return db.select<task>().values(calculation).one();
  };
  auto const hours = col<&task::hours>;
  auto const id = col<&task::id>;
  auto const priority = col<&task::priority>;
  std::int16_t const small = 2;
  REQUIRE(same<float>(value(hours * 2.0F), 3));
  REQUIRE(same<float>(value(hours + hours), 3));
  REQUIRE(same<double>(value(hours * 2), 3));
  REQUIRE(same<double>(value(2 * hours), 3));
  REQUIRE(same<double>(value(hours * 2.0), 3));
  REQUIRE(same<double>(value(id * hours), 10.5));
  REQUIRE(same<double>(value(priority * 1.5F), 4.5));
  REQUIRE(same<double>(value(hours * 2 + hours), 4.5));
  REQUIRE(same<double>(value(col<&task::bytes> / hours * 3), 80));
  REQUIRE(same<std::int16_t>(value(priority * small), 6));
  REQUIRE(same<int>(value(priority * 2), 6));
  REQUIRE(same<int>(value(id - 9), -2));
  REQUIRE(same<std::int64_t>(value(id - 9U), -2));
  REQUIRE(same<std::int64_t>(value(col<&task::bytes> - id), 33));
  ensure_usable(db);
}

TEST_CASE("coalesce has the larger type of two numbers") {
  support::place here;
  pqscope::connection db{here.db()};
  fill(db);
  auto const value = [&](auto const& calculation) {
    return db.select<task>().values(calculation).one();
  };
  auto const steps = col<&task::steps>;
  REQUIRE(same<int>(value(coalesce(steps, 1)), 1));
  REQUIRE(same<std::int64_t>(value(coalesce(steps, std::int64_t{1} << 40)), std::int64_t{1} << 40));
  REQUIRE(same<std::int64_t>(value(coalesce(steps, col<&task::bytes>)), 40));
  REQUIRE(same<std::int64_t>(value(coalesce(steps - 1, 3U)), 3));
  REQUIRE(same<float>(value(coalesce(steps, col<&task::hours>)), 1.5));
  REQUIRE(same<float>(value(coalesce(col<&task::hours>, 2)), 1.5));
  REQUIRE(same<double>(value(coalesce(steps, 2.5)), 2.5));
  REQUIRE(same<int>(value(coalesce(col<&task::priority>, 100000)), 3));
  ensure_usable(db);
}

TEST_CASE("what is made of a column that is read as another type is read so, too") {
  support::place here;
  pqscope::connection db{here.db()};
  fill(db);
  auto const tasks = db.select<task>();
  std::string const due = tasks.values(col<&task::due>).one();
  REQUIRE(due.starts_with("2026-01-0"));
  REQUIRE(tasks.values(max(col<&task::due>)).one() == due);
  REQUIRE(tasks.values(coalesce(min(col<&task::due>), max(col<&task::due>))).one() == due);
  REQUIRE(tasks.values(coalesce(col<&task::due>, "2020-01-01")).one() == due);
  REQUIRE(tasks.values(col<&task::exact>).one() == 12);
  REQUIRE(tasks.values(col<&task::exact> * 2 + 1).one() == 25);
  REQUIRE(tasks.values(sum(col<&task::exact>)).one() == 12);
  REQUIRE(tasks.values(count(col<&task::due>)).one() == 1);
  REQUIRE(tasks.values(col<&task::due> == due).one());
  ensure_usable(db);
}
