#include <pqscope/events/exposition.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>

#include "unit/events/exposition_reader.hpp"

using pqscope::detail::exposition;
using support::exposition_reader;
using namespace std::chrono_literals;

namespace {

std::string seconds(std::uint64_t nanoseconds) {
  std::string text;
  pqscope::detail::append_seconds(text, nanoseconds);
  return text;
}

std::string const head = "# HELP a_total x\n# TYPE a_total counter\n";
std::string const histogram_head = "# HELP h x\n# TYPE h histogram\n";

}  // namespace

TEST_CASE("seconds are printed exactly and without needless zeros") {
  CHECK(seconds(0) == "0");
  CHECK(seconds(1) == "0.000000001");
  CHECK(seconds(2'500'000) == "0.0025");
  CHECK(seconds(1'000'000'000) == "1");
  CHECK(seconds(100'000'000'000) == "100");
  CHECK(seconds(12'500'000'000) == "12.5");
  CHECK(seconds(std::numeric_limits<std::uint64_t>::max()) == "18446744073.709551615");
}

TEST_CASE("a label's value and a help text are escaped") {
  exposition text{"p"};
  text.family("pools_total", "counter", "a\\b\n\"c\"");
  text.sample({{"name", "a\"b\\c\nd"}, {"other", "é"}}, 7);
  CHECK(text.text() ==
        "# HELP p_pools_total a\\\\b\\n\"c\"\n"
        "# TYPE p_pools_total counter\n"
        "p_pools_total{name=\"a\\\"b\\\\c\\nd\",other=\"é\"} 7\n");
  CHECK(exposition_reader{text.text()}.samples().size() == 1);
}

TEST_CASE("a histogram is printed with cumulative buckets in seconds") {
  pqscope::duration_histogram histogram;
  histogram.add(100us);
  histogram.add(101us);
  histogram.add(2min);
  exposition text{"p"};
  text.family("h", "histogram", "x");
  text.histogram({{"l", "v"}}, histogram.read());
  exposition_reader const read{text.text()};
  CHECK(read.at("p_h_bucket{l=\"v\",le=\"0.0001\"}") == 1);
  CHECK(read.at("p_h_bucket{l=\"v\",le=\"0.00025\"}") == 2);
  CHECK(read.at("p_h_bucket{l=\"v\",le=\"60\"}") == 2);
  CHECK(read.at("p_h_bucket{l=\"v\",le=\"+Inf\"}") == 3);
  CHECK(read.at("p_h_sum{l=\"v\"}") == 120.000201);
  CHECK(read.at("p_h_count{l=\"v\"}") == 3);
}

TEST_CASE("a prefix that makes no metric's name is refused") {
  for (char const* const prefix : {"", "9a", "a-b", "a b", "a:b", "é"}) {
    CAPTURE(prefix);
    CHECK_THROWS_AS(exposition{prefix}, pqscope::usage_error);
  }
  CHECK_NOTHROW(exposition{"_aZ9"});
}

TEST_CASE("the reader of these tests refuses what the format does not allow") {
  CHECK(exposition_reader{head + "a_total 1\n"}.at("a_total") == 1);
  for (std::string const& text :
       {std::string{},
        head + "a_total 1",
        head + "a_total  1\n",
        head + "a_total -1\n",
        head + "a_total 1,5\n",
        head + "a_total 1 \n",
        head + "a_total\n",
        head + "b_total 1\n",
        head + "a_total 1\na_total 1\n",
        head + head + "a_total 1\n",
        std::string{"a_total 1\n"},
        head + "a_total{} 1\n",
        head + "a_total{x=\"1\",} 1\n",
        head + "a_total{x=1} 1\n",
        head + "a_total{x=\"1\",x=\"2\"} 1\n",
        head + "a_total{x=\"\\t\"} 1\n",
        head + "a_total{x=\"1} 1\n",
        head + "\n",
        std::string{"# HELP a_total x\n"},
        std::string{"# TYPE a_total counter\na_total 1\n"},
        std::string{"# HELP a x\n# TYPE a counter\na 1\n"},
        histogram_head + "h_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n",
        histogram_head + "h_bucket{le=\"2\"} 1\nh_bucket{le=\"1\"} 1\n"
                         "h_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n",
        histogram_head + "h_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 2\n",
        histogram_head + "h_bucket{le=\"1\"} 1\nh_sum 1\nh_count 1\n",
        histogram_head + "h_bucket{le=\"+Inf\"} 1\nh_sum 1\n"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(exposition_reader{text}, std::runtime_error);
  }
}
