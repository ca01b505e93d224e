#include "wire_bytes.hpp"

#include <pqscope/types/xml.hpp>

#include <string>
#include <utility>

namespace oid = pqscope::oid;
using pqscope::xml;

TEST_CASE("xml travels as its text") {
  CHECK(encoded(xml("<a>&amp;</a>")) == "<a>&amp;</a>");
  CHECK(round_trip(xml("<a/>")) == xml("<a/>"));
  CHECK(round_trip(xml()) == xml());
  CHECK(parsed<xml>("<a/>").text() == "<a/>");
  CHECK(std::string(pqscope::codec<xml>::borrow(xml("<a/>"))) == "<a/>");
}

TEST_CASE("xml holds no NUL byte") {
  std::string const text("<a>\0secret</a>", 14);
  try {
    xml value(text);
    FAIL("nothing was thrown");
  } catch (pqscope::usage_error const& e) {
    CHECK(std::string(e.what()).find("secret") == std::string::npos);
  }
  CHECK_THROWS_AS(decoded<xml>(text, oid::xml), pqscope::decode_error);
  CHECK_THROWS_AS(parsed<xml>(text), pqscope::decode_error);
}

TEST_CASE("xml compares as text and gives its text away") {
  CHECK(xml("<a/>") == xml("<a/>"));
  CHECK(xml("<a/>") != xml("<a />"));
  CHECK(xml("<a/>") < xml("<b/>"));
  CHECK(xml("<a/>").text() == "<a/>");
  xml kept("<b/>");
  std::string const taken = std::move(kept).text();
  CHECK(taken == "<b/>");
}

TEST_CASE("xml is read from xml only") {
  STATIC_CHECK(pqscope::codec<xml>::accepts(oid::xml));
  STATIC_CHECK_FALSE(pqscope::codec<xml>::accepts(oid::text));
}
