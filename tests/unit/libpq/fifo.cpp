#include <pqscope/libpq/fifo.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstddef>
#include <deque>
#include <memory>
#include <random>
#include <utility>

using pqscope::libpq::fifo;

TEST_CASE("what goes in first comes out first, and the last can be taken back") {
  fifo<int> waiting;
  CHECK(waiting.empty());
  waiting.push_back(1);
  waiting.push_back(2);
  waiting.push_back(3);
  CHECK(waiting.size() == 3);
  CHECK(waiting.front() == 1);
  CHECK(waiting.back() == 3);
  CHECK(waiting.take_back() == 3);
  CHECK(waiting.take_front() == 1);
  CHECK(waiting.take_front() == 2);
  CHECK(waiting.empty());
  CHECK(std::as_const(waiting).size() == 0);
}

TEST_CASE("a queue that never runs empty is as a deque, whatever is done to it") {
  std::minstd_rand random{20261121};
  fifo<std::unique_ptr<int>> waiting;
  std::deque<int> expected;
  int next = 0;
  for (int step = 0; step < 20'000; ++step) {
    std::size_t const wish = 1 + random() % 200;
    if (expected.size() < wish) {
      waiting.push_back(std::make_unique<int>(next));
      expected.push_back(next++);
    } else if (random() % 8 == 0) {
      REQUIRE(*waiting.take_back() == expected.back());
      expected.pop_back();
    } else {
      REQUIRE(*waiting.take_front() == expected.front());
      expected.pop_front();
    }
    REQUIRE(waiting.size() == expected.size());
    if (!expected.empty()) {
      REQUIRE(*waiting.front() == expected.front());
      REQUIRE(*waiting.back() == expected.back());
    }
  }
}
