#include "wire_bytes.hpp"

#include <pqscope/connection/row_shape.hpp>
#include <pqscope/types/parameters.hpp>
#include <pqscope/types/types.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <random>
#include <source_location>
#include <string>
#include <tuple>
#include <vector>

namespace oid = pqscope::oid;
using pqscope::composite;

namespace {

struct address {
  std::string street;
  int number = 0;
  friend bool operator==(address const&, address const&) = default;
};

struct person {
  std::optional<std::string> name;
  address home;
  std::vector<address> others;
  friend bool operator==(person const&, person const&) = default;
};

struct with_view {
  int id;
  std::string_view name;
};

struct unreadable {
  int* pointer;
};

struct marked {
  int id;
};

}  // namespace

template <>
inline constexpr bool pqscope::is_composite<marked> = true;

namespace {

/// One attribute of a composite in binary format.
std::string attribute(pqscope::oid_t type, std::string const& value) {
  pqscope::encoder out;
  out.put_int32(static_cast<std::int32_t>(type));
  out.put_int32(static_cast<std::int32_t>(value.size()));
  return std::string(out.view()) + value;
}

std::string null_attribute(pqscope::oid_t type) {
  pqscope::encoder out;
  out.put_int32(static_cast<std::int32_t>(type));
  out.put_int32(-1);
  return std::string(out.view());
}

std::string const street_and_number =
    bytes({0, 0, 0, 2,  0, 0, 0, 25, 0, 0, 0, 4, 'H', 'i', 'g', 'h',  //
           0, 0, 0, 23, 0, 0, 0, 4,  0, 0, 0, 7});

constexpr pqscope::oid_t some_type = 16400;

}  // namespace

TEST_CASE("a composite is read attribute by attribute") {
  address const expected{"High", 7};
  CHECK(decoded<address>(street_and_number, some_type) == expected);
  CHECK(decoded<composite<address>>(street_and_number, oid::record).value == expected);
  using tuple = std::tuple<std::string, std::int64_t>;
  CHECK(decoded<tuple>(street_and_number, some_type) == tuple("High", 7));
  CHECK(decoded<composite<tuple>>(street_and_number, some_type).value == tuple("High", 7));
  CHECK(decoded<std::optional<address>>(street_and_number, some_type) == expected);
}

TEST_CASE("composites of user-made types and anonymous ones are taken, nothing else") {
  STATIC_CHECK(pqscope::accepts_type<address>(oid::record));
  STATIC_CHECK(pqscope::accepts_type<address>(some_type));
  STATIC_CHECK_FALSE(pqscope::accepts_type<address>(oid::text));
  STATIC_CHECK(pqscope::accepts_type<std::vector<address>>(oid::record_array));
  STATIC_CHECK(pqscope::accepts_type<std::vector<address>>(some_type));
  STATIC_CHECK_FALSE(pqscope::accepts_type<std::vector<address>>(oid::text_array));
}

TEST_CASE("a struct by itself is a row, within something or marked it is a value") {
  using pqscope::detail::row_shape;
  STATIC_CHECK(row_shape<address>::by_name);
  STATIC_CHECK(row_shape<address>::size == 2);
  STATIC_CHECK(row_shape<person>::size == 3);
  STATIC_CHECK(row_shape<std::tuple<int, address>>::size == 2);
  STATIC_CHECK_FALSE(row_shape<composite<address>>::by_name);
  STATIC_CHECK(row_shape<composite<address>>::size == 1);
  STATIC_CHECK_FALSE(row_shape<marked>::by_name);
  STATIC_CHECK_FALSE(row_shape<std::optional<address>>::by_name);
  STATIC_CHECK_FALSE(row_shape<pqscope::uuid>::by_name);
}

