#include <pqscope/libpq/relay.hpp>

#include <catch2/catch_test_macros.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "integration/libpq/raw.hpp"

namespace {

using namespace std::chrono_literals;
using namespace pqscope::libpq;
using raw::ensure_ready;
using raw::value;

// An exchange of these requests on a pipeline that is shared.
struct posted {
  std::vector<request> requests;
  exchange all;

  posted(connection_handle const& connection, std::vector<request>&& of)
      : requests{std::move(of)}, all{connection, requests, 2s, pipeline_use::shared} {}
  posted(connection_handle const& connection, std::vector<char const*> const& texts)
      : posted{connection, raw::requests(texts)} {}
  posted(posted const&) = delete;
  posted& operator=(posted const&) = delete;
};

// Waits as `relay::wait` says.
void wait(relay const& through) {
  REQUIRE_FALSE(through.wait().done());
  auto until = raw::soon();
  REQUIRE(pqscope::libpq::detail::wait(through.wait(), until, -1) == drive_result::done);
}

// The next one that has finished.
exchange* next(relay& through) {
  exchange* finished = through.take();
  while (finished == nullptr && !through.empty()) {
    through.resume();
    finished = through.take();
    if (finished == nullptr && !through.empty()) {
      wait(through);
    }
  }
  return finished;
}

// Ends a connection as an administrator would.
void terminate(connection_handle const& connection) {
  support::witness{}.terminate(PQbackendPID(connection.get()));
}

}  // namespace

TEST_CASE("exchanges that are relayed are answered in their order, each with its own answer") {
  auto const connection = raw::connect();
  relay through{connection};
  std::vector<std::string> texts;
  std::vector<std::unique_ptr<posted>> all;
  for (int i = 0; i < 100; ++i) {
    texts.push_back("SELECT " + std::to_string(i));
  }
  for (auto const& text : texts) {
    all.push_back(std::make_unique<posted>(connection, std::vector<char const*>{text.c_str()}));
    through.post(all.back()->all);
  }
  CHECK(through.size() == 100);
  for (std::size_t i = 0; i < all.size(); ++i) {
    REQUIRE(next(through) == &all[i]->all);
    REQUIRE(all[i]->all.result() == outcome::completed);
    REQUIRE(value(all[i]->requests[0]) == std::to_string(i));
  }
  CHECK(through.empty());
  CHECK(through.take() == nullptr);
  REQUIRE(through.close());
  ensure_ready(connection);
}

TEST_CASE("the failure of a relayed exchange is nothing to those before and behind it") {
  auto const connection = raw::connect();
  relay through{connection};
  std::vector<std::unique_ptr<posted>> all;
  std::vector<std::vector<char const*>> const texts{
      {"SELECT 1"},
      {"SELEC nonsense"},
      {"CREATE TEMP TABLE d (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)"},
      {"INSERT INTO d VALUES (1)", "INSERT INTO d VALUES (1)"},
      {"SELECT 1 / 0", "SELECT 2", "SELECT 3"},
      {"INSERT INTO d VALUES (1)", "SELECT 4"},
      {"SELECT 5", "SELECT 1 / 0"},
      {"SELECT count(*) FROM d"}};
  for (auto const& each : texts) {
    all.push_back(std::make_unique<posted>(connection, each));
    through.post(all.back()->all);
  }
  bool const completes[] = {true, false, true, false, false, true, false, true};
  for (std::size_t i = 0; i < all.size(); ++i) {
    INFO(i);
    REQUIRE(next(through) == &all[i]->all);
    CHECK(all[i]->all.result() == (completes[i] ? outcome::completed : outcome::failed));
  }
  CHECK(sqlstate_of(all[1]->requests[0].error) == "42601");
  CHECK_FALSE(all[3]->requests[0].error);
  CHECK(sqlstate_of(all[3]->requests[1].error) == "23505");
  CHECK(sqlstate_of(all[4]->requests[0].error) == "22012");
  CHECK(all[4]->requests[1].aborted);
  CHECK(all[4]->requests[2].aborted);
  CHECK(value(all[5]->requests[1]) == "4");
  CHECK(value(all[6]->requests[0]) == "5");
  CHECK(sqlstate_of(all[6]->requests[1].error) == "22012");
  CHECK(value(all[7]->requests[0]) == "1");
  REQUIRE(through.close());
  ensure_ready(connection);
}

TEST_CASE("what is prepared in a relayed exchange that fails stays prepared for the next one") {
  auto const connection = raw::connect();
  relay through{connection};
  char const* const zero[] = {"0"};
  char const* const two[] = {"2"};
  posted first{
      connection, [&] {
        std::vector<request> list;
        list.push_back(
            {.kind = request_kind::prepare, .text = "SELECT 10 / $1::int4", .name = "divide"});
        list.push_back({.kind = request_kind::execute_prepared,
                        .name = "divide",
                        .parameters = {.count = 1, .values = zero}});
        return list;
      }()};
  posted second{connection, [&] {
                  std::vector<request> list;
                  list.push_back({.kind = request_kind::execute_prepared,
                                  .name = "divide",
                                  .parameters = {.count = 1, .values = two}});
                  return list;
                }()};
  through.post(first.all);
  through.post(second.all);
  REQUIRE(next(through) == &first.all);
  CHECK(first.all.result() == outcome::failed);
  CHECK(first.requests[0].answer);
  CHECK(sqlstate_of(first.requests[1].error) == "22012");
  REQUIRE(next(through) == &second.all);
  CHECK(second.all.result() == outcome::completed);
  CHECK(value(second.requests[0]) == "5");
  REQUIRE(through.close());
  ensure_ready(connection);
}

