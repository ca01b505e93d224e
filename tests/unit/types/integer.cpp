#include "wire_bytes.hpp"

#include <catch2/catch_template_test_macros.hpp>
#include <pqscope/types/integer.hpp>

#include <cstdint>
#include <limits>
#include <string>

namespace oid = pqscope::oid;
using pqscope::codec;

TEST_CASE("integers travel most significant byte first") {
  CHECK(encoded(std::int16_t{0x0102}) == bytes({1, 2}));
  CHECK(encoded(std::int32_t{-2}) == bytes({255, 255, 255, 254}));
  CHECK(encoded(std::int64_t{0x0102030405060708}) == bytes({1, 2, 3, 4, 5, 6, 7, 8}));
  CHECK(encoded(std::int8_t{-128}) == bytes({255, 128}));
  CHECK(encoded(std::uint8_t{255}) == bytes({0, 255}));
  CHECK(encoded(std::uint16_t{65535}) == bytes({0, 0, 255, 255}));
  CHECK(encoded(std::uint32_t{4294967295U}) == bytes({0, 0, 0, 0, 255, 255, 255, 255}));
}

TEMPLATE_TEST_CASE("the borders of every integer type survive binary and text", "", signed char,
                   short, int, long, long long, unsigned char, unsigned short, unsigned int) {
  using limits = std::numeric_limits<TestType>;
  for (TestType const value : {limits::min(), TestType(limits::min() + 1), TestType(0), TestType(1),
                               TestType(limits::max() - 1), limits::max()}) {
    CHECK(round_trip(value) == value);
    CHECK(parsed<TestType>(std::to_string(value)) == value);
  }
}

TEMPLATE_TEST_CASE("an integer of any other length than its type's is refused", "", short, int,
                   long, long long, unsigned int, unsigned long) {
  require_other_lengths_refused<TestType>(encoded(TestType(1)), codec<TestType>::type);
}

TEMPLATE_TEST_CASE("text that is no integer is refused", "", signed char, short, int, long,
                   unsigned char, unsigned int, unsigned long) {
  for (char const* text : {"", "-", "+1", " 1", "1 ", "1.0", "0x1", "1e3", "--1", "- 1", "abc"}) {
    INFO(text);
    CHECK_THROWS_AS(parsed<TestType>(text), pqscope::decode_error);
  }
}

TEST_CASE("text one beyond an integer's border is refused") {
  CHECK_THROWS_AS(parsed<std::int8_t>("128"), pqscope::decode_error);
  CHECK_THROWS_AS(parsed<std::int8_t>("-129"), pqscope::decode_error);
  CHECK_THROWS_AS(parsed<std::int16_t>("32768"), pqscope::decode_error);
  CHECK_THROWS_AS(parsed<std::int32_t>("2147483648"), pqscope::decode_error);
  CHECK_THROWS_AS(parsed<std::int32_t>("-2147483649"), pqscope::decode_error);
  CHECK_THROWS_AS(parsed<std::int64_t>("9223372036854775808"), pqscope::decode_error);
  CHECK_THROWS_AS(parsed<std::uint8_t>("256"), pqscope::decode_error);
  CHECK_THROWS_AS(parsed<std::uint8_t>("-1"), pqscope::decode_error);
  CHECK_THROWS_AS(parsed<std::uint64_t>("-1"), pqscope::decode_error);
  CHECK_THROWS_AS(parsed<std::uint64_t>("18446744073709551616"), pqscope::decode_error);
  CHECK(parsed<std::uint64_t>("18446744073709551615") == 18446744073709551615U);
}