TEST_CASE("only a marked struct is a parameter") {
  STATIC_CHECK_FALSE(pqscope::bindable_value<address>);
  STATIC_CHECK_FALSE(pqscope::bindable_value<std::vector<address>>);
  STATIC_CHECK_FALSE(pqscope::bindable_value<std::tuple<int, int>>);
  STATIC_CHECK(pqscope::bindable_value<composite<address>>);
  STATIC_CHECK(pqscope::bindable_value<composite<std::tuple<int, int>>>);
  STATIC_CHECK(pqscope::bindable_value<std::vector<composite<address>>>);
  STATIC_CHECK(pqscope::bindable_value<marked>);
  STATIC_CHECK(pqscope::bindable_value<std::optional<std::vector<marked>>>);
  STATIC_CHECK_FALSE(pqscope::bindable_value<composite<unreadable>>);
  STATIC_CHECK_FALSE(pqscope::readable_value<composite<unreadable>>);
  STATIC_CHECK_FALSE(pqscope::readable_value<unreadable>);
}

TEST_CASE("a struct with a view refers to the result wherever it stands") {
  STATIC_CHECK(pqscope::detail::refers_to_result<std::tuple<int, with_view>>);
  STATIC_CHECK(pqscope::detail::refers_to_result<composite<with_view>>);
  STATIC_CHECK(pqscope::detail::refers_to_result<std::vector<with_view>>);
  STATIC_CHECK_FALSE(pqscope::detail::refers_to_result<person>);
  auto const wire =
      bytes({0, 0, 0, 2}) + attribute(oid::int4, bytes({0, 0, 0, 1})) + attribute(oid::text, "abc");
  pqscope::wire_value const value{wire.data(), wire.size(), some_type};
  CHECK(pqscope::codec<with_view>::decode(value).name == "abc");
  CHECK_THROWS_AS(parsed<with_view>("(1,abc)"), pqscope::usage_error);
}

TEST_CASE("a composite's attributes must be as many, and of types that can be read") {
  CHECK_THROWS_AS(decoded<std::tuple<std::string>>(street_and_number, some_type),
                  pqscope::type_mismatch);
  using three = std::tuple<std::string, int, std::optional<int>>;
  CHECK_THROWS_AS(decoded<three>(street_and_number, some_type), pqscope::type_mismatch);
  using narrower = std::tuple<std::string, std::int16_t>;
  CHECK_THROWS_AS(decoded<narrower>(street_and_number, some_type), pqscope::type_mismatch);
  // a NULL's type counts too
  auto const null_text = bytes({0, 0, 0, 1}) + null_attribute(oid::text);
  CHECK_THROWS_AS(decoded<std::tuple<std::optional<int>>>(null_text, some_type),
                  pqscope::type_mismatch);
  auto const domain = bytes({0, 0, 0, 1}) + attribute(some_type, bytes({0, 0, 0, 1}));
  try {
    static_cast<void>(decoded<std::tuple<int>>(domain, some_type));
    FAIL("nothing was thrown");
  } catch (pqscope::type_mismatch const& e) {
    CHECK(std::string_view(e.what()).find("domain") != std::string_view::npos);
    CHECK(std::string_view(e.what()).find("attribute 1") != std::string_view::npos);
  }
}

TEST_CASE("a NULL attribute needs an optional") {
  auto const wire = bytes({0, 0, 0, 2}) + null_attribute(oid::text) + null_attribute(oid::int4);
  using carrier = std::tuple<std::optional<std::string>, std::optional<int>>;
  CHECK(decoded<carrier>(wire, some_type) == carrier());
  CHECK_THROWS_AS(decoded<address>(wire, some_type), pqscope::unexpected_null);
  CHECK(parsed<carrier>("(,)") == carrier());
  CHECK(parsed<std::tuple<std::optional<int>>>("()") == std::tuple<std::optional<int>>());
  CHECK_THROWS_AS(parsed<address>("(a,)"), pqscope::unexpected_null);
}

