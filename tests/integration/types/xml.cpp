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
  xml const latin("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>ü</a>");
  reads_as(db, "SELECT $1", std::vector{xml("<a>ü</a>"), xml("<b/>")},
           std::vector{latin, xml("<b/>")});
  CHECK(db.query<std::string>("SELECT '<a/>'::xml").one() == "<a/>");
  support::ensure_usable(db);
}

TEST_CASE("xml is copied and sent many at a time in the client's encoding, too") {
  pqscope::connection db{support::test_config()};
  if (!has_xml(db)) {
    SKIP("the server has no xml");
  }
  xml const latin("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>ü</a>");
  std::vector const some{latin, xml("<b/>")};
  db.execute("CREATE TEMPORARY TABLE papers (a xml, b xml, c xml[], n int)");
  db.copy_in("papers", {"a", "b", "c", "n"}, std::vector{std::tuple{latin, latin.text(), some, 1}});
  db.copy_in("papers", {"a"}, std::vector{std::optional{latin}, std::optional<xml>{}});
  db.execute_many("INSERT INTO papers VALUES ($1, $2, $3, $4)",
                  std::vector{5000, std::tuple{latin, latin.text(), some, 2}});
  CHECK(db.query<std::int64_t>("SELECT count(*) FROM papers WHERE a::text LIKE '%<a>ü</a>' AND "
                               "(n IS NULL OR b::text = a::text AND c[1]::text = a::text)")
            .one() == 5002);
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
