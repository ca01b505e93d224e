#include <pqscope/types/date.hpp>

#include <chrono>
#include <random>
#include <string>

#include <catch2/catch_test_macros.hpp>

#include "chrono_wire.hpp"

using namespace std::chrono_literals;
using pqscope::decode_error;
using pqscope::infinite_future;
using pqscope::infinite_past;
using pqscope::to_string;
using pqscope::usage_error;
using std::chrono::days;
using std::chrono::local_days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

namespace {

constexpr year_month_day first_day = std::chrono::year(-4713) / 11 / 24;
constexpr year_month_day last_day_of_1_bc = std::chrono::year(0) / 12 / 31;
constexpr sys_days epoch = 2000y / 1 / 1;
constexpr sys_days last_day = epoch + days(2'145'031'948);

}  // namespace

TEST_CASE("a date travels as days since 2000, as the server writes it") {
  auto const same = [](year_month_day value, char const* hex) {
    CHECK(sent(value) == hex);
    CHECK(sent(sys_days(value)) == hex);
    CHECK(sent(local_days(value)) == hex);
    CHECK(received<year_month_day>(hex) == value);
    CHECK(received<sys_days>(hex) == sys_days(value));
    CHECK(received<local_days>(hex) == local_days(value));
  };
  same(2000y / 1 / 1, "00000000");
  same(1970y / 1 / 1, "ffffd533");
  same(2024y / 2 / 29, "00002279");
  same(first_day, "ffda97a7");
  same(1y / 1 / 1, "fff4dbf9");
  same(last_day_of_1_bc, "fff4dbf8");
}

TEST_CASE("only date columns are read as dates") {
  STATIC_CHECK(pqscope::codec<sys_days>::type == pqscope::oid::date);
  STATIC_CHECK(pqscope::codec<sys_days>::accepts(pqscope::oid::date));
  STATIC_CHECK_FALSE(pqscope::codec<sys_days>::accepts(pqscope::oid::timestamp));
  STATIC_CHECK_FALSE(pqscope::codec<year_month_day>::accepts(pqscope::oid::timestamptz));
}

TEST_CASE("an infinite date is the last or first value of its type") {
  CHECK(sent(infinite_future<sys_days>) == "7fffffff");
  CHECK(sent(infinite_past<sys_days>) == "80000000");
  CHECK(received<sys_days>("7fffffff") == sys_days::max());
  CHECK(received<local_days>("80000000") == local_days::min());
  CHECK(received<year_month_day>("7fffffff") == infinite_future<year_month_day>);
  CHECK(received<year_month_day>("80000000") == infinite_past<year_month_day>);
  CHECK(sent(infinite_future<year_month_day>) == "7fffffff");
  CHECK(sent(infinite_past<year_month_day>) == "80000000");
  CHECK(pqscope::is_infinite(year_month_day(32767y / 12 / 31)));
}

TEST_CASE("the server's dates end in 4713 BC and 5874897 AD") {
  CHECK(sent(last_day) == "7fda970c");
  CHECK(received<sys_days>("7fda970c") == last_day);
  CHECK(to_string(last_day) == "5874897-12-31");
  CHECK_THROWS_AS(sent(last_day + days(1)), usage_error);
  CHECK_THROWS_AS(sent(sys_days(first_day) - days(1)), usage_error);
  CHECK_THROWS_AS(sent(sys_days::max() - days(1)), usage_error);
  CHECK_THROWS_AS(sent(sys_days::min() + days(1)), usage_error);
  CHECK_THROWS_AS(received<sys_days>("7fda970d"), decode_error);
  CHECK_THROWS_AS(received<sys_days>("ffda97a6"), decode_error);
}

TEST_CASE("a year beyond year_month_day is an error, the day that stands for infinity as well") {
  CHECK(received<year_month_day>("00ab7993") == year_month_day(32767y / 12 / 30));
  CHECK_THROWS_AS(received<year_month_day>("00ab7994"), decode_error);
  CHECK_THROWS_AS(received<year_month_day>("00ab7995"), decode_error);
  CHECK_THROWS_AS(received<year_month_day>("7fda970c"), decode_error);
}

TEST_CASE("what is no day of the calendar is misuse") {
  CHECK_THROWS_AS(sent(year_month_day(2023y / 2 / 29)), usage_error);
  CHECK_THROWS_AS(sent(year_month_day(2023y / 0 / 1)), usage_error);
  CHECK_THROWS_AS(sent(year_month_day(2023y / 4 / 31)), usage_error);
  CHECK_NOTHROW(sent(year_month_day(2000y / 2 / 29)));
  CHECK_THROWS_AS(sent(year_month_day(1900y / 2 / 29)), usage_error);
}

TEST_CASE("a date of the wrong length is an error") {
  CHECK_THROWS_AS(received<sys_days>(""), decode_error);
  CHECK_THROWS_AS(received<sys_days>("000000"), decode_error);
  CHECK_THROWS_AS(received<year_month_day>("0000000000000000"), decode_error);
}

TEST_CASE("dates print as PostgreSQL prints them") {
  CHECK(to_string(sys_days(2024y / 2 / 29)) == "2024-02-29");
  CHECK(to_string(year_month_day(1y / 1 / 1)) == "0001-01-01");
  CHECK(to_string(last_day_of_1_bc) == "0001-12-31 BC");
  CHECK(to_string(local_days(first_day)) == "4714-11-24 BC");
  CHECK(to_string(year_month_day(12345y / 6 / 7)) == "12345-06-07");
  CHECK(to_string(sys_days::max()) == "infinity");
  CHECK(to_string(infinite_past<year_month_day>) == "-infinity");
}

TEST_CASE("date text is read") {
  CHECK(read<sys_days>("2024-02-29") == sys_days(2024y / 2 / 29));
  CHECK(read<year_month_day>("0001-12-31 BC") == last_day_of_1_bc);
  CHECK(read<sys_days>("5874897-12-31") == last_day);
  CHECK(read<local_days>("infinity") == local_days::max());
  CHECK(read<sys_days>("-infinity") == sys_days::min());
}

TEST_CASE("text that is no date is an error") {
  for (char const* text :
       {"", "2024", "2024-02", "2024-02-", "2024-02-3", "2024-2-03", "24-02-03", "2023-02-29",
        "2024-04-31", "0000-01-01", "0001-02-29", "2024-02-29 ", "2024-02-29 AD", "2024-02-29BC",
        "2024-02-29 00:00:00", "5874898-01-01", "4714-11-23 BC", "02/29/2024", "+infinity"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(read<sys_days>(text), decode_error);
  }
  CHECK_THROWS_AS(read<year_month_day>("32768-01-01"), decode_error);
}

TEST_CASE("every day of four centuries survives the way there and back") {
  for (sys_days day = 1799y / 1 / 1; day < sys_days(2201y / 1 / 1); day += days(1)) {
    REQUIRE(received<sys_days>(sent(day)) == day);
    REQUIRE(read<year_month_day>(to_string(day)) == year_month_day(day));
  }
}

TEST_CASE("random dates of the server's range survive the way there and back") {
  std::mt19937_64 random(5874897);
  std::uniform_int_distribution<int> any(-2'451'545, 2'145'031'948);
  for (int i = 0; i < 20'000; ++i) {
    sys_days const day = epoch + days(any(random));
    REQUIRE(received<sys_days>(sent(day)) == day);
    REQUIRE(read<sys_days>(to_string(day)) == day);
  }
}