TEST_CASE("composites within composites and arrays are read") {
  pqscope::encoder array;
  array.put_int32(1);
  array.put_int32(0);
  array.put_int32(static_cast<std::int32_t>(some_type));
  array.put_int32(1);
  array.put_int32(1);
  array.put_int32(static_cast<std::int32_t>(street_and_number.size()));
  array.append(std::string_view(street_and_number));
  auto const wire = bytes({0, 0, 0, 3}) + attribute(oid::text, "ada") +
                    attribute(some_type, street_and_number) +
                    attribute(some_type + 1, std::string(array.view()));
  person const expected{"ada", {"High", 7}, {{"High", 7}}};
  CHECK(decoded<person>(wire, some_type + 2) == expected);
  CHECK(parsed<person>(R"_((ada,"(High,7)","{""(High,7)""}"))_") == expected);
  require_other_lengths_refused<person>(wire, some_type);
}

TEST_CASE("a malformed composite is refused, however it is") {
  require_other_lengths_refused<address>(street_and_number, some_type);
  for (auto const& wire :
       {bytes({0xff, 0xff, 0xff, 0xff}), bytes({0x7f, 0xff, 0xff, 0xff}),
        bytes({0, 0, 0, 2, 0, 0, 0, 25, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0}),
        bytes({0, 0, 0, 2, 0, 0, 0, 25, 0xff, 0xff, 0xff, 0xfe, 0, 0, 0, 0, 0, 0, 0, 0})}) {
    CHECK_THROWS_AS(decoded<address>(wire, some_type), pqscope::decode_error);
  }
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string noise = street_and_number;
    for (int changes = 0; changes < 3; ++changes) {
      noise[random() % noise.size()] = static_cast<char>(random());
    }
    try {
      static_cast<void>(decoded<address>(noise, some_type));
    } catch (pqscope::decode_error const& e) {
      CHECK_FALSE(std::string_view(e.what()).empty());
    }
  }
}

TEST_CASE("the text form of a composite is read with its quotes and escapes") {
  using texts = std::tuple<std::optional<std::string>, std::optional<std::string>>;
  CHECK(parsed<texts>(R"_((a,b))_") == texts("a", "b"));
  CHECK(parsed<texts>(R"_(("",))_") == texts("", std::nullopt));
  CHECK(parsed<texts>(R"_(("a ""b"" \\ c",\,))_") == texts(R"_(a "b" \ c)_", ","));
  CHECK(parsed<texts>(R"_((NULL,"NULL"))_") == texts("NULL", "NULL"));
  CHECK(parsed<texts>(R"_(  (a b,"(c),"d) )_") == texts("a b", "(c),d"));
  CHECK(parsed<texts>("( , )") == texts(" ", " "));
}

TEST_CASE("what is no composite's text is refused") {
  for (char const* text : {"", "(", ")", "()", "a", "(a", "(a,", "(a,b", "(a,b)c", "(a,\"b)",
                           "(a,b\\", "(a,\"b\\", "(a,b))", "a,b", "(a)", "(a,b,c)", "(a,b,)"}) {
    INFO(text);
    using texts = std::tuple<std::optional<std::string>, std::optional<std::string>>;
    CHECK_THROWS_AS(parsed<texts>(text), pqscope::decode_error);
  }
  CHECK_THROWS_AS((parsed<std::tuple<std::string, std::string>>("(a)")), pqscope::type_mismatch);
  CHECK_THROWS_AS((parsed<std::tuple<std::string>>("(a,b,c)")), pqscope::type_mismatch);
}

TEST_CASE("a composite is written as text, quoted") {
  CHECK(encoded(composite{address{R"_(a "b" \ ,)_", -7}}) == R"_(("a ""b"" \\ ,","-7"))_");
  CHECK(encoded(composite{std::tuple(std::optional<int>(), std::string())}) == R"_((,""))_");
  CHECK(encoded(composite{std::tuple<std::optional<int>>()}) == "()");
  CHECK(encoded(marked{3}) == R"_(("3"))_");
  CHECK(encoded(std::vector<marked>{{3}, {4}}) == R"_({"(\"3\")","(\"4\")"})_");
  int const number = 1;
  std::string const text = "x";
  CHECK(encoded(composite{std::tie(number, text)}) == R"_(("1","x"))_");
  CHECK(encoded(composite{std::tuple(static_cast<char const*>(nullptr), "x")}) == R"_((,"x"))_");
  person const ada{std::nullopt, {"High", 7}, {{"Low", 8}}};
  CHECK(encoded(composite{ada}) == R"_((,"(""High"",""7"")","{""(\\""Low\\"",\\""8\\"")""}"))_");
  CHECK(parsed<person>(encoded(composite{ada})) == ada);
}

