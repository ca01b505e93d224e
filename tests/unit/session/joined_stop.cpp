#include <pqscope/session_limits.hpp>

#include <catch2/catch_test_macros.hpp>

#include <optional>
#include <stop_token>
#include <utility>

using pqscope::detail::joined_stop;

TEST_CASE("a joined stop is requested as soon as either of its two is") {
  for (bool const first : {false, true}) {
    std::stop_source one;
    std::stop_source other;
    joined_stop const both{one.get_token(), other.get_token()};
    CHECK_FALSE(both.token().stop_requested());
    (first ? one : other).request_stop();
    CHECK(both.token().stop_requested());
  }
}

TEST_CASE("a joined stop is requested from the start where one of its two is") {
  std::stop_source one;
  one.request_stop();
  joined_stop const both{std::stop_source{}.get_token(), one.get_token()};
  CHECK(both.token().stop_requested());
}

TEST_CASE("a joined stop lets go of its two") {
  std::stop_source one;
  std::optional<joined_stop> both{std::in_place, one.get_token(), std::stop_token{}};
  auto const token = both->token();
  both.reset();
  one.request_stop();
  CHECK_FALSE(token.stop_requested());
}
