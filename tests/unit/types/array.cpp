#include "wire_bytes.hpp"

#include <pqscope/types/array.hpp>
#include <pqscope/types/boolean.hpp>
#include <pqscope/types/bytea.hpp>
#include <pqscope/types/floating.hpp>
#include <pqscope/types/integer.hpp>
#include <pqscope/types/json.hpp>
#include <pqscope/types/text.hpp>
#include <pqscope/types/uuid.hpp>

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace oid = pqscope::oid;
using pqscope::codec;
using namespace std::string_literals;

namespace {

using ints = std::vector<int>;
using matrix = std::vector<std::vector<int>>;
using optional_ints = std::vector<std::optional<int>>;
using strings = std::vector<std::string>;
using optional_strings = std::vector<std::optional<std::string>>;

/// The head of an array as `array_send` writes it.
std::string head(int dimensions, int flags, pqscope::oid_t element,
                 std::initializer_list<std::pair<int, int>> bounds) {
  pqscope::encoder out;
  out.put_int32(dimensions);
  out.put_int32(flags);
  out.put_int32(static_cast<std::int32_t>(element));
  for (auto const& [length, lower] : bounds) {
    out.put_int32(length);
    out.put_int32(lower);
  }
  return std::string(out.view());
}

std::string int_element(int value) {
  return bytes({0, 0, 0, 4}) + encoded(value);
}

}  // namespace

TEST_CASE("an array parameter has the bytes array_send would write") {
  CHECK(encoded(ints{1, 2}) == head(1, 0, oid::int4, {{2, 1}}) + int_element(1) + int_element(2));
  CHECK(encoded(ints{}) == head(0, 0, oid::int4, {}));
  CHECK(encoded(optional_ints{1, {}}) ==
        head(1, 1, oid::int4, {{2, 1}}) + int_element(1) + bytes({255, 255, 255, 255}));
  CHECK(encoded(matrix{{1, 2, 3}, {4, 5, 6}}) ==
        head(2, 0, oid::int4, {{2, 1}, {3, 1}}) + int_element(1) + int_element(2) + int_element(3) +
            int_element(4) + int_element(5) + int_element(6));
  CHECK(encoded(strings{"ab"}) == head(1, 0, oid::text, {{1, 1}}) + bytes({0, 0, 0, 2}) + "ab");
}

TEST_CASE("arrays of every family survive the wire") {
  CHECK(round_trip(ints{1, -2, 3}) == ints{1, -2, 3});
  CHECK(round_trip(matrix{{1, 2}, {3, 4}}) == matrix{{1, 2}, {3, 4}});
  CHECK(round_trip(optional_ints{{}, 5, {}}) == optional_ints{{}, 5, {}});
  CHECK(round_trip(std::vector<bool>{true, false}) == std::vector<bool>{true, false});
  CHECK(round_trip(std::vector<double>{0.5, -1}) == std::vector<double>{0.5, -1});
  CHECK(round_trip(strings{"", "a,b", "{}\"\\"}) == strings{"", "a,b", "{}\"\\"});
  CHECK(round_trip(optional_strings{"NULL", {}}) == optional_strings{"NULL", {}});
  CHECK(round_trip(std::vector<pqscope::uuid>{{}}) == std::vector<pqscope::uuid>{{}});
  CHECK(round_trip(std::vector<pqscope::jsonb>{{}}) == std::vector<pqscope::jsonb>{{}});
  CHECK(round_trip(std::vector<pqscope::json>{{}}) == std::vector<pqscope::json>{{}});
  std::vector<std::vector<std::byte>> const blobs{{std::byte{0}}, {}};
  CHECK(codec<std::vector<std::vector<std::byte>>>::type == oid::bytea_array);
  CHECK(round_trip(blobs) == blobs);
  CHECK(round_trip(std::array<int, 3>{1, 2, 3}) == std::array<int, 3>{1, 2, 3});
  std::array<std::array<int, 2>, 2> const square{{{1, 2}, {3, 4}}};
  CHECK(round_trip(square) == square);
  std::vector<std::vector<bool>> const bits{{true}, {false}};
  CHECK(round_trip(bits) == bits);
  using six = std::vector<std::vector<std::vector<std::vector<std::vector<ints>>>>>;
  CHECK(round_trip(six{{{{{{1, 2}}}}}}) == six{{{{{{1, 2}}}}}});
}

TEST_CASE("an array without elements has no dimensions") {
  CHECK(round_trip(ints{}).empty());
  CHECK(round_trip(matrix{}).empty());
  CHECK(round_trip(matrix{{}, {}}).empty());
  CHECK(encoded(matrix{{}, {}}) == head(0, 0, oid::int4, {}));
  CHECK(decoded<matrix>(head(0, 0, oid::int4, {}), oid::int4_array).empty());
  CHECK(decoded<ints>(head(1, 0, oid::int4, {{0, 1}}), oid::int4_array).empty());
  CHECK(decoded<ints>(head(2, 0, oid::int4, {{2147483647, 1}, {0, 1}}), oid::int4_array).empty());
}

