#include "wire_bytes.hpp"

#include <pqscope/types/boolean.hpp>

namespace oid = pqscope::oid;

TEST_CASE("a bool is one byte, 1 or 0") {
  CHECK(encoded(true) == bytes({1}));
  CHECK(encoded(false) == bytes({0}));
  CHECK(round_trip(true));
  CHECK_FALSE(round_trip(false));
}

TEST_CASE("a bool of another length or value than the server sends is refused") {
  require_other_lengths_refused<bool>(bytes({1}), oid::boolean);
  CHECK_THROWS_AS(decoded<bool>(bytes({2}), oid::boolean), pqscope::decode_error);
  CHECK_THROWS_AS(decoded<bool>(bytes({255}), oid::boolean), pqscope::decode_error);
}

TEST_CASE("a bool in text is t or f") {
  CHECK(parsed<bool>("t"));
  CHECK_FALSE(parsed<bool>("f"));
  CHECK_THROWS_AS(parsed<bool>(""), pqscope::decode_error);
  CHECK_THROWS_AS(parsed<bool>("1"), pqscope::decode_error);
  CHECK_THROWS_AS(parsed<bool>("tt"), pqscope::decode_error);
}

TEST_CASE("a bool is read from boolean only") {
  STATIC_CHECK(pqscope::codec<bool>::accepts(oid::boolean));
  STATIC_CHECK_FALSE(pqscope::codec<bool>::accepts(oid::int4));
  STATIC_CHECK_FALSE(pqscope::codec<bool>::accepts(oid::text));
}
