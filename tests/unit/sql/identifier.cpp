#include <pqscope/sql/identifier.hpp>

#include <catch2/catch_test_macros.hpp>

#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>

using pqscope::identifier;

static_assert(!std::is_convertible_v<std::string, identifier>);
static_assert(!std::is_convertible_v<char const*, identifier>);

TEST_CASE("a name is quoted whatever it holds") {
  CHECK(identifier{"users"}.text() == R"("users")");
  CHECK(identifier{"Users"}.text() == R"("Users")");
  CHECK(identifier{"select"}.text() == R"("select")");
  CHECK(identifier{R"(12+"34)"}.text() == R"("12+""34")");
  CHECK(identifier{R"(")"}.text() == R"("""")");
  CHECK(identifier{R"(a"; DROP TABLE t; --)"}.text() == R"("a""; DROP TABLE t; --")");
  CHECK(identifier{R"(back\slash)"}.text() == R"("back\slash")");
  CHECK(identifier{"a.b"}.text() == R"("a.b")");
  CHECK(identifier{"{}"}.text() == R"("{}")");
  CHECK(identifier{"\xC3\xA4"}.text() == "\"\xC3\xA4\"");
}

TEST_CASE("a name of several parts is quoted part by part") {
  CHECK(identifier{"public", "my table"}.text() == R"("public"."my table")");
  CHECK(identifier{"db", "public", "t"}.text() == R"("db"."public"."t")");
  CHECK(identifier{std::string{"a"}, std::string_view{"b"}}.text() == R"("a"."b")");
}

TEST_CASE("a name of 63 bytes is kept and one of 64 refused") {
  std::string const longest(identifier::max_size, 'x');
  CHECK(identifier{longest}.text().size() == 65);
  CHECK(identifier{std::string(63, '"')}.text().size() == 128);
  CHECK_THROWS_AS(identifier{longest + "x"}, pqscope::usage_error);
  CHECK_THROWS_AS((identifier{"a", longest + "x"}), pqscope::usage_error);
  std::string umlauts;
  for (int i = 0; i < 32; ++i) {
    umlauts += "\xC3\xA4";
  }
  CHECK_THROWS_AS(identifier{umlauts}, pqscope::usage_error);
}

TEST_CASE("an empty name or part is refused") {
  CHECK_THROWS_AS(identifier{""}, pqscope::usage_error);
  CHECK_THROWS_AS((identifier{"", "t"}), pqscope::usage_error);
  CHECK_THROWS_AS((identifier{"s", ""}), pqscope::usage_error);
  CHECK_THROWS_AS((identifier{"db", "", "t"}), pqscope::usage_error);
}

TEST_CASE("a NUL byte in a name is refused at the caller's line") {
  std::string const name{"a\0b", 3};
  std::uint32_t line = 0;
  try {
    line = std::source_location::current().line() + 1;
    identifier const refused{"s", name};
    FAIL("no error");
  } catch (pqscope::usage_error const& e) {
    CHECK(e.where().line() == line);
  }
}

TEST_CASE("names compare by their parts") {
  CHECK(identifier{"a"} == identifier{"a"});
  CHECK(identifier{"a"} != identifier{"A"});
  CHECK(identifier{"a.b"} != identifier{"a", "b"});
}