TEST_CASE("a server integer that might not fit is refused by type, whatever its value") {
  STATIC_CHECK(codec<std::int16_t>::accepts(oid::int2));
  STATIC_CHECK_FALSE(codec<std::int16_t>::accepts(oid::int4));
  STATIC_CHECK(codec<std::int32_t>::accepts(oid::int2));
  STATIC_CHECK(codec<std::int32_t>::accepts(oid::int4));
  STATIC_CHECK_FALSE(codec<std::int32_t>::accepts(oid::int8));
  STATIC_CHECK_FALSE(codec<std::int32_t>::accepts(oid::oid));
  STATIC_CHECK(codec<std::int64_t>::accepts(oid::int8));
  STATIC_CHECK(codec<std::int64_t>::accepts(oid::oid));
  STATIC_CHECK_FALSE(codec<std::int64_t>::accepts(oid::xid8));
  STATIC_CHECK_FALSE(codec<std::int64_t>::accepts(oid::numeric));
  STATIC_CHECK_FALSE(codec<std::int64_t>::accepts(oid::float8));
  STATIC_CHECK_FALSE(codec<std::int64_t>::accepts(oid::text));
  STATIC_CHECK_FALSE(codec<std::int64_t>::accepts(oid::boolean));
  STATIC_CHECK(codec<std::uint8_t>::accepts(oid::int2));
  STATIC_CHECK_FALSE(codec<std::uint8_t>::accepts(oid::int4));
  STATIC_CHECK(codec<std::uint16_t>::accepts(oid::int4));
  STATIC_CHECK_FALSE(codec<std::uint16_t>::accepts(oid::oid));
  STATIC_CHECK(codec<std::uint32_t>::accepts(oid::int8));
  STATIC_CHECK(codec<std::uint32_t>::accepts(oid::oid));
  STATIC_CHECK(codec<std::uint32_t>::accepts(oid::xid));
  STATIC_CHECK_FALSE(codec<std::uint32_t>::accepts(oid::xid8));
  STATIC_CHECK(codec<std::uint64_t>::accepts(oid::xid8));
}

TEST_CASE("a smaller server integer is widened with its sign") {
  CHECK(decoded<std::int64_t>(bytes({255, 254}), oid::int2) == -2);
  CHECK(decoded<std::int64_t>(bytes({255, 255, 255, 254}), oid::int4) == -2);
  CHECK(decoded<std::int32_t>(bytes({128, 0}), oid::int2) == -32768);
}

TEST_CASE("an oid above the largest int is not negative") {
  CHECK(decoded<std::int64_t>(bytes({255, 255, 255, 254}), oid::oid) == 4294967294);
  CHECK(decoded<std::uint32_t>(bytes({255, 255, 255, 254}), oid::xid) == 4294967294U);
  CHECK(decoded<std::uint64_t>(bytes({255, 0, 0, 0, 0, 0, 0, 0}), oid::xid8) ==
        0xff00000000000000U);
}

TEST_CASE("a value outside a checked integer is a decode_error without the value") {
  CHECK_THROWS_AS(decoded<std::int8_t>(encoded(std::int16_t{128}), oid::int2),
                  pqscope::decode_error);
  CHECK_THROWS_AS(decoded<std::uint8_t>(encoded(std::int16_t{-1}), oid::int2),
                  pqscope::decode_error);
  CHECK_THROWS_AS(decoded<std::uint16_t>(encoded(65536), oid::int4), pqscope::decode_error);
  CHECK_THROWS_AS(decoded<std::uint32_t>(encoded(std::int64_t{-1}), oid::int8),
                  pqscope::decode_error);
  CHECK_THROWS_AS(decoded<std::uint32_t>(encoded(std::int64_t{4294967296}), oid::int8),
                  pqscope::decode_error);
  CHECK_THROWS_AS(decoded<std::uint64_t>(encoded(std::int64_t{-1}), oid::int8),
                  pqscope::decode_error);
  try {
    decoded<std::uint64_t>(encoded(std::int64_t{-4711}), oid::int8);
    FAIL("nothing was thrown");
  } catch (pqscope::decode_error const& e) {
    CHECK(std::string(e.what()).find("4711") == std::string::npos);
  }
}

TEST_CASE("an unsigned parameter above the largest bigint is a usage_error") {
  CHECK(encoded(std::uint64_t{9223372036854775807U}) ==
        bytes({127, 255, 255, 255, 255, 255, 255, 255}));
  CHECK_THROWS_AS(encoded(std::uint64_t{9223372036854775808U}), pqscope::usage_error);
  CHECK_THROWS_AS(encoded(std::numeric_limits<unsigned long long>::max()), pqscope::usage_error);
}

TEST_CASE("bytes of a type that is no integer are refused, not misread") {
  CHECK_THROWS_AS(decoded<std::int32_t>(bytes({0, 0, 0, 1}), oid::text), pqscope::decode_error);
  CHECK_THROWS_AS(decoded<std::int32_t>("", oid::none), pqscope::decode_error);
}
