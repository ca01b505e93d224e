#include <pqscope/sql/scanner.hpp>

#include <catch2/catch_test_macros.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

using namespace std::string_view_literals;
using pqscope::control;
using pqscope::scan_sql;
using pqscope::sql_fault;

namespace {

struct fault_case {
  std::string_view text;
  sql_fault fault;
  std::size_t offset;
};

constexpr std::size_t at_end = static_cast<std::size_t>(-1);

constexpr fault_case fault_cases[] = {
    // Standard strings: a backslash is a character, a doubled quote stands for one.
    {"", sql_fault::none, at_end},
    {"SELECT 1", sql_fault::none, at_end},
    {"SELECT 'a'", sql_fault::none, at_end},
    {"SELECT ''", sql_fault::none, at_end},
    {"SELECT 'it''s'", sql_fault::none, at_end},
    {R"(SELECT '\')", sql_fault::none, at_end},
    {R"(SELECT 'a\'')", sql_fault::unterminated_string, 7},
    {"SELECT 'a", sql_fault::unterminated_string, 7},
    {"SELECT '", sql_fault::unterminated_string, 7},
    {"SELECT '''", sql_fault::unterminated_string, 7},
    {"SELECT '--'", sql_fault::none, at_end},
    {"SELECT '/*'", sql_fault::none, at_end},
    {"SELECT '$$'", sql_fault::none, at_end},
    {"SELECT 'a\"b'", sql_fault::none, at_end},
    {"SELECT 'a'\n'b'", sql_fault::none, at_end},
    {"SELECT 'a'\n'\\'", sql_fault::none, at_end},
    // Strings with escapes.
    {R"(SELECT E'a\'b')", sql_fault::none, at_end},
    {R"(SELECT e'a\\')", sql_fault::none, at_end},
    {R"(SELECT E'a\')", sql_fault::unterminated_string, 7},
    {R"(SELECT E'a\\\')", sql_fault::unterminated_string, 7},
    {R"(SELECT E'a''\'')", sql_fault::none, at_end},
    {R"(SELECT E'\)", sql_fault::unterminated_string, 7},
    {"SELECT E'", sql_fault::unterminated_string, 7},
    {R"(SELECT fooE'\')", sql_fault::none, at_end},
    {R"(SELECT E '\')", sql_fault::none, at_end},
    {R"(SELECT _e'\')", sql_fault::none, at_end},
    // They go on behind a line break, and escape there too.
    {"SELECT E'a'\n'\\''", sql_fault::none, at_end},
    {"SELECT E'a' \t\r\n '\\''", sql_fault::none, at_end},
    {"SELECT E'a' -- it's a comment\n'\\''", sql_fault::none, at_end},
    {"SELECT E'a'\n-- it's a comment\n'\\''", sql_fault::none, at_end},
    {"SELECT E'a' '\\'", sql_fault::none, at_end},
    {"SELECT E'a'\n/* c */'\\'", sql_fault::none, at_end},
    {"SELECT E'a'\n-'\\'", sql_fault::none, at_end},
    {"SELECT E'a'\n--", sql_fault::none, at_end},
    {"SELECT E'a'\n'\\'", sql_fault::unterminated_string, 7},
    // Other prefixes.
    {R"(SELECT U&'\')", sql_fault::none, at_end},
    {R"(SELECT u&'d\0061t' UESCAPE '\')", sql_fault::none, at_end},
    {"SELECT U&'a", sql_fault::unterminated_string, 9},
    {R"(SELECT B'01\')", sql_fault::none, at_end},
    {"SELECT X'1F'", sql_fault::none, at_end},
    {"SELECT x'1F", sql_fault::unterminated_string, 8},
    {R"(SELECT N'\')", sql_fault::none, at_end},
    // Quoted identifiers.
    {R"(SELECT "a""b")", sql_fault::none, at_end},
    {R"(SELECT "a\")", sql_fault::none, at_end},
    {R"(SELECT "it's")", sql_fault::none, at_end},
    {R"(SELECT "$$")", sql_fault::none, at_end},
    {R"(SELECT "a)", sql_fault::unterminated_identifier, 7},
    {R"(SELECT "a"")", sql_fault::unterminated_identifier, 7},
    {R"(SELECT U&"d\0061t")", sql_fault::none, at_end},
    {R"(SELECT U&"a)", sql_fault::unterminated_identifier, 9},
    // Comments.
    {"SELECT 1 -- it's", sql_fault::none, at_end},
    {"SELECT 1 --", sql_fault::none, at_end},
    {"SELECT 1 --a\rFROM 'x", sql_fault::unterminated_string, 18},
    {"SELECT 1 --a\nFROM 'x", sql_fault::unterminated_string, 18},
    {"SELECT 1 - - 'a'", sql_fault::none, at_end},
    {"SELECT /* it's */ 1", sql_fault::none, at_end},
    {"SELECT /* a /* b */ c */ 1", sql_fault::none, at_end},
    {"SELECT /* a /* b */ c 1", sql_fault::unterminated_comment, 7},
    {"SELECT /*/ 1", sql_fault::unterminated_comment, 7},
    {"SELECT /*/**/*/ 1", sql_fault::none, at_end},
    {"SELECT /***/ 1", sql_fault::none, at_end},
    {"SELECT /**/**/ 1", sql_fault::none, at_end},
    {"SELECT /* -- */ 1", sql_fault::none, at_end},
    {"SELECT /* ' */ 1 /* $$ */", sql_fault::none, at_end},
    {"SELECT 1 /", sql_fault::none, at_end},
    {"SELECT 1 -", sql_fault::none, at_end},
    {"SELECT 3*/*x*/4", sql_fault::none, at_end},
    {"SELECT 3@--it's\n4", sql_fault::none, at_end},
    {"SELECT 3+-/*'*/4", sql_fault::none, at_end},
    {"SELECT 1 */ 2", sql_fault::none, at_end},
    // Dollar quotes.
    {"SELECT $$it's$$", sql_fault::none, at_end},
    {"SELECT $$$$", sql_fault::none, at_end},
    {"SELECT $a$ $b$ it's $a$", sql_fault::none, at_end},
    {"SELECT $a$ $$ ' $$ $a$", sql_fault::none, at_end},
    {"SELECT $$ $a $a$$", sql_fault::none, at_end},
    {"SELECT $a$ $$a$", sql_fault::none, at_end},
    {"SELECT $a$ $b$a$", sql_fault::none, at_end},
    {"SELECT $_x1$ ' $_x1$", sql_fault::none, at_end},
    {"SELECT $\xC3\xA4$ ' $\xC3\xA4$", sql_fault::none, at_end},
    {"SELECT $$", sql_fault::unterminated_dollar_quote, 7},
    {"SELECT $$$", sql_fault::unterminated_dollar_quote, 7},
    {"SELECT $a$ $A$", sql_fault::unterminated_dollar_quote, 7},
    {"SELECT $a$ $a", sql_fault::unterminated_dollar_quote, 7},
    {"SELECT $ab$ $a$", sql_fault::unterminated_dollar_quote, 7},
    {"SELECT a$b$ 'x'", sql_fault::none, at_end},
    {"SELECT a$$", sql_fault::none, at_end},
    {"SELECT $", sql_fault::none, at_end},
    {"SELECT $a", sql_fault::none, at_end},
    {"SELECT $ $", sql_fault::none, at_end},
    // Placeholders.
    {"SELECT $0", sql_fault::placeholder_zero, 7},
    {"SELECT $00", sql_fault::placeholder_zero, 7},
    {"SELECT '$0', a$0, \"$0\", $$ $0 $$ /* $0 */ --$0", sql_fault::none, at_end},
    {"SELECT $65535", sql_fault::none, at_end},
    {"SELECT $65536", sql_fault::placeholder_out_of_range, 7},
    {"SELECT $4294967297", sql_fault::placeholder_out_of_range, 7},
    {"SELECT $99999999999999999999999999", sql_fault::placeholder_out_of_range, 7},
    // NUL bytes, wherever they are.
    {"SELECT \0 1"sv, sql_fault::nul_byte, 7},
    {"SELECT '\0'"sv, sql_fault::nul_byte, 8},
    {"SELECT 1 --\0"sv, sql_fault::nul_byte, 11},
};

constexpr bool holds(fault_case const& c) {
  auto const found = scan_sql(c.text);
  return found.fault == c.fault && found.offset == (c.offset == at_end ? c.text.size() : c.offset);
}

struct placeholder_case {
  std::string_view text;
  std::uint32_t highest;
  std::uint32_t missing;
};

constexpr placeholder_case placeholder_cases[] = {
    {"SELECT 1", 0, 0},
    {"SELECT $1", 1, 0},
    {"SELECT $1$2", 2, 0},
    {"SELECT $1::int", 1, 0},
    {"SELECT $1::int[$2]", 2, 0},
    {"SELECT $2, $1", 2, 0},
    {"SELECT $1, $1", 1, 0},
    {"SELECT $01", 1, 0},
    {"SELECT $2", 2, 1},
    {"SELECT $1, $3", 3, 2},
    {"SELECT $4, $2, $1", 4, 3},
    {"SELECT a$1, b1$2", 0, 0},
    {"SELECT a$1$2", 0, 0},
    {"SELECT _$1, \xC3\xA4$1", 0, 0},
    {"SELECT a.$1", 1, 0},
    {"SELECT a+$1-$2*$3", 3, 0},
    {"SELECT a=$1", 1, 0},
    {"SELECT 1e5-$1, .5+$2", 2, 0},
    {"SELECT 1.e5$1", 1, 0},
    {"SELECT ($1)", 1, 0},
    {"SELECT -$1", 1, 0},
    {"SELECT $ 1", 0, 0},
    {"SELECT '$1', E'\\'$1', \"$1\", $1", 1, 0},
    {"SELECT $$ $1 $$, $a$ $2 $a$", 0, 0},
    {"SELECT 1 -- $1\n, $1 /* $2 /* $3 */ $4 */", 1, 0},
    {"SELECT $1 --$2", 1, 0},
    {"SELECT '' $1 ''", 1, 0},
    {"SELECT x'1F', $1", 1, 0},
    {"SELECT $1 ? $2 ?| $3 @> $4", 4, 0},
};

constexpr bool holds(placeholder_case const& c) {
  std::uint64_t used[1] = {};
  auto const found = scan_sql(c.text, used);
  return found.highest_placeholder == c.highest && found.missing_placeholder == c.missing &&
         found.fault == sql_fault::none;
}

struct statement_case {
  std::string_view text;
  std::size_t statements;
};

constexpr statement_case statement_cases[] = {
    {"", 0},
    {" \t\r\n\f\v", 0},
    {";", 0},
    {" ; ; ", 0},
    {"-- nothing", 0},
    {"/* nothing; at all */;", 0},
    {"SELECT 1", 1},
    {"SELECT 1;", 1},
    {"SELECT 1; -- done", 1},
    {"SELECT 1; /* done; */ ; ", 1},
    {"; SELECT 1", 1},
    {"SELECT 1;SELECT 2", 2},
    {"SELECT 1;;SELECT 2;", 2},
    {"SELECT 1; (", 2},
    {"SELECT ';'", 1},
    {"SELECT E'\\';'", 1},
    {"SELECT \";\"", 1},
    {"SELECT $$;$$", 1},
    {"DO $x$ BEGIN COMMIT; ROLLBACK; END $x$", 1},
    {"SELECT 1 -- ;\n+ 2", 1},
    {"SELECT 1 -- it's\n; SELECT 2", 2},
    {"CREATE RULE r AS ON INSERT TO t DO (DELETE FROM a; DELETE FROM b)", 1},
    {"CREATE RULE r AS ON INSERT TO t DO (DELETE FROM a); SELECT 1", 2},
    {"SELECT 1); SELECT 2", 2},
    {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END", 1},
    {"create or replace procedure p() begin atomic insert into t values (1); end; SELECT 1", 2},
    {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN a THEN 1 END; SELECT 2; END;",
     1},
    {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT (CASE a WHEN 1 THEN 1 END); END; X", 2},
    {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1 AS end; SELECT a.end; END", 1},
    {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1 \"end\"; SELECT 2; END", 1},
    {"CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1;'; SELECT 1", 2},
    {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC END; CREATE FUNCTION g() RETURNS int RETURN 1; "
     "X",
     3},
    {"CREATE TABLE t (begin int, atomic int); SELECT 1", 2},
    {"BEGIN; COMMIT", 2},
    {"BEGIN ATOMIC; COMMIT", 2},
};

constexpr bool holds(statement_case const& c) {
  auto const found = scan_sql(c.text);
  return found.statements == c.statements && found.fault == sql_fault::none;
}

struct verb_case {
  std::string_view text;
  control verb;
};

constexpr verb_case verb_cases[] = {
    {"", control::none},
    {"SELECT 1", control::none},
    {"BEGIN", control::begin},
    {"begin", control::begin},
    {"BeGiN;", control::begin},
    {"BEGIN WORK", control::begin},
    {"BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE", control::begin},
    {"START TRANSACTION READ ONLY", control::begin},
    {"START REPLICATION", control::none},
    {"START", control::none},
    {"COMMIT", control::commit},
    {"COMMIT WORK", control::commit},
    {"COMMIT AND CHAIN", control::commit},
    {"END", control::commit},
    {"END TRANSACTION", control::commit},
    {"COMMIT PREPARED 'x'", control::commit_prepared},
    {"commit /* a */ -- b\n prepared 'x'", control::commit_prepared},
    {"ROLLBACK", control::rollback},
    {"ROLLBACK WORK", control::rollback},
    {"ROLLBACK TRANSACTION AND NO CHAIN", control::rollback},
    {"ABORT", control::rollback},
    {"ABORT WORK", control::rollback},
    {"ROLLBACK PREPARED 'x'", control::rollback_prepared},
    {"ROLLBACK TO a", control::rollback_to},
    {"ROLLBACK TO SAVEPOINT a", control::rollback_to},
    {"ROLLBACK WORK TO a", control::rollback_to},
    {"ROLLBACK TRANSACTION TO SAVEPOINT a", control::rollback_to},
    {"ROLLBACK;TO", control::rollback},
    {"SAVEPOINT a", control::savepoint},
    {"RELEASE a", control::release},
    {"RELEASE SAVEPOINT a", control::release},
    {"PREPARE TRANSACTION 'x'", control::prepare_transaction},
    {"PREPARE TRANSACTION $$x$$", control::prepare_transaction},
    {"PREPARE transaction AS SELECT 1", control::none},
    {"PREPARE transaction (int) AS SELECT 1", control::none},
    {"PREPARE p AS COMMIT", control::none},
    {"COPY t FROM STDIN", control::copy},
    {"copy (SELECT 1) TO STDOUT", control::copy},
    {"  \n\t-- a comment\n/* /* and */ another */ COMMIT", control::commit},
    {";;COMMIT", control::commit},
    {" ; /**/ ; BEGIN", control::begin},
    {"SELECT 1; COMMIT", control::none},
    {"COMMIT; SELECT 1", control::commit},
    {"\"COMMIT\"", control::none},
    {"'COMMIT'", control::none},
    {"COMMITTED", control::none},
    {"COMMIT_", control::none},
    {"COMMIT$1", control::none},
    {"COMMIT(", control::commit},
    {"(COMMIT)", control::none},
    {"EXPLAIN COMMIT", control::none},
};

constexpr bool holds(verb_case const& c) {
  return scan_sql(c.text).verb == c.verb && pqscope::control_of(c.text) == c.verb;
}

template <class Case, std::size_t N>
constexpr bool all_hold(Case const (&cases)[N]) {
  for (auto const& c : cases) {
    if (!holds(c)) {
      return false;
    }
  }
  return true;
}

static_assert(all_hold(fault_cases));
static_assert(all_hold(placeholder_cases));
static_assert(all_hold(statement_cases));
static_assert(all_hold(verb_cases));

}  // namespace

TEST_CASE("what is left unterminated is found where it starts") {
  for (auto const& c : fault_cases) {
    CAPTURE(c.text);
    CHECK(holds(c));
  }
}

TEST_CASE("only a dollar sign outside of quotes, comments and names makes a placeholder") {
  for (auto const& c : placeholder_cases) {
    CAPTURE(c.text);
    CHECK(holds(c));
  }
}

TEST_CASE("statements are told apart by the semicolons between them") {
  for (auto const& c : statement_cases) {
    CAPTURE(c.text);
    CHECK(holds(c));
  }
}

TEST_CASE("the first words say what a statement does to the transaction") {
  for (auto const& c : verb_cases) {
    CAPTURE(c.text);
    CHECK(holds(c));
  }
}

TEST_CASE("every text cut short scans without reading past its end") {
  for (auto const& c : fault_cases) {
    for (std::size_t size = 0; size <= c.text.size(); ++size) {
      // A heap copy of exactly that size, so that a sanitizer sees one byte too many.
      std::vector<char> const copy(c.text.begin(),
                                   c.text.begin() + static_cast<std::ptrdiff_t>(size));
      auto const found = scan_sql({copy.data(), copy.size()});
      CAPTURE(c.text, size);
      CHECK(found.offset <= size);
      CHECK((found.fault != sql_fault::none || found.offset == size));
    }
  }
}

TEST_CASE("a gap is found among 65535 placeholders") {
  std::string text = "SELECT $1";
  for (int number = 2; number <= 65535; ++number) {
    if (number != 40000) {
      text += ",$" + std::to_string(number);
    }
  }
  std::vector<std::uint64_t> used(pqscope::detail::placeholder_bits::words_for(65535));
  auto found = scan_sql(text, used);
  CHECK(found.highest_placeholder == 65535);
  CHECK(found.missing_placeholder == 40000);

  text += ",$40000";
  std::vector<std::uint64_t> again(used.size());
  found = scan_sql(text, again);
  CHECK(found.highest_placeholder == 65535);
  CHECK(found.missing_placeholder == 0);
}

TEST_CASE("a gap beyond the room for placeholders is not reported") {
  CHECK(scan_sql("SELECT $3").missing_placeholder == 0);
  CHECK(scan_sql("SELECT $3").highest_placeholder == 3);
  std::array<std::uint64_t, 1> used{};
  CHECK(scan_sql("SELECT $1, $100", used).missing_placeholder == 2);
}

TEST_CASE("a text that ends within a line comment says so") {
  CHECK(scan_sql("SELECT 1 -- a").ends_in_line_comment);
  CHECK(scan_sql("--").ends_in_line_comment);
  CHECK_FALSE(scan_sql("SELECT 1 -- a\n").ends_in_line_comment);
  CHECK_FALSE(scan_sql("SELECT '-- a'").ends_in_line_comment);
  CHECK_FALSE(scan_sql("SELECT 1 /* -- a */").ends_in_line_comment);
  CHECK_FALSE(scan_sql("").ends_in_line_comment);
}

TEST_CASE("every fault has its words") {
  for (auto fault :
       {sql_fault::none, sql_fault::unterminated_string, sql_fault::unterminated_identifier,
        sql_fault::unterminated_comment, sql_fault::unterminated_dollar_quote,
        sql_fault::placeholder_zero, sql_fault::placeholder_out_of_range, sql_fault::nul_byte}) {
    CHECK(pqscope::describe(fault) != "an unknown fault");
  }
  CHECK(pqscope::describe(sql_fault::unterminated_comment) == "an unterminated comment");
}
