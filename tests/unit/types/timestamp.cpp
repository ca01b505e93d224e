#include <pqscope/types/timestamp.hpp>

#include <chrono>
#include <cstdint>
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
using std::chrono::sys_days;

namespace {

using instant = std::chrono::sys_time<std::chrono::microseconds>;
using nano = std::chrono::sys_time<std::chrono::nanoseconds>;
using second = std::chrono::sys_seconds;
using hour = std::chrono::sys_time<std::chrono::hours>;
using wall = std::chrono::local_time<std::chrono::microseconds>;

instant at(std::chrono::year_month_day day, std::chrono::microseconds time = 0us) {
  return sys_days(day) + time;
}

constexpr auto ides_of_march = std::chrono::year(-43) / 3 / 15;
constexpr auto first_day = std::chrono::year(-4713) / 11 / 24;

}  // namespace

TEST_CASE("a time point travels as microseconds since 2000, as the server writes it") {
  auto const same = [](instant value, char const* hex) {
    CHECK(sent(value) == hex);
    CHECK(received<instant>(hex) == value);
  };
  same(at(2000y / 1 / 1), "0000000000000000");
  same(at(1970y / 1 / 1), "fffca2fec4c82000");
  same(at(2024y / 2 / 29, 12h + 34min + 56s + 789012us), "0002b58341728614");
  same(at(first_day), "fd0f7cc1411fa000");
  same(at(ides_of_march, 1h + 2min + 3s), "ff1af9dfca4398c0");
  same(at(1999y / 12 / 31, 24h - 1us), "ffffffffffffffff");
}

TEST_CASE("local time is timestamp, system time is timestamptz, and neither is read as the other") {
  using pqscope::codec;
  STATIC_CHECK(codec<instant>::type == pqscope::oid::timestamptz);
  STATIC_CHECK(codec<wall>::type == pqscope::oid::timestamp);
  STATIC_CHECK(codec<instant>::accepts(pqscope::oid::timestamptz));
  STATIC_CHECK_FALSE(codec<instant>::accepts(pqscope::oid::timestamp));
  STATIC_CHECK_FALSE(codec<instant>::accepts(pqscope::oid::date));
  STATIC_CHECK(codec<wall>::accepts(pqscope::oid::timestamp));
  STATIC_CHECK_FALSE(codec<wall>::accepts(pqscope::oid::timestamptz));
  STATIC_CHECK(pqscope::has_codec<std::chrono::system_clock::time_point>);
  STATIC_CHECK_FALSE(pqscope::has_codec<std::chrono::steady_clock::time_point>);
  STATIC_CHECK_FALSE(pqscope::has_codec<std::chrono::sys_time<std::chrono::duration<double>>>);
  CHECK(sent(wall(at(2024y / 2 / 29).time_since_epoch())) == sent(at(2024y / 2 / 29)));
}

TEST_CASE("infinity is the largest value of the type and minus infinity the smallest") {
  CHECK(sent(instant::max()) == "7fffffffffffffff");
  CHECK(sent(instant::min()) == "8000000000000000");
  CHECK(sent(infinite_future<second>) == "7fffffffffffffff");
  CHECK(sent(infinite_past<wall>) == "8000000000000000");
  CHECK(received<instant>("7fffffffffffffff") == infinite_future<instant>);
  CHECK(received<nano>("8000000000000000") == nano::min());
  CHECK(received<wall>("7fffffffffffffff") == wall::max());
  CHECK(pqscope::is_infinite(received<second>("8000000000000000")));
  CHECK_FALSE(pqscope::is_infinite(instant()));
}

TEST_CASE("what is finer than a microsecond is rounded down when sent") {
  nano const late = sys_days(2000y / 1 / 1) + 1us + 999ns;
  CHECK(sent(late) == "0000000000000001");
  nano const early = sys_days(2000y / 1 / 1) - 1ns;
  CHECK(sent(early) == "ffffffffffffffff");
  nano const before_1970 = nano() - 1ns;
  CHECK(sent(before_1970) == sent(instant() - 1us));
}

TEST_CASE("what is finer than the duration is an error when received, not rounded") {
  CHECK(received<second>(sent(at(2024y / 2 / 29, 5s))) == sys_days(2024y / 2 / 29) + 5s);
  CHECK_THROWS_AS(received<second>(sent(at(2024y / 2 / 29, 5s + 1us))), decode_error);
  CHECK_THROWS_AS(received<second>(sent(at(1969y / 2 / 28, 5s - 1us))), decode_error);
  CHECK(received<hour>(sent(at(1969y / 2 / 28, 5h))) == sys_days(1969y / 2 / 28) + 5h);
  CHECK_THROWS_AS(received<hour>(sent(at(1969y / 2 / 28, 90min))), decode_error);
}

