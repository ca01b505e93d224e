#include "wire_bytes.hpp"

#include <pqscope/types/array.hpp>
#include <pqscope/types/enumeration.hpp>

#include <optional>
#include <string>
#include <vector>

namespace oid = pqscope::oid;

namespace {

enum class color { red, green, blue, unlabelled };
enum plain { zero, one };
enum class without_labels { a };

}  // namespace

template <>
inline constexpr auto pqscope::labels<color> = pqscope::enum_labels<color>(
    {{color::red, "red"}, {color::green, "gr\xc3\xbcn"}, {color::blue, "dark \"blue\""}});

//! [labels]
enum class parcel_state { packed, sent };

template <>
inline constexpr auto pqscope::labels<parcel_state> = pqscope::enum_labels<parcel_state>(
    {{parcel_state::packed, "packed"}, {parcel_state::sent, "sent"}});
//! [labels]

template <>
inline constexpr auto pqscope::labels<plain> =
    pqscope::enum_labels<plain>({{zero, "0"}, {one, "1"}});

TEST_CASE("an enum travels as its label, whatever characters that has") {
  CHECK(encoded(color::red) == "red");
  CHECK(encoded(color::green) == "gr\xc3\xbcn");
  CHECK(decoded<color>("gr\xc3\xbcn", 16400) == color::green);
  CHECK(decoded<color>("red", oid::text) == color::red);
  CHECK(parsed<color>("dark \"blue\"", 16400) == color::blue);
  CHECK(encoded(one) == "1");
  CHECK(encoded(parcel_state::sent) == "sent");
  CHECK(std::string(pqscope::codec<color>::borrow(color::red)) == "red");
}

TEST_CASE("a label that is not in the table is a decode_error that names it") {
  for (char const* text : {"", "re", "red ", "RED", "yellow"}) {
    CHECK_THROWS_AS(decoded<color>(text, 16400), pqscope::decode_error);
    CHECK_THROWS_AS(parsed<color>(text, 16400), pqscope::decode_error);
  }
  try {
    decoded<color>("yellow", 16400);
  } catch (pqscope::decode_error const& e) {
    CHECK(std::string(e.what()).find("\"yellow\"") != std::string::npos);
  }
}

TEST_CASE("a text that is no label is not named, for it can be anything") {
  try {
    decoded<color>("secret", oid::text);
    FAIL("nothing was thrown");
  } catch (pqscope::decode_error const& e) {
    CHECK(std::string(e.what()).find("secret") == std::string::npos);
  }
}

TEST_CASE("an enumerator without a label is a usage_error") {
  CHECK_THROWS_AS(encoded(color::unlabelled), pqscope::usage_error);
  CHECK_THROWS_AS(encoded(static_cast<color>(99)), pqscope::usage_error);
  CHECK(pqscope::codec<color>::borrow(color::unlabelled) == nullptr);
}

TEST_CASE("an enum is read from text and from types made by users") {
  using enum_codec = pqscope::codec<color>;
  STATIC_CHECK(enum_codec::accepts(oid::text));
  STATIC_CHECK(enum_codec::accepts(oid::varchar));
  STATIC_CHECK(enum_codec::accepts(oid::first_user));
  STATIC_CHECK_FALSE(enum_codec::accepts(oid::int4));
  STATIC_CHECK_FALSE(enum_codec::accepts(oid::bytea));
  STATIC_CHECK(pqscope::has_codec<color>);
  STATIC_CHECK(pqscope::has_codec<plain>);
  STATIC_CHECK_FALSE(pqscope::has_codec<without_labels>);
}

TEST_CASE("labels can be looked up while compiling") {
  STATIC_CHECK(pqscope::label_of(color::red) == "red");
  STATIC_CHECK(pqscope::from_label<color>("red") == color::red);
  STATIC_CHECK_FALSE(pqscope::from_label<color>("pink"));
}

TEST_CASE("an array of enums is text of no declared type") {
  using colors = std::vector<std::optional<color>>;
  using array_codec = pqscope::codec<colors>;
  STATIC_CHECK(array_codec::text_parameter);
  STATIC_CHECK(array_codec::parameter_type == 0);
  STATIC_CHECK(array_codec::accepts(16400));
  STATIC_CHECK(array_codec::accepts(oid::text_array));
  colors const value{color::red, {}, color::blue};
  CHECK(encoded(value) == R"({"red",NULL,"dark \"blue\""})");
  CHECK(parsed<colors>(encoded(value), 16401) == value);
  CHECK(encoded(colors{}) == "{}");
  using nested = std::vector<std::vector<color>>;
  CHECK(encoded(nested{{color::red}, {color::red}}) == R"({{"red"},{"red"}})");
  CHECK_THROWS_AS(encoded(nested{{color::red}, {}}), pqscope::usage_error);
}

TEST_CASE("an array of enums is read in binary with the enum's own OID") {
  pqscope::encoder out;
  out.put_int32(1);
  out.put_int32(0);
  out.put_int32(16400);
  out.put_int32(1);
  out.put_int32(1);
  out.put_int32(3);
  out.append(std::string_view("red"));
  CHECK(decoded<std::vector<color>>(out.view(), 16401) == std::vector<color>{color::red});
}
