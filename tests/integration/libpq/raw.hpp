#ifndef PQSCOPE_TESTS_INTEGRATION_LIBPQ_RAW_HPP
#define PQSCOPE_TESTS_INTEGRATION_LIBPQ_RAW_HPP

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <pqscope/libpq/connect.hpp>
#include <pqscope/libpq/conninfo.hpp>
#include <pqscope/libpq/diagnostics.hpp>
#include <pqscope/libpq/exchange.hpp>
#include <pqscope/libpq/poll.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "support/database.hpp"

/// Floor 0 by itself, for its tests.
namespace raw {

namespace libpq = pqscope::libpq;

/// What a connection string or URL says, as parameters.
inline std::vector<libpq::keyword_value> parameters(std::string const& conninfo) {
  std::vector<libpq::keyword_value> list;
  for (auto const& option : libpq::parse_conninfo(conninfo).options) {
    if (option.value) {
      list.push_back({option.keyword, *option.value});
    }
  }
  return list;
}

/// The parameters of the test database, and `more`.
inline std::vector<libpq::keyword_value> test_parameters(
    std::vector<libpq::keyword_value> const& more = {}) {
  auto list = parameters(support::test_url());
  list.insert(list.end(), more.begin(), more.end());
  return list;
}

/// Ten seconds from now: longer than anything in these tests takes.
inline libpq::limit soon() {
  return {.deadline = libpq::clock::now() + std::chrono::seconds{10}};
}

/// An open connection.
inline libpq::connection_handle connect(
    std::vector<libpq::keyword_value> list = test_parameters()) {
  libpq::connect_operation operation{std::move(list)};
  REQUIRE(libpq::drive(operation, soon()) == libpq::drive_result::done);
  INFO(operation.error());
  REQUIRE(operation.succeeded());
  return operation.take();
}

/// Carries out requests in one exchange.
inline libpq::outcome run(libpq::connection_handle const& connection,
                          std::span<libpq::request> requests) {
  libpq::exchange exchange{connection, requests};
  REQUIRE(libpq::drive(exchange, soon()) == libpq::drive_result::done);
  return exchange.result();
}

/// Requests of these texts, which outlive them.
inline std::vector<libpq::request> requests(std::vector<char const*> const& texts) {
  std::vector<libpq::request> list;
  for (char const* const text : texts) {
    list.push_back({.text = text});
  }
  return list;
}

/// The first value of an answer.
inline std::string value(libpq::request const& answered) {
  libpq::result_view const view{answered.answer};
  return view.rows() > 0 ? std::string{view.text(0, 0)} : std::string{};
}

/// Requires that another exchange, and a pipelined one, work.
inline void ensure_ready(libpq::connection_handle const& connection) {
  auto one = requests({"SELECT 1"});
  REQUIRE(run(connection, one) == libpq::outcome::completed);
  REQUIRE(value(one[0]) == "1");
  auto two = requests({"SELECT 2", "SELECT 3"});
  REQUIRE(run(connection, two) == libpq::outcome::completed);
  REQUIRE(value(two[1]) == "3");
  REQUIRE(libpq::state_of(connection) == libpq::transaction_state::idle);
}

}  // namespace raw

#endif
