#include <pqscope/transaction/hooks.hpp>

#include <catch2/catch_test_macros.hpp>
#include <stdexcept>
#include <string>
#include <utility>

using pqscope::detail::hooks;

TEST_CASE("hooks run in order, and those of a nested scope behind those before it") {
  std::string calls;
  hooks outer;
  hooks inner;
  outer.after_commit.emplace_back([&] { calls += 'a'; });
  inner.after_commit.emplace_back([&] { calls += 'b'; });
  inner.after_rollback.emplace_back([&] { calls += 'x'; });
  outer.adopt(std::move(inner));
  outer.after_commit.emplace_back([&] { calls += 'c'; });
  hooks::run(std::move(outer.after_commit));
  CHECK(calls == "abc");
  hooks::run(std::move(outer.after_rollback));
  CHECK(calls == "abcx");
}

TEST_CASE("a hook that throws keeps no other from running, and the first to throw is heard") {
  std::string calls;
  hooks some;
  some.after_commit.emplace_back([&] { calls += 'a'; });
  some.after_commit.emplace_back([&] { throw std::runtime_error("first"); });
  some.after_commit.emplace_back([&] { throw std::logic_error("second"); });
  some.after_commit.emplace_back([&] { calls += 'b'; });
  try {
    hooks::run(std::move(some.after_commit));
    FAIL("nothing was thrown");
  } catch (std::runtime_error const& heard) {
    CHECK(std::string{heard.what()} == "first");
  }
  CHECK(calls == "ab");
}