TEST_CASE("spans and C strings are array parameters") {
  int const numbers[] = {1, 2};
  CHECK(encoded(std::span<int const>(numbers)) == encoded(ints{1, 2}));
  std::vector<char const*> const texts{"a", nullptr};
  CHECK(encoded(texts) == encoded(optional_strings{"a", {}}));
  STATIC_CHECK_FALSE(pqscope::readable_value<std::span<int const>>);
  STATIC_CHECK_FALSE(pqscope::readable_value<std::vector<char const*>>);
}

TEST_CASE("nested vectors that differ in length are a usage_error") {
  CHECK_THROWS_AS(encoded(matrix{{1, 2}, {3}}), pqscope::usage_error);
  CHECK_THROWS_AS(encoded(matrix{{}, {3}}), pqscope::usage_error);
  CHECK_THROWS_AS(encoded(matrix{{1}, {}}), pqscope::usage_error);
  using cube = std::vector<matrix>;
  CHECK_THROWS_AS(encoded(cube{{{1}, {2}}, {{3}}}), pqscope::usage_error);
  CHECK_THROWS_AS(encoded(cube{{{1}}, {{2, 3}}}), pqscope::usage_error);
}

TEST_CASE("a NUL byte in a text within an array is a usage_error") {
  CHECK_THROWS_AS(encoded(strings{"a", "b\0c"s}), pqscope::usage_error);
}

TEST_CASE("lower bounds are read over") {
  CHECK(decoded<ints>(head(1, 0, oid::int4, {{1, -5}}) + int_element(7), oid::int4_array) ==
        ints{7});
  CHECK(parsed<ints>("[2:4]={1,2,3}") == ints{1, 2, 3});
  CHECK(parsed<matrix>("[-1:0][5:5]={{1},{2}}") == matrix{{1}, {2}});
}

TEST_CASE("a NULL element needs an optional") {
  auto const wire = encoded(optional_ints{1, {}});
  CHECK_THROWS_AS(decoded<ints>(wire, oid::int4_array), pqscope::unexpected_null);
  CHECK_THROWS_AS(parsed<ints>("{1,NULL}"), pqscope::unexpected_null);
  CHECK(decoded<optional_ints>(wire, oid::int4_array) == optional_ints{1, {}});
}

TEST_CASE("an array of another number of dimensions or another size is a decode_error") {
  CHECK_THROWS_AS(decoded<ints>(encoded(matrix{{1}}), oid::int4_array), pqscope::decode_error);
  CHECK_THROWS_AS(decoded<matrix>(encoded(ints{1}), oid::int4_array), pqscope::decode_error);
  using three = std::array<int, 3>;
  CHECK_THROWS_AS(decoded<three>(encoded(ints{1, 2}), oid::int4_array), pqscope::decode_error);
  CHECK_THROWS_AS(decoded<three>(encoded(ints{1, 2, 3, 4}), oid::int4_array),
                  pqscope::decode_error);
  CHECK_THROWS_AS(decoded<three>(encoded(ints{}), oid::int4_array), pqscope::decode_error);
  CHECK_THROWS_AS(parsed<three>("{1,2}"), pqscope::decode_error);
  CHECK_THROWS_AS(parsed<three>("{1,2,3,4}"), pqscope::decode_error);
}

TEST_CASE("an array's element type is checked against the C++ type") {
  CHECK_THROWS_AS(decoded<ints>(encoded(std::vector<std::int64_t>{1}), oid::int8_array),
                  pqscope::type_mismatch);
  CHECK(decoded<std::vector<std::int64_t>>(encoded(ints{-1}), oid::int4_array) ==
        std::vector<std::int64_t>{-1});
  STATIC_CHECK(codec<ints>::accepts(oid::int4_array));
  STATIC_CHECK(codec<ints>::accepts(oid::int2_array));
  STATIC_CHECK_FALSE(codec<ints>::accepts(oid::int8_array));
  STATIC_CHECK_FALSE(codec<ints>::accepts(oid::int4));
  STATIC_CHECK_FALSE(codec<ints>::accepts(oid::first_user));
  STATIC_CHECK(codec<matrix>::accepts(oid::int4_array));
  STATIC_CHECK(codec<strings>::accepts(oid::varchar_array));
  STATIC_CHECK(codec<ints>::name == "integer[]");
  STATIC_CHECK(codec<matrix>::name == "integer[]");
  STATIC_CHECK(codec<std::vector<std::optional<bool>>>::type == oid::boolean_array);
}

TEST_CASE("every truncated array is refused") {
  require_other_lengths_refused<ints>(encoded(ints{1, 2}), oid::int4_array);
  require_other_lengths_refused<matrix>(encoded(matrix{{1, 2}, {3, 4}}), oid::int4_array);
  require_other_lengths_refused<optional_strings>(encoded(optional_strings{"ab", {}, ""}),
                                                  oid::text_array);
  require_other_lengths_refused<ints>(encoded(ints{}), oid::int4_array);
}

