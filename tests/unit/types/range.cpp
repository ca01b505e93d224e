#include "wire_bytes.hpp"

#include <pqscope/types/array.hpp>
#include <pqscope/types/date.hpp>
#include <pqscope/types/enumeration.hpp>
#include <pqscope/types/floating.hpp>
#include <pqscope/types/integer.hpp>
#include <pqscope/types/numeric.hpp>
#include <pqscope/types/parameters.hpp>
#include <pqscope/types/range.hpp>
#include <pqscope/types/text.hpp>
#include <pqscope/types/timestamp.hpp>

#include <chrono>
#include <cmath>
#include <limits>
#include <random>
#include <source_location>

namespace oid = pqscope::oid;
using pqscope::codec;
using pqscope::exclusive;
using pqscope::inclusive;
using pqscope::range;
using pqscope::unbounded;

namespace {

using ints = range<int>;
using texts = range<std::string>;

constexpr pqscope::oid_t user_type = 16500;

/// A length that travels as an integer, within a range type that users made.
struct metres {
  int value = 0;
  friend bool operator==(metres, metres) = default;
};

}  // namespace

template <>
struct pqscope::codec<metres> : pqscope::codec<int> {
  static void encode(metres value, encoder& out) { codec<int>::encode(value.value, out); }
  static metres decode(wire_value value) { return {codec<int>::decode(value)}; }
  static metres parse(std::string_view text) { return {codec<int>::parse(text)}; }
};

template <>
struct pqscope::range_type<metres> : pqscope::user_range_type {};

template <>
struct pqscope::range_type<double> : pqscope::user_range_type {};
template <>
struct pqscope::range_type<std::string> : pqscope::user_range_type {};
template <>
struct pqscope::range_type<std::string_view> : pqscope::user_range_type {};

TEST_CASE("a range knows its bounds") {
  ints const half_open(1, 5);
  CHECK_FALSE(half_open.is_empty());
  CHECK(half_open.lower() == inclusive(1));
  CHECK(half_open.upper() == exclusive(5));
  CHECK(half_open == ints{inclusive(1), exclusive(5)});
  CHECK(half_open != ints{inclusive(1), inclusive(5)});
  CHECK(half_open != ints{inclusive(1), inclusive(4)});
  CHECK(half_open != ints{inclusive(1), unbounded});
  CHECK(half_open != ints());
  CHECK(ints().is_empty());
  CHECK(ints().lower().is_unbounded());
  CHECK(ints() != ints{unbounded, unbounded});
  CHECK_FALSE(ints(3, 3).is_empty());
  CHECK(range(1, 5) == half_open);
}

TEST_CASE("a bound that is not there has no value") {
  ints const all{unbounded, unbounded};
  CHECK(all.lower().is_unbounded());
  CHECK_FALSE(all.lower().is_inclusive());
  CHECK_THROWS_AS(all.upper().value(), pqscope::usage_error);
  texts const from_a{inclusive("a"), unbounded};
  CHECK(from_a.lower().value() == "a");
}

TEST_CASE("a range contains what lies between its bounds") {
  CHECK(ints(1, 5).contains(1));
  CHECK(ints(1, 5).contains(4));
  CHECK_FALSE(ints(1, 5).contains(0));
  CHECK_FALSE(ints(1, 5).contains(5));
  CHECK(ints{exclusive(1), inclusive(5)}.contains(5));
  CHECK_FALSE(ints{exclusive(1), inclusive(5)}.contains(1));
  CHECK(ints{unbounded, exclusive(5)}.contains(std::numeric_limits<int>::min()));
  CHECK(ints{inclusive(5), unbounded}.contains(std::numeric_limits<int>::max()));
  CHECK(ints{unbounded, unbounded}.contains(0));
  CHECK_FALSE(ints().contains(0));
  CHECK_FALSE(ints(3, 3).contains(3));
  CHECK(ints{inclusive(3), inclusive(3)}.contains(3));
  CHECK_FALSE(range<double>(0, 1).contains(std::nan("")));
  STATIC_CHECK(range<int>(1, 5).contains(2));
}

TEST_CASE("a range is flags and its bounds behind their sizes") {
  CHECK(encoded(ints()) == bytes({1}));
  CHECK(encoded(ints{unbounded, unbounded}) == bytes({0x18}));
  CHECK(encoded(ints(1, 5)) == bytes({2, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 5}));
  CHECK(encoded(ints{exclusive(1), inclusive(5)}) ==
        bytes({4, 0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 5}));
  CHECK(encoded(ints{exclusive(1), unbounded}) == bytes({0x10, 0, 0, 0, 4, 0, 0, 0, 1}));
  CHECK(encoded(ints{unbounded, inclusive(-1)}) ==
        bytes({0x0c, 0, 0, 0, 4, 0xff, 0xff, 0xff, 0xff}));
}

