#include <pqscope/connection/connection.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/transaction/savepoint.hpp>
#include <pqscope/transaction/transaction.hpp>
#include <pqscope/transfer/large_object.hpp>
#include <pqscope/unique_session.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/database.hpp"
#include "support/ensure_usable.hpp"

using pqscope::large_object;
using pqscope::large_object_mode;
using pqscope::new_large_object;
using pqscope::seek_from;

namespace {

std::string text(std::vector<std::byte> const& bytes) {
  return {reinterpret_cast<char const*>(bytes.data()), bytes.size()};
}

/// A connection and a transaction on it, which is rolled back: large objects are the database's.
struct opened {
  pqscope::testing::recorder seen;
  pqscope::connection conn{support::test_config(), {.observer = &seen}};
  std::optional<pqscope::transaction> tx{std::in_place, conn};

  void done() {
    tx->rollback();
    tx.reset();
    CHECK(seen.problems().empty());
    support::ensure_usable(conn);
  }
};

}  // namespace

TEST_CASE("a large object is made, written, read, measured, cut and deleted") {
  opened at;
  large_object lo{*at.tx, new_large_object{}};
  CHECK(at.conn.round_trips() == 1);
  CHECK(lo.id() != 0);
  lo.write("hello world");
  CHECK(at.conn.round_trips() == 2);
  CHECK(lo.tell() == 11);
  CHECK(lo.read(10).empty());
  CHECK(lo.seek(6) == 6);
  CHECK(text(lo.read(100)) == "world");
  CHECK(lo.tell() == 11);
  CHECK(lo.seek(-5, seek_from::end) == 6);
  CHECK(lo.seek(-2, seek_from::current) == 4);
  CHECK(text(lo.read(3)) == "o w");
  CHECK(lo.size() == 11);
  CHECK(lo.tell() == 7);
  CHECK(text(lo.read(2)) == "or");
  lo.truncate(5);
  CHECK(lo.size() == 5);
  CHECK(lo.tell() == 9);
  lo.seek(0);
  std::byte room[8] = {};
  CHECK(lo.read(room) == 5);
  lo.seek(0);
  lo.write("J");
  lo.seek(0);
  CHECK(text(lo.read(9)) == "Jello");
  lo.unlink();
  CHECK_FALSE(lo.is_open());
  CHECK_THROWS_AS(lo.read(1), pqscope::usage_error);
  CHECK_THROWS_AS(large_object(*at.tx, lo.id()), pqscope::undefined_object);
  at.done();
}

TEST_CASE("a large object survives its transaction, what it read from does not") {
  pqscope::connection conn{support::test_config()};
  auto const id = pqscope::with_session(conn, [](pqscope::session& s) {
    large_object lo{s, new_large_object{}};
    lo.write("kept");
    return lo.id();
  });
  std::optional<large_object> left;
  pqscope::with_session(conn, [&](pqscope::session& s) {
    left.emplace(s, id, large_object_mode::read);
    CHECK(text(left->read(9)) == "kept");
  });
  auto const trips = conn.round_trips();
  CHECK_FALSE(left->is_open());
  CHECK_THROWS_AS(left->read(1), pqscope::usage_error);
  CHECK_THROWS_AS(left->seek(0), pqscope::usage_error);
  CHECK_THROWS_AS(left->size(), pqscope::usage_error);
  left.reset();
  CHECK(conn.round_trips() == trips);
  pqscope::unique_session s{conn};
  pqscope::unlink_large_object(s, id);
  s.commit();
  CHECK_THROWS_AS(pqscope::unlink_large_object(conn, id), pqscope::undefined_object);
  support::ensure_usable(conn);
}

TEST_CASE("a large object needs a transaction, and nothing is sent without") {
  pqscope::connection conn{support::test_config()};
  CHECK_THROWS_AS(large_object(conn, new_large_object{}), pqscope::usage_error);
  CHECK_THROWS_AS(large_object(conn, 1U), pqscope::usage_error);
  CHECK(conn.round_trips() == 0);
  support::ensure_usable(conn);
}

TEST_CASE("misuse of a large object sends nothing and leaves the transaction as it is") {
  opened at;
  large_object lo{*at.tx, new_large_object{}};
  large_object reader{*at.tx, lo.id(), large_object_mode::read};
  auto const trips = at.conn.round_trips();
  CHECK_THROWS_AS(reader.write("x"), pqscope::usage_error);
  CHECK_THROWS_AS(reader.truncate(0), pqscope::usage_error);
  CHECK_THROWS_AS(lo.seek(-1), pqscope::usage_error);
  CHECK_THROWS_AS(lo.truncate(-1), pqscope::usage_error);
  large_object moved = std::move(lo);
  CHECK_THROWS_AS(lo.read(1), pqscope::usage_error);
  CHECK_THROWS_AS(lo.write("x"), pqscope::usage_error);
  CHECK(at.conn.round_trips() == trips);
  moved.write("x");
  at.done();
}

TEST_CASE("an OID can be chosen, and is refused when taken") {
  opened at;
  large_object const made{*at.tx, new_large_object{}};
  auto const id = made.id();
  pqscope::unlink_large_object(*at.tx, id);
  large_object const again{*at.tx, new_large_object{id}};
  CHECK(again.id() == id);
  CHECK_THROWS_AS(large_object(*at.tx, new_large_object{id}), pqscope::server_error);
  at.done();
}