TEST_CASE("each type is written within a composite as the server reads it") {
  using namespace std::chrono_literals;
  using namespace std::chrono;
  auto const text_of = [](auto const& value) {
    std::string const whole = encoded(composite{std::tuple(value)});
    return whole.substr(2, whole.size() - 4);
  };
  CHECK(text_of(true) == "t");
  CHECK(text_of(false) == "f");
  CHECK(text_of(std::numeric_limits<std::int16_t>::min()) == "-32768");
  CHECK(text_of(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
  CHECK(text_of(0.1F) == "0.1");
  CHECK(text_of(-1e300) == "-1e+300");
  CHECK(text_of(std::numeric_limits<double>::quiet_NaN()) == "NaN");
  CHECK(text_of(-std::numeric_limits<float>::infinity()) == "-Infinity");
  CHECK(text_of(std::numeric_limits<double>::infinity()) == "Infinity");
  CHECK(text_of(std::vector<std::byte>{std::byte{0}, std::byte{0xaf}}) == R"_(\\x00af)_");
  CHECK(text_of(sys_days(2024y / 2 / 29)) == "2024-02-29");
  CHECK(text_of(2024y / February / 29) == "2024-02-29");
  CHECK(text_of(pqscope::infinite_past<sys_days>) == "-infinity");
  CHECK(text_of(sys_time<milliseconds>(sys_days(1999y / 12 / 31)) + 23h + 1ms) ==
        "1999-12-31 23:00:00.001+00");
  CHECK(text_of(local_days(1y / 1 / 1) - 1s) == "0001-12-31 23:59:59 BC");
  CHECK(text_of(pqscope::infinite_future<local_seconds>) == "infinity");
  CHECK(text_of(pqscope::time_of_day(24h)) == "24:00:00");
  CHECK(text_of(pqscope::interval{14, -3, 1}) == "1 year 2 mons -3 days +00:00:00.000001");
  CHECK(text_of(90s) == "00:01:30");
  CHECK(text_of(pqscope::uuid{}) == "00000000-0000-0000-0000-000000000000");
  CHECK(text_of(pqscope::jsonb(R"_({"a":1})_")) == R"_({""a"":1})_");
  CHECK(text_of(std::vector<std::optional<int>>{1, {}}) == R"_({""1"",NULL})_");
  CHECK(text_of(std::vector<std::vector<int>>{{1}, {2}}) == R"_({{""1""},{""2""}})_");
}

TEST_CASE("a composite that PostgreSQL cannot hold is refused") {
  auto const here = std::source_location::current();
  composite const with_nul{std::tuple(std::string("a\0b", 3))};
  CHECK_THROWS_AS((pqscope::parameter_pack{here, with_nul}), pqscope::usage_error);
  composite const bad_date{std::tuple(std::chrono::year_month_day{})};
  CHECK_THROWS_AS((pqscope::parameter_pack{here, bad_date}), pqscope::usage_error);
  composite const good{std::tuple(1)};
  pqscope::parameter_pack const pack{here, good};
  CHECK(pack.view().types[0] == 0);
  CHECK(pack.view().formats[0] == 0);
}

TEST_CASE("any texts survive the text form of a composite within a composite") {
  std::mt19937 random(20240229);
  constexpr std::string_view letters = "\"\\(),{} \tab\xc3\xa9";
  for (int round = 0; round < 500; ++round) {
    std::vector<std::string> texts(3);
    for (auto& text : texts) {
      for (auto length = random() % 8; length > 0; --length) {
        text += letters[random() % letters.size()];
      }
    }
    person const value{texts[0], {texts[1], static_cast<int>(random())}, {{texts[2], 1}, {"", 2}}};
    REQUIRE(parsed<person>(encoded(composite{value})) == value);
  }
}
