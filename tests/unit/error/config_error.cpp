#include <catch2/catch_test_macros.hpp>

#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <pqscope/error/config_error.hpp>

using pqscope::config_error;

static_assert(std::is_nothrow_copy_constructible_v<config_error>);
static_assert(std::is_base_of_v<pqscope::error, config_error>);

TEST_CASE("a configuration error of one problem says just that") {
  config_error const failure("DB_PORT: not a number");
  CHECK(std::string(failure.what()) == "DB_PORT: not a number");
  CHECK(failure.problems() == std::vector<std::string>{"DB_PORT: not a number"});
}

TEST_CASE("a configuration error lists all problems, one per line, in their order") {
  std::vector<std::string> const problems{"DB_PORT: not a number", ".env:3: unterminated quote"};
  config_error const failure(problems);
  CHECK(std::string(failure.what()) ==
        "the configuration has 2 problems\n"
        "  - DB_PORT: not a number\n"
        "  - .env:3: unterminated quote");
  CHECK(failure.problems() == problems);
}

TEST_CASE("a copy of a configuration error keeps the problems") {
  std::optional<config_error> original(std::in_place, "bad port");
  config_error const copy = *original;
  config_error const moved = std::move(*original);
  CHECK(original->problems().size() == 1);
  original.reset();
  CHECK(copy.problems().front() == "bad port");
  CHECK(moved.problems().front() == "bad port");
}
