#include <pqscope/events/metrics.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <cstddef>
#include <iomanip>
#include <locale>
#include <sstream>
#include <string>
#include <string_view>

#include "unit/events/exposition_reader.hpp"

using pqscope::acquire_end;
using pqscope::metrics;
using pqscope::statement_origin;
using pqscope::transaction_end;
using support::exposition_reader;
using namespace std::chrono_literals;

namespace {

// Every thousand apart, and a comma for the point.
struct odd_numbers : std::numpunct<char> {
  char do_thousands_sep() const override { return '.'; }
  char do_decimal_point() const override { return ','; }
  std::string do_grouping() const override { return "\1"; }
};

std::string printed(metrics const& numbers) {
  std::ostringstream out;
  out << numbers;
  return out.str();
}

void tell_ok(metrics& numbers, std::string_view text, statement_origin origin) {
  numbers.statement_ended(
      {.text = text, .origin = origin, .duration = 2ms, .rows = 3, .carried_out = true});
}

}  // namespace

TEST_CASE("statements are counted by origin and outcome") {
  metrics numbers;
  tell_ok(numbers, "SELECT 1", statement_origin::caller);
  tell_ok(numbers, "SELECT 1", statement_origin::caller);
  tell_ok(numbers, "BEGIN", statement_origin::scope);
  tell_ok(numbers, "SELECT txid()", statement_origin::internal);
  numbers.statement_ended({.text = "INSERT", .duration = 1ms, .sqlstate = "23505"});
  numbers.statement_ended({.text = "INSERT", .duration = 1ms, .sqlstate = "23503"});
  numbers.statement_ended({.text = "ODD", .duration = 1ms, .sqlstate = "ZZ001"});
  numbers.statement_ended({.text = "LOST", .duration = 1ms});

  CHECK(numbers.statements().ok == 2);
  CHECK(numbers.statements().errors == 3);
  CHECK(numbers.statements().unanswered == 1);
  CHECK(numbers.statement_errors("23") == 2);
  CHECK(numbers.statement_errors("23999") == 2);
  CHECK(numbers.statement_errors("42") == 0);
  CHECK(numbers.statement_errors("Z9") == 1);
  CHECK(numbers.statements(statement_origin::scope).ok == 1);
  CHECK(numbers.statements(statement_origin::scope).errors == 0);
  CHECK(numbers.statements(statement_origin::internal).ok == 0);
  CHECK(numbers.rows() == 6);

  exposition_reader const read{printed(numbers)};
  CHECK(read.at("pqscope_statements_total{origin=\"caller\",outcome=\"ok\"}") == 2);
  CHECK(read.at("pqscope_statements_total{origin=\"caller\",outcome=\"error\"}") == 3);
  CHECK(read.at("pqscope_statements_total{origin=\"caller\",outcome=\"unanswered\"}") == 1);
  CHECK(read.at("pqscope_statements_total{origin=\"scope\",outcome=\"ok\"}") == 1);
  CHECK(read.at("pqscope_statement_errors_total{origin=\"caller\",class=\"23\"}") == 2);
  CHECK(read.at("pqscope_statement_errors_total{origin=\"caller\",class=\"other\"}") == 1);
  CHECK(read.at("pqscope_statement_errors_total{origin=\"scope\",class=\"23\"}") == 0);
  CHECK(read.at("pqscope_statement_rows_total") == 6);
}

TEST_CASE("only the statement a round trip was made for is timed") {
  metrics numbers;
  for (std::string_view const text :
       {"BEGIN", "SAVEPOINT \"a\"", "RELEASE SAVEPOINT \"a\"", "ROLLBACK TO \"a\""}) {
    tell_ok(numbers, text, statement_origin::scope);
  }
  CHECK(numbers.statement_durations(statement_origin::scope).count() == 0);
  for (std::string_view const text : {"COMMIT", "ROLLBACK", "PREPARE TRANSACTION 'a'"}) {
    tell_ok(numbers, text, statement_origin::scope);
  }
  tell_ok(numbers, "SELECT 1", statement_origin::caller);
  tell_ok(numbers, "SELECT 1", statement_origin::internal);
  CHECK(numbers.statement_durations(statement_origin::scope).count() == 3);
  CHECK(numbers.statement_durations(statement_origin::scope).sum == 6ms);
  CHECK(numbers.statement_durations().count() == 1);
  CHECK(numbers.statement_durations(statement_origin::internal).count() == 0);
  CHECK(numbers.statements(statement_origin::scope).ok == 7);
}

