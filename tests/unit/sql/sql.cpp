#include <pqscope/sql/dynamic_sql.hpp>
#include <pqscope/sql/sql.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>

using pqscope::control;

namespace {

template <class... Args>
pqscope::sql_view execute(pqscope::sql<Args...> text, Args const&...) {
  return text;
}

template <class... Args>
pqscope::sql_view execute(pqscope::dynamic_sql const& text, Args const&...) {
  return text.view();
}

template <class... Row, class... Args>
pqscope::sql_view query(pqscope::sql<Args...> text, Args const&...) {
  return text;
}

std::uint32_t line_of_caller(std::source_location where = std::source_location::current()) {
  return where.line();
}

struct row {};

static_assert(!std::is_convertible_v<std::string, pqscope::sql<>>);
static_assert(!std::is_convertible_v<std::string_view, pqscope::sql<>>);
static_assert(!std::is_convertible_v<char const*, pqscope::sql<>>);
static_assert(!std::is_convertible_v<pqscope::dynamic_sql, pqscope::sql<>>);
static_assert(!std::is_constructible_v<pqscope::sql<>, std::string>);
static_assert(!std::is_constructible_v<pqscope::sql<>, char const*>);
static_assert(std::is_trivially_copyable_v<pqscope::sql<int>>);

static constexpr char statement[] = "SELECT $1, 'static'";
constexpr pqscope::sql<int> constant{statement};
static_assert(constant.text() == "SELECT $1, 'static'");
static_assert(constant.hash() == pqscope::hash_sql("SELECT $1, 'static'"));

}  // namespace

TEST_CASE("a literal without arguments keeps its text, size and hash") {
  auto const view = execute("SELECT 1");
  CHECK(view.str() == "SELECT 1");
  CHECK(view.size == 8);
  CHECK(view.text[8] == '\0');
  CHECK(view.hash == pqscope::hash_sql("SELECT 1"));
  CHECK(view.verb == control::none);
}

TEST_CASE("arguments of any type match placeholders by their number") {
  char const* const name = "x";
  char letters[5] = "abcd";
  CHECK(execute("SELECT $1", 5).size == 9);
  CHECK(execute("INSERT INTO t (name) VALUES ($1)", "John").verb == control::none);
  CHECK(execute("SELECT $2, $1, $2", "John", std::string{"x"}).size == 17);
  CHECK(execute("SELECT $1, $2", name, letters).size == 13);
  CHECK(execute("SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
            .size == 46);
  CHECK(query<row, int>("SELECT $1::int", 1).size == 14);
}

TEST_CASE("more than 64 arguments are checked too") {
  CHECK(execute("SELECT $1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,"
                "$21,$22,$23,$24,$25,$26,$27,$28,$29,$30,$31,$32,$33,$34,$35,$36,$37,$38,$39,$40,"
                "$41,$42,$43,$44,$45,$46,$47,$48,$49,$50,$51,$52,$53,$54,$55,$56,$57,$58,$59,$60,"
                "$61,$62,$63,$64,$65,$66",
                1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20,   //
                21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38,  //
                39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56,  //
                57, 58, 59, 60, 61, 62, 63, 64, 65, 66)
            .verb == control::none);
}

TEST_CASE("text in quotes and comments needs no arguments") {
  CHECK(execute("SELECT '$1', \"$2\", $$ $3 $$ /* $4 */ -- $5").size != 0);
  CHECK(execute(R"(SELECT E'\'$1', a$1 FROM t)").size != 0);
  CHECK(execute("").size == 0);
  CHECK(execute("SELECT 1; -- one statement all the same").size != 0);
}

TEST_CASE("the call site is the caller's line and file") {
  auto const view = execute("SELECT $1", 1);
  CHECK(view.where.line() == line_of_caller() - 1);
  CHECK(view.where.file_name() == std::string_view{__FILE__});

  // clang-format off
  auto const first = query<row>("SELECT $1, $2",
                                1,
                                2);
  // clang-format on
  CHECK(first.where.line() == line_of_caller() - 4);

  auto const in_lambda = [] { return execute("SELECT 1").where.line(); };
  CHECK(in_lambda() == line_of_caller() - 1);
}

TEST_CASE("a literal knows what it does to the transaction") {
  CHECK(execute("COMMIT").verb == control::commit);
  CHECK(execute("ROLLBACK TO SAVEPOINT a").verb == control::rollback_to);
}

TEST_CASE("a static array is as good as a literal") {
  CHECK(execute(statement, 1).text == statement);
  CHECK(constant.view().text == statement);
}

TEST_CASE("a literal and the same text at run time have the same hash") {
  CHECK(execute("SELECT $1", 1).hash == execute(pqscope::dynamic_sql{"SELECT $1"}, 1).hash);
}
