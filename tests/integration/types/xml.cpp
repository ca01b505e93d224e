#include "round_trip.hpp"

using namespace round_trips;
using pqscope::xml;

namespace {

/// Whether the server was built with libxml.
bool has_xml(pqscope::connection& db) {
  try {
    db.execute("SELECT '<a/>'::xml");
    return true;
  } catch (pqscope::feature_not_supported const&) {
    return false;
  }
}

}  // namespace

TEST_CASE("xml comes back as it was written") {
  pqscope::connection db{support::test_config()};
  if (!has_xml(db)) {
    SKIP("the server has no xml");
  }
  for (char const* const text : {"", "<a/>", "text", "<a b='1'>&amp;&#60; ü 🐘</a>\n<b/>",
                                 "<!-- {},\"\\ --><a/>", "<a><![CDATA[<>]]></a>"}) {
    round_trip(db, "xml", xml(text), text);
  }
  null_round_trip<xml>(db, "xml");
  array_round_trip<xml>(db, "xml", {xml("<a b=\"1,{}\\\"/>"), xml(), xml("<c/>")});
  support::ensure_usable(db);
}

TEST_CASE("an xml parameter declares its type and is in the client's encoding whatever it says") {
  pqscope::connection db{support::test_config()};
  if (!has_xml(db)) {
    SKIP("the server has no xml");
  }
  CHECK(db.query<std::string>("SELECT pg_typeof($1)::text", xml("<a/>")).one() == "xml");
  reads_as(db, "SELECT $1", xml("<a>ü</a>"),
           xml("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>ü</a>"));
  CHECK(db.query<std::string>("SELECT '<a/>'::xml").one() == "<a/>");
  support::ensure_usable(db);
}

TEST_CASE("what is not well-formed is the server's error, what is no xml a mismatch") {
  pqscope::connection db{support::test_config()};
  if (!has_xml(db)) {
    SKIP("the server has no xml");
  }
  CHECK_THROWS_AS(db.execute("SELECT $1", xml("<a>")), pqscope::server_error);
  refused<xml, pqscope::type_mismatch>(db, "'<a/>'::text");
  support::ensure_usable(db);
}
