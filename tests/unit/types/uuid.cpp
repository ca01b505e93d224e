#include "wire_bytes.hpp"

#include <pqscope/types/uuid.hpp>

#include <string>
#include <unordered_set>

namespace oid = pqscope::oid;
using pqscope::uuid;

namespace {

constexpr char const* canonical = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";

}  // namespace

TEST_CASE("a uuid is read in every form PostgreSQL takes") {
  uuid const expected = uuid::parse(canonical);
  CHECK(expected.to_string() == canonical);
  for (char const* text :
       {"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}",
        "a0eebc999c0b4ef8bb6d6bb9bd380a11", "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11",
        "{a0eebc99-9c0b4ef8-bb6d6bb9-bd380a11}"}) {
    INFO(text);
    CHECK(uuid::parse(text) == expected);
  }
}

TEST_CASE("text that is no uuid is refused") {
  for (char const* text :
       {"", "{}", "{", "-", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a111", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11-",
        "-a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc99--9c0b-4ef8-bb6d-6bb9bd380a11",
        "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "g0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "a0e-ebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}) {
    INFO(text);
    CHECK_FALSE(uuid::try_parse(text));
    CHECK_THROWS_AS(uuid::parse(text), pqscope::usage_error);
    CHECK_THROWS_AS(parsed<uuid>(text), pqscope::decode_error);
  }
}

TEST_CASE("a uuid is sixteen bytes in order") {
  uuid const value = uuid::parse(canonical);
  CHECK(encoded(value) == bytes({0xa0, 0xee, 0xbc, 0x99, 0x9c, 0x0b, 0x4e, 0xf8, 0xbb, 0x6d, 0x6b,
                                 0xb9, 0xbd, 0x38, 0x0a, 0x11}));
  CHECK(round_trip(value) == value);
  CHECK(parsed<uuid>(canonical) == value);
  require_other_lengths_refused<uuid>(encoded(value), oid::uuid);
}

TEST_CASE("uuids compare as the server does and can be hashed") {
  CHECK(uuid{} < uuid::parse(canonical));
  CHECK(uuid::parse("7fffffffffffffffffffffffffffffff") <
        uuid::parse("80000000000000000000000000000000"));
  CHECK(uuid{}.is_nil());
  CHECK_FALSE(uuid::parse(canonical).is_nil());
  std::unordered_set<uuid> const set{uuid{}, uuid::parse(canonical), uuid{}};
  CHECK(set.size() == 2);
}

TEST_CASE("a uuid can be parsed while compiling") {
  STATIC_CHECK(uuid::parse("00000000-0000-0000-0000-000000000001").bytes[15] == 1);
  STATIC_CHECK(pqscope::codec<uuid>::accepts(oid::uuid));
  STATIC_CHECK_FALSE(pqscope::codec<uuid>::accepts(oid::text));
}
