#include <pqscope/libpq/pause.hpp>
#include <pqscope/libpq/poll.hpp>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <stop_token>

namespace {

using namespace std::chrono_literals;
using pqscope::libpq::clock;
using pqscope::libpq::drive;
using pqscope::libpq::drive_result;
using pqscope::libpq::pause_operation;

}  // namespace

TEST_CASE("a pause lasts until its time, to the millisecond") {
  auto const until = clock::now() + 12ms;
  pause_operation pause{until};
  CHECK(drive(pause, {}) == drive_result::done);
  CHECK(clock::now() >= until);
  CHECK(clock::now() < until + 500ms);
}

TEST_CASE("a pause until a time that has passed is none") {
  pause_operation const pause{clock::now() - 1s};
  CHECK(pause.resume().done());
}

TEST_CASE("a pause waits for no descriptor") {
  auto const until = clock::now() + 1h;
  auto const request = pause_operation{until}.resume();
  CHECK_FALSE(request.done());
  CHECK(request.socket == -1);
  CHECK(request.until == until);
}

TEST_CASE("a deadline and a stop end a pause early") {
  pause_operation pause{clock::now() + 1h};
  CHECK(drive(pause, {.deadline = clock::now() + 2ms}) == drive_result::deadline);
  std::stop_source source;
  source.request_stop();
  CHECK(drive(pause, {.stop = source.get_token()}) == drive_result::stopped);
}