TEST_CASE("the server's range ends in 4713 BC and 294276 AD") {
  CHECK_NOTHROW(sent(at(first_day)));
  CHECK_THROWS_AS(sent(at(first_day) - 1us), usage_error);
  second const last =
      sys_days(std::chrono::days(10957)) + std::chrono::seconds(9'223'371'331'200 - 1);
  CHECK(sent(last) == "7fffff5bb3a35dc0");
  CHECK(received<second>("7fffff5bb3a35dc0") == last);
  CHECK(to_string(last) == "294276-12-31 23:59:59+00");
  CHECK_THROWS_AS(sent(last + 1s), usage_error);
  CHECK(received<instant>(sent(instant::max() - 1us)) == instant::max() - 1us);
  CHECK_THROWS_AS(sent(instant::min() + 1us), usage_error);
  CHECK_THROWS_AS(sent(second::max() - 1s), usage_error);
  CHECK_THROWS_AS(received<instant>("7ffffffffffffffe"), decode_error);
  CHECK_THROWS_AS(received<instant>("8000000000000001"), decode_error);
}

TEST_CASE("a value of the server that the type cannot hold is an error and never wraps") {
  CHECK_THROWS_AS(received<instant>("7fffff5bb3b29fff"), decode_error);
  CHECK(received<second>("7fffff5bb3a35dc0") != second());
  CHECK_THROWS_AS(received<nano>(sent(at(2262y / 4 / 12))), decode_error);
  CHECK_NOTHROW(received<nano>(sent(at(2262y / 4 / 11))));
  CHECK_THROWS_AS(received<nano>(sent(at(1677y / 9 / 20))), decode_error);
  using short_second = std::chrono::sys_time<std::chrono::duration<std::int32_t>>;
  CHECK(received<short_second>(sent(at(2038y / 1 / 19))) == sys_days(2038y / 1 / 19));
  CHECK_THROWS_AS(received<short_second>(sent(at(2038y / 1 / 20))), decode_error);
}

TEST_CASE("a finite value that equals the type's infinity is refused") {
  using short_second = std::chrono::sys_time<std::chrono::duration<std::int32_t>>;
  instant const end_of_32_bits = at(2038y / 1 / 19, 3h + 14min + 7s);
  CHECK(received<short_second>(sent(end_of_32_bits - 1s)) == short_second::max() - 1s);
  CHECK_THROWS_AS(received<short_second>(sent(end_of_32_bits)), decode_error);
}

TEST_CASE("a timestamp of the wrong length is an error") {
  CHECK_THROWS_AS(received<instant>(""), decode_error);
  CHECK_THROWS_AS(received<instant>("00000000000000"), decode_error);
  CHECK_THROWS_AS(received<wall>("000000000000000000"), decode_error);
}

TEST_CASE("time points print as PostgreSQL prints them") {
  CHECK(to_string(at(2024y / 2 / 29, 12h + 34min + 56s + 789012us)) ==
        "2024-02-29 12:34:56.789012+00");
  CHECK(to_string(at(2024y / 2 / 29, 500ms)) == "2024-02-29 00:00:00.5+00");
  CHECK(to_string(at(ides_of_march)) == "0044-03-15 00:00:00+00 BC");
  CHECK(to_string(at(1y / 1 / 1) - 1us) == "0001-12-31 23:59:59.999999+00 BC");
  CHECK(to_string(at(12345y / 1 / 1)) == "12345-01-01 00:00:00+00");
  CHECK(to_string(infinite_future<nano>) == "infinity");
  CHECK(to_string(infinite_past<nano>) == "-infinity");
  CHECK(to_string(nano() - 1ns) == "1969-12-31 23:59:59.999999+00");
  CHECK(to_string(wall(1500ms)) == "1970-01-01 00:00:01.5");
  CHECK(to_string(wall::max()) == "infinity");
  CHECK(to_string(second::max() - 1s).ends_with("+00"));
  // the midnight before them is out of range
  CHECK(to_string(nano::min() + 1ns) == "1677-09-21 00:12:43.145224+00");
  CHECK(to_string(wall::min() + 1us) == "290309-12-21 19:59:05.224193 BC");
}

