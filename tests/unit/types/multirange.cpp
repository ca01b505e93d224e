#include "wire_bytes.hpp"

#include <pqscope/types/array.hpp>
#include <pqscope/types/integer.hpp>
#include <pqscope/types/multirange.hpp>
#include <pqscope/types/text.hpp>

#include <random>

namespace oid = pqscope::oid;
using pqscope::codec;
using pqscope::multirange;
using pqscope::range;

namespace {

using ints = multirange<int>;
using texts = multirange<std::string>;

}  // namespace

template <>
struct pqscope::range_type<std::string> : pqscope::user_range_type {};

TEST_CASE("a multirange contains what any of its ranges does") {
  ints const value{{1, 3}, {5, 7}};
  REQUIRE(value.ranges().size() == 2);
  CHECK(value.contains(2));
  CHECK_FALSE(value.contains(3));
  CHECK(value.contains(6));
  CHECK_FALSE(ints().contains(0));
  CHECK(value == ints(std::vector<range<int>>{{1, 3}, {5, 7}}));
  CHECK(value != ints{{5, 7}, {1, 3}});
}

TEST_CASE("a multirange is a number of ranges behind their sizes") {
  CHECK(encoded(ints()) == bytes({0, 0, 0, 0}));
  CHECK(encoded(ints{range<int>()}) == bytes({0, 0, 0, 1, 0, 0, 0, 1, 1}));
  ints const value{{1, 5}, {range<int>{pqscope::inclusive(9), pqscope::unbounded}}};
  CHECK(encoded(value) == bytes({0, 0, 0, 2, 0, 0, 0, 17, 2, 0, 0,    0, 4, 0, 0, 0, 1, 0, 0,
                                 0, 4, 0, 0, 0, 5, 0, 0,  0, 9, 0x12, 0, 0, 0, 4, 0, 0, 0, 9}));
  CHECK(round_trip(value) == value);
  CHECK(round_trip(ints()) == ints());
  require_other_lengths_refused<ints>(encoded(value), oid::int4multirange);
}

TEST_CASE("malformed multiranges are refused") {
  for (std::string const& wire :
       {bytes({0xff, 0xff, 0xff, 0xff}), bytes({0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 1, 1}),
        bytes({0, 0, 0, 1, 0, 0, 0, 0}), bytes({0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 1}),
        bytes({0, 0, 0, 1, 0, 0, 0, 2, 1, 1}), bytes({0, 0, 0, 2, 0, 0, 0, 1, 1}),
        bytes({0, 0, 0, 1, 0x7f, 0xff, 0xff, 0xff, 1})}) {
    CHECK_THROWS_AS(decoded<ints>(wire, oid::int4multirange), pqscope::decode_error);
  }
}

TEST_CASE("random bytes are a multirange or refused") {
  std::mt19937 random(20240301);
  int accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string wire = bytes({0, 0, 0, static_cast<int>(random() % 3)});
    wire.resize(4 + random() % 24);
    for (std::size_t at = 4; at < wire.size(); ++at) {
      wire[at] = static_cast<char>(random() % 8 == 0 ? random() % 256 : random() % 2);
    }
    try {
      ints const value = decoded<ints>(wire, oid::int4multirange);
      CHECK(encoded(value) == wire);
      ++accepted;
    } catch (pqscope::decode_error const&) {
    }
  }
  CHECK(accepted > 0);
}

TEST_CASE("the text form of a multirange is ranges within braces") {
  CHECK(ints().to_string() == "{}");
  CHECK(ints{{1, 3}, {5, 7}}.to_string() == "{[1,3),[5,7)}");
  CHECK(texts{{"a", "b}"}, {"c,", "d"}}.to_string() == "{[a,b}),[\"c,\",d)}");
  CHECK(parsed<ints>("{}") == ints());
  CHECK(parsed<ints>(" { } ") == ints());
  CHECK(parsed<ints>(" { [1,3) , [5,7) } ") == ints{{1, 3}, {5, 7}});
  CHECK(parsed<ints>("{empty}") == ints{range<int>()});
  CHECK(parsed<texts>("{[a,b}),[\"c,\",d)}") == texts{{"a", "b}"}, {"c,", "d"}});
}

TEST_CASE("text that is no multirange is refused") {
  for (char const* text : {"", "[1,3)", "{", "{[1,3)", "{[1,3),}", "{,[1,3)}", "{[1,3) [5,7)}",
                           "{[1,3)}x", "{{[1,3)}}", "{1}", "}", "{[1,3]", "{[1,3},[5,7)}"}) {
    INFO(text);
    CHECK_THROWS_AS(parsed<ints>(text), pqscope::decode_error);
  }
}

TEST_CASE("a multirange is the built-in one over its type, if there is one") {
  STATIC_CHECK(codec<ints>::type == oid::int4multirange);
  STATIC_CHECK(codec<ints>::array_type == oid::int4multirange_array);
  STATIC_CHECK(codec<ints>::name == "int4multirange");
  STATIC_CHECK(codec<texts>::name == "multirange of text");
  STATIC_CHECK(codec<ints>::accepts(oid::int4multirange));
  STATIC_CHECK_FALSE(codec<ints>::accepts(oid::int8multirange));
  STATIC_CHECK_FALSE(codec<ints>::accepts(oid::int4range));
  STATIC_CHECK_FALSE(codec<ints>::accepts(16500));
  STATIC_CHECK(codec<multirange<long>>::accepts(oid::int4multirange));
  STATIC_CHECK(codec<texts>::accepts(16500));
  CHECK(decoded<multirange<long>>(encoded(ints{{1, 5}}), oid::int4multirange) ==
        multirange<long>{{1, 5}});
}

TEST_CASE("multiranges are array elements") {
  std::vector<std::optional<ints>> const values{ints{{1, 5}}, {}, ints()};
  CHECK(round_trip(values) == values);
  CHECK(parsed<std::vector<ints>>("{\"{[1,5),[7,9)}\",\"{}\"}", oid::int4multirange_array).size() ==
        2);
}
