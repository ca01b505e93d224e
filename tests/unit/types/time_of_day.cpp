#include <pqscope/types/time_of_day.hpp>

#include <chrono>
#include <random>
#include <string>

#include <catch2/catch_test_macros.hpp>

#include "chrono_wire.hpp"

using namespace std::chrono_literals;
using pqscope::decode_error;
using pqscope::time_of_day;
using pqscope::to_string;
using pqscope::usage_error;

namespace {

using clock_face = std::chrono::hh_mm_ss<std::chrono::microseconds>;
using minute_face = std::chrono::hh_mm_ss<std::chrono::minutes>;

}  // namespace

TEST_CASE("a time of day travels as microseconds since midnight, as the server writes it") {
  auto const same = [](std::chrono::microseconds since_midnight, char const* hex) {
    CHECK(sent(time_of_day(since_midnight)) == hex);
    CHECK(received<time_of_day>(hex).since_midnight() == since_midnight);
    CHECK(sent(clock_face(since_midnight)) == hex);
    CHECK(received<clock_face>(hex).to_duration() == since_midnight);
  };
  same(0us, "0000000000000000");
  same(24h, "000000141dd76000");
  same(12h + 34min + 56s + 789ms, "0000000a8be62608");
}

TEST_CASE("a time with a time zone is not read as one without") {
  STATIC_CHECK(pqscope::codec<time_of_day>::type == pqscope::oid::time);
  STATIC_CHECK(pqscope::codec<time_of_day>::accepts(pqscope::oid::time));
  STATIC_CHECK_FALSE(pqscope::codec<time_of_day>::accepts(pqscope::oid::timetz));
  STATIC_CHECK_FALSE(pqscope::codec<time_of_day>::accepts(pqscope::oid::interval));
}

TEST_CASE("a time of day lies between midnight and 24:00:00, both allowed") {
  CHECK(time_of_day().since_midnight() == 0us);
  CHECK_NOTHROW(time_of_day(24h));
  CHECK_THROWS_AS(time_of_day(24h + 1us), usage_error);
  CHECK_THROWS_AS(time_of_day(-1us), usage_error);
  CHECK(time_of_day(9h) < time_of_day(9h + 1us));
  CHECK(time_of_day(24h) > time_of_day(24h - 1us));
  STATIC_CHECK(time_of_day(9h + 30min).since_midnight() == 570min);
}

TEST_CASE("a clock face out of range is misuse") {
  CHECK_THROWS_AS(sent(clock_face(-1us)), usage_error);
  CHECK_THROWS_AS(sent(clock_face(24h + 1us)), usage_error);
  CHECK_THROWS_AS(sent(minute_face(std::chrono::minutes::max())), usage_error);
  CHECK(sent(std::chrono::hh_mm_ss<std::chrono::nanoseconds>(1us + 999ns)) == "0000000000000001");
}

TEST_CASE("a time too fine for the clock face is an error") {
  CHECK(received<minute_face>(sent(time_of_day(9h + 30min))).to_duration() == 570min);
  CHECK_THROWS_AS(received<minute_face>(sent(time_of_day(9h + 30s))), decode_error);
  CHECK_THROWS_AS(read<minute_face>("09:30:00.5"), decode_error);
}

TEST_CASE("bytes that are no time of day are an error") {
  CHECK_THROWS_AS(received<time_of_day>(""), decode_error);
  CHECK_THROWS_AS(received<time_of_day>("000000141dd760"), decode_error);
  CHECK_THROWS_AS(received<time_of_day>("000000141dd76001"), decode_error);
  CHECK_THROWS_AS(received<time_of_day>("ffffffffffffffff"), decode_error);
  CHECK_THROWS_AS(received<clock_face>("8000000000000000"), decode_error);
}

TEST_CASE("times print and read as PostgreSQL prints them") {
  auto const same = [](std::chrono::microseconds since_midnight, char const* text) {
    CHECK(to_string(time_of_day(since_midnight)) == text);
    CHECK(read<time_of_day>(text) == time_of_day(since_midnight));
    CHECK(read<clock_face>(text).to_duration() == since_midnight);
  };
  same(0us, "00:00:00");
  same(24h, "24:00:00");
  same(12h + 34min + 56s + 789ms, "12:34:56.789");
  same(1us, "00:00:00.000001");
  same(24h - 1us, "23:59:59.999999");
}

TEST_CASE("text that is no time is an error") {
  for (char const* text : {"", "12", "12:34", "12:34:", "1:02:03", "12:60:00", "12:00:60",
                           "24:00:00.000001", "25:00:00", "-01:00:00", "12:34:56.",
                           "12:34:56.1234567", "12:34:56+00", "12:34:56 PM", "123:00:00"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(read<time_of_day>(text), decode_error);
  }
}

TEST_CASE("random times survive the way there and back") {
  std::mt19937_64 random(86400);
  std::uniform_int_distribution<std::int64_t> any(0, 86'400'000'000);
  for (int i = 0; i < 10'000; ++i) {
    time_of_day const time{std::chrono::microseconds(any(random))};
    REQUIRE(received<time_of_day>(sent(time)) == time);
    REQUIRE(read<time_of_day>(to_string(time)) == time);
  }
}
