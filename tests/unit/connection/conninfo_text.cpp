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

std::optional<config> libpq_reads(std::string const& text) {
  auto const parsed = pqscope::libpq::parse_conninfo(text);
  if (!parsed.error.empty()) {
    return std::nullopt;
  }
  config made;
  for (auto const& option : parsed.options) {
    if (option.value) {
      made.with(option.keyword, *option.value);
    }
  }
  return made;
}

std::string what_of(std::string_view text) {
  try {
    static_cast<void>(config::from_conninfo(text));
  } catch (pqscope::config_error const& error) {
    std::string const what = error.what();
    return what.substr(0, what.find("\n  at "));
  }
  return "(accepted)";
}

}  // namespace

TEST_CASE("a connection string is read as libpq reads it") {
  for (char const* text : {
           "",
           "  \n\t ",
           "host=a",
           "host = a",
           "  host=a   port =  5433  ",
           "host='a'port=1",
           "host='a b' user='it\\'s' password='back\\\\slash'",
           "user=a\\ b\\'c password=\\\\",
           "host=''",
           "host=",
           "password='' user=u",
           "options='-c a=b -c c=d'",
           "host=a,b port=5432,5433 target_session_attrs=read-write",
           "host=a,b port=,5433",
           "host=a host=b",
           "user=a'b'c",
           "user=a\\",
           "dbname='a=b'",
           "hostaddr=::1\nport=1",
       }) {
    INFO(text);
    auto const theirs = libpq_reads(text);
    REQUIRE(theirs);
    CHECK(config::from_conninfo(text) == *theirs);
  }
}

TEST_CASE("a connection string that libpq refuses is refused") {
  for (char const* text : {"host", "host=a b", "host='a", "host='a\\'", "=x", "hots=x", "'host'=a",
                           "host=a 'b'", "a'b=c"}) {
    INFO(text);
    CHECK_FALSE(libpq_reads(text));
    CHECK_THROWS_AS(config::from_conninfo(text), pqscope::config_error);
  }
}

TEST_CASE("a URL of another scheme in place of a connection string is refused as that") {
  for (char const* text : {"mysql://u:hidden@h/d", "jdbc:postgresql://h/d?password=hidden",
                           "Postgresql://h/d?user=a b"}) {
    INFO(text);
    try {
      config::from_conninfo(text);
      FAIL("it was read");
    } catch (pqscope::config_error const& e) {
      CHECK(contains(e.what(), "the URL does not begin with postgresql://"));
      CHECK_FALSE(contains(e.what(), "hidden"));
    }
  }
  CHECK(config::from_conninfo("options=a://b").get("options") == "a://b");
}

TEST_CASE("values with spaces, quotes, backslashes and nothing survive a round trip") {
  for (std::string const& value :
       {std::string{}, std::string{" "}, std::string{"a b"}, std::string{"it's"},
        std::string{"back\\slash\\"}, std::string{"\\'"}, std::string{"a=b"},
        std::string{"tab\tline\n"}, awkward}) {
    INFO(value);
    config const c{.host = "h", .user = value, .password = value, .extra = {{"options", value}}};
    CHECK(config::from_conninfo(c.conninfo()) == c);
    CHECK(libpq_reads(c.conninfo()) == c);
  }
}

TEST_CASE("several hosts with their ports") {
  auto const e = config::from_conninfo("host=a,b port=5432,5433 target_session_attrs=read-write");
  CHECK(e.host == "a,b");
  CHECK_FALSE(e.port);
  CHECK(e.get("port") == "5432,5433");
  CHECK(e.url() == "postgresql://a:5432,b:5433?target_session_attrs=read-write");
}

TEST_CASE("database is an alias of dbname, and two different values are an error") {
  CHECK(config::from_conninfo("database=d") == config{.dbname = "d"});
  CHECK(config::from_conninfo("dbname=d database=d") == config{.dbname = "d"});
  auto const what = what_of("dbname=d database=e");
  CHECK(contains(what, "dbname"));
  CHECK(contains(what, "database"));
}

TEST_CASE("explicit fields override the connection string's") {
  CHECK(config::from_conninfo("host=a port=1 user=u", {.host = "b", .user = ""}) ==
        config{.host = "b", .port = 1, .user = ""});
}

TEST_CASE("an unknown keyword is named, with every other problem") {
  auto const what = what_of("hots=x port=0 prot=1");
  CHECK(contains(what, "hots"));
  CHECK(contains(what, "prot"));
  CHECK(contains(what, "port"));
}

TEST_CASE("an error about a connection string shows nothing of a password") {
  for (char const* text : {"password=a hidden", "password='hidden", "password='a' hidden'",
                           "hidden", "password=hidden hots=1", "password=hidden port=x",
                           "password=x port=hidden", "postgresql://u:hidden@h:x"}) {
    INFO(text);
    CHECK_FALSE(contains(what_of(text), "hidden"));
    CHECK_FALSE(contains(what_of(text), "(accepted)"));
  }
}

TEST_CASE("libpq's list of keywords has those that everyone uses") {
  for (char const* keyword : {"host", "port", "sslmode", "application_name", "options"}) {
    CHECK(pqscope::detail::is_keyword(keyword));
  }
  CHECK_FALSE(pqscope::detail::is_keyword("database"));
  CHECK_FALSE(pqscope::detail::is_keyword(""));
  CHECK(pqscope::detail::is_secret("password"));
  CHECK(pqscope::detail::is_secret("sslpassword"));
  CHECK_FALSE(pqscope::detail::is_secret("user"));
}
