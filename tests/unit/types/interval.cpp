#include <pqscope/types/interval.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <random>
#include <string>

#include <catch2/catch_test_macros.hpp>

#include "chrono_wire.hpp"

using namespace std::chrono_literals;
using pqscope::decode_error;
using pqscope::interval;
using pqscope::to_string;
using pqscope::usage_error;
using std::chrono::microseconds;

namespace {

constexpr std::int32_t most = std::numeric_limits<std::int32_t>::max();
constexpr std::int32_t least = std::numeric_limits<std::int32_t>::min();
constexpr std::int64_t longest = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t shortest = std::numeric_limits<std::int64_t>::min();

constexpr std::int64_t us(microseconds duration) {
  return duration.count();
}

}  // namespace

TEST_CASE("an interval travels and prints as the server writes it, each part with its own sign") {
  auto const same = [](interval value, char const* hex, char const* text) {
    CHECK(sent(value) == hex);
    CHECK(received<interval>(hex) == value);
    CHECK(to_string(value) == text);
    CHECK(read<interval>(text) == value);
  };
  same({14, -3, us(4h + 5min + 6s + 700ms)}, "000000036c966ee0fffffffd0000000e",
       "1 year 2 mons -3 days +04:05:06.7");
  same({1, -1, 0}, "0000000000000000ffffffff00000001", "1 mon -1 days");
  same({}, "00000000000000000000000000000000", "00:00:00");
  same({-14, 3, us(-(4h + 5min + 6s + 789ms))}, "fffffffc9368357800000003fffffff2",
       "-1 years -2 mons +3 days -04:05:06.789");
  same({0, 0, us(-500ms)}, "fffffffffff85ee00000000000000000", "-00:00:00.5");
  same({14, 0, 0}, "0000000000000000000000000000000e", "1 year 2 mons");
  same({-1, 0, 0}, "000000000000000000000000ffffffff", "-1 mons");
  same({0, 1, us(-1s)}, "fffffffffff0bdc00000000100000000", "1 day -00:00:01");
  same({0, -1, us(1s)}, "00000000000f4240ffffffff00000000", "-1 days +00:00:01");
  same({-1, 1, 0}, "000000000000000000000001ffffffff", "-1 mons +1 day");
  same({2'136'000'000, 0, 0}, "0000000000000000000000007f50c600", "178000000 years");
  same({0, 0, us(2562047788h + 54s)}, "7ffffffffff429800000000000000000", "2562047788:00:54");
}

TEST_CASE("the largest and smallest parts survive in binary and in text") {
  for (interval const& value :
       {interval{most, least, longest}, interval{least, most, shortest},
        interval{least, least, longest}, interval{0, 0, shortest}, interval{0, 0, longest}}) {
    CHECK(received<interval>(sent(value)) == value);
    CHECK(read<interval>(to_string(value)) == value);
  }
  CHECK(to_string(interval{0, 0, shortest}) == "-2562047788:00:54.775808");
}

TEST_CASE("intervals compare part by part") {
  STATIC_CHECK(interval{.months = 1} == interval{1, 0, 0});
  STATIC_CHECK(interval{.months = 1} != interval{.days = 30});
  STATIC_CHECK(interval{.days = 1} != interval{.microseconds = 86'400'000'000});
}

TEST_CASE("an infinite interval has all parts at their end") {
  CHECK(read<interval>("infinity") == pqscope::infinite_future<interval>);
  CHECK(read<interval>("-infinity") == pqscope::infinite_past<interval>);
  CHECK(to_string(pqscope::infinite_future<interval>) == "infinity");
  CHECK(to_string(interval{least, least, shortest}) == "-infinity");
  CHECK(sent(pqscope::infinite_future<interval>) == "7fffffffffffffff7fffffff7fffffff");
  CHECK(received<interval>("80000000000000008000000080000000") == pqscope::infinite_past<interval>);
}

TEST_CASE("intervals of the style iso_8601 are read") {
  CHECK(read<interval>("P1Y2M-3DT4H5M6.7S") == interval{14, -3, us(4h + 5min + 6s + 700ms)});
  CHECK(read<interval>("P1Y2M3DT4H5M6.7S") == interval{14, 3, us(4h + 5min + 6s + 700ms)});
  CHECK(read<interval>("P1M-1D") == interval{1, -1, 0});
  CHECK(read<interval>("PT0S") == interval{});
  CHECK(read<interval>("P-1Y-2M3DT-4H-5M-6.789S") ==
        interval{-14, 3, us(-(4h + 5min + 6s + 789ms))});
  CHECK(read<interval>("PT-0.5S") == interval{0, 0, us(-500ms)});
  CHECK(read<interval>("PT-2562047788H-54.775808S") == interval{0, 0, shortest});
}

TEST_CASE("intervals of the style sql_standard are read") {
  CHECK(read<interval>("0") == interval{});
  CHECK(read<interval>("1-2") == interval{.months = 14});
  CHECK(read<interval>("-1-2") == interval{.months = -14});
  CHECK(read<interval>("3 4:05:06.7") == interval{0, 3, us(4h + 5min + 6s + 700ms)});
  CHECK(read<interval>("-3 1:00:00") == interval{0, -3, us(-1h)});
  CHECK(read<interval>("3 0:00:00") == interval{.days = 3});
  CHECK(read<interval>("-0:00:00.5") == interval{0, 0, us(-500ms)});
  CHECK(read<interval>("+1-2 -3 +4:05:06") == interval{14, -3, us(4h + 5min + 6s)});
  CHECK(read<interval>("-1-2 +3 -4:05:06") == interval{-14, 3, us(-(4h + 5min + 6s))});
  CHECK(read<interval>("+178956970-7 -2147483648 +0:00:00") == interval{most, least, 0});
}

TEST_CASE("intervals of the style postgres_verbose are read") {
  CHECK(read<interval>("@ 0") == interval{});
  CHECK(read<interval>("@ 0.5 secs ago") == interval{0, 0, us(-500ms)});
  CHECK(read<interval>("@ 1 year 2 mons") == interval{.months = 14});
  CHECK(read<interval>("@ 1 year 2 mons ago") == interval{.months = -14});
  CHECK(read<interval>("@ 1 mon -1 days 4 hours 0.5 secs ago") ==
        interval{-1, 1, us(-(4h + 500ms))});
  CHECK(read<interval>("@ 1 day 1 hour 1 min 1 sec") == interval{0, 1, us(1h + 1min + 1s)});
  CHECK(read<interval>("@ 1 mon -0.5 secs") == interval{1, 0, us(-500ms)});
  CHECK(read<interval>("@ 178956970 years 8 mons 2147483648 days 54.775808 secs ago") ==
        interval{least, least, -54'775'808});
}

TEST_CASE("text that is no interval is an error") {
  for (char const* text : {"",
                           " ",
                           "1",
                           "1 ",
                           "1 year ",
                           "1 hour",
                           "years",
                           "1 year 1 year",
                           "1 day 1 mon",
                           "1 days1",
                           "1 year 2",
                           "00:00",
                           "00:00:00 ",
                           "00:00:00 1 day",
                           "1 day 00:60:00",
                           "00:00:00.1234567",
                           "--1 days",
                           "1 dayss",
                           "2147483648 days",
                           "178956971 years",
                           "178956970 years 8 mons",
                           "2562047788:00:54.775808",
                           "9999999999:00:00",
                           "99999999999 days",
                           "P",
                           "PT",
                           "P1Y2",
                           "P1",
                           "P1D1Y",
                           "P1H",
                           "PT1D",
                           "PT1S1M",
                           "P1Y1Y",
                           "PT1.5H",
                           "P1.5D",
                           "P--1D",
                           "PT1S ",
                           "P1DT",
                           "P2147483648D",
                           "P9999999999Y",
                           "PT2562047788H54.775808S",
                           "+infinity",
                           "1-",
                           "1-12",
                           "0:00",
                           "0:60:00",
                           "3 ",
                           "4:05:06 1-2",
                           "1-2 1-2",
                           "1-2 3",
                           "3 0",
                           "-",
                           "+-1-2",
                           "1-2 ",
                           "@",
                           "@ ",
                           "@ ago",
                           "@ 0 ago",
                           "@ 1",
                           "@ 1 year 2",
                           "@ 1 year  2 mons",
                           "@ 1 mon 1 year",
                           "@ 1.5 years",
                           "@ 1 sec 1 sec",
                           "@ 1 sec ago ago",
                           "@ --1 sec",
                           "@ 1 century",
                           "@ 2147483648 days"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(read<interval>(text), decode_error);
  }
}

TEST_CASE("an interval of the wrong length is an error") {
  CHECK_THROWS_AS(received<interval>(""), decode_error);
  CHECK_THROWS_AS(received<interval>("0000000000000000000000000000"), decode_error);
  CHECK_THROWS_AS(received<interval>("0000000000000000000000000000000000"), decode_error);
  CHECK_THROWS_AS(received<microseconds>("0000000000000000"), decode_error);
}

TEST_CASE("a duration is an interval without months and days") {
  CHECK(sent(std::chrono::hours(-3)) == sent(interval{0, 0, us(-3h)}));
  CHECK(sent(std::chrono::milliseconds(1500)) == sent(interval{0, 0, us(1500ms)}));
  CHECK(received<std::chrono::hours>(sent(interval{0, 0, us(48h)})) == 48h);
  CHECK(received<microseconds>(sent(interval{0, 0, shortest})) == microseconds::min());
  CHECK(received<std::chrono::nanoseconds>(sent(interval{0, 0, 1})) == 1us);
  CHECK(read<std::chrono::seconds>("-00:00:05") == -5s);
  CHECK(read<std::chrono::minutes>("PT90M") == 90min);
}

TEST_CASE("months and days have no fixed length and are not read as a duration") {
  CHECK_THROWS_AS(received<microseconds>(sent(interval{.months = 1})), decode_error);
  CHECK_THROWS_AS(received<microseconds>(sent(interval{.days = 1})), decode_error);
  CHECK_THROWS_AS(read<std::chrono::hours>("1 day"), decode_error);
  try {
    received<microseconds>(sent(interval{.days = 1}));
    FAIL();
  } catch (decode_error const& e) {
    CHECK(std::string(e.what()).find("months or days") != std::string::npos);
  }
  STATIC_CHECK(pqscope::has_codec<std::chrono::hours>);
  STATIC_CHECK_FALSE(pqscope::has_codec<std::chrono::days>);
  STATIC_CHECK_FALSE(pqscope::has_codec<std::chrono::months>);
  STATIC_CHECK_FALSE(pqscope::has_codec<std::chrono::duration<double>>);
}

TEST_CASE("a duration is rounded down when sent and exact when received") {
  CHECK(sent(std::chrono::nanoseconds(1999)) == sent(interval{0, 0, 1}));
  CHECK(sent(std::chrono::nanoseconds(-1)) == sent(interval{0, 0, -1}));
  CHECK_THROWS_AS(received<std::chrono::seconds>(sent(interval{0, 0, us(1500ms)})), decode_error);
  CHECK_THROWS_AS(received<std::chrono::hours>(sent(interval{0, 0, us(-30min)})), decode_error);
}

TEST_CASE("a duration out of range is misuse when sent and an error when received") {
  CHECK_THROWS_AS(sent(std::chrono::hours(std::int64_t{3'000'000'000})), usage_error);
  CHECK_THROWS_AS(sent(std::chrono::seconds::min()), usage_error);
  CHECK_THROWS_AS(received<std::chrono::nanoseconds>(sent(interval{0, 0, longest})), decode_error);
  using short_milliseconds = std::chrono::duration<std::int16_t, std::milli>;
  CHECK(received<short_milliseconds>(sent(interval{0, 0, us(32767ms)})) == 32767ms);
  CHECK_THROWS_AS(received<short_milliseconds>(sent(interval{0, 0, us(32768ms)})), decode_error);
}

TEST_CASE("random intervals survive the way there and back, in binary and in text") {
  std::mt19937_64 random(17);
  for (int i = 0; i < 20'000; ++i) {
    interval const value{static_cast<std::int32_t>(random()) >> (random() % 32),
                         static_cast<std::int32_t>(random()) >> (random() % 32),
                         static_cast<std::int64_t>(random()) >> (random() % 64)};
    REQUIRE(received<interval>(sent(value)) == value);
    REQUIRE(read<interval>(to_string(value)) == value);
  }
}
