// What a program does on its connections, as lines of a log and as numbers for Prometheus.

#include <pqscope/events/log_observer.hpp>
#include <pqscope/events/metrics.hpp>
#include <pqscope/pqscope.hpp>

#include <chrono>
#include <iostream>
#include <sstream>
#include <string>

namespace {

using namespace std::chrono_literals;

void log(pqscope::config const& server) {
  // [log]
  pqscope::log_observer log{std::cout, {.slow_statement = 100ms, .transactions = true}};
  pqscope::connection conn{server, {.observer = &log}};
  pqscope::with_session(conn, {.label = "report"},
                        [](pqscope::session& s) { s.execute("SELECT pg_sleep($1)", 0.15); });
  // [log]
  try {
    conn.execute("ALTER ROLE pg_nobody PASSWORD 'a secret'");
  } catch (pqscope::error const&) {  // it is in the log
  }
}

void count(pqscope::config const& server) {
  // [metrics]
  pqscope::metrics numbers;
  pqscope::connection conn{server, {.observer = &numbers}};
  conn.execute("SELECT generate_series(1, 10)");
  conn.execute("SELECT 1");
  std::ostringstream page;
  page << numbers;  // what `GET /metrics` is to answer
  // [metrics]
  std::istringstream lines{page.str()};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("pqscope_statements_total{origin=\"caller\"") ||
        line.starts_with("pqscope_statement_rows_total")) {
      std::cout << line << '\n';
    }
  }
}

}  // namespace

int main() {
  auto const server = pqscope::config::from_env({.url_variable = "DATABASE_URL"});
  log(server);
  count(server);
}
