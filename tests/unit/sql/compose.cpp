#include <pqscope/sql/compose.hpp>

#include <catch2/catch_test_macros.hpp>

#include <list>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

using pqscope::compose;
using pqscope::dynamic_sql;
using pqscope::identifier;
using pqscope::join;
using pqscope::literal;

TEST_CASE("names take the places of braces in order") {
  auto const q =
      compose("SELECT {} FROM {} WHERE id = $1", identifier{"na\"me"}, identifier{"s", "t"});
  CHECK(q.text() == R"(SELECT "na""me" FROM "s"."t" WHERE id = $1)");
  CHECK(q.view().hash == pqscope::hash_sql(q.text()));
}

TEST_CASE("a composed text keeps the line of its call") {
  auto const q = compose("SELECT {}", identifier{"a"});
  CHECK(q.where().line() == std::source_location::current().line() - 1);
  CHECK(q.where().file_name() == std::string_view{__FILE__});
}

TEST_CASE("a format without braces is plain text") {
  CHECK(compose("SELECT 1").text() == "SELECT 1");
  CHECK(compose("").text().empty());
  CHECK(compose("ROLLBACK TO {}", identifier{"a"}).view().verb == pqscope::control::rollback_to);
}

TEST_CASE("doubled braces stand for themselves, in quotes too") {
  CHECK(compose("SELECT '{{1,2}}'::int[]").text() == "SELECT '{1,2}'::int[]");
  CHECK(compose("SELECT '{{}}', {{{}}}", literal{1}).text() == "SELECT '{}', {1}");
  CHECK(compose("SELECT $${{}}$$, \"{{\" /* }} */ -- {{").text() ==
        "SELECT $${}$$, \"{\" /* } */ -- {");
}

TEST_CASE("braces in what is put in mean nothing") {
  CHECK(compose("SELECT {} AS {}", literal{"{}{{"}, identifier{"{}"}).text() ==
        "SELECT '{}{{' AS \"{}\"");
}

TEST_CASE("what is put in does not run together with its neighbours") {
  CHECK(compose("SELECT 1-{}", literal{-1}).text() == "SELECT 1- -1");
  CHECK(compose("SELECT {}{}", literal{"a"}, literal{"b"}).text() == "SELECT 'a' 'b'");
  CHECK(compose("SELECT E{}", literal{"a"}).text() == "SELECT E 'a'");
  CHECK(compose("SELECT U&{}", identifier{"a"}).text() == "SELECT U& \"a\"");
  CHECK(compose("SELECT $1{}", literal{2}).text() == "SELECT $1 2");
  CHECK(compose("SELECT ${}", literal{2}).text() == "SELECT $ 2");
  CHECK(compose("SELECT 'a'{}", literal{"b"}).text() == "SELECT 'a' 'b'");
  CHECK(compose("SELECT {}'b'", literal{"a"}).text() == "SELECT 'a' 'b'");
  CHECK(compose("CREATE INDEX {}_idx", identifier{"t"}).text() == "CREATE INDEX \"t\" _idx");
  CHECK(compose("SELECT 1 {}- 1", dynamic_sql{"-"}).text() == "SELECT 1 - - 1");
  CHECK(compose("SELECT 1 /{}", dynamic_sql{"* 2"}).text() == "SELECT 1 / * 2");
}

TEST_CASE("a number or a sign does not go on in what is put next to it") {
  CHECK(compose("SELECT {}.5", literal{1}).text() == "SELECT 1 .5");
  CHECK(compose("SELECT {}{}", dynamic_sql{"1."}, literal{5}).text() == "SELECT 1. 5");
  CHECK(compose("SELECT {}e5", dynamic_sql{"1."}).text() == "SELECT 1. e5");
  CHECK(compose("SELECT t1.{}", dynamic_sql{"e5"}).text() == "SELECT t1.e5");
  CHECK(compose("SELECT 2e{}", literal{-1}).text() == "SELECT 2e -1");
  CHECK(compose("SELECT 2e-{}", literal{1}).text() == "SELECT 2e- 1");
  CHECK(compose("SELECT price-{}", literal{1}).text() == "SELECT price-1");
  CHECK(compose("SELECT a:{}", dynamic_sql{":int"}).text() == "SELECT a: :int");
  CHECK(compose("a :{}", dynamic_sql{"= 1"}).text() == "a : = 1");
  CHECK(compose("a.{}", dynamic_sql{".b"}).text() == "a. .b");
}

