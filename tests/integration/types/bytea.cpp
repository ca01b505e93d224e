#include "round_trip.hpp"

#include <span>

using namespace round_trips;

namespace {

using octets = std::vector<std::byte>;

octets all_bytes() {
  octets all;
  for (unsigned b = 0; b < 256; ++b) {
    all.push_back(static_cast<std::byte>(b));
  }
  return all;
}

}  // namespace

TEST_CASE("bytea keeps every byte") {
  pqscope::connection db{support::test_config()};
  round_trip(db, "bytea", octets{}, "");
  round_trip(db, "bytea", octets{std::byte{0}}, "\\x00");
  round_trip(db, "bytea", octets{std::byte{0xff}, std::byte{0x5c}}, "\\xff5c");
  reads_as(db, "SELECT $1::bytea", all_bytes(), all_bytes());
  CHECK(db.query<int>("SELECT length($1)", all_bytes()).one() == 256);
  null_round_trip<octets>(db, "bytea");
  array_round_trip<octets>(db, "bytea", {octets{}, all_bytes(), octets{std::byte{0}}});
  support::ensure_usable(db);
}

TEST_CASE("bytea in the older escape format is read too") {
  pqscope::connection db{support::test_config()};
  db.execute("SET bytea_output = escape");
  reads_as(db, "SELECT $1::bytea", all_bytes(), all_bytes());
  reads_as(db, "SELECT $1::bytea[]", std::vector<octets>{all_bytes(), {}},
           std::vector<octets>{all_bytes(), {}});
  support::ensure_usable(db);
}

TEST_CASE("a megabyte of bytes goes there and back") {
  pqscope::connection db{support::test_config()};
  octets large(1 << 20);
  for (std::size_t i = 0; i < large.size(); ++i) {
    large[i] = static_cast<std::byte>(i * 7 + i / 256);
  }
  reads_as(db, "SELECT $1::bytea", large, large);
  support::ensure_usable(db);
}

TEST_CASE("spans and arrays of bytes are bytea parameters, empty ones included") {
  pqscope::connection db{support::test_config()};
  octets bytes{std::byte{1}, std::byte{2}};
  reads_as(db, "SELECT $1", bytes, std::span<std::byte const>(bytes));
  reads_as(db, "SELECT $1", bytes, std::span<std::byte>(bytes));
  reads_as(db, "SELECT $1", octets{}, std::span<std::byte const>());
  reads_as(db, "SELECT $1", bytes, std::as_bytes(std::span(bytes)));
  std::array<std::byte, 2> const fixed{std::byte{1}, std::byte{2}};
  reads_as(db, "SELECT $1", fixed, fixed);
  reads_as(db, "SELECT $1", bytes, std::span(fixed));
  reads_as(db, "SELECT $1", bytes, std::span(bytes).first<2>());
  reads_as(db, "SELECT $1", std::vector{bytes, bytes},
           std::array{std::span(fixed), std::span(fixed)});
  CHECK_FALSE(db.query<bool>("SELECT $1 IS NULL", octets{}).one());
  support::ensure_usable(db);
}

TEST_CASE("a span of a bytea refers to the rows and stays valid with them") {
  pqscope::connection db{support::test_config()};
  auto rows = db.query<std::span<std::byte const>>(
      "SELECT decode('000102', 'hex') FROM generate_series(1, 3)");
  auto const spans = rows.all();
  auto const moved = std::move(rows);
  db.execute("SELECT 1");
  REQUIRE(spans.size() == 3);
  for (auto const& span : spans) {
    REQUIRE(span.size() == 3);
    CHECK(span[2] == std::byte{2});
  }
  support::ensure_usable(db);
}

TEST_CASE("an array of bytes takes its own length only") {
  pqscope::connection db{support::test_config()};
  refused<std::array<std::byte, 3>, pqscope::decode_error>(db, "'\\x0102'::bytea");
  refused<std::array<std::byte, 1>, pqscope::decode_error>(db, "'\\x0102'::bytea");
  refused<octets, pqscope::type_mismatch>(db, "'text'::text");
  support::ensure_usable(db);
}
