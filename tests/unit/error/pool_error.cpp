#include <catch2/catch_test_macros.hpp>

#include <string>
#include <type_traits>

#include <pqscope/error/pool_error.hpp>

static_assert(std::is_base_of_v<pqscope::error, pqscope::pool_error>);
static_assert(std::is_base_of_v<pqscope::pool_error, pqscope::pool_timeout>);
static_assert(std::is_base_of_v<pqscope::pool_error, pqscope::pool_closed>);
static_assert(std::is_nothrow_copy_constructible_v<pqscope::pool_timeout>);

TEST_CASE("a pool's errors are caught as pool_error") {
  CHECK_THROWS_AS(throw pqscope::pool_timeout("after 30 s"), pqscope::pool_error);
  CHECK_THROWS_AS(throw pqscope::pool_closed("closed"), pqscope::pool_error);
  CHECK(std::string(pqscope::pool_timeout("after 30 s").what()) == "after 30 s");
}
