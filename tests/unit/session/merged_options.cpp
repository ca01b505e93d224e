#include <pqscope/session_options.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>

using namespace std::chrono_literals;
using pqscope::on_in_doubt;
using pqscope::retry_policy;
using pqscope::session_options;
using pqscope::detail::merged;

namespace {

/// An engine's, as far from what they are without as may be.
session_options const unusual{.isolation = pqscope::isolation::serializable,
                              .access = pqscope::access::read_only,
                              .deferrable = true,
                              .retry = {.attempts = 3, .base_delay = 5ms},
                              .deadline = 2s,
                              .statement_timeout = 1s,
                              .on_in_doubt = on_in_doubt::resolve,
                              .label = "default",
                              .identify = false};

}  // namespace

TEST_CASE("what a session leaves unset is as its engine has it") {
  session_options const in_force = merged(unusual, {});
  CHECK(in_force.isolation == pqscope::isolation::serializable);
  CHECK(in_force.access == pqscope::access::read_only);
  CHECK(in_force.deferrable == true);
  CHECK(in_force.retry == unusual.retry);
  CHECK(in_force.deadline == 2s);
  CHECK(in_force.statement_timeout == 1s);
  CHECK(in_force.on_in_doubt == on_in_doubt::resolve);
  CHECK(in_force.label == "default");
  CHECK(in_force.identify == false);
}

TEST_CASE("what a session says wins over its engine's, even if it is what holds without one") {
  session_options const in_force = merged(unusual, {.isolation = pqscope::isolation::read_committed,
                                                    .access = pqscope::access::read_write,
                                                    .deferrable = false,
                                                    .retry = {.attempts = 1},
                                                    .deadline = 0s,
                                                    .statement_timeout = 0s,
                                                    .on_in_doubt = on_in_doubt::report,
                                                    .label = "own",
                                                    .identify = true});
  CHECK(in_force.isolation == pqscope::isolation::read_committed);
  CHECK(in_force.access == pqscope::access::read_write);
  CHECK(in_force.deferrable == false);
  CHECK(in_force.retry == retry_policy{});
  CHECK(in_force.deadline == 0s);
  CHECK(in_force.statement_timeout == 0s);
  CHECK(in_force.on_in_doubt == on_in_doubt::report);
  CHECK(in_force.label == "own");
  CHECK(in_force.identify == true);
}

TEST_CASE("a policy for retries counts as said however it is written") {
  CHECK(merged(unusual, {.retry = {}}).retry == retry_policy{});
  CHECK(merged(unusual, {.retry = {.attempts = 0}}).retry.attempts == 0);
  CHECK(merged(unusual, {.retry = {.attempts = -1}}).retry.attempts == -1);
  session_options assigned;
  assigned.retry.attempts = 1;
  CHECK(merged(unusual, assigned).retry.attempts == 1);
  retry_policy const once;
  assigned.retry = once;
  CHECK(merged(unusual, assigned).retry == once);
}
