#include <pqscope/connection/operation_limits.hpp>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <optional>
#include <stop_token>

using namespace std::chrono_literals;
using pqscope::detail::operation_limits;
using pqscope::detail::saturated;
using clock_type = pqscope::libpq::clock;
using pqscope::libpq::never;

TEST_CASE("without limits an operation may take for ever") {
  auto const bound = operation_limits{}.now();
  CHECK(bound.deadline == never);
  CHECK_FALSE(bound.expired());
  CHECK_FALSE(bound.stop.stop_possible());
}

TEST_CASE("an operation's own limit starts with it, and the earlier of two counts") {
  clock_type::time_point const before = clock_type::now();
  operation_limits limits{.each = 1h};
  CHECK(limits.now().deadline >= before + 1h);
  clock_type::time_point const deadline = limits.now().deadline;
  CHECK(deadline <= clock_type::now() + 1h);
  limits.until = before + 1min;
  CHECK(limits.now().deadline == before + 1min);
  limits.each = 1s;
  CHECK(limits.now().deadline < before + 1min);
}

TEST_CASE("limits at the borders of the clock do not wrap round") {
  for (auto const large : {clock_type::duration::max(), clock_type::duration::max() - 1ns}) {
    CHECK(operation_limits{.each = large}.now().deadline == never);
    CHECK_FALSE(operation_limits{.each = large}.now().expired());
  }
  CHECK(operation_limits{.each = clock_type::duration::min()}.now().expired());
  CHECK(
      operation_limits{.each = clock_type::duration::max(), .until = clock_type::time_point::min()}
          .now()
          .expired());
  CHECK(operation_limits{.each = 1h, .until = clock_type::time_point::min()}.now().expired());
  CHECK(operation_limits{.each = 0ns}.now().expired());
}

TEST_CASE("a limit in milliseconds that is beyond the clock's reach is as good as none") {
  using std::chrono::milliseconds;
  CHECK(saturated(std::nullopt) == std::nullopt);
  CHECK(saturated(milliseconds{3}) == clock_type::duration{3ms});
  CHECK(saturated(milliseconds{-3}) == clock_type::duration{-3ms});
  CHECK(saturated(milliseconds::max()) == clock_type::duration::max());
  CHECK(saturated(milliseconds::min()) == clock_type::duration::min());
}

TEST_CASE("a stop token is handed on") {
  std::stop_source source;
  operation_limits const limits{.stop = source.get_token()};
  CHECK_FALSE(limits.now().stop.stop_requested());
  source.request_stop();
  CHECK(limits.now().stop.stop_requested());
}
