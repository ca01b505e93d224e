#include <pqscope/libpq/poll.hpp>

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <stop_token>
#include <thread>

#include "support/eventually.hpp"

namespace {

using namespace std::chrono_literals;
using pqscope::libpq::clock;
using pqscope::libpq::drive;
using pqscope::libpq::drive_result;
using pqscope::libpq::readiness;
using pqscope::libpq::wait_for;

struct pipe_pair {
  pipe_pair() { REQUIRE(::pipe(ends.data()) == 0); }
  pipe_pair(pipe_pair const&) = delete;
  pipe_pair& operator=(pipe_pair const&) = delete;
  ~pipe_pair() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  void write() const { REQUIRE(::write(ends[1], "x", 1) == 1); }
  std::array<int, 2> ends{};
};

/// Done after being resumed a number of times; waits for what it is told to.
struct counted_operation {
  int resumptions_left = 1;
  wait_for wanted{};
  int resumed = 0;
  wait_for resume() {
    ++resumed;
    return --resumptions_left < 0 ? wait_for{} : wanted;
  }
};

/// Waits for ever, or until a time of its own.
struct waiting_operation {
  wait_for wanted{};
  int resumed = 0;
  wait_for resume() { return ++resumed > 1 && clock::now() >= wanted.until ? wait_for{} : wanted; }
};

void ignore_signal(int) {}

}  // namespace

TEST_CASE("an operation that is done at once is not waited for") {
  counted_operation operation{.resumptions_left = 0};
  CHECK(drive(operation, {.deadline = clock::now() - 1s}) == drive_result::done);
  CHECK(operation.resumed == 1);
}

TEST_CASE("an operation is resumed as soon as its descriptor is ready") {
  pipe_pair const pipe;
  pipe.write();
  counted_operation operation{.resumptions_left = 1, .wanted = {readiness::readable, pipe.ends[0]}};
  CHECK(drive(operation, {}) == drive_result::done);
  counted_operation writer{.resumptions_left = 1, .wanted = {readiness::writable, pipe.ends[1]}};
  CHECK(drive(writer, {}) == drive_result::done);
  counted_operation either{.resumptions_left = 1, .wanted = {readiness::either, pipe.ends[1]}};
  CHECK(drive(either, {}) == drive_result::done);
}

TEST_CASE("a deadline ends the wait at its time, not before") {
  pipe_pair const pipe;
  for (auto const span : {1ms, 7ms, 40ms}) {
    waiting_operation operation{.wanted = {readiness::readable, pipe.ends[0]}};
    auto const deadline = clock::now() + span;
    CHECK(drive(operation, {.deadline = deadline}) == drive_result::deadline);
    auto const late = clock::now() - deadline;
    CHECK(late >= 0ms);
    CHECK(late < 200ms);
    CHECK(operation.resumed == 1);
  }
}

TEST_CASE("a deadline of less than a millisecond does not spin and does not come early") {
  pipe_pair const pipe;
  waiting_operation operation{.wanted = {readiness::readable, pipe.ends[0]}};
  auto const deadline = clock::now() + 300us;
  CHECK(drive(operation, {.deadline = deadline}) == drive_result::deadline);
  CHECK(clock::now() >= deadline);
}

TEST_CASE("a deadline that has passed leaves the operation one step") {
  pipe_pair const pipe;
  waiting_operation operation{.wanted = {readiness::readable, pipe.ends[0]}};
  CHECK(drive(operation, {.deadline = clock::now() - 1s}) == drive_result::deadline);
  CHECK(operation.resumed == 1);
}

TEST_CASE("a deadline ends an operation whose descriptor is always ready") {
  pipe_pair const pipe;
  pipe.write();
  counted_operation operation{.resumptions_left = 1'000'000'000,
                              .wanted = {readiness::readable, pipe.ends[0]}};
  auto const start = clock::now();
  CHECK(drive(operation, {.deadline = start + 20ms}) == drive_result::deadline);
  CHECK(clock::now() - start < 2s);
}

TEST_CASE("an operation's own time resumes it, and is no deadline") {
  pipe_pair const pipe;
  auto const own = clock::now() + 15ms;
  waiting_operation operation{.wanted = {readiness::readable, pipe.ends[0], own}};
  CHECK(drive(operation, {.deadline = own + 10s}) == drive_result::done);
  CHECK(clock::now() >= own);
  CHECK(operation.resumed == 2);
}

TEST_CASE("of a deadline and an operation's own time the earlier one counts") {
  pipe_pair const pipe;
  waiting_operation operation{.wanted = {readiness::readable, pipe.ends[0], clock::now() + 10s}};
  CHECK(drive(operation, {.deadline = clock::now() + 5ms}) == drive_result::deadline);
}