TEST_CASE("a string does not go on in one that is put on the next line") {
  dynamic_sql const left{"'a' -- why"};
  CHECK(compose("SELECT {}{}", left, literal{"b"}).text() == "SELECT 'a' -- why\n/**/'b'");
  CHECK(compose("SELECT 'a'\n {}", literal{"b"}).text() == "SELECT 'a'\n /**/'b'");
  CHECK(compose("SELECT 'a'{}", dynamic_sql{"-- why\n'b'"}).text() == "SELECT 'a'/**/-- why\n'b'");
  CHECK(compose("SELECT 'a',\n {}", literal{"b"}).text() == "SELECT 'a',\n 'b'");
  CHECK(compose("SELECT 'a' {}", literal{"b"}).text() == "SELECT 'a' 'b'");
  CHECK(compose("SELECT $1 -- 'a'\n {}", literal{"b"}).text() == "SELECT $1 -- 'a'\n 'b'");
  CHECK(compose("SELECT 'a{{'\n, '{{\n' FROM {}", identifier{"b"}).text() ==
        "SELECT 'a{'\n, '{\n' FROM \"b\"");
}

TEST_CASE("what needs no space gets none") {
  CHECK(compose("{}.{}", identifier{"a"}, identifier{"b"}).text() == R"("a"."b")");
  CHECK(compose("({},{})", literal{1}, literal{"x"}).text() == "(1,'x')");
  CHECK(compose("{}::int", literal{"1"}).text() == "'1'::int");
}

TEST_CASE("literals stand where no parameter can") {
  CHECK(compose("ALTER SEQUENCE s RESTART WITH {}", literal{5}).text() ==
        "ALTER SEQUENCE s RESTART WITH 5");
  CHECK(compose("COMMENT ON TABLE t IS {}", literal{R"(it's \ )"}).text() ==
        R"(COMMENT ON TABLE t IS E'it''s \\ ')");
}

TEST_CASE("composed texts and dynamic text are parts of others") {
  auto const where = compose("WHERE {} = $1", identifier{"id"});
  CHECK(compose("SELECT 1 FROM t {} {}", where, dynamic_sql{"LIMIT 1"}).text() ==
        "SELECT 1 FROM t WHERE \"id\" = $1 LIMIT 1");
}

TEST_CASE("a fragment that ends in a line comment does not swallow what follows") {
  CHECK(compose("SELECT {} FROM t", dynamic_sql{"1 -- one"}).text() == "SELECT 1 -- one\n FROM t");
  CHECK(join({dynamic_sql{"1 -- one"}, dynamic_sql{"2 -- two"}}).text() ==
        "1 -- one\n, 2 -- two\n");
}

TEST_CASE("a fragment that is not complete in itself is refused at the call's line") {
  std::uint32_t line = 0;
  try {
    dynamic_sql const fragment{"'open"};
    line = std::source_location::current().line() + 1;
    compose("SELECT {} ' FROM t' ", fragment);
    FAIL("no error");
  } catch (pqscope::usage_error const& e) {
    CHECK(e.where().line() == line);
    CHECK(std::string_view{e.what()}.find("unterminated quoted string") != std::string_view::npos);
  }
  CHECK_THROWS_AS(compose("SELECT {}", dynamic_sql{"/* open"}), pqscope::usage_error);
  CHECK_THROWS_AS(compose("SELECT {}", dynamic_sql{"\"open"}), pqscope::usage_error);
  CHECK_THROWS_AS(join({dynamic_sql{"$$open"}}), pqscope::usage_error);
}

TEST_CASE("lists are joined with a separator") {
  std::vector<identifier> const columns{identifier{"a"}, identifier{"b"}, identifier{"c"}};
  CHECK(compose("SELECT {} FROM t", join(columns)).text() == R"(SELECT "a", "b", "c" FROM t)");
  CHECK(join(columns, " AND ").text() == R"("a" AND "b" AND "c")");
  CHECK(join(std::list<literal>{literal{1}, literal{-2}}, " - ").text() == "1 - -2");
  CHECK(join(std::list<literal>{literal{1}, literal{-2}}, "-").text() == "1- -2");
  CHECK(join({identifier{"only"}}).text() == "\"only\"");
  CHECK(join(std::vector<dynamic_sql>{}).text().empty());
  CHECK(join({join(columns), join(columns)}, " UNION ").text() ==
        R"("a", "b", "c" UNION "a", "b", "c")");
}
