#include <catch2/catch_test_macros.hpp>
#include <pqscope/events/replication_stream.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/eventually.hpp"
#include "support/scripted_server.hpp"
#include "support/wire.hpp"

using namespace std::chrono_literals;
using pqscope::lsn;
using pqscope::replication_kind;
using pqscope::replication_options;
using pqscope::replication_stream;
using support::scripted_server;
using support::then;
namespace wire = support::wire;

namespace {

/// What a server's walsender says, right or wrong.
std::string data(std::uint64_t place, std::string_view message) {
  return wire::copy_data('w' + wire::int64(place) + wire::int64(place) + wire::int64(0) +
                         std::string{message});
}
std::string keepalive(std::uint64_t place, bool wants_answer) {
  return wire::copy_data('k' + wire::int64(place) + wire::int64(0) + (wants_answer ? '\1' : '\0'));
}
std::string begin(std::uint64_t commit) {
  return 'B' + wire::int64(commit) + wire::int64(0) + wire::int32(7);
}
std::string commit(std::uint64_t at, std::uint64_t end) {
  return std::string{"C\0", 2} + wire::int64(at) + wire::int64(end) + wire::int64(0);
}
std::string whole(std::uint64_t at, std::uint64_t end) {
  return data(at, begin(at)) + data(end, commit(at, end));
}
std::string the_end() {
  return wire::copy_done() + wire::command_complete("COPY 0") + wire::ready_for_query();
}

replication_options options() {
  replication_options chosen{.slot = "s", .publication = "p"};
  chosen.base_delay = 5ms;
  chosen.server_timeout = 500ms;
  return chosen;
}

/// How many messages a client has sent within its COPY.
auto statuses(scripted_server const& server, std::size_t connection = 1) {
  std::string const types = server.types_received(connection);
  return std::count(types.begin(), types.end(), 'd');
}

}  // namespace

TEST_CASE("a question whether anybody is there is answered at once, also within a transaction") {
  scripted_server server;
  server.answer_to("START_REPLICATION",
                   {wire::copy_both_response() + keepalive(0x90, true) + data(0x90, begin(0x100)) +
                    keepalive(0x95, true) + data(0x110, commit(0x100, 0x110))});
  replication_stream changes{pqscope::config::from_url(server.url()), options()};
  CHECK(changes.wait_for(10s)->kind == replication_kind::begin);
  CHECK(changes.confirmed() == lsn{0x90});
  CHECK(support::eventually([&] { return statuses(server) == 1; }));
  CHECK(changes.wait_for(10s)->kind == replication_kind::commit);
  CHECK(support::eventually([&] { return statuses(server) == 2; }));
  CHECK(changes.confirmed() == lsn{0x90});  // not what lies within the transaction
  changes.confirm(lsn{0x110});
  server.say(keepalive(0x200, false));
  CHECK(support::eventually([&] {
    CHECK_FALSE(changes.poll());
    return changes.confirmed() == lsn{0x200};
  }));
  server.say(the_end());
}

TEST_CASE("a server that ends the stream in order is asked again, from what was confirmed") {
  scripted_server server;
  server.answer_to("START_REPLICATION",
                   {wire::copy_both_response() + whole(0x100, 0x110) + the_end()});
  server.answer_to("LOGICAL 0/110", {wire::copy_both_response() + whole(0x200, 0x210)});
  int lost = 0;
  replication_options chosen = options();
  chosen.on_lost = [&](pqscope::connection_lost const&) { ++lost; };
  replication_stream changes{pqscope::config::from_url(server.url()), std::move(chosen)};
  CHECK(changes.wait_for(10s)->commit_lsn == lsn{0x100});
  CHECK(changes.wait_for(10s)->kind == replication_kind::commit);
  changes.confirm(lsn{0x110});
  auto const next = changes.wait_for(10s);
  REQUIRE(next);
  CHECK(next->resumed);
  CHECK(next->commit_lsn == lsn{0x200});
  CHECK(lost == 1);
  server.say(the_end());
}

TEST_CASE("what is no message ends the stream and its connection, and it starts again") {
  std::vector<std::string> const wrong{
      wire::copy_data("z"),
      wire::copy_data("k"),
      wire::copy_data("w" + wire::int64(1)),
      data(1, ""),
      data(1, "Z"),
      data(1, commit(1, 2)),
      data(1, begin(1)) + data(1, begin(2)),
  };
  for (std::string const& each : wrong) {
    scripted_server server;
    server.answer_to("START_REPLICATION", {wire::copy_both_response() + each});
    server.answer_to("START_REPLICATION", {wire::copy_both_response() + whole(0x100, 0x110)});
    replication_stream changes{pqscope::config::from_url(server.url()), options()};
    CHECK_THROWS_AS(
        [&] {
          while (changes.wait_for(10s)) {
          }
        }(),
        pqscope::decode_error);
    CHECK_FALSE(changes.running());
    CHECK_FALSE(changes.connected());
    CHECK_THROWS_AS(changes.wait_for(0s), pqscope::usage_error);
    changes.restart();
    CHECK(changes.wait_for(10s)->kind == replication_kind::begin);
    server.say(the_end());
  }
}

TEST_CASE("a start that is answered by anything else gives the connection up") {
  std::vector<std::string> const wrong{
      wire::copy_in_response(),
      wire::copy_out_response() + wire::copy_data("x") + wire::copy_done() +
          wire::command_complete("COPY 1") + wire::ready_for_query(),
      wire::command_complete("SELECT 0") + wire::ready_for_query(),
      wire::command_complete("SELECT 0") + wire::copy_both_response(),
      wire::message('?'),
  };
  for (std::string const& each : wrong) {
    scripted_server server;
    server.answer_to("START_REPLICATION", {each, then::close});
    CHECK_THROWS_AS((replication_stream{pqscope::config::from_url(server.url()), options()}),
                    pqscope::connection_lost);
  }
}

TEST_CASE("the server's last word in the middle of a stream is heard") {
  scripted_server server;
  server.answer_to("START_REPLICATION", {wire::copy_both_response() + data(0x90, begin(0x100)) +
                                             wire::error_response("FATAL", "57P01", "it ends"),
                                         then::close});
  replication_options chosen = options();
  chosen.reconnect = false;
  replication_stream changes{pqscope::config::from_url(server.url()), std::move(chosen)};
  CHECK(changes.wait_for(10s)->kind == replication_kind::begin);
  try {
    changes.wait_for(10s);
    FAIL("nothing is thrown");
  } catch (pqscope::connection_lost const& failure) {
    CHECK(failure.sqlstate() == "57P01");
    CHECK(std::string{failure.what()}.find("it ends") != std::string::npos);
  }
}
