#include <pqscope/events/log_observer.hpp>
#include <pqscope/events/metrics.hpp>

#include <catch2/catch_test_macros.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <latch>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "unit/events/exposition_reader.hpp"

using pqscope::acquire_end;
using pqscope::metrics;
using pqscope::statement_origin;
using pqscope::transaction_end;
using support::exposition_reader;
using namespace std::chrono_literals;

namespace {

constexpr int writers = 6;
constexpr int rounds = 1000;

// One event of each kind, of varying length.
void tell(pqscope::observer& to, int i) {
  auto const took = std::chrono::microseconds{i * 37};
  to.connect_ended({.target = "t", .duration = took, .error = i % 5 == 0 ? "no" : ""});
  to.acquire_ended({.duration = took,
                    .waited = i % 2 == 0,
                    .end = i % 3 == 0 ? acquire_end::timed_out : acquire_end::taken});
  to.round_trip();
  to.statement_ended({.text = "BEGIN", .origin = statement_origin::scope, .carried_out = true});
  to.statement_ended({.text = "SELECT 1",
                      .duration = took,
                      .rows = 2,
                      .sqlstate = i % 7 == 0 ? "40001" : "",
                      .carried_out = i % 7 != 0});
  to.transaction_ended({.label = "storm", .duration = took, .end = transaction_end::committed});
  to.notice({});
  to.problem("storm");
}

void run_storm(pqscope::observer& to) {
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < writers; ++thread) {
    threads.emplace_back([&to] {
      for (int i = 0; i < rounds; ++i) {
        tell(to, i);
      }
    });
  }
}

}  // namespace

TEST_CASE("metrics printed while many threads count are well formed and never go down") {
  metrics numbers;
  std::atomic<bool> done{false};
  std::latch printing{1};
  std::size_t prints = 0;
  std::string problem;
  std::jthread printer{[&] {
    std::map<std::string, double> before;
    bool last = false;
    while (!last) {
      last = done.load();
      std::ostringstream out;
      out << numbers;
      if (++prints == 1) {
        printing.count_down();
      }
      try {
        exposition_reader const read{out.str()};
        double errors = 0;
        for (auto const& [name, value] : read.samples()) {
          if (before.contains(name) && before[name] > value) {
            throw std::runtime_error(name + " went down");
          }
          if (name.starts_with("pqscope_statement_errors_total{origin=\"caller\"")) {
            errors += value;
          }
        }
        if (errors != read.at("pqscope_statements_total{origin=\"caller\",outcome=\"error\"}")) {
          throw std::runtime_error("errors by class are not the errors");
        }
        before = read.samples();
      } catch (std::exception const& failure) {
        problem = failure.what();
        return;
      }
    }
  }};
  printing.wait();
  run_storm(numbers);
  done = true;
  printer.join();

  CHECK(problem.empty());
  CHECK(prints > 1);
  constexpr std::uint64_t total = std::uint64_t{writers} * rounds;
  constexpr std::uint64_t errors = writers * ((rounds + 6) / 7);
  CHECK(numbers.statements().ok == total - errors);
  CHECK(numbers.statements().errors == errors);
  CHECK(numbers.statement_errors("40") == errors);
  CHECK(numbers.statements(statement_origin::scope).ok == total);
  CHECK(numbers.statement_durations().count() == total);
  CHECK(numbers.statement_durations().sum == writers * 37us * (rounds * (rounds - 1) / 2));
  CHECK(numbers.connects() + numbers.failed_connects() == total);
  CHECK(numbers.connect_durations().count() == total);
  CHECK(numbers.acquires(acquire_end::taken) + numbers.acquires(acquire_end::timed_out) == total);
  CHECK(numbers.transactions(transaction_end::committed) == total);
  CHECK(numbers.rows() == 2 * total);
  CHECK(numbers.round_trips() == total);
  CHECK(numbers.notices() == total);
  CHECK(numbers.problems() == total);
}

TEST_CASE("lines that many threads write do not run into each other") {
  std::ostringstream out;
  pqscope::log_observer log{
      out, {.statements = true, .connections = true, .acquires = true, .transactions = true}};
  run_storm(log);
  std::map<std::string, int> kinds;
  std::istringstream lines{out.str()};
  int odd = 0;
  for (std::string line; std::getline(lines, line);) {
    // "2026-03-01T09:30:00.125Z level what ..."
    std::size_t const level = line.find(' ');
    std::size_t const what = line.find(' ', level + 1);
    odd += level != 24 || line.find('Z') != 23 || what == std::string::npos ? 1 : 0;
    ++kinds[line.substr(what + 1, line.find(' ', what + 1) - what - 1)];
  }
  CHECK(odd == 0);
  constexpr int total = writers * rounds;
  CHECK(kinds["statement"] + kinds["failed_statement"] == 2 * total);
  CHECK(kinds["connect"] + kinds["failed_connect"] == total);
  CHECK(kinds["acquire"] + kinds["failed_acquire"] == total);
  CHECK(kinds["transaction"] == total);
  CHECK(kinds["notice"] == total);
  CHECK(kinds["problem"] == total);
  CHECK(kinds.size() == 9);
}
