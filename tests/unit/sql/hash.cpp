#include <pqscope/sql/hash.hpp>

#include <catch2/catch_test_macros.hpp>

#include <string>

using pqscope::hash_sql;

// Vectors as published with the FNV hash.
static_assert(hash_sql("") == 0xcbf29ce484222325U);
static_assert(hash_sql("a") == 0xaf63dc4c8601ec8cU);
static_assert(hash_sql("foobar") == 0x85944171f73967e8U);

TEST_CASE("the hash is the same while compiling and at run time") {
  constexpr auto compiled = hash_sql("SELECT \xC3\xA4, $1");
  CHECK(hash_sql(std::string{"SELECT \xC3\xA4, $1"}) == compiled);
}

TEST_CASE("texts that differ in one letter have different hashes") {
  CHECK(hash_sql("SELECT 1") != hash_sql("SELECT 2"));
  CHECK(hash_sql("SELECT 1") != hash_sql("SELECT 1 "));
}
