#include "wire_bytes.hpp"

#include <pqscope/types/array.hpp>
#include <pqscope/types/sparsevec.hpp>
#include <pqscope/types/vector.hpp>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

using pqscope::halfvec;
using pqscope::sparsevec;

namespace {

constexpr pqscope::oid_t some_type = 16400;
constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

std::string const dense = bytes({0, 3, 0, 0, 0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0, 0x3f, 0, 0, 0});
std::string const half = bytes({0, 3, 0, 0, 0x3c, 0, 0xc0, 0, 0x38, 0});
std::string const sparse =
    bytes({0,    0,    0, 5, 0,    0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4,  //
           0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0});
sparsevec const sparse_value{5, {{0, 1.0F}, {4, -2.0F}}};

template <class T>
void random_bytes_do_no_harm(std::string const& wire) {
  std::mt19937 random(5);
  for (int round = 0; round < 3000; ++round) {
    std::string noise = wire.substr(0, random() % 4 == 0 ? random() % wire.size() : wire.size());
    for (char& c : noise) {
      c = random() % 8 == 0 ? static_cast<char>(random()) : c;
    }
    try {
      auto const value = decoded<T>(noise, some_type);
      CHECK(encoded(value).size() > 2);
    } catch (pqscope::decode_error const& e) {
      CHECK_FALSE(std::string_view(e.what()).empty());
    }
  }
}

float half_of(int bits) {
  auto const wire = bytes({0, 1, 0, 0, bits >> 8, bits & 0xff});
  return decoded<halfvec>(wire, some_type).values.at(0);
}

}  // namespace

TEST_CASE("a vector is its dimensions and numbers") {
  pqscope::vector const expected{{1.0F, -2.0F, 0.5F}};
  CHECK(decoded<pqscope::vector>(dense, some_type) == expected);
  CHECK(parsed<pqscope::vector>("[1,-2,0.5]") == expected);
  CHECK(encoded(expected) == "[1,-2,0.5]");
  CHECK(encoded(std::vector<pqscope::vector>{expected, {{1e-30F}}}) ==
        R"({"[1,-2,0.5]","[1e-30]"})");
  STATIC_CHECK(pqscope::accepts_type<pqscope::vector>(some_type));
  STATIC_CHECK_FALSE(pqscope::accepts_type<pqscope::vector>(pqscope::oid::float4_array));
  STATIC_CHECK(pqscope::codec<std::vector<float>>::type == pqscope::oid::float4_array);
  random_bytes_do_no_harm<pqscope::vector>(dense);
}

TEST_CASE("a half vector is held in floats") {
  halfvec const expected{{1.0F, -2.0F, 0.5F}};
  CHECK(decoded<halfvec>(half, some_type) == expected);
  CHECK(parsed<halfvec>("[1,-2,0.5]") == expected);
  CHECK(encoded(expected) == "[1,-2,0.5]");
  random_bytes_do_no_harm<halfvec>(half);
}

TEST_CASE("every number of half precision is read exactly") {
  CHECK(half_of(0x0001) == 0x1p-24F);
  CHECK(half_of(0x03ff) == 0x1.ff8p-15F);
  CHECK(half_of(0x0400) == 0x1p-14F);
  CHECK(half_of(0x3555) == 0x1.554p-2F);
  CHECK(half_of(0x7bff) == 65504.0F);
  CHECK(half_of(0xfbff) == -65504.0F);
  CHECK(half_of(0x0000) == 0);
  CHECK(std::signbit(half_of(0x8000)));
  float before = -1;
  for (int bits = 0; bits < 0x7c00; ++bits) {
    float const number = half_of(bits);
    REQUIRE(number > before);
    REQUIRE(half_of(bits | 0x8000) == -number);
    before = number;
  }
  for (int const bits : {0x7c00, 0xfc00, 0x7c01, 0x7e00, 0xffff}) {
    CHECK_THROWS_AS(half_of(bits), pqscope::decode_error);
  }
}

TEST_CASE("a malformed vector is refused") {
  require_other_lengths_refused<pqscope::vector>(dense, some_type);
  require_other_lengths_refused<halfvec>(half, some_type);
  for (auto const& wire :
       {bytes({0, 0, 0, 0}), bytes({0, 1, 0, 1, 0, 0, 0, 0}), bytes({0, 1, 0, 0, 0x7f, 0x80, 0, 0}),
        bytes({0, 1, 0, 0, 0x7f, 0xc0, 0, 0}), bytes({0xff, 0xff, 0, 0})}) {
    CHECK_THROWS_AS(decoded<pqscope::vector>(wire, some_type), pqscope::decode_error);
  }
  for (char const* text : {"", "[", "]", "[]", "[1", "1]", "[1,]", "[,1]", "[1,,2]", "[1 ,2]",
                           "[NaN]", "[Infinity]", "[1e99]", "[1]x", "{1}", "[x]"}) {
    INFO(text);
    CHECK_THROWS_AS(parsed<pqscope::vector>(text), pqscope::decode_error);
    CHECK_THROWS_AS(parsed<halfvec>(text), pqscope::decode_error);
  }
  CHECK_THROWS_AS(parsed<halfvec>("[65520]"), pqscope::decode_error);
}

