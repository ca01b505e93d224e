#include <pqscope/asio.hpp>
#include <pqscope/error/errors.hpp>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "integration/async/shared_db.hpp"

using support::shared_db;

namespace {

enum class mood { sad, happy };

struct place {
  std::string street;
  std::optional<int> number;

  friend bool operator==(place const&, place const&) = default;
};

struct numbered {
  int id;
  std::optional<int> v;
};

}  // namespace

template <>
inline constexpr auto pqscope::labels<mood> =
    pqscope::enum_labels<mood>({{mood::sad, "sad"}, {mood::happy, "happy"}});

TEST_CASE("types made after connecting are read and written on shared connections") {
  shared_db t{{.connections = 2}};
  t.run_many(10, [&](int n) -> asio::awaitable<void> {
    auto const rows = co_await t.all->query<int>("SELECT $1::int4", n);
    REQUIRE(rows.one() == n);
  });
  t.here.outside.execute("CREATE TYPE " + t.here.schema + ".mood AS ENUM ('sad', 'happy')");
  t.here.outside.execute("CREATE TYPE " + t.here.schema + ".place AS (street text, number int)");
  for (int round = 0; round < 3; ++round) {
    t.run_many(60, [&](int n) -> asio::awaitable<void> {
      if (n % 3 == 0) {
        auto const rows = co_await t.all->query<mood>("SELECT $1::mood", mood::happy);
        REQUIRE(rows.one() == mood::happy);
      } else if (n % 3 == 1) {
        pqscope::composite<place> const home{place{"Street", n}};
        auto const rows =
            co_await t.all->query<pqscope::composite<place>>("SELECT $1::place", home);
        REQUIRE(rows.one().value == home.value);
      } else {
        auto const rows = co_await t.all->query<int>("SELECT $1::int4", n);
        REQUIRE(rows.one() == n);
      }
    });
    t.run_out();
  }
  t.ensure_usable();
}

TEST_CASE("an insert whose row is of an unknown type is carried out once on a shared connection") {
  shared_db t{{.connections = 1}};
  t.here.outside.execute("CREATE TYPE " + t.here.schema + ".mood AS ENUM ('sad', 'happy')");
  t.run_many(20, [&](int n) -> asio::awaitable<void> {
    auto const rows = co_await t.all->query<int, mood>(
        "INSERT INTO t VALUES ($1) RETURNING id, 'happy'::mood", n);
    REQUIRE(rows.one() == std::tuple{n, mood::happy});
  });
  CHECK(t.here.count() == 20);
  t.ensure_usable();
}

TEST_CASE("a type that is made anew is read on shared connections") {
  shared_db t{{.connections = 1}};
  for (int round = 0; round < 3; ++round) {
    t.here.outside.execute("DROP TYPE IF EXISTS " + t.here.schema + ".mood; CREATE TYPE " +
                           t.here.schema + ".mood AS ENUM ('sad', 'happy')");
    t.run_many(20, [&](int n) -> asio::awaitable<void> {
      if (n % 2 == 0) {
        auto const rows = co_await t.all->query<mood>("SELECT $1::mood", mood::sad);
        REQUIRE(rows.one() == mood::sad);
      } else {
        auto const rows = co_await t.all->query<int>("SELECT $1::int4", n);
        REQUIRE(rows.one() == n);
      }
    });
  }
  t.ensure_usable();
}

TEST_CASE("a row that does not fit fails its caller alone, with the connection as it was") {
  shared_db t{{.connections = 1}};
  int failed = 0;
  t.run_many(40, [&](int n) -> asio::awaitable<void> {
    try {
      if (n % 4 == 0) {
        co_await t.all->query<int>("SELECT $1::text", "text");
      } else if (n % 4 == 1) {
        co_await t.all->query<int, int>("SELECT $1::int4", n);
      } else if (n % 4 == 2) {
        auto const rows = co_await t.all->query<int>("SELECT nullif($1::int4, $1)", n);
        static_cast<void>(rows.one());
      } else {
        auto const rows = co_await t.all->query<int>("SELECT $1::int4", n);
        REQUIRE(rows.one() == n);
        co_return;
      }
      FAIL("it fitted");
    } catch (pqscope::unexpected_null const&) {
      REQUIRE(n % 4 == 2);
      ++failed;
    } catch (pqscope::type_mismatch const& failure) {
      REQUIRE(n % 4 <= 1);
      REQUIRE(std::string_view{failure.where().file_name()}.ends_with("shared_types.cpp"));
      ++failed;
    }
  });
  CHECK(failed == 30);
  CHECK(t.seen.connects() == 1);
  t.ensure_usable();
}

TEST_CASE("rows of structs, of optional values, and no rows come through shared connections") {
  shared_db t;
  t.here.outside.execute("INSERT INTO " + t.here.table() +
                         " SELECT n, nullif(n % 3, 0) FROM generate_series(1, 30) n");
  t.run_many(31, [&](int n) -> asio::awaitable<void> {
    auto const rows = co_await t.all->query<numbered>("SELECT v, id FROM t WHERE id = $1", n);
    if (n == 0) {
      REQUIRE(rows.empty());
      REQUIRE_THROWS_AS(rows.one(), pqscope::no_rows);
    } else {
      REQUIRE(rows.one().id == n);
      REQUIRE(rows.one().v == (n % 3 == 0 ? std::nullopt : std::optional{n % 3}));
    }
  });
  t.ensure_usable();
}
