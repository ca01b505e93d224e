#include "wire_bytes.hpp"

#include <pqscope/types/bit_string.hpp>

#include <bitset>
#include <random>
#include <sstream>
#include <string>
#include <unordered_set>
#include <utility>

namespace oid = pqscope::oid;
using pqscope::bit_string;

TEST_CASE("a bit string has the bytes PostgreSQL sends") {
  struct known_bytes {
    char const* text;
    std::string wire;
  };
  for (auto const& [text, wire] : {
           known_bytes{"", bytes({0, 0, 0, 0})},
           known_bytes{"1", bytes({0, 0, 0, 1, 0x80})},
           known_bytes{"101", bytes({0, 0, 0, 3, 0xa0})},
           known_bytes{"10000001", bytes({0, 0, 0, 8, 0x81})},
           known_bytes{"111111111", bytes({0, 0, 0, 9, 0xff, 0x80})},
           known_bytes{"0000000000000000", bytes({0, 0, 0, 16, 0, 0})},
       }) {
    INFO(text);
    bit_string const value(text);
    CHECK(encoded(value) == wire);
    CHECK(round_trip(value) == value);
    CHECK(decoded<bit_string>(wire, oid::bit).to_string() == text);
    CHECK(parsed<bit_string>(text) == value);
    CHECK(value.size() == std::string(text).size());
    require_other_lengths_refused<bit_string>(wire, oid::varbit);
  }
}

TEST_CASE("bytes that are no bit string are refused") {
  for (std::string const& wire :
       {bytes({0xff, 0xff, 0xff, 0xff}), bytes({0x80, 0, 0, 0}), bytes({0x7f, 0xff, 0xff, 0xff, 1}),
        bytes({0, 0, 0, 1, 0x40}), bytes({0, 0, 0, 7, 0x01}), bytes({0, 0, 0, 9, 0, 0x7f}),
        bytes({0, 0, 0, 8}), bytes({0, 0, 0, 8, 0, 0})}) {
    CHECK_THROWS_AS(decoded<bit_string>(wire, oid::varbit), pqscope::decode_error);
  }
}

TEST_CASE("random bytes are a bit string or a decode_error") {
  std::mt19937 engine(1562);
  auto const roll = [&](int from, int to) {
    return std::uniform_int_distribution<int>(from, to)(engine);
  };
  int read = 0;
  for (int round = 0; round < 10000; ++round) {
    std::string wire = bytes({0, 0, roll(0, 40) == 0 ? roll(0, 255) : 0, roll(0, 40)});
    for (int size = roll(0, 6); size > 0; --size) {
      wire += static_cast<char>(roll(-128, 127));
    }
    try {
      auto const value = decoded<bit_string>(wire, oid::varbit);
      CHECK(encoded(value) == wire);
      CHECK(bit_string(value.to_string()) == value);
      ++read;
    } catch (pqscope::decode_error const&) {
    }
  }
  CHECK(read > 100);
}

TEST_CASE("a bit string is read as PostgreSQL reads it") {
  CHECK(bit_string("b01").to_string() == "01");
  CHECK(bit_string("B").empty());
  CHECK(bit_string("Xa").to_string() == "1010");
  CHECK(bit_string("x1F0").to_string() == "000111110000");
  CHECK(bit_string("x").empty());
  for (std::string const& text :
       {std::string("2"), std::string(" 01"), std::string("01 "), std::string("0b1"),
        std::string("bb1"), std::string("xg"), std::string("b2"), std::string("ba"),
        std::string("a"), std::string("0\0", 2)}) {
    INFO(text);
    CHECK_FALSE(bit_string::try_from_string(text));
    CHECK_THROWS_AS(bit_string(text), pqscope::usage_error);
    CHECK_THROWS_AS(bit_string::from_string(text), pqscope::usage_error);
    CHECK_THROWS_AS(parsed<bit_string>(text), pqscope::decode_error);
  }
}

TEST_CASE("a bit string is made from a std::bitset, highest bit first, and back") {
  std::bitset<12> const bits("000111110001");
  bit_string const made(bits);
  CHECK(made.to_string() == bits.to_string());
  CHECK(made.to_bitset<12>() == bits);
  CHECK_THROWS_AS(made.to_bitset<11>(), pqscope::usage_error);
  CHECK(bit_string(std::bitset<0>()).empty());
  CHECK(bit_string().to_bitset<0>() == std::bitset<0>());
}

TEST_CASE("bits are counted from the left") {
  bit_string value(10);
  CHECK(value.to_string() == "0000000000");
  value.set(0);
  value.set(9);
  value.set(4);
  value.set(4, false);
  CHECK(value.to_string() == "1000000001");
  CHECK(value[0]);
  CHECK_FALSE(value[8]);
  CHECK(bit_string(11, true).to_string() == "11111111111");
  CHECK(bit_string(11, true) == bit_string("11111111111"));
  CHECK_THROWS_AS(value[10], pqscope::usage_error);
  CHECK_THROWS_AS(value.set(10), pqscope::usage_error);
  CHECK_THROWS_AS(bit_string()[0], pqscope::usage_error);
}

TEST_CASE("a bit string that was moved from is empty") {
  bit_string value(200, true);
  bit_string const moved = std::move(value);
  CHECK(moved.size() == 200);
  // NOLINTNEXTLINE: what is under test
  CHECK(value.empty());
  CHECK(value.to_string().empty());
}

TEST_CASE("bit strings compare as the server does, print and can be hashed") {
  char const* const ascending[] = {"",     "0", "00", "00000000", "000000000", "0001",     "01",
                                   "0111", "1", "10", "100",      "100000000", "10000001", "11"};
  for (auto const* a : ascending) {
    for (auto const* b : ascending) {
      INFO(a << " and " << b);
      CHECK((bit_string(a) < bit_string(b)) == (std::string(a) < std::string(b)));
      CHECK((bit_string(a) == bit_string(b)) == (std::string(a) == std::string(b)));
    }
  }
  std::ostringstream out;
  out << bit_string("101");
  CHECK(out.str() == "101");
  std::unordered_set<bit_string> const set{bit_string("1"), bit_string("10"), bit_string("1")};
  CHECK(set.size() == 2);
}

TEST_CASE("a bit string is read from bit and bit varying only") {
  STATIC_CHECK(pqscope::codec<bit_string>::accepts(oid::bit));
  STATIC_CHECK(pqscope::codec<bit_string>::accepts(oid::varbit));
  STATIC_CHECK_FALSE(pqscope::codec<bit_string>::accepts(oid::text));
  STATIC_CHECK_FALSE(pqscope::codec<bit_string>::accepts(oid::bytea));
}