TEST_CASE("a stop requested before the wait ends it, although the descriptor is ready") {
  pipe_pair const pipe;
  pipe.write();
  std::stop_source source;
  source.request_stop();
  counted_operation operation{.resumptions_left = 1000,
                              .wanted = {readiness::readable, pipe.ends[0]}};
  CHECK(drive(operation, {.stop = source.get_token()}) == drive_result::stopped);
  CHECK(operation.resumed == 1);
}

TEST_CASE("a stop requested by another thread ends the wait") {
  pipe_pair const pipe;
  std::stop_source source;
  std::atomic<bool> waiting{false};
  struct announcing {
    std::atomic<bool>& waiting;
    wait_for wanted;
    wait_for resume() const {
      waiting = true;
      return wanted;
    }
  } operation{waiting, {readiness::readable, pipe.ends[0]}};
  std::jthread const stopper{[&] {
    support::eventually([&] { return waiting.load(); });
    source.request_stop();
  }};
  CHECK(drive(operation, {.deadline = clock::now() + 10s, .stop = source.get_token()}) ==
        drive_result::stopped);
}

TEST_CASE("a token without a source stops nothing") {
  pipe_pair const pipe;
  waiting_operation operation{.wanted = {readiness::readable, pipe.ends[0]}};
  CHECK(drive(operation, {.deadline = clock::now() + 2ms, .stop = {}}) == drive_result::deadline);
}

TEST_CASE("a signal neither ends the wait nor moves the deadline") {
  struct sigaction action{};
  struct sigaction before{};
  action.sa_handler = ignore_signal;
  REQUIRE(::sigaction(SIGUSR1, &action, &before) == 0);
  pipe_pair const pipe;
  waiting_operation operation{.wanted = {readiness::readable, pipe.ends[0]}};
  auto const deadline = clock::now() + 60ms;
  {
    std::jthread const sender{[target = ::pthread_self()](std::stop_token const& stop) {
      while (!stop.stop_requested()) {
        ::pthread_kill(target, SIGUSR1);
        std::this_thread::yield();
      }
    }};
    CHECK(drive(operation, {.deadline = deadline}) == drive_result::deadline);
    CHECK(clock::now() >= deadline);
    CHECK(clock::now() < deadline + 2s);
  }
  ::sigaction(SIGUSR1, &before, nullptr);
  CHECK(operation.resumed == 1);
}

TEST_CASE("an operation is resumed with a bad descriptor, to find the reason") {
  pipe_pair const pipe;
  int const closed = ::dup(pipe.ends[0]);
  ::close(closed);
  counted_operation operation{.resumptions_left = 1, .wanted = {readiness::readable, closed}};
  CHECK(drive(operation, {}) == drive_result::done);
}

TEST_CASE("a limit is expired from its deadline on, and never without one") {
  using pqscope::libpq::limit;
  CHECK_FALSE(limit{}.expired());
  CHECK_FALSE(limit{.deadline = clock::now() + 1h}.expired());
  CHECK(limit{.deadline = clock::now()}.expired());
  CHECK(limit{.deadline = clock::time_point::min()}.expired());
}

TEST_CASE("a wake-up leaves no descriptor behind") {
  auto const next_descriptor = [] {
    int const descriptor = ::dup(STDIN_FILENO);
    ::close(descriptor);
    return descriptor;
  };
  pipe_pair const pipe;
  int const before = next_descriptor();
  std::stop_source source;
  waiting_operation operation{.wanted = {readiness::readable, pipe.ends[0]}};
  CHECK(drive(operation, {.deadline = clock::now() + 1ms, .stop = source.get_token()}) ==
        drive_result::deadline);
  CHECK(next_descriptor() == before);
}

TEST_CASE("a stop ends the wait also where the process has no descriptor left") {
  pipe_pair const pipe;
  std::stop_source source;
  std::atomic<bool> ready{false};
  std::atomic<bool> waiting{false};
  std::atomic<bool> over{false};
  struct announcing {
    std::atomic<bool>& waiting;
    wait_for wanted;
    wait_for resume() const {
      waiting = true;
      return wanted;
    }
  } operation{waiting, {readiness::readable, pipe.ends[0]}};
  std::jthread const stopper{[&] {
    ready = true;
    support::eventually([&] { return waiting.load(); });
    source.request_stop();
    support::eventually([&] { return over.load(); });
  }};
  REQUIRE(support::eventually([&] { return ready.load(); }));
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  int const next = ::dup(pipe.ends[0]);
  ::close(next);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(next);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  drive_result const ended =
      drive(operation, {.deadline = clock::now() + 10s, .stop = source.get_token()});
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);
  over = true;
  CHECK(ended == drive_result::stopped);
}