TEST_CASE("a range round-trips in both formats whatever its bounds are") {
  for (ints const& value :
       {ints(), ints{unbounded, unbounded}, ints(1, 5), ints(5, 1), ints{exclusive(1), unbounded},
        ints{unbounded, inclusive(std::numeric_limits<int>::min())},
        ints{inclusive(-7), inclusive(std::numeric_limits<int>::max())}}) {
    INFO(value.to_string());
    CHECK(round_trip(value) == value);
    CHECK(parsed<ints>(value.to_string()) == value);
    require_other_lengths_refused<ints>(encoded(value), oid::int4range);
  }
}

TEST_CASE("malformed ranges are refused") {
  auto const refused = [](std::string const& wire) {
    CHECK_THROWS_AS(decoded<ints>(wire, oid::int4range), pqscope::decode_error);
  };
  std::string const bounds = bytes({0, 0, 0, 4, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0, 0, 5});
  for (int flags = 0; flags < 256; ++flags) {
    INFO("flags " << flags);
    bool const two_bounds = flags == 0 || flags == 2 || flags == 4 || flags == 6;
    if (two_bounds) {
      CHECK_NOTHROW(decoded<ints>(bytes({flags}) + bounds, oid::int4range));
    } else {
      refused(bytes({flags}) + bounds);
    }
  }
  refused(bytes({0x0a, 0, 0, 0, 4, 0, 0, 0, 1}));
  refused(bytes({0x14, 0, 0, 0, 4, 0, 0, 0, 1}));
  refused(bytes({0x19}));
  refused(bytes({0x10, 0xff, 0xff, 0xff, 0xff}));
  refused(bytes({0x10, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 1}));
  refused(bytes({0x10, 0x80, 0, 0, 0, 0, 0, 0, 1}));
  refused(bytes({0x10, 0, 0, 0, 3, 0, 0, 1}));
  refused(bytes({0x10, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 1}));
}

TEST_CASE("random bytes are a range or refused") {
  std::mt19937 random(20240229);
  int accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string wire(random() % 24, '\0');
    for (char& c : wire) {
      c = static_cast<char>(random() % 3 == 0 ? random() % 256 : random() % 6);
    }
    try {
      ints const value = decoded<ints>(wire, oid::int4range);
      CHECK(encoded(value) == wire);
      ++accepted;
    } catch (pqscope::decode_error const&) {
    }
  }
  CHECK(accepted > 0);
}

TEST_CASE("the text of a bound is quoted where PostgreSQL does") {
  CHECK(texts("a", "b").to_string() == "[a,b)");
  CHECK(texts("", "a b").to_string() == "[\"\",\"a b\")");
  CHECK(texts("a,b", "(").to_string() == "[\"a,b\",\"(\")");
  CHECK(texts("say \"x\"", "\\").to_string() == "[\"say \"\"x\"\"\",\"\\\\\")");
  CHECK(texts{unbounded, inclusive("]")}.to_string() == "(,\"]\"]");
  CHECK(texts("{", "'").to_string() == "[{,')");
  CHECK(texts().to_string() == "empty");
  CHECK(texts("empty", "null").to_string() == "[empty,null)");
  CHECK(range<double>(0.1, 2).to_string() == "[0.1,2)");
  CHECK(range(pqscope::numeric("1.50"), pqscope::numeric("2")).to_string() == "[1.50,2)");
  auto const day = std::chrono::sys_days(std::chrono::year(2024) / 2 / 29);
  CHECK(range<std::chrono::sys_days>(day, day).to_string() == "[2024-02-29,2024-02-29)");
  CHECK(range<std::chrono::sys_seconds>(day, day + std::chrono::seconds(1)).to_string() ==
        "[\"2024-02-29 00:00:00+00\",\"2024-02-29 00:00:01+00\")");
}

TEST_CASE("the text form is read as PostgreSQL reads it") {
  CHECK(parsed<ints>("empty") == ints());
  CHECK(parsed<ints>(" EmpTY ") == ints());
  CHECK(parsed<ints>(" [1,5) ") == ints(1, 5));
  CHECK(parsed<ints>("(,)") == ints{unbounded, unbounded});
  CHECK(parsed<ints>("[,]") == ints{unbounded, unbounded});
  CHECK(parsed<ints>("[\"1\",\\5]") == ints{inclusive(1), inclusive(5)});
  CHECK(parsed<texts>("[ a ,b\"c d\"e)") == texts(" a ", "bc de"));
  CHECK(parsed<texts>("[\"\",\"a\"\"b\\\"c\\\\\")") == texts("", "a\"b\"c\\"));
  CHECK(parsed<texts>("[a(b,[)") == texts("a(b", "["));
}

