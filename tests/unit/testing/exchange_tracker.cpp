#include <pqscope/testing/exchange_tracker.hpp>

#include <catch2/catch_test_macros.hpp>
#include <string_view>

using pqscope::testing::detail::exchange_tracker;

namespace {

void client(exchange_tracker& tracker, std::string_view types) {
  for (char const type : types) {
    tracker.client_sent(type);
  }
}

int server(exchange_tracker& tracker, std::string_view types) {
  int round_trips = 0;
  for (char const type : types) {
    round_trips += tracker.server_sent(type) ? 1 : 0;
  }
  return round_trips;
}

exchange_tracker started() {
  exchange_tracker tracker;
  tracker.client_sent('\0');
  server(tracker, "RSSKZ");
  return tracker;
}

}  // namespace

TEST_CASE("the start-up is no round trip") {
  exchange_tracker tracker;
  tracker.client_sent('\0');
  CHECK(server(tracker, "R") == 0);
  tracker.client_sent('p');
  CHECK(server(tracker, "RSSKZ") == 0);
  CHECK(tracker.answered() == 1);
}

TEST_CASE("a statement, and a batch of them, is one round trip") {
  auto tracker = started();
  client(tracker, "PBDES");
  CHECK(server(tracker, "12TDDCZ") == 1);
  client(tracker, "PBDESPBDES");
  CHECK(server(tracker, "12nCZ12nCZ") == 1);
  client(tracker, "Q");
  CHECK(server(tracker, "CZ") == 1);
}

TEST_CASE("what a server says unasked is no round trip") {
  auto tracker = started();
  CHECK(server(tracker, "ANS") == 0);
  client(tracker, "Q");
  CHECK(server(tracker, "NNA") == 0);
  CHECK(server(tracker, "CZ") == 1);
}

TEST_CASE("each message knows which ReadyForQuery answers it") {
  auto tracker = started();
  client(tracker, "P");
  CHECK(tracker.answer_to('P') == 2);
  client(tracker, "BDES");
  CHECK(tracker.answer_to('S') == 2);
  client(tracker, "P");
  CHECK(tracker.answer_to('P') == 3);
}

TEST_CASE("a Sync that a COPY swallows is not waited for") {
  auto tracker = started();
  client(tracker, "PBDES");
  server(tracker, "12nG");
  client(tracker, "ddc");
  CHECK(tracker.answer_to('c') == 2);
  client(tracker, "S");
  server(tracker, "CZ");
  client(tracker, "Q");
  CHECK(tracker.answer_to('Q') == 3);
}
