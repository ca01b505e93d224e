#include <pqscope/sql/dynamic_sql.hpp>

#include <catch2/catch_test_macros.hpp>

#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

using pqscope::dynamic_sql;

static_assert(!std::is_convertible_v<std::string, dynamic_sql>);
static_assert(!std::is_convertible_v<std::string_view, dynamic_sql>);
static_assert(!std::is_convertible_v<char const*, dynamic_sql>);
static_assert(!std::is_constructible_v<dynamic_sql, std::nullptr_t>);

TEST_CASE("dynamic text is taken from every kind of string and owned") {
  std::string text = "SELECT 1";
  dynamic_sql const from_string{text};
  dynamic_sql const from_view{std::string_view{text}};
  dynamic_sql const from_pointer{text.c_str()};
  text = "changed!";
  for (auto const* sql : {&from_string, &from_view, &from_pointer}) {
    CHECK(sql->text() == "SELECT 1");
    CHECK(sql->view().str() == "SELECT 1");
    CHECK(sql->view().text[8] == '\0');
    CHECK(sql->view().hash == pqscope::hash_sql("SELECT 1"));
    CHECK(sql->hash() == sql->view().hash);
  }
}

TEST_CASE("dynamic text keeps the line it was made at") {
  dynamic_sql const sql{"SELECT 1"};
  auto const here = std::source_location::current();
  CHECK(sql.where().line() == here.line() - 1);
  CHECK(sql.view().where.line() == here.line() - 1);
  CHECK(sql.where().file_name() == std::string_view{here.file_name()});
}

TEST_CASE("dynamic text knows what its first statement does to the transaction") {
  CHECK(dynamic_sql{"/* x */ rollback work"}.view().verb == pqscope::control::rollback);
  CHECK(dynamic_sql{"SELECT 1; COMMIT"}.view().verb == pqscope::control::none);
  CHECK(dynamic_sql{"'unterminated"}.view().verb == pqscope::control::none);
}

TEST_CASE("a NUL byte in dynamic text is a usage error at the caller's line") {
  std::string const text{"SELECT 1\0; DROP TABLE t", 23};
  std::uint32_t line = 0;
  try {
    line = std::source_location::current().line() + 1;
    dynamic_sql{text};
    FAIL("no error");
  } catch (pqscope::usage_error const& e) {
    CHECK(e.where().line() == line);
    CHECK(std::string_view{e.what()}.find("NUL") != std::string_view::npos);
  }
}

TEST_CASE("a null pointer as dynamic text is a usage error") {
  char const* const nothing = nullptr;
  CHECK_THROWS_AS(dynamic_sql{nothing}, pqscope::usage_error);
}

TEST_CASE("dynamic text can be copied and moved") {
  dynamic_sql a{"SELECT 1 -- long enough to live on the heap, whatever the library does"};
  dynamic_sql const b = a;
  dynamic_sql const c = std::move(a);
  CHECK(b.text() == c.text());
  CHECK(b.where().line() == c.where().line());
  CHECK(b.view().hash == c.view().hash);
}
