#include "wire_bytes.hpp"

#include <pqscope/connection/row_shape.hpp>
#include <pqscope/types/parameters.hpp>
#include <pqscope/types/types.hpp>

#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace oid = pqscope::oid;

namespace {

using number_or_text = std::variant<std::int64_t, std::string>;

struct stranger {
  int* pointer;
};

struct throws_when_copied {
  throws_when_copied() = default;
  throws_when_copied(throws_when_copied const&) { throw 1; }
  throws_when_copied& operator=(throws_when_copied const&) = default;
};

}  // namespace

template <>
struct pqscope::codec<throws_when_copied> : pqscope::codec<int> {
  static void encode(throws_when_copied const&, encoder& out) { out.put_int32(0); }
};

TEST_CASE("a variant is the first alternative that takes the column's type") {
  CHECK(decoded<number_or_text>(bytes({0, 0, 0, 7}), oid::int4) == number_or_text(std::int64_t{7}));
  CHECK(decoded<number_or_text>("7", oid::text) == number_or_text("7"));
  using both = std::variant<std::int32_t, std::int64_t, double>;
  CHECK(decoded<both>(bytes({0, 7}), oid::int2).index() == 0);
  CHECK(decoded<both>(bytes({0, 0, 0, 0, 0, 0, 0, 7}), oid::int8).index() == 1);
  CHECK(decoded<both>(bytes({0, 0, 0, 0}), oid::float4).index() == 2);
  using twice = std::variant<int, int>;
  CHECK(decoded<twice>(bytes({0, 0, 0, 7}), oid::int4).index() == 0);
}

TEST_CASE("a column that no alternative takes is refused") {
  STATIC_CHECK(pqscope::accepts_type<number_or_text>(oid::int2));
  STATIC_CHECK(pqscope::accepts_type<number_or_text>(oid::varchar));
  STATIC_CHECK_FALSE(pqscope::accepts_type<number_or_text>(oid::float8));
  CHECK(pqscope::codec<number_or_text>::name == "bigint or text");
  CHECK_THROWS_AS(decoded<number_or_text>(bytes({0, 0, 0, 0}), oid::float4),
                  pqscope::type_mismatch);
  CHECK_THROWS_AS((parsed<std::variant<int, bool>>("1.5", oid::float4)), pqscope::type_mismatch);
}

TEST_CASE("a variant from text is the alternative it is from binary") {
  CHECK(parsed<number_or_text>("7", oid::int4) == number_or_text(std::int64_t{7}));
  CHECK(parsed<number_or_text>("7", oid::text) == number_or_text("7"));
  // any type can be read as its text, if nothing else takes it
  CHECK(parsed<number_or_text>("1.5", oid::numeric) == number_or_text("1.5"));
  CHECK(parsed<std::variant<std::string, int>>("7", oid::int4).index() == 1);
  CHECK_THROWS_AS(parsed<number_or_text>("7"), pqscope::decode_error);
  CHECK_THROWS_AS(parsed<number_or_text>("x", oid::int4), pqscope::decode_error);
}

TEST_CASE("a malformed value is refused by the alternative") {
  require_other_lengths_refused<number_or_text>(bytes({0, 0, 0, 7}), oid::int4);
}

TEST_CASE("a variant is NULL by an optional around it") {
  using carrier = std::optional<number_or_text>;
  CHECK_FALSE(pqscope::decode_value<carrier>(nullptr, 0, oid::text));
  CHECK_THROWS_AS(pqscope::decode_value<number_or_text>(nullptr, 0, oid::text),
                  pqscope::unexpected_null);
  STATIC_CHECK_FALSE(pqscope::has_codec<std::variant<std::optional<int>, bool>>);
  STATIC_CHECK_FALSE(pqscope::has_codec<std::variant<std::monostate, int>>);
  STATIC_CHECK_FALSE(pqscope::readable_value<std::variant<stranger, int>>);
  STATIC_CHECK(pqscope::detail::refers_to_result<std::variant<int, std::string_view>>);
  STATIC_CHECK_FALSE(pqscope::detail::refers_to_result<number_or_text>);
}

TEST_CASE("a variant parameter is bound as what it holds") {
  auto const here = std::source_location::current();
  number_or_text const number = std::int64_t{7};
  number_or_text const text = "7";
  std::optional<number_or_text> const null;
  pqscope::parameter_pack const pack{here, number, text, null, std::optional(number)};
  auto const view = pack.view();
  CHECK(view.types[0] == oid::int8);
  CHECK(view.formats[0] == 1);
  CHECK(view.lengths[0] == 8);
  CHECK(view.types[1] == oid::none);
  CHECK(view.formats[1] == 0);
  CHECK(std::string_view(view.values[1]) == "7");
  CHECK(view.values[1] == std::get<std::string>(text).c_str());
  CHECK(view.values[2] == nullptr);
  CHECK(view.types[3] == oid::int8);
}

TEST_CASE("variants within an array travel as text") {
  std::vector<number_or_text> const values{std::int64_t{7}, "a"};
  CHECK(encoded(values) == R"({"7","a"})");
  CHECK(decoded<std::vector<number_or_text>>(bytes({0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 23, 0, 0,
                                                    0, 1, 0, 0, 0, 1, 0, 0, 0, 4, 0, 0,  0, 7}),
                                             oid::int4_array) ==
        std::vector<number_or_text>{std::int64_t{7}});
}

TEST_CASE("a variant without a value is a usage error") {
  std::variant<int, throws_when_copied> value;
  throws_when_copied const source;
  CHECK_THROWS_AS(value.emplace<1>(source), int);
  REQUIRE(value.valueless_by_exception());
  auto const here = std::source_location::current();
  CHECK_THROWS_AS((pqscope::parameter_pack{here, value}), pqscope::usage_error);
}
