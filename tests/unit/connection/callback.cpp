#include <pqscope/connection/callback.hpp>

#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

using pqscope::detail::callback;

TEST_CASE("a callback calls what it was made from, with state of its own") {
  int seen = 0;
  callback<void(int)> add = [&seen, calls = 0](int n) mutable { seen += n * ++calls; };
  add(1);
  add(10);
  CHECK(seen == 21);
  callback<int(std::string const&)> size = [](std::string const& text) {
    return static_cast<int>(text.size());
  };
  CHECK(size("four") == 4);
}

TEST_CASE("a callback owns what cannot be copied, and moves") {
  callback<int()> first = [n = std::make_unique<int>(5)] { return *n; };
  CHECK(first);
  callback<int()> second = std::move(first);
  CHECK(second() == 5);
  CHECK_FALSE(first);  // NOLINT: that is the point
  CHECK_FALSE(callback<int()>{});
}

TEST_CASE("what a callback throws arrives, and what it returns may be dropped") {
  callback<void()> fails = [] { throw std::runtime_error("as wished"); };
  CHECK_THROWS_AS(fails(), std::runtime_error);
  callback<void()> returns = [] { return 7; };
  CHECK_NOTHROW(returns());
}