TEST_CASE("more can be posted while others are under way") {
  auto const connection = raw::connect();
  relay through{connection};
  std::vector<std::unique_ptr<posted>> all;
  std::size_t answered = 0;
  while (answered < 60) {
    if (all.size() < 60) {
      all.push_back(std::make_unique<posted>(connection, std::vector<char const*>{"SELECT 7"}));
      through.post(all.back()->all);
      through.resume();
    }
    if (all.size() % 3 == 0) {
      REQUIRE(next(through) == &all[answered]->all);
      REQUIRE(value(all[answered]->requests[0]) == "7");
      ++answered;
    }
  }
  CHECK(through.empty());
  REQUIRE(through.close());
  ensure_ready(connection);
}

TEST_CASE("large requests and large answers pass each other in a relay") {
  auto const connection = raw::connect();
  relay through{connection};
  std::string const large(4'000'000, 'x');
  char const* const values[] = {large.c_str()};
  std::vector<std::unique_ptr<posted>> all;
  for (int i = 0; i < 6; ++i) {
    std::vector<request> list;
    list.push_back({.text = "SELECT $1::text", .parameters = {.count = 1, .values = values}});
    all.push_back(std::make_unique<posted>(connection, std::move(list)));
    through.post(all.back()->all);
  }
  for (auto const& each : all) {
    REQUIRE(next(through) == &each->all);
    REQUIRE(each->all.result() == outcome::completed);
    REQUIRE(value(each->requests[0]) == large);
  }
  REQUIRE(through.close());
  ensure_ready(connection);
}

TEST_CASE("a connection that ends loses what is under way in a relay, and all behind it") {
  auto const connection = raw::connect();
  relay through{connection};
  posted first{connection, {"SELECT 1"}};
  posted second{connection, {"SELECT pg_sleep(100)"}};
  posted third{connection, {"SELECT 3"}};
  through.post(first.all);
  REQUIRE(next(through) == &first.all);
  through.post(second.all);
  through.post(third.all);
  through.resume();
  CHECK(through.take() == nullptr);
  terminate(connection);
  REQUIRE(next(through) == &second.all);
  CHECK(second.all.result() == outcome::lost);
  CHECK(sqlstate_of(second.requests[0].error) == "57P01");
  CHECK_FALSE(second.requests[0].answer);
  CHECK(through.size() == 1);
  through.drop_first();
  CHECK(through.empty());
  CHECK_FALSE(third.requests[0].answer);
}

TEST_CASE("what is posted on a connection that has ended is lost") {
  auto const connection = raw::connect();
  relay through{connection};
  terminate(connection);
  posted first{connection, {"SELECT 1"}};
  through.post(first.all);
  REQUIRE(next(through) == &first.all);
  CHECK(first.all.result() == outcome::lost);
  CHECK_FALSE(first.requests[0].answer);
}

TEST_CASE("a relay is not closed while anything is under way") {
  auto const connection = raw::connect();
  relay through{connection};
  posted first{connection, {"SELECT 1"}};
  through.post(first.all);
  CHECK_FALSE(through.close());
  REQUIRE(next(through) == &first.all);
  CHECK(value(first.requests[0]) == "1");
  REQUIRE(through.close());
  ensure_ready(connection);
}

TEST_CASE("a COPY has no place in a relay, and has the connection given up") {
  for (char const* const text : {"COPY (SELECT 1) TO STDOUT", "COPY c FROM STDIN"}) {
    auto const connection = raw::connect();
    relay through{connection};
    posted table{connection, {"CREATE TEMP TABLE c (a int)"}};
    posted copies{connection, std::vector<char const*>{text}};
    through.post(table.all);
    through.post(copies.all);
    REQUIRE(next(through) == &table.all);
    REQUIRE(next(through) == &copies.all);
    CHECK(copies.all.result() == outcome::violated);
    CHECK(copies.requests[0].asked_to_copy);
  }
  auto const connection = raw::connect();
  relay through{connection};
  posted refused{connection, {"COPY pg_temp.nowhere FROM STDIN"}};
  through.post(refused.all);
  REQUIRE(next(through) == &refused.all);
  CHECK(refused.all.result() == outcome::failed);
  REQUIRE(through.close());
  ensure_ready(connection);
}

TEST_CASE("relays follow each other on one connection") {
  auto const connection = raw::connect();
  for (int round = 0; round < 5; ++round) {
    relay through{connection};
    posted first{connection, std::vector<char const*>{"SELECT 1", "SELECT 2"}};
    posted second{connection, {"SELECT 3"}};
    through.post(first.all);
    through.post(second.all);
    REQUIRE(next(through) == &first.all);
    REQUIRE(next(through) == &second.all);
    CHECK(value(first.requests[1]) == "2");
    CHECK(value(second.requests[0]) == "3");
    REQUIRE(through.close());
    ensure_ready(connection);
  }
}
