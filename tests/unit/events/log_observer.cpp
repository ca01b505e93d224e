#include <pqscope/events/log_observer.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <iomanip>
#include <ios>
#include <locale>
#include <source_location>
#include <sstream>
#include <streambuf>
#include <string>
#include <string_view>

using pqscope::acquire_end;
using pqscope::log_observer;
using pqscope::log_options;
using pqscope::statement_event;
using pqscope::statement_origin;
using pqscope::transaction_end;
using namespace std::chrono_literals;

namespace {

// A log and the text it has written.
struct kept_log {
  std::ostringstream out;
  log_observer log;

  explicit kept_log(log_options const& options = {}) : log{out, options} {}

  // What was written since the last call, with the time stamps taken off.
  std::string take() {
    std::istringstream lines{out.str()};
    out.str({});
    std::string text;
    for (std::string line; std::getline(lines, line);) {
      REQUIRE(line.size() > 25);
      text += line.substr(25) + '\n';
    }
    return text;
  }
};

statement_event done(std::string_view text, std::chrono::nanoseconds took = 1ms) {
  return {.text = text, .duration = took, .rows = 3, .carried_out = true};
}

std::string line_of(std::string_view sql, log_options options = {}) {
  options.statements = true;
  kept_log kept{options};
  kept.log.statement_ended(done(sql));
  std::string const text = kept.take();
  std::size_t const at = text.find(" sql=");
  REQUIRE(at != std::string::npos);
  REQUIRE(text.find('\n') == text.size() - 1);
  return text.substr(at + 5, text.size() - at - 6);
}

std::string file_and_line(std::source_location const& where) {
  return std::string{where.file_name()} + ':' + std::to_string(where.line());
}

// Throws whatever is written to it.
struct throwing_buffer : std::streambuf {
  int overflow(int) override { throw std::ios_base::failure{"full"}; }
  std::streamsize xsputn(char const*, std::streamsize) override { throw 1; }
  int sync() override { throw 2; }
};

}  // namespace

TEST_CASE("a time stamp is in UTC with milliseconds") {
  std::chrono::sys_days const day = std::chrono::year{2026} / 3 / 1;
  std::string text;
  pqscope::detail::append_utc(text, day + 9h + 5min + 7s + 42ms);
  CHECK(text == "2026-03-01T09:05:07.042Z");
  text.clear();
  pqscope::detail::append_utc(text, std::chrono::sys_days{} - 1ms);
  CHECK(text == "1969-12-31T23:59:59.999Z");

  std::string before;
  std::string after;
  kept_log kept;
  pqscope::detail::append_utc(before, std::chrono::system_clock::now());
  kept.log.problem("x");
  pqscope::detail::append_utc(after, std::chrono::system_clock::now());
  std::string const stamp = kept.out.str().substr(0, 24);
  CHECK(before <= stamp);
  CHECK(stamp <= after);
}

TEST_CASE("a slow statement is written with duration, rows, place and text") {
  kept_log kept{{.slow_statement = 250ms}};
  auto const where = std::source_location::current();
  statement_event event = done("SELECT  pg_sleep(1)\n  FROM t", 251'300'999ns);
  event.where = where;
  kept.log.statement_ended(event);
  CHECK(kept.take() == "warning slow_statement duration=251.300ms rows=3 at=" +
                           file_and_line(where) + " sql=SELECT pg_sleep(1) FROM t\n");
  kept.log.statement_ended(done("SELECT 1", 250ms));
  CHECK(kept.take() == "warning slow_statement duration=250.000ms rows=3 sql=SELECT 1\n");
  kept.log.statement_ended(done("SELECT 1", 250ms - 1ns));
  CHECK(kept.take().empty());
}

TEST_CASE("what only goes along with a slow statement is not called slow") {
  kept_log kept{{.slow_statement = 1ms}};
  for (std::string_view const text :
       {"BEGIN", "SAVEPOINT \"a\"", "ROLLBACK TO \"a\"", "RELEASE a"}) {
    statement_event event = done(text, 1s);
    event.origin = statement_origin::scope;
    kept.log.statement_ended(event);
  }
  statement_event event = done("SELECT id()", 1s);
  event.origin = statement_origin::internal;
  kept.log.statement_ended(event);
  CHECK(kept.take().empty());
  event = done("COMMIT", 1s);
  event.origin = statement_origin::scope;
  kept.log.statement_ended(event);
  CHECK(kept.take() ==
        "warning slow_statement duration=1000.000ms rows=3 origin=scope sql=COMMIT\n");
}

