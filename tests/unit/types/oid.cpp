#include <catch2/catch_test_macros.hpp>
#include <pqscope/types/oid.hpp>

#include <set>

using namespace pqscope;

TEST_CASE("built-in types are named as PostgreSQL names them") {
  CHECK(type_name(20) == "bigint");
  CHECK(type_name(25) == "text");
  CHECK(type_name(1043) == "character varying");
  CHECK(type_name(1184) == "timestamp with time zone");
  CHECK(type_name(1016) == "bigint[]");
  CHECK(type_name(3807) == "jsonb[]");
}

TEST_CASE("other types are named by their OID") {
  CHECK(type_name(16400) == "type with OID 16400");
  CHECK(type_name(0) == "type with OID 0");
}

TEST_CASE("an array type's elements are known") {
  STATIC_CHECK(element_type(oid::int4_array) == oid::int4);
  STATIC_CHECK(element_type(oid::int4) == oid::none);
  STATIC_CHECK(element_type(oid::none) == oid::none);
  STATIC_CHECK(element_type(16400) == oid::none);
}

TEST_CASE("no two built-in types share an OID") {
  std::set<oid_t> seen;
  for (auto const& known : detail::builtin_types) {
    CHECK(seen.insert(known.type).second);
    CHECK((known.array_type == 0 || seen.insert(known.array_type).second));
  }
}
