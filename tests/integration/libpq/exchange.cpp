#include <pqscope/libpq/exchange.hpp>

#include <catch2/catch_test_macros.hpp>
#include <pqscope/libpq/adopt.hpp>
#include <string>
#include <vector>

#include "integration/libpq/raw.hpp"

namespace {

using namespace std::chrono_literals;
using namespace pqscope::libpq;
using raw::ensure_ready;
using raw::run;
using raw::value;

}  // namespace

TEST_CASE("one request is carried out as it is") {
  auto const connection = raw::connect();
  auto requests = raw::requests({"SELECT 'text' AS a, 2 AS b"});
  CHECK(run(connection, requests) == outcome::completed);
  result_view const answer{requests[0].answer};
  CHECK(answer.rows() == 1);
  CHECK(answer.column_name(1) == "b");
  CHECK(answer.text(0, 0) == "text");
  CHECK(answer.command_tag() == "SELECT 1");
  CHECK_FALSE(requests[0].error);
  ensure_ready(connection);
}

TEST_CASE("the answers of a pipeline come in the order of its requests") {
  auto const connection = raw::connect();
  std::vector<std::string> texts;
  std::vector<request> requests;
  for (int i = 0; i < 100; ++i) {
    texts.push_back("SELECT " + std::to_string(i));
  }
  for (auto const& text : texts) {
    requests.push_back({.text = text.c_str()});
  }
  CHECK(run(connection, requests) == outcome::completed);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    REQUIRE(value(requests[i]) == std::to_string(i));
  }
  ensure_ready(connection);
}

TEST_CASE("an error in the middle of a pipeline has the rest skipped") {
  auto const connection = raw::connect();
  auto requests = raw::requests({"SELECT 1", "SELECT 1/0", "SELECT 3", "SELECT 4"});
  CHECK(run(connection, requests) == outcome::failed);
  CHECK(requests[0].answer);
  CHECK_FALSE(requests[0].aborted);
  CHECK(sqlstate_of(requests[1].error) == "22012");
  CHECK_FALSE(requests[1].answer);
  CHECK_FALSE(requests[1].aborted);
  for (std::size_t const skipped : {2U, 3U}) {
    CHECK(requests[skipped].aborted);
    CHECK_FALSE(requests[skipped].answer);
    CHECK_FALSE(requests[skipped].error);
  }
  ensure_ready(connection);
}

TEST_CASE("an error in each place of a pipeline leaves the connection ready") {
  auto const connection = raw::connect();
  for (std::size_t failing = 0; failing < 5; ++failing) {
    auto requests = raw::requests({"SELECT 0", "SELECT 1", "SELECT 2", "SELECT 3", "SELECT 4"});
    requests[failing].text = "SELEC nonsense";
    CHECK(run(connection, requests) == outcome::failed);
    for (std::size_t i = 0; i < requests.size(); ++i) {
      CHECK(static_cast<bool>(requests[i].answer) == (i < failing));
      CHECK(static_cast<bool>(requests[i].error) == (i == failing));
      CHECK(requests[i].aborted == (i > failing));
    }
    CHECK(PQpipelineStatus(connection.get()) == PQ_PIPELINE_OFF);
  }
  ensure_ready(connection);
}

TEST_CASE("a deferred constraint that fails at the end of a pipeline is the last request's error") {
  auto const connection = raw::connect();
  auto setup = raw::requests({"CREATE TEMP TABLE d (a int UNIQUE DEFERRABLE INITIALLY DEFERRED)"});
  REQUIRE(run(connection, setup) == outcome::completed);
  auto requests = raw::requests({"INSERT INTO d VALUES (1)", "INSERT INTO d VALUES (1)"});
  CHECK(run(connection, requests) == outcome::failed);
  CHECK_FALSE(requests[0].error);
  CHECK(sqlstate_of(requests[1].error) == "23505");
  CHECK_FALSE(requests[1].answer);
  auto single = raw::requests({"INSERT INTO d VALUES (2), (2)"});
  CHECK(run(connection, single) == outcome::failed);
  CHECK(sqlstate_of(single[0].error) == "23505");
  ensure_ready(connection);
}