TEST_CASE("connects, acquires, transactions, notices and problems are counted") {
  metrics numbers;
  numbers.connect_started({});
  numbers.connect_ended({.duration = 4ms});
  numbers.connect_ended({.duration = 3s, .error = "no"});
  numbers.acquire_ended({.duration = 1us});
  numbers.acquire_ended({.duration = 50ms, .waited = true});
  numbers.acquire_ended({.duration = 1s, .waited = true, .end = acquire_end::timed_out});
  numbers.acquire_ended({.duration = 1ms, .end = acquire_end::failed});
  numbers.transaction_ended({.duration = 5ms, .end = transaction_end::committed});
  numbers.transaction_ended({.duration = 6ms, .end = transaction_end::committed});
  numbers.transaction_ended({.duration = 7ms, .end = transaction_end::rolled_back});
  numbers.transaction_ended({.duration = 8ms, .end = transaction_end::in_doubt});
  numbers.transaction_ended({.duration = 9ms, .end = transaction_end::prepared});
  numbers.round_trip();
  numbers.round_trip();
  numbers.notice({});
  numbers.problem("one");
  numbers.problem("two");

  CHECK(numbers.connects() == 1);
  CHECK(numbers.failed_connects() == 1);
  CHECK(numbers.connect_durations().sum == 3004ms);
  CHECK(numbers.acquires(acquire_end::taken) == 2);
  CHECK(numbers.acquires(acquire_end::timed_out) == 1);
  CHECK(numbers.acquires(acquire_end::failed) == 1);
  CHECK(numbers.waited_acquires() == 2);
  CHECK(numbers.acquire_durations().count() == 4);
  CHECK(numbers.transactions(transaction_end::committed) == 2);
  CHECK(numbers.transactions(transaction_end::rolled_back) == 1);
  CHECK(numbers.transactions(transaction_end::in_doubt) == 1);
  CHECK(numbers.transactions(transaction_end::prepared) == 1);
  CHECK(numbers.transaction_durations().sum == 35ms);
  CHECK(numbers.round_trips() == 2);
  CHECK(numbers.notices() == 1);
  CHECK(numbers.problems() == 2);

  exposition_reader const read{printed(numbers)};
  CHECK(read.at("pqscope_connects_total{outcome=\"ok\"}") == 1);
  CHECK(read.at("pqscope_connects_total{outcome=\"failed\"}") == 1);
  CHECK(read.at("pqscope_connect_duration_seconds_sum") == 3.004);
  CHECK(read.at("pqscope_connect_duration_seconds_bucket{le=\"0.005\"}") == 1);
  CHECK(read.at("pqscope_acquires_total{end=\"taken\"}") == 2);
  CHECK(read.at("pqscope_acquires_total{end=\"timed_out\"}") == 1);
  CHECK(read.at("pqscope_acquires_total{end=\"failed\"}") == 1);
  CHECK(read.at("pqscope_acquire_waits_total") == 2);
  CHECK(read.at("pqscope_acquire_duration_seconds_count") == 4);
  CHECK(read.at("pqscope_transactions_total{end=\"committed\"}") == 2);
  CHECK(read.at("pqscope_transactions_total{end=\"rolled_back\"}") == 1);
  CHECK(read.at("pqscope_transactions_total{end=\"in_doubt\"}") == 1);
  CHECK(read.at("pqscope_transactions_total{end=\"prepared\"}") == 1);
  CHECK(read.at("pqscope_transaction_duration_seconds_count") == 5);
  CHECK(read.at("pqscope_round_trips_total") == 2);
  CHECK(read.at("pqscope_notices_total") == 1);
  CHECK(read.at("pqscope_problems_total") == 2);
}

TEST_CASE("metrics without an event print zeros for every series") {
  exposition_reader const read{printed(metrics{})};
  CHECK(read.types().size() == 14);
  CHECK(read.has("pqscope_statement_errors_total{origin=\"scope\",class=\"40\"}"));
  for (auto const& [name, value] : read.samples()) {
    CAPTURE(name);
    CHECK(value == 0);
  }
}

TEST_CASE("the prefix begins every name, and a bad one is refused at the caller's place") {
  metrics const numbers;
  std::ostringstream out;
  numbers.write_prometheus(out, "app_db");
  exposition_reader const read{out.str()};
  CHECK(read.types().size() == 14);
  for (auto const& [family, type] : read.types()) {
    CHECK(family.starts_with("app_db_"));
  }
  std::ostringstream untouched;
  try {
    numbers.write_prometheus(untouched, "app db");
    FAIL("it was taken");
  } catch (pqscope::usage_error const& error) {
    CHECK(error.where().line() == __LINE__ - 3);
  }
  CHECK(untouched.str().empty());
}

TEST_CASE("neither a locale nor a stream's format changes the numbers") {
  metrics numbers;
  for (int i = 0; i < 12'345; ++i) {
    numbers.round_trip();
  }
  numbers.connect_ended({.duration = 1500ms});
  std::string const plain = printed(numbers);
  std::ostringstream out;
  out.imbue(std::locale{std::locale::classic(), new odd_numbers});
  out << std::hex << std::showbase << std::setw(5000) << std::setfill('*') << numbers;
  CHECK(out.str() == plain);
  CHECK(plain.find("pqscope_round_trips_total 12345\n") != std::string::npos);
  CHECK(plain.find("pqscope_connect_duration_seconds_sum 1.5\n") != std::string::npos);
}
