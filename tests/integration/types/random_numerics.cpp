#include "round_trip.hpp"

#include <random>

using namespace round_trips;
using pqscope::bit_string;
using pqscope::numeric;

namespace {

/// A number from a fixed seed, so that a failure can be had again.
int roll(int from, int to) {
  static std::mt19937 engine(20240301);
  return std::uniform_int_distribution<int>(from, to)(engine);
}

std::string random_digits(int count) {
  std::string digits;
  for (; count > 0; --count) {
    digits += static_cast<char>('0' + (roll(0, 1) == 0 ? roll(0, 9) : 0));
  }
  return digits;
}

std::string random_number() {
  std::string text = roll(0, 1) == 0 ? "-" : "";
  text += random_digits(roll(1, 40));
  if (roll(0, 2) > 0) {
    text += '.' + random_digits(roll(1, 40));
  }
  if (roll(0, 3) == 0) {
    text += 'e' + std::to_string(roll(-60, 60));
  }
  return text;
}

}  // namespace

TEST_CASE("random numerics are the same numbers on both sides, scale and all") {
  pqscope::connection db{support::test_config()};
  for (int round = 0; round < 20; ++round) {
    std::vector<std::string> texts;
    std::vector<numeric> values;
    for (int i = 0; i < 50; ++i) {
      texts.push_back(random_number());
      values.emplace_back(texts.back());
    }
    auto const theirs =
        db.query<std::vector<std::string>>("SELECT $1::text[]::numeric[]::text[]", texts).one();
    auto const sent = db.query<std::vector<std::string>>("SELECT $1::text[]", values).one();
    auto const read = db.query<std::vector<numeric>>("SELECT $1::text[]::numeric[]", texts).one();
    REQUIRE(theirs.size() == values.size());
    REQUIRE(sent.size() == values.size());
    REQUIRE(read.size() == values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      INFO(texts[i]);
      CHECK(values[i].to_string() == theirs[i]);
      CHECK(sent[i] == theirs[i]);
      CHECK(read[i].to_string() == theirs[i]);
      CHECK(read[i] == values[i]);
    }
    auto const sorted =
        db.query<numeric>("SELECT n FROM unnest($1::numeric[]) AS n ORDER BY n", values).all();
    for (std::size_t i = 1; i < sorted.size(); ++i) {
      CHECK(sorted[i - 1] <= sorted[i]);
    }
  }
  support::ensure_usable(db);
}

TEST_CASE("random bit strings are the same bits on both sides") {
  pqscope::connection db{support::test_config()};
  for (int round = 0; round < 100; ++round) {
    bit_string value(static_cast<std::size_t>(roll(0, 200)));
    for (std::size_t i = 0; i < value.size(); ++i) {
      value.set(i, roll(0, 1) == 1);
    }
    reads_as(db, "SELECT $1", value, value);
    CHECK(db.query<std::string>("SELECT $1::text", value).one() == value.to_string());
    CHECK(db.query<int>("SELECT length($1)", value).one() == static_cast<int>(value.size()));
  }
  support::ensure_usable(db);
}