TEST_CASE("positions in a large object have 64 bits") {
  opened at;
  large_object lo{*at.tx, new_large_object{}};
  std::int64_t const far = std::int64_t{5} << 30;
  CHECK(lo.seek(far) == far);
  lo.write("far");
  CHECK(lo.tell() == far + 3);
  CHECK(lo.size() == far + 3);
  lo.seek(-4, seek_from::end);
  CHECK(text(lo.read(10)) == std::string("\0far", 4));
  lo.truncate(far + 1);
  CHECK(lo.size() == far + 1);
  at.done();
}

TEST_CASE("what is longer than a chunk takes a round trip for each, with every byte intact") {
  opened at;
  large_object lo{*at.tx, new_large_object{}};
  std::vector<std::byte> bytes(3 * large_object::chunk_size + 17);
  std::uint32_t state = 1;
  for (std::byte& each : bytes) {
    state = state * 1664525U + 1013904223U;
    each = static_cast<std::byte>(state >> 24U);
  }
  auto trips = at.conn.round_trips();
  lo.write(bytes);
  CHECK(at.conn.round_trips() - trips == 4);
  lo.seek(0);
  trips = at.conn.round_trips();
  CHECK(lo.read(SIZE_MAX) == bytes);
  CHECK(at.conn.round_trips() - trips == 4);
  lo.seek(1);
  std::vector<std::byte> part(2 * large_object::chunk_size);
  CHECK(lo.read(part) == part.size());
  CHECK(std::equal(part.begin(), part.end(), bytes.begin() + 1));
  CHECK(lo.tell() == 1 + static_cast<std::int64_t>(part.size()));
  lo.write(std::span<std::byte const>{});
  at.done();
}

TEST_CASE("a rollback to a savepoint leaves a large object open at its position") {
  opened at;
  large_object lo{*at.tx, new_large_object{}};
  lo.write("0123456789");
  lo.seek(4);
  std::optional<large_object> inner_one;
  {
    pqscope::savepoint inner{*at.tx};
    inner_one.emplace(inner, lo.id(), large_object_mode::read);
    CHECK(text(inner_one->read(2)) == "01");
    lo.seek(0, seek_from::end);
    lo.write("undone");
    lo.seek(4);
    inner.rollback();
  }
  large_object other{*at.tx, new_large_object{}};
  other.write("another");
  CHECK(text(lo.read(3)) == "456");
  CHECK(text(inner_one->read(3)) == "234");
  CHECK(lo.size() == 10);
  inner_one.reset();
  other.seek(0);
  CHECK(text(other.read(9)) == "another");
  at.done();
}

TEST_CASE("a large object made in a savepoint is gone with it") {
  opened at;
  std::optional<large_object> lo;
  {
    pqscope::savepoint inner{*at.tx};
    lo.emplace(inner, new_large_object{});
    inner.rollback();
  }
  CHECK_THROWS_AS(lo->write("x"), pqscope::undefined_object);
  lo.reset();
  at.done();
}

TEST_CASE("closing a large object rides with the next statement, and is silent when too late") {
  opened at;
  {
    large_object lo{*at.tx, new_large_object{}};
    lo.close();
    lo.close();
    CHECK_FALSE(lo.is_open());
    CHECK_THROWS_AS(lo.tell() + lo.size(), pqscope::usage_error);
  }
  CHECK(at.conn.round_trips() == 1);
  CHECK(at.tx->query<int>("SELECT 1").one() == 1);
  CHECK(at.conn.round_trips() == 2);
  CHECK(at.seen.statements().at(2).starts_with("SELECT pg_catalog.lo_close("));
  {
    large_object const lo{*at.tx, new_large_object{}};
    CHECK_THROWS_AS(at.tx->execute("SELECT 1/0"), pqscope::division_by_zero);
  }
  at.done();
}

TEST_CASE("closing a large object that was deleted while it was open does no harm") {
  pqscope::connection conn{support::test_config()};
  CHECK_NOTHROW(pqscope::with_session(conn, [](pqscope::session& s) {
    large_object made{s, new_large_object{}};
    made.write("x");
    std::optional<large_object> other{std::in_place, s, made.id(), large_object_mode::read};
    large_object const third{s, made.id()};
    made.unlink();
    large_object next{s, new_large_object{}};  // takes the place of the first on the server
    next.write("kept");
    other.reset();
    next.seek(0);
    CHECK(text(next.read(9)) == "kept");
    pqscope::unlink_large_object(s, next.id());
  }));
  support::ensure_usable(conn);
}

TEST_CASE("errors of large objects name the caller's place") {
  opened at;
  try {
    large_object const lo{*at.tx, 4294967295U};
    FAIL("nothing thrown");
  } catch (pqscope::undefined_object const& failure) {
    CHECK(std::string_view{failure.where().file_name()}.ends_with("large_object.cpp"));
  }
  at.done();
}

TEST_CASE("a large object may outlive its connection") {
  std::optional<large_object> lo;
  {
    pqscope::connection conn{support::test_config()};
    pqscope::transaction tx{conn};
    lo.emplace(tx, new_large_object{});
  }
  CHECK_FALSE(lo->is_open());
  CHECK_THROWS_AS(lo->write("x"), pqscope::usage_error);
}