TEST_CASE("an array that lies about itself is refused without a huge allocation") {
  auto const refused = [](std::string const& wire) {
    CHECK_THROWS_AS(decoded<ints>(wire, oid::int4_array), pqscope::decode_error);
    CHECK_THROWS_AS(decoded<matrix>(wire, oid::int4_array), pqscope::decode_error);
  };
  refused(head(1, 0, oid::int4, {{2147483647, 1}}) + int_element(1));
  refused(head(2, 0, oid::int4, {{65536, 1}, {65536, 1}}) + int_element(1));
  refused(head(2, 0, oid::int4, {{2147483647, 1}, {2147483647, 1}}) + int_element(1));
  refused(head(1, 0, oid::int4, {{-1, 1}}) + int_element(1));
  refused(head(-1, 0, oid::int4, {}));
  refused(head(7, 0, oid::int4, {{1, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 1}, {1, 1}}) +
          int_element(1));
  refused(head(2147483647, 0, oid::int4, {}));
  refused(head(1, 2, oid::int4, {{1, 1}}) + int_element(1));
  refused(head(1, 0, oid::int4, {{1, 1}}) + bytes({255, 255, 255, 254}) + encoded(1));
  refused(head(1, 0, oid::int4, {{1, 1}}) + bytes({127, 255, 255, 255}) + encoded(1));
  refused(head(1, 0, oid::int4, {{1, 1}}) + bytes({0, 0, 0, 3, 0, 0, 1}));
  refused(head(1, 0, 0, {{1, 1}}) + int_element(1));
}

TEST_CASE("every single flipped bit of an array gives a value or a decode_error") {
  auto const wire = encoded(optional_strings{"ab", {}, "cde"});
  for (std::size_t bit = 0; bit < wire.size() * 8; ++bit) {
    auto damaged = wire;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    try {
      decoded<optional_strings>(damaged, oid::text_array);
    } catch (pqscope::decode_error const&) {
    }
  }
  SUCCEED();
}

TEST_CASE("arrays in text are read with quotes, escapes and NULL") {
  CHECK(parsed<ints>("{}").empty());
  CHECK(parsed<ints>("{1,-2,3}") == ints{1, -2, 3});
  CHECK(parsed<matrix>("{{1,2},{3,4}}") == matrix{{1, 2}, {3, 4}});
  CHECK(parsed<matrix>("{}").empty());
  CHECK(parsed<strings>(R"({a,"b,c","d\"e","f\\g","","{}","NULL"," h ",i j})") ==
        strings{"a", "b,c", "d\"e", "f\\g", "", "{}", "NULL", " h ", "i j"});
  CHECK(parsed<optional_strings>(R"({NULL,null,"NULL",N\ULL,nulls})") ==
        optional_strings{{}, {}, "NULL", "NULL", "nulls"});
  CHECK(parsed<std::vector<bool>>("{t,f}") == std::vector<bool>{true, false});
  CHECK(parsed<std::vector<double>>("{1.5,Infinity}").size() == 2);
  CHECK(parsed<std::vector<std::vector<std::byte>>>(R"({"\\x00ff",""})", oid::bytea_array) ==
        std::vector<std::vector<std::byte>>{{std::byte{0}, std::byte{255}}, {}});
  CHECK(parsed<std::vector<double>>("{0.1}", oid::float4_array)[0] == static_cast<double>(0.1F));
  CHECK(parsed<ints>(" { 1 , 2 } ") == ints{1, 2});
}

TEST_CASE("malformed array text is refused") {
  for (char const* text :
       {"",         "1",        "{",     "}",         "{1",         "{1,",        "{1,}",
        "{,1}",     "{1 2}",    "{1}}",  "{1}x",      "{\"1}",      "{\"1\"x}",   "{1\"2\"}",
        "{1\\",     "{\"1\\",   "{{1}}", "{{1},{2}}", "[1:2]{1,2}", "[1:2={1,2}", "[]={1}",
        "[1:]={1}", "[:1]={1}", "=",     "{1;2}"}) {
    INFO(text);
    CHECK_THROWS_AS(parsed<ints>(text), pqscope::decode_error);
  }
  for (char const* text : {"{1,2}", "{{1,2},{3}}", "{{1},2}", "{{1},{2}", "{{},{1}}", "{{{1}}}"}) {
    INFO(text);
    CHECK_THROWS_AS(parsed<matrix>(text), pqscope::decode_error);
  }
}

TEST_CASE("views into a row can be had from a binary array only") {
  auto const wire = encoded(strings{"ab", "c"});
  auto const views = pqscope::decode_value<std::vector<std::string_view>>(
      wire.data(), static_cast<int>(wire.size()), oid::text_array);
  CHECK(views == std::vector<std::string_view>{"ab", "c"});
  CHECK_THROWS_AS(parsed<std::vector<std::string_view>>("{ab}"), pqscope::usage_error);
}
