#include <pqscope/events/duration_histogram.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>

using pqscope::duration_bounds;
using pqscope::duration_counts;
using pqscope::duration_histogram;
using namespace std::chrono_literals;

TEST_CASE("the bounds of a histogram ascend") {
  CHECK(std::ranges::adjacent_find(duration_bounds, std::ranges::greater_equal{}) ==
        duration_bounds.end());
}

TEST_CASE("a bound belongs to the bucket it ends") {
  for (std::size_t i = 0; i < duration_bounds.size(); ++i) {
    duration_histogram histogram;
    histogram.add(duration_bounds[i]);
    histogram.add(duration_bounds[i] + 1ns);
    duration_counts const counts = histogram.read();
    CHECK(counts.buckets[i] == 1);
    CHECK(counts.buckets[i + 1] == 1);
    CHECK(counts.count() == 2);
    CHECK(counts.sum == 2 * duration_bounds[i] + 1ns);
  }
}

TEST_CASE("a histogram begins empty, and counts a negative duration as none") {
  duration_histogram histogram;
  CHECK(histogram.read().count() == 0);
  CHECK(histogram.read().sum == 0ns);
  histogram.add(-5s);
  CHECK(histogram.read().buckets[0] == 1);
  CHECK(histogram.read().sum == 0ns);
}