TEST_CASE("a vector that pgvector cannot hold is a usage error") {
  CHECK_THROWS_AS(encoded(pqscope::vector{}), pqscope::usage_error);
  CHECK_THROWS_AS(encoded(pqscope::vector{std::vector<float>(16001)}), pqscope::usage_error);
  CHECK(encoded(pqscope::vector{std::vector<float>(16000)}).size() == 32001);
  for (float const number : {infinity, -infinity, not_a_number}) {
    CHECK_THROWS_AS(encoded(pqscope::vector{{number}}), pqscope::usage_error);
    CHECK_THROWS_AS(encoded(halfvec{{number}}), pqscope::usage_error);
    CHECK_THROWS_AS(encoded(sparsevec{1, {{0, number}}}), pqscope::usage_error);
  }
  CHECK(encoded(halfvec{{65519, -65519}}) == "[65519,-65519]");
  CHECK_THROWS_AS(encoded(halfvec{{65520}}), pqscope::usage_error);
  CHECK_THROWS_AS(encoded(halfvec{{-65520}}), pqscope::usage_error);
}

TEST_CASE("a sparse vector counts dimensions from 0, its text from 1") {
  CHECK(decoded<sparsevec>(sparse, some_type) == sparse_value);
  CHECK(parsed<sparsevec>("{1:1,5:-2}/5") == sparse_value);
  CHECK(encoded(sparse_value) == "{1:1,5:-2}/5");
  CHECK(encoded(sparsevec{1'000'000'000, {}}) == "{}/1000000000");
  CHECK(parsed<sparsevec>("{}/1000000000") == sparsevec{1'000'000'000, {}});
  CHECK(decoded<sparsevec>(bytes({0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}), some_type) ==
        sparsevec{1, {}});
  random_bytes_do_no_harm<sparsevec>(sparse);
}

TEST_CASE("a malformed sparse vector is refused") {
  require_other_lengths_refused<sparsevec>(sparse, some_type);
  for (std::size_t const at : {0U, 4U, 8U, 12U, 16U}) {
    for (int const high : {0x7f, 0xff, 0x80}) {
      std::string wire = sparse;
      wire[at] = static_cast<char>(high);
      CHECK_THROWS_AS(decoded<sparsevec>(wire, some_type), pqscope::decode_error);
    }
  }
  std::string twice = sparse;
  twice[19] = 0;
  CHECK_THROWS_AS(decoded<sparsevec>(twice, some_type), pqscope::decode_error);
  std::string zero = sparse;
  zero.replace(20, 4, 4, '\0');
  CHECK_THROWS_AS(decoded<sparsevec>(zero, some_type), pqscope::decode_error);
  for (char const* text : {"",
                           "{",
                           "{}",
                           "{}/",
                           "{}/0",
                           "{}/x",
                           "{}/1x",
                           "{}/1000000001",
                           "{}/99999999999",
                           "{1}/1",
                           "{1:}/1",
                           "{1:1/1",
                           "{1:1,}/1",
                           "{0:1}/1",
                           "{2:1}/1",
                           "{2:1,1:1}/2",
                           "{1:1,1:1}/2",
                           "{1:0}/1",
                           "{1:NaN}/1",
                           "{1:1}",
                           "1:1}/1",
                           "{-1:1}/1",
                           "{1:1}/-1",
                           "{1:1}1"}) {
    INFO(text);
    CHECK_THROWS_AS(parsed<sparsevec>(text), pqscope::decode_error);
  }
}

TEST_CASE("a sparse vector that pgvector cannot hold is a usage error") {
  for (sparsevec const& value :
       {sparsevec{}, sparsevec{0, {}}, sparsevec{-1, {}}, sparsevec{1'000'000'001, {}},
        sparsevec{2, {{2, 1.0F}}}, sparsevec{2, {{-1, 1.0F}}}, sparsevec{2, {{1, 1.0F}, {0, 1.0F}}},
        sparsevec{2, {{1, 1.0F}, {1, 1.0F}}}, sparsevec{2, {{1, 0.0F}}}}) {
    CHECK_THROWS_AS(encoded(value), pqscope::usage_error);
  }
}

TEST_CASE("any finite numbers survive the text form of a vector") {
  std::mt19937 random(3);
  pqscope::vector value;
  while (value.values.size() < 2000) {
    auto const number = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    if (std::isfinite(number)) {
      value.values.push_back(number);
    }
  }
  CHECK(parsed<pqscope::vector>(encoded(value)) == value);
}
