#include "wire_bytes.hpp"

#include <pqscope/types/floating.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace oid = pqscope::oid;
using pqscope::codec;

TEST_CASE("floating-point numbers travel as IEEE 754, most significant byte first") {
  CHECK(encoded(1.0F) == bytes({0x3f, 0x80, 0, 0}));
  CHECK(encoded(-2.0) == bytes({0xc0, 0, 0, 0, 0, 0, 0, 0}));
}

TEST_CASE("special floating-point values survive bit for bit") {
  using limits = std::numeric_limits<double>;
  for (double const value :
       {0.0, -0.0, 0.1, limits::min(), limits::max(), limits::lowest(), limits::denorm_min(),
        limits::infinity(), -limits::infinity(), limits::quiet_NaN()}) {
    CHECK(std::bit_cast<std::uint64_t>(round_trip(value)) == std::bit_cast<std::uint64_t>(value));
  }
  using float_limits = std::numeric_limits<float>;
  for (float const value : {0.0F, -0.0F, 0.1F, float_limits::max(), float_limits::denorm_min(),
                            float_limits::infinity(), float_limits::quiet_NaN()}) {
    CHECK(std::bit_cast<std::uint32_t>(round_trip(value)) == std::bit_cast<std::uint32_t>(value));
  }
}

TEST_CASE("floating-point numbers of another length are refused") {
  require_other_lengths_refused<float>(encoded(1.5F), oid::float4);
  require_other_lengths_refused<double>(encoded(1.5), oid::float8);
  require_other_lengths_refused<double>(encoded(1.5F), oid::float4);
  require_other_lengths_refused<double>(bytes({0, 0, 0, 1}), oid::int4);
  require_other_lengths_refused<double>(bytes({0, 1}), oid::int2);
  CHECK_THROWS_AS(decoded<double>(encoded(1.5), oid::numeric), pqscope::decode_error);
}

TEST_CASE("a double reads every type it holds exactly, a float only real") {
  CHECK(decoded<double>(bytes({255, 255, 255, 255}), oid::int4) == -1.0);
  CHECK(decoded<double>(bytes({1, 0}), oid::int2) == 256.0);
  CHECK(decoded<double>(encoded(0.1F), oid::float4) == static_cast<double>(0.1F));
  STATIC_CHECK(codec<double>::accepts(oid::float8));
  STATIC_CHECK(codec<double>::accepts(oid::float4));
  STATIC_CHECK(codec<double>::accepts(oid::int4));
  STATIC_CHECK(codec<double>::accepts(oid::int2));
  STATIC_CHECK_FALSE(codec<double>::accepts(oid::int8));
  STATIC_CHECK_FALSE(codec<double>::accepts(oid::numeric));
  STATIC_CHECK(codec<float>::accepts(oid::float4));
  STATIC_CHECK_FALSE(codec<float>::accepts(oid::float8));
  STATIC_CHECK_FALSE(codec<float>::accepts(oid::int2));
}

TEST_CASE("floating-point text is read exactly, with the server's special words") {
  CHECK(parsed<double>("0.1") == 0.1);
  CHECK(parsed<double>("1e+300") == 1e300);
  CHECK(parsed<double>("-5e-324") == -std::numeric_limits<double>::denorm_min());
  CHECK(std::signbit(parsed<double>("-0")));
  CHECK(std::isnan(parsed<double>("NaN")));
  CHECK(parsed<double>("Infinity") == std::numeric_limits<double>::infinity());
  CHECK(parsed<float>("-Infinity") == -std::numeric_limits<float>::infinity());
  CHECK(parsed<float>("3.4028235e+38") == std::numeric_limits<float>::max());
}

TEST_CASE("a real in text is the same double as in binary") {
  CHECK(parsed<double>("0.1", oid::float4) == decoded<double>(encoded(0.1F), oid::float4));
  CHECK(parsed<double>("0.1", oid::float8) == 0.1);
}

TEST_CASE("text that is no floating-point number is refused") {
  for (char const* text : {"", "-", ".", "1e", "1 ", " 1", "+1", "nan", "inf", "-inf", "infinity",
                           "NaN(1)", "0x1p3", "1,5", "- -1"}) {
    INFO(text);
    CHECK_THROWS_AS(parsed<double>(text), pqscope::decode_error);
    CHECK_THROWS_AS(parsed<float>(text), pqscope::decode_error);
  }
  CHECK_THROWS_AS(parsed<double>("1e400"), pqscope::decode_error);
  CHECK_THROWS_AS(parsed<float>("1e39"), pqscope::decode_error);
}
