#include <pqscope/testing/message_framer.hpp>

#include <catch2/catch_test_macros.hpp>
#include <string>

#include "support/wire.hpp"

using pqscope::testing::detail::message_framer;
namespace wire = support::wire;

TEST_CASE("messages come out whole, however their bytes arrive") {
  std::string const stream = wire::command_complete("SELECT 1") + wire::ready_for_query('T');
  for (std::size_t piece = 1; piece <= stream.size(); ++piece) {
    message_framer framer;
    std::string types;
    std::string bytes;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      framer.append(std::string_view(stream).substr(at, piece));
      while (auto const message = framer.next()) {
        types += message->type;
        bytes += message->bytes;
      }
    }
    REQUIRE(types == "CZ");
    REQUIRE(bytes == stream);
  }
}

TEST_CASE("a message's body is what follows its length") {
  message_framer framer;
  framer.append(wire::ready_for_query('E'));
  auto const message = framer.next();
  REQUIRE(message);
  CHECK(message->body == "E");
  CHECK_FALSE(framer.next());
}

TEST_CASE("packets before the start-up have no type") {
  message_framer framer;
  framer.append(wire::int32(8) + wire::int32(80877103) + wire::message('Q', "x"));
  auto const packet = framer.next(false);
  REQUIRE(packet);
  CHECK(packet->type == '\0');
  CHECK(packet->body == wire::int32(80877103));
  auto const message = framer.next();
  REQUIRE(message);
  CHECK(message->type == 'Q');
}

TEST_CASE("a length that cannot be one ends the framing and loses nothing") {
  message_framer framer;
  std::string const bad = wire::message_claiming('D', 3, "abc");
  framer.append(bad);
  auto const message = framer.next();
  REQUIRE(message);
  CHECK(message->bytes == bad);
  CHECK(message->body.empty());
  framer.append("more");
  REQUIRE(framer.next()->bytes == "more");
  CHECK_FALSE(framer.next());
}

TEST_CASE("the rest of the bytes can be taken out") {
  message_framer framer;
  framer.append(wire::ready_for_query() + "par");
  REQUIRE(framer.next());
  CHECK(framer.take_rest() == "par");
  CHECK(framer.take_rest().empty());
}
