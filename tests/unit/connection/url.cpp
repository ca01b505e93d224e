#include <pqscope/connection/config.hpp>
#include <pqscope/libpq/conninfo.hpp>

#include <catch2/catch_test_macros.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

using pqscope::config;

namespace {

std::string const awkward = R"(p@ss/w:rd?#%'\)";

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string what_of(std::string_view url) {
  try {
    static_cast<void>(config::from_url(url));
  } catch (pqscope::config_error const& error) {
    return error.what();
  }
  return "(accepted)";
}

/// What libpq's own parser sets; a list of nothing but default ports counts as unset.
std::optional<config> libpq_reads(std::string const& text) {
  auto const parsed = pqscope::libpq::parse_conninfo(text);
  if (!parsed.error.empty()) {
    return std::nullopt;
  }
  config made;
  for (auto const& option : parsed.options) {
    bool const only_defaults = option.keyword == "port" && option.value &&
                               option.value->find_first_not_of(',') == std::string::npos;
    if (option.value && !only_defaults) {
      made.with(option.keyword, *option.value);
    }
  }
  return made;
}

}  // namespace

TEST_CASE("a URL is read as libpq reads it") {
  for (char const* url : {
           "postgresql://",
           "postgresql:///",
           "postgres://",
           "postgres:///db",
           "postgresql://host",
           "postgresql://host/",
           "postgresql://host/db",
           "postgresql://host:12345",
           "postgresql://host:12345/",
           "postgresql://host:/db",
           "postgresql://:12345/db",
           "postgresql://user@",
           "postgresql://user@/db",
           "postgresql://@host",
           "postgresql://user:@host",
           "postgresql://:secret@host",
           "postgresql://user:secret@host:12345/db",
           "postgresql://user:a:b:c@host/db",
           "postgresql://us%65r:s%40cret@%68ost/d%2Fb",
           "postgresql://user?x=1@host/db",
           "postgresql://host?",
           "postgresql://host/?",
           "postgresql://host/db?",
           "postgresql://host/db?sslmode=require",
           "postgresql://host/db?sslmode=require&",
           "postgresql://host/db?%73slmode=requ%69re&application_name=a%20b",
           "postgresql://host/db?user=other&password=p%26q",
           "postgresql://host/db?dbname=other",
           "postgresql://host/db?dbname=",
           "postgresql://host?user=",
           "postgresql://host/db?port=1&port=2",
           "postgresql://host:1/db?port=2",
           "postgresql://?host=/tmp",
           "postgresql:///db?host=/tmp",
           "postgresql:///?hostaddr=127.0.0.1",
           "postgresql://%2Fvar%2Frun/db",
           "postgresql://%2Fvar%2Frun:5433/db",
           "postgresql://host:%35432/db",
           "postgresql://[::1]",
           "postgresql://[::1]/db",
           "postgresql://[2001:db8::1234]:5433/db?",
           "postgresql://[fe80::1%25eth0]:5433/db",
           "postgresql://a,b/db",
           "postgresql://a:1,b:2/db",
           "postgresql://a,b:2,c/db",
           "postgresql://[::1]:1,b,%2Ftmp:3/db?target_session_attrs=read-write",
           "postgresql://a,/db",
           "postgresql://,/db",
           "postgresql://host/db#part",
           "postgresql://host/a/b",
           "postgresql://host/db?ssl=true",
           "postgresql://host/db?options=-c%20geqo%3Doff",
       }) {
    INFO(url);
    auto const theirs = libpq_reads(url);
    REQUIRE(theirs);
    CHECK(config::from_url(url) == *theirs);
    CHECK(config::from_conninfo(url) == *theirs);
  }
}

TEST_CASE("a URL that libpq refuses is refused") {
  for (char const* url : {
           "postgresql://host?zzz",
           "postgresql://host?a&b",
           "postgresql://host?&",
           "postgresql://host?user=a=b",
           "postgresql://host?uzer=a",
           "postgresql://host?ssl=yes",
           "postgresql://%zz",
           "postgresql://host%",
           "postgresql://host%1",
           "postgresql://host:%zz",
           "postgresql://a%00b",
           "postgresql://host/%XXfoo",
           "postgresql://host?dbname=%XXfoo",
           "postgresql://[::1",
           "postgresql://[]",
           "postgresql://[::1]z",
       }) {
    INFO(url);
    CHECK_FALSE(libpq_reads(url));
    CHECK_THROWS_AS(config::from_url(url), pqscope::config_error);
  }
}

TEST_CASE("the name of a driver in the scheme is ignored") {
  auto const c =
      config::from_url("postgresql+psycopg2://u:p%40ss@localhost:5432/mydb?sslmode=require");
  CHECK(c == config{.host = "localhost",
                    .port = 5432,
                    .dbname = "mydb",
                    .user = "u",
                    .password = "p@ss",
                    .extra = {{"sslmode", "require"}}});
  CHECK(config::from_url("postgres+x://h") == config{.host = "h"});
}

TEST_CASE("another scheme is refused") {
  for (char const* url : {"mysql://u:hidden@h/d", "", "u:hidden@h", "postgresql:/u:hidden@h",
                          "postgresql+://h", "postgresqlx://h", "host=a"}) {
    INFO(url);
    auto const what = what_of(url);
    CHECK(contains(what, "postgresql://"));
    CHECK_FALSE(contains(what, "hidden"));
  }
}