TEST_CASE("a statement that failed is written with its SQLSTATE") {
  kept_log kept;
  kept.log.statement_ended({.text = "SELECT 1/0", .duration = 1ms, .sqlstate = "22012"});
  CHECK(kept.take() == "error failed_statement duration=1.000ms sqlstate=22012 sql=SELECT 1/0\n");
  kept.log.statement_ended({.text = "SELECT 1", .duration = 1us});
  CHECK(kept.take() == "error unanswered_statement duration=0.001ms sql=SELECT 1\n");
  kept.log.statement_ended(
      {.text = "BEGIN", .origin = statement_origin::scope, .sqlstate = "25006"});
  CHECK(kept.take() ==
        "error failed_statement duration=0.000ms sqlstate=25006 origin=scope sql=BEGIN\n");
  kept.log.statement_ended({.text = "SELECT id()", .origin = statement_origin::internal});
  kept.log.statement_ended(done("SELECT 1", 1h));
  CHECK(kept.take().empty());
}

TEST_CASE("options choose what is written") {
  auto const tell_all = [](log_options const& options) {
    kept_log kept{options};
    kept.log.statement_ended(done("SELECT 1"));
    kept.log.statement_ended({.text = "SELECT 2", .sqlstate = "22012"});
    kept.log.connect_ended({.target = "postgresql://h", .duration = 2ms});
    kept.log.connect_ended({.target = "postgresql://h", .error = "refused\n  at a.cpp:1"});
    kept.log.acquire_ended({.duration = 3ms, .waited = true});
    kept.log.acquire_ended({.end = acquire_end::timed_out});
    kept.log.transaction_ended({.label = "import \"a\"", .end = transaction_end::committed});
    kept.log.transaction_ended({.end = transaction_end::rolled_back});
    kept.log.transaction_ended({.end = transaction_end::in_doubt});
    kept.log.transaction_ended({.end = transaction_end::prepared});
    kept.log.notice({.severity = "WARNING", .sqlstate = "01000", .message = "hear"});
    kept.log.problem("lost");
    return kept.take();
  };
  constexpr log_options silent{.failures = false, .notices = false, .problems = false};
  auto const only = [&](auto set) {
    log_options options = silent;
    set(options);
    return tell_all(options);
  };
  CHECK(tell_all(silent).empty());
  CHECK(tell_all({}) ==
        "error failed_statement duration=0.000ms sqlstate=22012 sql=SELECT 2\n"
        "error failed_connect duration=0.000ms target=postgresql://h error=refused at a.cpp:1\n"
        "error failed_acquire end=timed_out duration=0.000ms waited=no\n"
        "error transaction end=in_doubt duration=0.000ms\n"
        "warning notice severity=WARNING sqlstate=01000 message=hear\n"
        "error problem message=lost\n");
  CHECK(only([](log_options& o) { o.statements = true; }) ==
        "info statement duration=1.000ms rows=3 sql=SELECT 1\n"
        "error failed_statement duration=0.000ms sqlstate=22012 sql=SELECT 2\n");
  CHECK(only([](log_options& o) { o.connections = true; }) ==
        "info connect duration=2.000ms target=postgresql://h\n"
        "error failed_connect duration=0.000ms target=postgresql://h error=refused at a.cpp:1\n");
  CHECK(only([](log_options& o) { o.acquires = true; }) ==
        "info acquire end=taken duration=3.000ms waited=yes\n"
        "error failed_acquire end=timed_out duration=0.000ms waited=no\n");
  CHECK(only([](log_options& o) { o.slow_acquire = 2ms; }) ==
        "warning slow_acquire end=taken duration=3.000ms waited=yes\n");
  CHECK(only([](log_options& o) { o.transactions = true; }) ==
        "info transaction end=committed duration=0.000ms label=\"import \\\"a\\\"\"\n"
        "info transaction end=rolled_back duration=0.000ms\n"
        "error transaction end=in_doubt duration=0.000ms\n"
        "info transaction end=prepared duration=0.000ms\n");
  CHECK(only([](log_options& o) { o.notices = true; }) ==
        "warning notice severity=WARNING sqlstate=01000 message=hear\n");
  CHECK(only([](log_options& o) { o.problems = true; }) == "error problem message=lost\n");
}

