// Dates, times and intervals in typed queries: what they compare with, and what calculating gives.

#include <catch2/catch_test_macros.hpp>
#include <pqscope/mapping/create_all.hpp>
#include <pqscope/mapping/queries.hpp>
#include <pqscope/pqscope.hpp>

#include <chrono>
#include <cstdint>
#include <type_traits>

#include "integration/mapping_schema/place.hpp"
#include "support/ensure_usable.hpp"

using namespace std::chrono_literals;
using pqscope::col;
using support::ensure_usable;

namespace {

using std::chrono::microseconds;
using std::chrono::sys_days;

struct visit {
  int id{};
  std::chrono::sys_time<microseconds> since{};
  std::chrono::sys_seconds till{};
  std::chrono::local_time<microseconds> wall{};
  sys_days day{};
  std::chrono::local_days birthday{};
  pqscope::time_of_day at{};
  pqscope::interval pause{};
  std::chrono::minutes notice{};
  pqscope::numeric price{"0"};
  int nights{};
};

constexpr sys_days day_one{std::chrono::year{2026} / 3 / 28};

visit const only{.id = 1,
                 .since = day_one + 9h + 250ms,
                 .till = day_one + 36h,
                 .wall = std::chrono::local_days{std::chrono::year{2026} / 3 / 28} + 8h,
                 .day = day_one,
                 .birthday = std::chrono::local_days{std::chrono::year{2026} / 3 / 1},
                 .at = pqscope::time_of_day{7h},
                 .pause = {.days = 1, .microseconds = 1'000'000},
                 .notice = 90min,
                 .price = pqscope::numeric{"2.50"},
                 .nights = 3};

/// The value of an expression in the only row, which is of exactly the type that is expected.
template <class Expected, class E>
Expected value_of(pqscope::connection& db, E const& expression) {
  auto const value = db.select<visit>().values(expression).one();
  STATIC_CHECK(std::is_same_v<std::remove_cvref_t<decltype(value)>, Expected>);
  return value;
}

}  // namespace

TEST_CASE("a date or a point in time is moved by a length of time, on either side of the plus") {
  support::place here;
  pqscope::connection db{here.db()};
  pqscope::create_all<visit>(db);
  db.insert(only);

  CHECK(value_of<std::chrono::sys_time<microseconds>>(db, col<&visit::since> + 30min) ==
        only.since + 30min);
  CHECK(value_of<std::chrono::sys_time<microseconds>>(db, 1s + col<&visit::since>) ==
        only.since + 1s);
  CHECK(value_of<std::chrono::sys_seconds>(db, col<&visit::till> - 2h) == only.till - 2h);
  CHECK(value_of<std::chrono::sys_time<std::chrono::milliseconds>>(db, col<&visit::till> + 5ms) ==
        only.till + 5ms);
  CHECK(value_of<std::chrono::sys_time<microseconds>>(db, col<&visit::till> + col<&visit::pause>) ==
        only.till + 24h + 1s);
  CHECK(value_of<std::chrono::local_time<microseconds>>(
            db, col<&visit::wall> + pqscope::interval{.months = 1}) ==
        std::chrono::local_days{std::chrono::year{2026} / 4 / 28} + 8h);
  CHECK(value_of<sys_days>(db, col<&visit::day> + 4) == day_one + std::chrono::days{4});
  CHECK(value_of<sys_days>(db, col<&visit::nights> + col<&visit::day>) ==
        day_one + std::chrono::days{3});
  CHECK(value_of<sys_days>(db, col<&visit::day> - col<&visit::nights>) ==
        day_one - std::chrono::days{3});
  CHECK(value_of<std::chrono::local_time<microseconds>>(db, col<&visit::birthday> - 1h) ==
        only.birthday - 1h);
  CHECK(value_of<std::chrono::local_time<microseconds>>(
            db, col<&visit::birthday> + col<&visit::at>) == only.birthday + 7h);
  CHECK(value_of<pqscope::time_of_day>(db, col<&visit::at> + col<&visit::notice>) ==
        pqscope::time_of_day{8h + 30min});
  ensure_usable(db);
}

