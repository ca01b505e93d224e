#include <catch2/catch_test_macros.hpp>

#include <climits>
#include <string>
#include <string_view>

#include <pqscope/error/sql_excerpt.hpp>

using pqscope::detail::sql_beginning;
using pqscope::detail::sql_with_caret;

TEST_CASE("the caret stands under the character at the position") {
  CHECK(sql_with_caret("SELECT nam FROM t", 8, "  ") ==
        "  SELECT nam FROM t\n"
        "         ^");
  CHECK(sql_with_caret("SELEC 1", 1, "") == "SELEC 1\n^");
}

TEST_CASE("the position counts characters, the caret counts columns") {
  CHECK(sql_with_caret("SELECT 'é', nam", 13, "") ==
        "SELECT 'é', nam\n"
        "            ^");
  CHECK(sql_with_caret("SELECT '日本', nam", 14, "") ==
        "SELECT '日本', nam\n"
        "               ^");
  CHECK(sql_with_caret("SELECT 'e\u0301', nam", 14, "") ==
        "SELECT 'e\u0301', nam\n"
        "            ^");
  CHECK(sql_with_caret("SELECT '😀', nam", 13, "") ==
        "SELECT '😀', nam\n"
        "             ^");
}

TEST_CASE("of a text of several lines the one with the error is shown, with its number") {
  CHECK(sql_with_caret("SELECT 1,\n  nam\nFROM t", 13, "  ") ==
        "  line 2:   nam\n"
        "            ^");
  CHECK(sql_with_caret("SELECT nam\r\nFROM t", 8, "") ==
        "line 1: SELECT nam\n"
        "               ^");
  CHECK(sql_with_caret("SELECT nam,\n1", 11, "") ==
        "line 1: SELECT nam,\n"
        "                  ^");
}

TEST_CASE("a tab and other control characters are one column wide") {
  CHECK(sql_with_caret("SELECT\tnam\x1b[2J", 8, "") ==
        "SELECT nam [2J\n"
        "       ^");
}

TEST_CASE("an error at the end of the text has its caret behind the last character") {
  std::string const expected =
      "SELECT (1\n"
      "         ^";
  CHECK(sql_with_caret("SELECT (1", 10, "") == expected);
  CHECK(sql_with_caret("SELECT (1", INT_MAX, "") == expected);
  CHECK(sql_with_caret("SELECT (1 \n\n  ", 15, "") == expected);
  CHECK(sql_with_caret("", 1, "") == "\n^");
}

TEST_CASE("a long line is abridged around the caret") {
  std::string const columns(120, 'a');
  std::string const shown = sql_with_caret(columns + " bad " + columns, 122, "  ");
  std::size_t const end = shown.find('\n');
  CHECK(end <= 110);
  CHECK(shown.starts_with("  ...aaa"));
  CHECK(shown.substr(0, end).ends_with("aaa..."));
  CHECK(shown.substr(shown.size() - 1) == "^");
  CHECK(shown.substr(shown.size() - end - 1).size() == end + 1);
  CHECK(shown.substr(0, end).find("bad") == shown.size() - end - 2);
}

TEST_CASE("a long line of wide characters is cut between characters") {
  std::string text;
  for (int i = 0; i < 100; ++i) {
    text += "日";
  }
  std::string const shown = sql_with_caret(text, 51, "");
  std::string const line = shown.substr(0, shown.find('\n'));
  CHECK(line.starts_with("...日"));
  CHECK(line.ends_with("日..."));
  CHECK((line.size() - 6) % 3 == 0);
  CHECK(shown.size() - line.size() - 1 == 3 + 60 + 1);
}

TEST_CASE("bytes that are not UTF-8 count one each and are never read past") {
  CHECK(sql_with_caret("\xff\xc3 x", 4, "") == "\xff\xc3 x\n   ^");
  CHECK(sql_with_caret(std::string_view("ab\xe6\x97\xa5", 4), 9, "") == "ab\xe6\x97\n    ^");
  CHECK(sql_beginning(std::string_view("\xf0\x9f\x98\x80", 1)) == "\xf0");
}

TEST_CASE("the beginning of a text is on one line and short") {
  CHECK(sql_beginning("  SELECT 1,\n\t  2\r\n") == "SELECT 1, 2");
  CHECK(sql_beginning("").empty());
  std::string const line = sql_beginning(std::string(500, 'x'));
  CHECK(line == std::string(200, 'x') + "...");
}
