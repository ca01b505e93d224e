#include "wire_bytes.hpp"

#include <pqscope/types/array.hpp>
#include <pqscope/types/boolean.hpp>
#include <pqscope/types/integer.hpp>
#include <pqscope/types/text.hpp>

#include <optional>
#include <string>

namespace oid = pqscope::oid;

TEST_CASE("NULL into an optional is empty, into anything else an unexpected_null") {
  CHECK_FALSE(pqscope::decode_value<std::optional<int>>(nullptr, 0, oid::int4));
  CHECK_FALSE(pqscope::parse_value<std::optional<int>>(nullptr, 0, oid::int4));
  CHECK_FALSE(pqscope::decode_value<std::optional<std::string>>(nullptr, 0, oid::text));
  CHECK_THROWS_AS(pqscope::decode_value<int>(nullptr, 0, oid::int4), pqscope::unexpected_null);
  CHECK_THROWS_AS(pqscope::parse_value<int>(nullptr, 0, oid::int4), pqscope::unexpected_null);
  CHECK_THROWS_AS(pqscope::decode_value<std::string>(nullptr, 0, oid::text),
                  pqscope::unexpected_null);
}

TEST_CASE("a value into an optional is the value, an empty text too") {
  CHECK(decoded<std::optional<int>>(bytes({0, 0, 0, 7}), oid::int4) == 7);
  CHECK(decoded<std::optional<std::string>>("", oid::text) == "");
  CHECK(parsed<std::optional<int>>("7") == 7);
}

TEST_CASE("what can be read and sent is known while compiling") {
  struct stranger {};
  STATIC_CHECK(pqscope::readable_value<int>);
  STATIC_CHECK(pqscope::readable_value<std::optional<int>>);
  STATIC_CHECK(pqscope::readable_value<std::vector<std::optional<int>>>);
  STATIC_CHECK_FALSE(pqscope::readable_value<stranger>);
  STATIC_CHECK_FALSE(pqscope::readable_value<std::optional<stranger>>);
  STATIC_CHECK_FALSE(pqscope::readable_value<std::vector<stranger>>);
  STATIC_CHECK_FALSE(pqscope::readable_value<char const*>);
  STATIC_CHECK_FALSE(pqscope::readable_value<char[5]>);
  STATIC_CHECK_FALSE(pqscope::readable_value<void*>);
  STATIC_CHECK(pqscope::accepts_type<std::optional<int>>(oid::int4));
  STATIC_CHECK_FALSE(pqscope::accepts_type<std::optional<int>>(oid::int8));
}

TEST_CASE("what can be NULL is known while compiling") {
  STATIC_CHECK(pqscope::is_nullable<std::optional<int>>);
  STATIC_CHECK(pqscope::is_nullable<std::nullopt_t>);
  STATIC_CHECK(pqscope::is_nullable<std::nullptr_t>);
  STATIC_CHECK(pqscope::is_nullable<char const*>);
  STATIC_CHECK_FALSE(pqscope::is_nullable<int>);
  STATIC_CHECK_FALSE(pqscope::is_nullable<std::string>);
  STATIC_CHECK(std::is_same_v<pqscope::non_null_t<std::optional<int> const&>, int>);
}
