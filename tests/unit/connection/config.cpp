#include <pqscope/connection/config.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstdlib>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

namespace {

std::string const awkward = R"(p@ss/w:rd?#%'\)";

std::string printed(pqscope::config const& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

std::string value_of(std::vector<pqscope::libpq::keyword_value> const& parameters,
                     std::string_view keyword) {
  std::string found = "(unset)";
  for (auto const& parameter : parameters) {
    if (parameter.keyword == keyword) {
      found = parameter.value;
    }
  }
  return found;
}

template <class Work>
pqscope::config_error error_of(Work const& work) {
  try {
    work();
  } catch (pqscope::config_error const& error) {
    return error;
  }
  throw std::runtime_error("no config_error was thrown");
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace

TEST_CASE("a config is an aggregate with named fields") {
  static_assert(std::is_aggregate_v<pqscope::config>);
  pqscope::config const a{.host = "localhost",
                          .port = 5432,
                          .dbname = "mydatabase",
                          .user = "myuser",
                          .password = "mypassword"};
  CHECK(a.host == "localhost");
  CHECK(a.port == 5432);
  CHECK(a.dbname == "mydatabase");
  CHECK(a.user == "myuser");
  CHECK(a.password == "mypassword");
  CHECK(a.url() == "postgresql://myuser:mypassword@localhost:5432/mydatabase");
}

TEST_CASE("unset is not empty") {
  pqscope::config const unset{};
  pqscope::config const empty{.host = ""};
  CHECK_FALSE(unset.host);
  CHECK(empty.host == "");
  CHECK_FALSE(unset == empty);
  CHECK(value_of(unset.connect_parameters(), "host") == "(unset)");
  CHECK(value_of(empty.connect_parameters(), "host").empty());
}

TEST_CASE("a host list is a host") {
  pqscope::config a{.host = "a,b"};
  a.with("port", "5432,5433");
  CHECK(a.url() == "postgresql://a:5432,b:5433");
  CHECK(value_of(a.connect_parameters(), "port") == "5432,5433");
}

TEST_CASE("with sets any keyword of libpq and chains") {
  pqscope::config a;
  a.with("application_name", "billing").with("connect_timeout", 3).with("keepalives", false);
  CHECK(a.get("application_name") == "billing");
  CHECK(a.get("connect_timeout") == "3");
  CHECK(a.get("keepalives") == "0");
  a.with("application_name", "other");
  CHECK(a.get("application_name") == "other");
  CHECK(a.extra.size() == 3);
}

TEST_CASE("with works on a temporary") {
  auto const a = pqscope::config{.host = "h"}.with("sslmode", "require").with("port", 5433);
  CHECK(a == pqscope::config{.host = "h", .port = 5433, .extra = {{"sslmode", "require"}}});
}

TEST_CASE("with on a constant gives a copy") {
  pqscope::config const a{.host = "h"};
  auto const b = a.with("sslmode", "require").with("port", 5433);
  CHECK(b == pqscope::config{.host = "h", .port = 5433, .extra = {{"sslmode", "require"}}});
  CHECK(a.with("connect_timeout", 3).get("connect_timeout") == "3");
  CHECK(a == pqscope::config{.host = "h"});
  CHECK_THROWS_AS(a.with("nonsense", "x"), pqscope::config_error);
}

TEST_CASE("with reaches the fields too") {
  pqscope::config a;
  a.with("host", "h")
      .with("port", "5433")
      .with("database", "d")
      .with("user", "u")
      .with("password", "p");
  CHECK(a ==
        pqscope::config{.host = "h", .port = 5433, .dbname = "d", .user = "u", .password = "p"});
  CHECK(a.extra.empty());
  CHECK(a.get("database") == "d");
}

TEST_CASE("an unknown keyword is refused by name and changes nothing") {
  pqscope::config a{.host = "h"};
  auto const error = error_of([&] { a.with("hots", "x"); });
  CHECK(contains(error.what(), "hots"));
  CHECK(error.where().line() != 0);
  CHECK(a == pqscope::config{.host = "h"});
}

TEST_CASE("a bad port is refused with key and value") {
  for (char const* bad : {"0", "65536", "abc", "-1", "5432x", "99999999999999", "1,abc", "0x10"}) {
    INFO(bad);
    auto const error = error_of([&] { pqscope::config{}.with("port", bad); });
    CHECK(contains(error.what(), "port"));
    CHECK(contains(error.what(), bad));
  }
  for (int const bad : {0, -5, 65536}) {
    pqscope::config const a{.port = bad};
    auto const error = error_of([&] { a.connect_parameters(); });
    CHECK(contains(error.what(), "port"));
    CHECK(contains(error.what(), std::to_string(bad)));
  }
}

TEST_CASE("more ports than hosts are refused") {
  pqscope::config a{.host = "a"};
  a.with("port", "1,2");
  CHECK(contains(error_of([&] { a.validate(); }).what(), "2 ports for 1 host"));
  a.host = "a,b";
  CHECK_NOTHROW(a.validate());
  a.host.reset();  // libpq may find the hosts elsewhere
  CHECK_NOTHROW(a.validate());
}

TEST_CASE("a NUL byte is refused without showing the value") {
  std::string const with_nul{"hidden\0part", 11};
  auto const error = error_of([&] { pqscope::config{}.with("password", with_nul); });
  CHECK(contains(error.what(), "password"));
  CHECK_FALSE(contains(error.what(), "hidden"));
  pqscope::config const field{.host = std::string{"a\0b", 3}};
  CHECK_THROWS_AS(field.connect_parameters(), pqscope::config_error);
  pqscope::config const asked{.password = [with_nul] { return with_nul; }};
  CHECK_THROWS_AS(asked.connect_parameters(), pqscope::config_error);
}

TEST_CASE("a URL in the database's place is refused without showing it") {
  pqscope::config const a{.dbname = "postgresql://u:hidden@h/d"};
  auto const error = error_of([&] { a.connect_parameters(); });
  CHECK(contains(error.what(), "dbname"));
  CHECK_FALSE(contains(error.what(), "hidden"));
}

TEST_CASE("all problems come together") {
  pqscope::config const a{.port = 70000, .extra = {{"colour", "red"}, {"shape", "round"}}};
  auto const error = error_of([&] { a.connect_parameters(); });
  CHECK(error.problems().size() == 3);
  CHECK(contains(error.what(), "port"));
  CHECK(contains(error.what(), "colour"));
  CHECK(contains(error.what(), "shape"));
}

TEST_CASE("without unsets a keyword") {
  pqscope::config a{.host = "h", .port = 1, .password = "p", .extra = {{"sslmode", "require"}}};
  a.without("host").without("port").without("password").without("sslmode").without("nonsense");
  CHECK(a == pqscope::config{});
}

TEST_CASE("a field wins over the same keyword among the further ones") {
  pqscope::config const a{.host = "field", .extra = {{"host", "extra"}, {"database", "d"}}};
  CHECK(a.get("host") == "field");
  CHECK(a.get("dbname") == "d");
  CHECK(a == pqscope::config{.host = "field", .dbname = "d"});
}

TEST_CASE("merging takes what the overrides have set and keeps the rest") {
  pqscope::config const base{
      .host = "h", .port = 1, .user = "u", .password = "p", .extra = {{"sslmode", "require"}}};
  pqscope::config const over{
      .port = 2, .password = "q", .extra = {{"sslmode", "disable"}, {"options", "-c a=b"}}};
  auto const merged = base.merged_with(over);
  CHECK(merged == pqscope::config{.host = "h",
                                  .port = 2,
                                  .user = "u",
                                  .password = "q",
                                  .extra = {{"options", "-c a=b"}, {"sslmode", "disable"}}});
  pqscope::config ports{.host = "a,b"};
  ports.with("port", "1,2");
  CHECK(base.merged_with(ports).get("port") == "1,2");
  CHECK(ports.merged_with(base).get("port") == "1");
}

TEST_CASE("order of further keywords does not matter to equality") {
  pqscope::config const a{.extra = {{"sslmode", "require"}, {"options", "x"}}};
  pqscope::config const b{.extra = {{"options", "x"}, {"sslmode", "require"}}};
  pqscope::config const c{.extra = {{"options", "y"}, {"sslmode", "require"}}};
  CHECK(a == b);
  CHECK_FALSE(a == c);
  CHECK_FALSE(pqscope::config{.password = "a"} == pqscope::config{.password = "b"});
}

TEST_CASE("an awkward password reaches libpq as it is") {
  pqscope::config const a{.user = "u", .password = awkward};
  CHECK(value_of(a.connect_parameters(), "password") == awkward);
  CHECK(pqscope::config::from_url(a.url()).password == awkward);
  CHECK(pqscope::config::from_conninfo(a.conninfo()).password == awkward);
  CHECK(value_of(pqscope::config::from_url(a.url()).connect_parameters(), "password") == awkward);
}

TEST_CASE("connect parameters bring an encoding and a name unless set") {
  auto const plain = pqscope::config{}.connect_parameters();
  CHECK(value_of(plain, "client_encoding") == "UTF8");
  CHECK(value_of(plain, "fallback_application_name") == "pqscope");
  auto const set =
      pqscope::config{.extra = {{"client_encoding", "LATIN1"}, {"fallback_application_name", "x"}}}
          .connect_parameters();
  CHECK(value_of(set, "client_encoding") == "LATIN1");
  CHECK(value_of(set, "fallback_application_name") == "x");
  CHECK(set.size() == 2);
}

TEST_CASE("a callable password is asked at each connect") {
  int asked = 0;
  pqscope::config const a{.user = "u",
                          .password = [&asked] { return "token" + std::to_string(++asked); }};
  CHECK(asked == 0);
  CHECK(value_of(a.connect_parameters(), "password") == "token1");
  pqscope::config const copy = a;
  CHECK(value_of(copy.connect_parameters(), "password") == "token2");
  CHECK(a == copy);
  CHECK_FALSE(a == pqscope::config{.user = "u", .password = [] { return std::string{"x"}; }});
  CHECK_FALSE(a == pqscope::config{.user = "u"});
  CHECK(a.url() == "postgresql://u@");
  CHECK(printed(a) == "postgresql://u@");
  CHECK_FALSE(a.get("password"));
  CHECK(asked == 2);
}

TEST_CASE("what a callable password throws arrives unchanged") {
  pqscope::config const a{.password = []() -> std::string { throw std::out_of_range("vault"); }};
  CHECK_THROWS_AS(a.connect_parameters(), std::out_of_range);
}

TEST_CASE("a password is any text or anything that can be called for one") {
  std::string_view const view = "view";
  std::function<std::string()> const function = [] { return std::string{"function"}; };
  pqscope::config a;
  a.password = view;
  CHECK(a.password->get() == "view");
  a.password = std::string{"string"};
  CHECK(a.password->get() == "string");
  a.password = function;
  CHECK(a.password->get() == "function");
  a.password = [] { return "literal"; };
  CHECK(a.password->get() == "literal");
  CHECK(a.password->is_callable());
  a.password = [kept = std::make_unique<std::string>("kept")] { return std::string_view{*kept}; };
  CHECK(a.password->get() == "kept");
  a.password = []() -> char const* { return nullptr; };
  CHECK_THROWS_AS(a.password->get(), pqscope::config_error);
}

TEST_CASE("a null pointer is no password") {
  char const* const missing = std::getenv("PQSCOPE_TEST_VARIABLE_THAT_IS_NOT_SET");
  CHECK_THROWS_AS((pqscope::config{.password = missing}), pqscope::config_error);
}

TEST_CASE("no secret is printed") {
  pqscope::config a{.host = "h", .user = "u", .password = awkward};
  a.with("sslpassword", "keysecret").with("sslmode", "require");
  CHECK(a.redacted() == "postgresql://u@h?sslmode=require");
  CHECK(printed(a) == a.redacted());
  CHECK(contains(a.url(), "keysecret"));
  auto const error = error_of([&] {
    auto b = a;
    b.port = -1;
    b.connect_parameters();
  });
  CHECK_FALSE(contains(error.what(), awkward));
  CHECK_FALSE(contains(error.what(), "keysecret"));
}