TEST_CASE("the difference of two dates is a number of days, of two points in time an interval") {
  support::place here;
  pqscope::connection db{here.db()};
  pqscope::create_all<visit>(db);
  db.insert(only);

  CHECK(value_of<std::int32_t>(db, col<&visit::day> - col<&visit::birthday>) == 27);
  CHECK(value_of<std::int32_t>(db, col<&visit::day> - (day_one - std::chrono::days{5})) == 5);
  CHECK(value_of<pqscope::interval>(db, col<&visit::till> - col<&visit::since>) ==
        pqscope::interval{.days = 1, .microseconds = (3h - 250ms) / 1us});
  CHECK(value_of<pqscope::interval>(db, col<&visit::since> - (day_one + 8h)) ==
        pqscope::interval{.microseconds = (1h + 250ms) / 1us});
  CHECK(value_of<pqscope::interval>(db, col<&visit::pause> - col<&visit::notice>) ==
        pqscope::interval{.days = 1, .microseconds = (1s - 90min) / 1us});
  ensure_usable(db);
}

TEST_CASE("an interval is multiplied with a number and divided by one") {
  support::place here;
  pqscope::connection db{here.db()};
  pqscope::create_all<visit>(db);
  db.insert(only);

  CHECK(value_of<pqscope::interval>(db, col<&visit::notice> * 2) ==
        pqscope::interval{.microseconds = 3h / 1us});
  CHECK(value_of<pqscope::interval>(db, 0.5 * col<&visit::notice>) ==
        pqscope::interval{.microseconds = 45min / 1us});
  CHECK(value_of<pqscope::interval>(db, col<&visit::pause> / col<&visit::nights>) ==
        pqscope::interval{.microseconds = (8h + 333'333us) / 1us});
  db.insert(visit{.id = 2, .notice = 91min});
  CHECK(db.select<visit>().values(pqscope::avg(col<&visit::notice>)).one() ==
        pqscope::interval{.microseconds = (90min + 30s) / 1us});
  CHECK(db.select<visit>().values(pqscope::sum(col<&visit::notice>)).one() == 181min);
  CHECK(db.erase<visit>().where(col<&visit::id> == 2).execute() == 1);
  CHECK(value_of<std::chrono::sys_time<microseconds>>(
            db, col<&visit::since> + col<&visit::notice> * col<&visit::nights>) ==
        only.since + 270min);
  ensure_usable(db);
}

TEST_CASE("a numeric calculates and compares with other numbers") {
  support::place here;
  pqscope::connection db{here.db()};
  pqscope::create_all<visit>(db);
  db.insert(only);

  CHECK(value_of<pqscope::numeric>(db, col<&visit::nights> * col<&visit::price>) ==
        pqscope::numeric{"7.50"});
  CHECK(value_of<pqscope::numeric>(db, col<&visit::price> + 1) == pqscope::numeric{"3.50"});
  CHECK(value_of<pqscope::numeric>(db, col<&visit::nights> + pqscope::numeric{"0.25"}) ==
        pqscope::numeric{"3.25"});
  CHECK(value_of<double>(db, col<&visit::price> * 0.5) == 1.25);
  CHECK(db.select<visit>().where(col<&visit::price> < col<&visit::nights>).count() == 1);
  CHECK(db.select<visit>().where(col<&visit::nights> > pqscope::numeric{"2.9"}).count() == 1);
  CHECK(db.select<visit>().where(col<&visit::price> >= 2.6).count() == 0);
  ensure_usable(db);
}

TEST_CASE("points in time and lengths of time compare whatever their unit") {
  support::place here;
  pqscope::connection db{here.db()};
  pqscope::create_all<visit>(db);
  db.insert(only);

  auto const now = std::chrono::sys_time<std::chrono::nanoseconds>{only.since} + 1ns;
  CHECK(db.select<visit>().where(col<&visit::since> <= now).count() == 1);
  CHECK(db.select<visit>().where(col<&visit::since> > std::chrono::system_clock::now()).count() ==
        (only.since > std::chrono::system_clock::now() ? 1 : 0));
  CHECK(db.select<visit>().where(col<&visit::till> == col<&visit::since>).count() == 0);
  CHECK(db.select<visit>().where(col<&visit::notice> > 5400s).count() == 0);
  CHECK(db.select<visit>().where(col<&visit::notice> >= 5400s).count() == 1);
  CHECK(db.select<visit>().where(col<&visit::pause> > col<&visit::notice>).count() == 1);
  CHECK(db.select<visit>().where(col<&visit::till> - col<&visit::since> > 26h).count() == 1);
  CHECK(db.select<visit>().where(col<&visit::since>.between(day_one + 1h, now)).count() == 1);
  CHECK(db.update<visit>()
            .set(col<&visit::till> = col<&visit::till> + 24h)
            .where(col<&visit::id> == 1)
            .execute() == 1);
  CHECK(db.get<visit>(1).value().till == only.till + 24h);
  ensure_usable(db);
}