TEST_CASE("a notice is written at the level of its severity, without detail and context") {
  kept_log kept;
  kept.log.notice({.severity = "NOTICE", .message = "a", .detail = "secret", .context = "secret"});
  kept.log.notice({.severity = "FATAL", .message = "b", .hint = "secret"});
  CHECK(kept.take() ==
        "info notice severity=NOTICE message=a\n"
        "error notice severity=FATAL message=b\n");
}

TEST_CASE("SQL is written on one line, without control characters") {
  CHECK(line_of("SELECT\t1,\r\n\n   2 ") == "SELECT 1, 2");
  CHECK(line_of("  SELECT 'a\x1b[31mb'") == "SELECT 'a [31mb'");
  CHECK(line_of("a\u0085b\u009bc\u2028d\u2029e\u00a0f\x7fg") == "a b c d e f g");
  CHECK(line_of("SELECT 'é', '\u4e2d'") == "SELECT 'é', '\u4e2d'");
  CHECK(line_of("a\xff\x80z") == "a??z");
  CHECK(line_of("").empty());
  CHECK(line_of(" \n ").empty());
}

TEST_CASE("a long text is cut at the limit, between characters") {
  CHECK(line_of("abcdef", {.text_limit = 6}) == "abcdef");
  CHECK(line_of("abcdefg", {.text_limit = 6}) == "abcdef…");
  CHECK(line_of("abcde\n f", {.text_limit = 6}) == "abcde…");
  CHECK(line_of("abcdef \n ", {.text_limit = 6}) == "abcdef");
  CHECK(line_of("abcdeé", {.text_limit = 6}) == "abcde…");
  CHECK(line_of("a", {.text_limit = 0}) == "…");
  CHECK(line_of(std::string(100'000, 'x')) == std::string(500, 'x') + "…");
}

TEST_CASE("passwords are masked before a text is cut") {
  CHECK(line_of("ALTER ROLE a PASSWORD\n 'hush'") == "ALTER ROLE a PASSWORD '***'");
  std::string const url = "SELECT dblink_connect('postgresql://u:hush@h/d')";
  std::string const whole = line_of(url);
  CHECK(whole == "SELECT dblink_connect('postgresql://u:***@h/d')");
  for (std::size_t limit = 0; limit < url.size(); ++limit) {
    CHECK(line_of(url, {.text_limit = limit}).find("hu") == std::string::npos);
  }
  kept_log kept;
  kept.log.connect_ended({.target = "t", .error = "bad: 'password=hush host=h'"});
  kept.log.notice({.severity = "NOTICE", .message = "ran ALTER ROLE a PASSWORD 'hush'"});
  kept.log.problem("ALTER ROLE a PASSWORD 'hush'");
  CHECK(kept.take().find("hush") == std::string::npos);
}

TEST_CASE("neither a locale nor a stream's format changes a line") {
  struct odd_numbers : std::numpunct<char> {
    char do_thousands_sep() const override { return '.'; }
    std::string do_grouping() const override { return "\1"; }
  };
  kept_log kept{{.statements = true}};
  kept.out.imbue(std::locale{std::locale::classic(), new odd_numbers});
  kept.out << std::hex << std::setfill('*') << std::setw(300);
  statement_event event = done("SELECT 1", 12'345ms);
  event.rows = 67'890;
  kept.log.statement_ended(event);
  CHECK(kept.take() == "info statement duration=12345.000ms rows=67890 sql=SELECT 1\n");
}

TEST_CASE("a stream that fails or throws is ignored") {
  kept_log kept;
  kept.out.setstate(std::ios_base::badbit);
  kept.log.problem("lost");
  CHECK(kept.out.str().empty());
  kept.out.clear();
  kept.log.problem("kept");
  CHECK(kept.take() == "error problem message=kept\n");

  throwing_buffer buffer;
  std::ostream out{&buffer};
  out.exceptions(std::ios_base::badbit | std::ios_base::failbit);
  log_observer log{out};
  CHECK_NOTHROW(log.problem("lost"));
  CHECK_NOTHROW(log.statement_ended({.text = "SELECT 1"}));
  CHECK(out.bad());
}

TEST_CASE("each line is handed on at once unless told otherwise") {
  struct counting_buffer : std::stringbuf {
    int syncs = 0;
    int sync() override {
      ++syncs;
      return 0;
    }
  };
  counting_buffer buffer;
  std::ostream out{&buffer};
  log_observer{out}.problem("one");
  CHECK(buffer.syncs == 1);
  log_observer{out, {.flush = false}}.problem("two");
  CHECK(buffer.syncs == 1);
}