TEST_CASE("binary and text results are asked for request by request") {
  auto const connection = raw::connect();
  auto requests = raw::requests({"SELECT 258", "SELECT 258"});
  requests[1].format = value_format::binary;
  CHECK(run(connection, requests) == outcome::completed);
  CHECK(value(requests[0]) == "258");
  CHECK(value(requests[1]) == std::string("\0\0\1\2", 4));
  CHECK(result_view{requests[1].answer}.is_binary(0));
}

TEST_CASE("a statement is prepared, described and executed") {
  auto const connection = raw::connect();
  std::vector<request> prepare;
  prepare.push_back({.kind = request_kind::prepare,
                     .text = "SELECT $1::int4 + $2::int8 AS sum",
                     .name = "adder"});
  prepare.push_back({.kind = request_kind::describe, .name = "adder"});
  CHECK(run(connection, prepare) == outcome::completed);
  result_view const described{prepare[1].answer};
  CHECK(described.parameters() == 2);
  CHECK(described.parameter_type(0) == 23);
  CHECK(described.parameter_type(1) == 20);
  CHECK(described.column_name(0) == "sum");

  char const* const values[] = {"40", "2"};
  parameters const bound{.count = 2, .values = values};
  std::vector<request> execute;
  execute.push_back({.kind = request_kind::execute_prepared, .name = "adder", .parameters = bound});
  CHECK(run(connection, execute) == outcome::completed);
  CHECK(value(execute[0]) == "42");

  std::vector<request> unknown;
  unknown.push_back({.kind = request_kind::execute_prepared, .name = "nobody"});
  CHECK(run(connection, unknown) == outcome::failed);
  CHECK(sqlstate_of(unknown[0].error) == "26000");
  ensure_ready(connection);
}

TEST_CASE("a script keeps its last result and tells that it ended a transaction") {
  auto const connection = raw::connect();
  std::vector<request> script;
  script.push_back({.kind = request_kind::script, .text = "SELECT 1; SELECT 2; SELECT 3"});
  CHECK(run(connection, script) == outcome::completed);
  CHECK(value(script[0]) == "3");
  CHECK_FALSE(script[0].ended_transaction);
  for (char const* const text : {"BEGIN; SELECT 1; COMMIT", "BEGIN; COMMIT; SELECT 1/0"}) {
    script.clear();
    script.push_back({.kind = request_kind::script, .text = text});
    run(connection, script);
    CHECK(script[0].ended_transaction);
  }
  script.clear();
  script.push_back({.kind = request_kind::script, .text = "SELECT 1; SELECT 1/0; SELECT 3"});
  CHECK(run(connection, script) == outcome::failed);
  CHECK_FALSE(script[0].answer);
  CHECK(sqlstate_of(script[0].error) == "22012");
  ensure_ready(connection);
}

TEST_CASE("an empty statement has an answer without rows") {
  auto const connection = raw::connect();
  for (auto const kind : {request_kind::execute, request_kind::script}) {
    std::vector<request> nothing;
    nothing.push_back({.kind = kind, .text = ""});
    CHECK(run(connection, nothing) == outcome::completed);
    CHECK(nothing[0].answer);
    CHECK(result_view{nothing[0].answer}.command_tag().empty());
  }
  ensure_ready(connection);
}

