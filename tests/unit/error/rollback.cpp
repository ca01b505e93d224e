#include <catch2/catch_test_macros.hpp>

#include <exception>
#include <type_traits>

#include <pqscope/error/rollback.hpp>

static_assert(!std::is_base_of_v<std::exception, pqscope::rollback>);

TEST_CASE("a handler for errors does not take a rollback for one") {
  bool taken_for_an_error = false;
  bool arrived = false;
  try {
    try {
      throw pqscope::rollback{};
    } catch (std::exception const&) {
      taken_for_an_error = true;
    }
  } catch (pqscope::rollback const&) {
    arrived = true;
  }
  CHECK(arrived);
  CHECK_FALSE(taken_for_an_error);
}
