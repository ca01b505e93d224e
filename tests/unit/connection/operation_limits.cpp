#include <pqscope/connection/operation_limits.hpp>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <stop_token>

using namespace std::chrono_literals;
using pqscope::detail::operation_limits;
using pqscope::libpq::clock;
using pqscope::libpq::never;

TEST_CASE("without limits an operation may take for ever") {
  auto const bound = operation_limits{}.now();
  CHECK(bound.deadline == never);
  CHECK_FALSE(bound.expired());
  CHECK_FALSE(bound.stop.stop_possible());
}

TEST_CASE("an operation's own limit starts with it, and the earlier of two counts") {
  clock::time_point const before = clock::now();
  operation_limits limits{.each = 1h};
  CHECK(limits.now().deadline >= before + 1h);
  CHECK(limits.now().deadline <= clock::now() + 1h);
  limits.until = before + 1min;
  CHECK(limits.now().deadline == before + 1min);
  limits.each = 1s;
  CHECK(limits.now().deadline < before + 1min);
}

TEST_CASE("limits at the borders of the clock do not wrap round") {
  for (auto const large : {clock::duration::max(), clock::duration::max() - 1ns}) {
    CHECK(operation_limits{.each = large}.now().deadline == never);
    CHECK_FALSE(operation_limits{.each = large}.now().expired());
  }
  CHECK(operation_limits{.each = clock::duration::min()}.now().expired());
  CHECK(operation_limits{.each = clock::duration::max(), .until = clock::time_point::min()}
            .now()
            .expired());
  CHECK(operation_limits{.each = 1h, .until = clock::time_point::min()}.now().expired());
  CHECK(operation_limits{.each = 0ns}.now().expired());
}

TEST_CASE("a stop token is handed on") {
  std::stop_source source;
  operation_limits const limits{.stop = source.get_token()};
  CHECK_FALSE(limits.now().stop.stop_requested());
  source.request_stop();
  CHECK(limits.now().stop.stop_requested());
}