TEST_CASE("text with a time zone is read as the instant it names") {
  CHECK(read<instant>("2024-02-29 12:34:56.789012+00") ==
        at(2024y / 2 / 29, 12h + 34min + 56s + 789012us));
  CHECK(read<instant>("2024-07-01 00:00:00+02") == at(2024y / 6 / 30, 22h));
  CHECK(read<instant>("2024-07-01 00:00:00.25+05:30") == at(2024y / 6 / 30, 18h + 30min + 250ms));
  CHECK(read<instant>("2024-07-01 00:00:00-02:30") == at(2024y / 7 / 1, 2h + 30min));
  CHECK(read<instant>("1890-01-01 00:00:00+00:19:32") == at(1889y / 12 / 31, 24h - 19min - 32s));
  CHECK(read<instant>("0044-03-15 00:00:00+00:19:32 BC") == at(ides_of_march, -19min - 32s));
  CHECK(read<instant>("12345-06-07 08:09:10+00") == at(12345y / 6 / 7, 8h + 9min + 10s));
  CHECK(read<instant>("infinity") == infinite_future<instant>);
  CHECK(read<second>("-infinity") == infinite_past<second>);
  CHECK(read<second>("294276-12-31 23:59:59+00") - sys_days(2000y / 1 / 1) == 9'223'371'331'199s);
}

TEST_CASE("both sides of a change to winter time are told apart") {
  CHECK(read<instant>("2024-10-27 02:30:00+02") == at(2024y / 10 / 27, 30min));
  CHECK(read<instant>("2024-10-27 02:30:00+01") == at(2024y / 10 / 27, 90min));
}

TEST_CASE("text without a time zone is local time") {
  CHECK(read<wall>("1970-01-01 00:00:01.5") == wall(1500ms));
  CHECK(read<wall>("4714-11-24 00:00:00 BC") == wall(at(first_day).time_since_epoch()));
  CHECK_THROWS_AS(read<wall>("1970-01-01 00:00:01.5+00"), decode_error);
  CHECK_THROWS_AS(read<instant>("1970-01-01 00:00:01.5"), decode_error);
}

TEST_CASE("text that is no timestamp is an error") {
  for (char const* text : {"",
                           " ",
                           "now",
                           "Infinity",
                           "2024-02-30 00:00:00+00",
                           "2023-02-29 00:00:00+00",
                           "2024-00-01 00:00:00+00",
                           "2024-13-01 00:00:00+00",
                           "2024-01-00 00:00:00+00",
                           "2024-01-01 24:00:00+00",
                           "2024-01-01 00:60:00+00",
                           "2024-01-01 00:00:60+00",
                           "2024-01-01 00:00:00+",
                           "2024-01-01 00:00:00+0",
                           "2024-01-01 00:00:00+00:",
                           "2024-01-01 00:00:00+00:60",
                           "2024-01-01 00:00:00+00:00:60",
                           "2024-01-01 00:00:00.+00",
                           "2024-01-01 00:00:00.1234567+00",
                           "2024-01-01T00:00:00+00",
                           "2024-01-01 00:00:00+00 AD",
                           "2024-01-01 00:00:00+00 BC ",
                           " 2024-01-01 00:00:00+00",
                           "2024-01-01 00:00:00Z",
                           "0000-01-01 00:00:00+00",
                           "-2024-01-01 00:00:00+00",
                           "999-01-01 00:00:00+00",
                           "294277-01-01 00:00:00+00",
                           "4714-11-23 00:00:00+00 BC",
                           "9999999-01-01 00:00:00+00",
                           "99999999999999999999-01-01 00:00:00+00",
                           "Mon Jan 01 00:00:00 2024 UTC"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(read<instant>(text), decode_error);
  }
}

TEST_CASE("random instants survive the way there and back, in binary and in text") {
  std::mt19937_64 random(20240229);
  std::uniform_int_distribution<std::int64_t> any(-211'813'488'000'000'000 + 946'684'800'000'000,
                                                  9'223'372'036'854'775'806);
  for (int i = 0; i < 20'000; ++i) {
    instant const value{std::chrono::microseconds(any(random) >> (i % 40))};
    REQUIRE(received<instant>(sent(value)) == value);
    REQUIRE(read<instant>(to_string(value)) == value);
    wall const local(value.time_since_epoch());
    REQUIRE(read<wall>(to_string(local)) == local);
  }
}