TEST_CASE("a COPY that has no place is ended in both directions") {
  auto const connection = raw::connect();
  auto setup = raw::requests({"CREATE TEMP TABLE c AS SELECT generate_series(1, 5000) AS a"});
  REQUIRE(run(connection, setup) == outcome::completed);
  for (auto const kind : {request_kind::execute, request_kind::script}) {
    std::vector<request> out;
    out.push_back({.kind = kind, .text = "COPY c TO STDOUT"});
    CHECK(run(connection, out) == outcome::completed);
    CHECK(out[0].asked_to_copy);
    std::vector<request> in;
    in.push_back({.kind = kind, .text = "COPY c FROM STDIN"});
    CHECK(run(connection, in) == outcome::failed);
    CHECK(in[0].asked_to_copy);
    CHECK(sqlstate_of(in[0].error) == "57014");
    ensure_ready(connection);
  }
  std::vector<request> between;
  between.push_back({.kind = request_kind::script,
                     .text = "SELECT 1; COPY c TO STDOUT; COPY c TO STDOUT; SELECT 7"});
  CHECK(run(connection, between) == outcome::completed);
  CHECK(between[0].asked_to_copy);
  CHECK(value(between[0]) == "7");
  auto count = raw::requests({"SELECT count(*) FROM c"});
  CHECK(run(connection, count) == outcome::completed);
  CHECK(value(count[0]) == "5000");
}

TEST_CASE("a large result arrives whole") {
  auto const connection = raw::connect();
  auto requests = raw::requests({"SELECT i, repeat('x', 100) FROM generate_series(1, 100000) i"});
  CHECK(run(connection, requests) == outcome::completed);
  result_view const answer{requests[0].answer};
  REQUIRE(answer.rows() == 100000);
  CHECK(answer.text(99999, 0) == "100000");
  CHECK(answer.size(99999, 1) == 100);
  ensure_ready(connection);
}

TEST_CASE("both sides may write at once without a deadlock") {
  auto const connection = raw::connect();
  int notices = 0;
  receive_notices(
      connection, [](void* count, PGresult const*) { ++*static_cast<int*>(count); }, &notices);
  std::string const megabyte(1U << 20U, 'm');
  char const* const values[] = {megabyte.c_str()};
  std::vector<request> requests;
  auto verbose = raw::requests(
      {"CREATE FUNCTION pg_temp.echo(t text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN "
       "FOR i IN 1..300 LOOP RAISE NOTICE '%', repeat('n', 2000); END LOOP; RETURN t; END $$"});
  REQUIRE(run(connection, verbose) == outcome::completed);
  for (int i = 0; i < 12; ++i) {
    requests.push_back(
        {.text = "SELECT pg_temp.echo($1)", .parameters = {.count = 1, .values = values}});
  }
  CHECK(run(connection, requests) == outcome::completed);
  for (auto const& each : requests) {
    REQUIRE(result_view{each.answer}.size(0, 0) == 1 << 20);
  }
  CHECK(notices == 12 * 300);
  ensure_ready(connection);
}

TEST_CASE("a killed backend is a lost connection, with its last words") {
  support::witness witness;
  auto const connection = raw::connect();
  witness.terminate(backend_pid(connection));
  auto requests = raw::requests({"BEGIN", "SELECT 1"});
  CHECK(run(connection, requests) == outcome::lost);
  CHECK(sqlstate_of(requests[0].error) == "57P01");
  auto again = raw::requests({"SELECT 1"});
  exchange dead{connection, again};
  CHECK(drive(dead, raw::soon()) == drive_result::done);
  CHECK(dead.result() == outcome::lost);
}

TEST_CASE("on a connection known to be lost nothing is sent") {
  auto const connection = raw::connect();
  cut(connection);
  auto first = raw::requests({"SELECT 1"});
  CHECK(run(connection, first) == outcome::lost);
  auto requests = raw::requests({"SELECT 1"});
  exchange dead{connection, requests};
  CHECK(drive(dead, raw::soon()) == drive_result::done);
  CHECK(dead.result() == outcome::lost);
  CHECK_FALSE(dead.was_sent());
}

TEST_CASE("an exchange that is resumed after its end stays done") {
  auto const connection = raw::connect();
  auto requests = raw::requests({"SELECT 1"});
  exchange exchange{connection, requests};
  REQUIRE(drive(exchange, raw::soon()) == drive_result::done);
  CHECK(exchange.resume().done());
  CHECK(exchange.result() == outcome::completed);
}
