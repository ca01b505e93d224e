// How much memory the library itself takes on the way of a statement: libpq allocates by malloc,
// which is not counted here.

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstddef>
#include <pqscope/pqscope.hpp>
#include <string>
#include <string_view>

#include "support/allocations.hpp"
#include "support/database.hpp"

namespace {

/// Allocations of one call of `action`, once earlier calls have warmed things up.
template <class Action>
std::size_t allocations_of(Action const& action) {
  for (int i = 0; i < 3; ++i) {
    action();
  }
  std::size_t const before = support::allocated;
  action();
  return support::allocated - before;
}

}  // namespace

TEST_CASE("the counter counts", "[no-valgrind]") {
  CHECK(allocations_of([] { std::string const text(1000, 'x'); }) == 1);
}

TEST_CASE("a statement without parameters allocates nothing", "[no-valgrind]") {
  pqscope::connection conn{support::test_config()};
  CHECK(allocations_of([&] { conn.execute("SELECT 1"); }) == 0);
  CHECK(allocations_of([&] { conn.execute("SELECT generate_series(1, 1000)"); }) == 0);
}

TEST_CASE("a statement with parameters allocates nothing", "[no-valgrind]") {
  pqscope::connection conn{support::test_config()};
  CHECK(allocations_of([&] { conn.execute("SELECT $1::int4, $2::text", 7, "text"); }) == 0);
  std::string const text = "a text";
  CHECK(allocations_of([&] { conn.execute("SELECT $1::text", text); }) == 0);
}

TEST_CASE("reading a dynamic result allocates nothing but the strings asked for", "[no-valgrind]") {
  pqscope::connection conn{support::test_config()};
  CHECK(allocations_of([&] {
          auto const result = conn.execute("SELECT 7 AS a");
          CHECK(result[0][0].as<int>() == 7);
        }) == 0);
}

TEST_CASE("a typed query allocates nothing per row", "[no-valgrind]") {
  pqscope::connection conn{support::test_config()};
  auto const count = [&](int rows) {
    return allocations_of([&] {
      long long sum = 0;
      for (auto const& [a, b] : conn.query<int, std::string_view>(
               "SELECT i, 'text' FROM generate_series(1, $1::int4) i", rows)) {
        sum += a + static_cast<long long>(b.size());
      }
      if (sum == 0) {
        throw std::bad_alloc{};
      }
    });
  };
  CHECK(count(1) == count(1000));
  CHECK(count(1) == 0);
  CHECK(allocations_of([&] { static_cast<void>(conn.query<int>("SELECT 7").one()); }) == 0);
}

TEST_CASE("a transaction of one statement allocates its state and little else", "[no-valgrind]") {
  pqscope::connection conn{support::test_config()};
  CHECK(allocations_of([&] {
          pqscope::transaction tx{conn};
          tx.execute("SELECT 1");
          tx.commit();
        }) <= 2);
}