TEST_CASE("text that is no range is refused") {
  for (char const* text :
       {"",        " ",       "1,5",    "[1,5",    "[1 5]",    "[1]",
        "[1,5,9]", "[1,5)x",  "[1,5))", "emptyx",  "empt",     "empty [1,2)",
        "[",       "[\"1,5)", "[1\\",   "[1,\"5)", "[1,5\\",   "{[1,5)}",
        "x[1,5)",  "[a,5)",   "[ 1,5)", "[1,5.0)", "[\"\",5)", "[1,99999999999)"}) {
    INFO(text);
    CHECK_THROWS_AS(parsed<ints>(text), pqscope::decode_error);
  }
  CHECK_THROWS_AS(parsed<texts>(std::string_view("[a\0,b", 6)), pqscope::decode_error);
}

TEST_CASE("a range is the built-in one over its type, if there is one") {
  STATIC_CHECK(codec<ints>::type == oid::int4range);
  STATIC_CHECK(codec<range<long>>::type == oid::int8range);
  STATIC_CHECK(codec<range<pqscope::numeric>>::type == oid::numrange);
  STATIC_CHECK(codec<range<std::chrono::sys_days>>::type == oid::daterange);
  STATIC_CHECK(codec<range<std::chrono::sys_seconds>>::type == oid::tstzrange);
  STATIC_CHECK(codec<range<std::chrono::local_seconds>>::array_type == oid::tsrange_array);
  STATIC_CHECK(codec<texts>::type == oid::none);
  STATIC_CHECK(codec<ints>::name == "int4range");
  STATIC_CHECK(codec<range<double>>::name == "range of double precision");
}

TEST_CASE("a range reads no range whose bounds might not fit") {
  STATIC_CHECK(codec<ints>::accepts(oid::int4range));
  STATIC_CHECK_FALSE(codec<ints>::accepts(oid::int8range));
  STATIC_CHECK_FALSE(codec<ints>::accepts(oid::int4));
  STATIC_CHECK_FALSE(codec<ints>::accepts(oid::none));
  STATIC_CHECK_FALSE(codec<ints>::accepts(oid::int4multirange));
  STATIC_CHECK_FALSE(codec<ints>::accepts(user_type));
  STATIC_CHECK(codec<range<long>>::accepts(oid::int4range));
  STATIC_CHECK_FALSE(codec<range<std::chrono::sys_seconds>>::accepts(oid::tsrange));
  STATIC_CHECK(codec<range<double>>::accepts(user_type));
  STATIC_CHECK_FALSE(codec<texts>::accepts(oid::text));
  CHECK(decoded<range<long>>(encoded(ints(1, 5)), oid::int4range) == range<long>(1, 5));
}

TEST_CASE("a range of users travels as text and is read by the type of its bounds") {
  auto const here = std::source_location::current();
  pqscope::parameter_pack const pack{here, range<double>(0.5, 2), std::vector<texts>{{"a", "b c"}}};
  CHECK(pack.view().types[0] == 0);
  CHECK(pack.view().formats[0] == 0);
  CHECK(std::string_view(pack.view().values[0]) == "[0.5,2)");
  CHECK(pack.view().types[1] == 0);
  CHECK(std::string_view(pack.view().values[1]) == "{\"[a,\\\"b c\\\")\"}");
  CHECK(decoded<texts>(bytes({2, 0, 0, 0, 1, 'a', 0, 0, 0, 0}), user_type) == texts("a", ""));
}

TEST_CASE("a user's type can have a range of its own in place of the built-in one") {
  using lengths = range<metres>;
  STATIC_CHECK(codec<lengths>::type == oid::none);
  STATIC_CHECK(codec<lengths>::accepts(user_type));
  CHECK(encoded(lengths({1}, {5})) == "[1,5)");
  CHECK(decoded<lengths>(encoded(ints(1, 5)), user_type) == lengths({1}, {5}));
}

TEST_CASE("ranges are array elements") {
  std::vector<std::optional<ints>> const values{ints(1, 5), {}, ints()};
  CHECK(round_trip(values) == values);
  CHECK(parsed<std::vector<ints>>("{\"[1,5)\",empty}", oid::int4range_array) ==
        std::vector<ints>{ints(1, 5), ints()});
}

TEST_CASE("a range of views points into the row and cannot be read from text") {
  using views = range<std::string_view>;
  STATIC_CHECK(codec<views>::is_view);
  std::string const wire = bytes({2, 0, 0, 0, 1, 'a', 0, 0, 0, 1, 'b'});
  views const read = codec<views>::decode({wire.data(), wire.size(), user_type});
  CHECK(read.lower().value().data() == wire.data() + 5);
  CHECK_THROWS_AS(parsed<views>("[a,b)"), pqscope::usage_error);
}
