#include <pqscope/testing/poll_thread.hpp>

#include <catch2/catch_test_macros.hpp>
#include <optional>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {

struct idle {
  std::optional<pqscope::testing::detail::poll_clock::time_point> watch(std::vector<pollfd>&) {
    return std::nullopt;
  }
  void handle(std::vector<pollfd> const&) {}
};

}  // namespace

TEST_CASE("tasks of several threads run one at a time and answer to their own") {
  idle handler;
  pqscope::testing::detail::poll_thread thread(handler);
  int total = 0;
  std::vector<std::thread> callers;
  std::vector<int> wrong(4);
  for (std::size_t caller = 0; caller < wrong.size(); ++caller) {
    callers.emplace_back([&, caller] {
      for (int i = 0; i < 200; ++i) {
        wrong[caller] += thread.run([&total, i] { return ++total, i; }) == i ? 0 : 1;
      }
    });
  }
  for (auto& caller : callers) {
    caller.join();
  }
  CHECK(total == 800);
  CHECK(wrong == std::vector<int>(4));
}

TEST_CASE("an exception of a task reaches its caller, and the thread goes on") {
  idle handler;
  pqscope::testing::detail::poll_thread thread(handler);
  CHECK_THROWS_AS(thread.run([] { throw std::logic_error("thrown on the thread"); }),
                  std::logic_error);
  CHECK(thread.run([] { return 7; }) == 7);
}
