#include <pqscope/libpq/status.hpp>

#include <catch2/catch_test_macros.hpp>

using pqscope::libpq::without_aftermath;

TEST_CASE("what libpq says of a closed socket does not follow the cause") {
  CHECK(without_aftermath("server closed the connection unexpectedly\ninvalid socket\n") ==
        "server closed the connection unexpectedly");
  CHECK(without_aftermath("the cause\n\tmore of it\ninvalid socket\n\ninvalid socket\n") ==
        "the cause\n\tmore of it");
  CHECK(without_aftermath("the cause \n") == "the cause");
}

TEST_CASE("an error that has no other cause than a closed socket keeps it") {
  CHECK(without_aftermath("invalid socket\n") == "invalid socket");
  CHECK(without_aftermath("not an invalid socket\n") == "not an invalid socket");
  CHECK(without_aftermath("invalid socket\nthe cause\n") == "invalid socket\nthe cause");
  CHECK(without_aftermath("\n").empty());
  CHECK(without_aftermath("").empty());
}