TEST_CASE("explicit fields override the URL's") {
  auto const c = config::from_url("postgresql://u:p@h:1/d?sslmode=require",
                                  {.port = 2, .password = "q", .extra = {{"sslmode", "disable"}}});
  CHECK(c == config{.host = "h",
                    .port = 2,
                    .dbname = "d",
                    .user = "u",
                    .password = "q",
                    .extra = {{"sslmode", "disable"}}});
  CHECK(config::from_url("postgresql://h:bad/d", {.port = 3}).port == 3);
}

TEST_CASE("database is an alias of dbname in a URL, and two different values are an error") {
  CHECK(config::from_url("postgresql://h?database=d").dbname == "d");
  CHECK(config::from_url("postgresql://h/d?database=d").dbname == "d");
  auto const what = what_of("postgresql://h/d?database=e");
  CHECK(contains(what, "database"));
  CHECK(contains(what, "dbname"));
}

TEST_CASE("url writes what from_url reads back to an equal config") {
  std::vector<config> const configs{
      {},
      {.host = "h"},
      {.host = ""},
      {.host = "h", .port = 1},
      {.port = 1},
      {.host = "::1", .port = 5432, .dbname = "d"},
      {.host = "fe80::1%eth0"},
      {.host = "/var/run:x,y"},
      {.host = "a[b]"},
      {.host = "a:z"},
      {.host = "a,b", .port = 5},
      {.host = "a,b", .extra = {{"port", "1,2"}}},
      {.host = "a,b", .extra = {{"port", ",2"}}},
      {.host = "a,b", .extra = {{"port", ","}}},
      {.host = "a,,c", .extra = {{"port", "1,,3"}}},
      {.host = ","},
      {.dbname = "d"},
      {.dbname = ""},
      {.dbname = "a/b c?d#e%f@g"},
      {.user = "u"},
      {.user = ""},
      {.user = "u@:/?"},
      {.user = "u", .password = ""},
      {.password = "p"},
      {.user = "u", .password = awkward},
      {.user = "\xC3\xA4", .password = "\xE2\x82\xAC \t\n&=+;"},
      {.extra = {{"options", "-c a='b c'"}, {"application_name", "x&y=z"}, {"sslpassword", "s"}}},
      {.host = "h", .extra = {{"port", ""}}},
      {.host = "h", .extra = {{"sslrootcert", ""}}},
  };
  for (config const& each : configs) {
    INFO(each.url());
    CHECK(config::from_url(each.url()) == each);
  }
}

TEST_CASE("libpq reads a written URL as we do") {
  config const c{.host = "::1,/tmp",
                 .dbname = "d b",
                 .user = "u",
                 .password = awkward,
                 .extra = {{"port", "1,2"}, {"options", "-c x='y'"}}};
  CHECK(libpq_reads(c.url()) == c);
}

TEST_CASE("a redacted URL differs by the password alone") {
  config const c{.host = "h", .user = "u", .password = awkward, .extra = {{"sslmode", "require"}}};
  CHECK(c.url() == "postgresql://u:p%40ss%2Fw%3Ard%3F%23%25%27%5C@h?sslmode=require");
  CHECK(c.redacted() == "postgresql://u@h?sslmode=require");
  CHECK(config::from_url(c.redacted()) == config{c}.without("password"));
}

TEST_CASE("a broken escape is reported by its offset") {
  CHECK(contains(what_of("postgresql://u:a%4g@h"), "offset 16"));
  CHECK(contains(what_of("postgresql://u:a%@h"), "offset 16"));
}

TEST_CASE("all problems of a URL come together") {
  try {
    static_cast<void>(config::from_url("postgresql://u%zz:p@h:70000/d%0?hots=x&sslmode"));
    FAIL("accepted");
  } catch (pqscope::config_error const& error) {
    CHECK(error.problems().size() == 5);
    CHECK(contains(error.what(), "port"));
    CHECK(contains(error.what(), "hots"));
    CHECK(error.where().line() != 0);
  }
}

TEST_CASE("ports that are none are refused, also in lists") {
  for (char const* url :
       {"postgresql://h:0", "postgresql://h:65536", "postgresql://h:abc", "postgresql://h:1:2",
        "postgresql://a:1,b:x", "postgresql://h?port=abc", "postgresql://h?port=1,2"}) {
    INFO(url);
    CHECK(contains(what_of(url), "port"));
  }
}

TEST_CASE("an error about a URL shows nothing of a password that was not encoded") {
  for (std::string const& url : {
           "postgresql://u:" + awkward + "@localhost/db",
           std::string{"postgresql://u:hidden"},
           std::string{"postgresql://u:hid/den@h/db"},
           std::string{"postgresql://u:hid@den@h/db"},
           std::string{"postgresql://u:hid?den=hidden@h/d%zz"},
           std::string{"postgresql://u:12/hid?hidden=den@h/db"},
           std::string{"postgresql://u:hid#den/hidden@h/db"},
           std::string{"postgresql://u:hid%xden@h/db"},
           std::string{"postgresql://u@h?password=hid%zzden"},
           std::string{"postgresql://u@h?password=hidden&sslmode"},
           std::string{"postgresql://u@h?port=hidden"},
       }) {
    INFO(url);
    auto const what = what_of(url);
    CHECK_FALSE(what == "(accepted)");
    for (char const* part : {"hid", "den", "ss/w", "rd?", "w:rd", "%'"}) {
      CHECK_FALSE(contains(what.substr(0, what.find("\n  at ")), part));
    }
  }
}

TEST_CASE("an at sign in the query is no mistake") {
  CHECK(config::from_url("postgresql://h/d?user=me@corp").user == "me@corp");
}
