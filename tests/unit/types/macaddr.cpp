#include "wire_bytes.hpp"

#include <pqscope/types/array.hpp>
#include <pqscope/types/macaddr.hpp>

#include <unordered_set>

namespace oid = pqscope::oid;
using pqscope::codec;
using pqscope::macaddr;
using pqscope::macaddr8;

TEST_CASE("a MAC address is read in every form PostgreSQL takes") {
  macaddr const expected{{0x08, 0x00, 0x2b, 0x01, 0x02, 0xaf}};
  for (char const* text :
       {"08:00:2b:01:02:af", "08-00-2b-01-02-af", "08002b:0102af", "08002b-0102af",
        "0800.2b01.02af", "0800-2b01-02af", "08002b0102af", "08:00:2B:01:02:AF", "8:0:2b:1:2:af",
        " 08:00:2b:01:02:af ", "0x8:+0:02b: 1:2:af"}) {
    INFO(text);
    CHECK(macaddr::parse(text) == expected);
    CHECK(parsed<macaddr>(text) == expected);
  }
  CHECK(expected.to_string() == "08:00:2b:01:02:af");
}

TEST_CASE("text that is no MAC address is refused") {
  for (char const* text :
       {"", "08:00:2b:01:02", "08:00:2b:01:02:03:04", "08:00:2b:01:02:100", "08:00:2b:01:02:-1",
        "08:00-2b:01:02:03", "0800.2b01:0203", "08002b0102", "08002b0102030", "gg:00:2b:01:02:03",
        "08:00:2b:01:02:03 x", "08 :00:2b:01:02:03", "08:00:2b:01:02:", ":00:2b:01:02:03",
        "08:00:2b:ff:fe:01:02:03", "08:00:2b:01:02:ffffffffffffffffffff"}) {
    INFO(text);
    CHECK_FALSE(macaddr::try_parse(text));
    CHECK_THROWS_AS(macaddr::parse(text), pqscope::usage_error);
    CHECK_THROWS_AS(parsed<macaddr>(text), pqscope::decode_error);
  }
}

TEST_CASE("a MAC address of eight bytes is read in every form PostgreSQL takes") {
  macaddr8 const expected{{0x08, 0x00, 0x2b, 0xff, 0xfe, 0x01, 0x02, 0xaf}};
  for (char const* text : {"08:00:2b:ff:fe:01:02:af", "08-00-2B-FF-FE-01-02-AF", "08002bfffe0102af",
                           "0800.2bff.fe01.02af", "08002b:fffe0102af", " 08:00:2b:ff:fe:01:02:af ",
                           "08:00:2b:01:02:af", "08002b0102af", "0800.2b01.02af "}) {
    INFO(text);
    CHECK(macaddr8::parse(text) == expected);
    CHECK(parsed<macaddr8>(text) == expected);
  }
  CHECK(expected.to_string() == "08:00:2b:ff:fe:01:02:af");
}

TEST_CASE("text that is no MAC address of eight bytes is refused") {
  for (char const* text :
       {"", "08", "08:00:2b:01:02", "08:00:2b:ff:fe:01:02", "8:0:2b:ff:fe:1:2:3",
        "08:00-2b:ff:fe:01:02:03", "08:00:2b:ff:fe:01:02:03:04", "gg:00:2b:ff:fe:01:02:03",
        "08:00:2b:ff:fe:01:02:03 x", "08::00:2b:ff:fe:01:02:03", "08 00 2b ff fe 01 02 03"}) {
    INFO(text);
    CHECK_FALSE(macaddr8::try_parse(text));
    CHECK_THROWS_AS(macaddr8::parse(text), pqscope::usage_error);
    CHECK_THROWS_AS(parsed<macaddr8>(text), pqscope::decode_error);
  }
}

TEST_CASE("MAC addresses are their bytes in order") {
  macaddr const six{{1, 2, 3, 4, 5, 0xff}};
  CHECK(encoded(six) == bytes({1, 2, 3, 4, 5, 0xff}));
  CHECK(round_trip(six) == six);
  require_other_lengths_refused<macaddr>(encoded(six), oid::macaddr);
  macaddr8 const eight{{1, 2, 3, 4, 5, 6, 7, 0xff}};
  CHECK(encoded(eight) == bytes({1, 2, 3, 4, 5, 6, 7, 0xff}));
  CHECK(round_trip(eight) == eight);
  require_other_lengths_refused<macaddr8>(encoded(eight), oid::macaddr8);
  std::vector<std::optional<macaddr>> const array{six, {}, macaddr{}};
  CHECK(round_trip(array) == array);
}

TEST_CASE("MAC addresses compare by bytes, can be hashed and parsed while compiling") {
  CHECK(macaddr{} < macaddr{{0, 0, 0, 0, 0, 1}});
  CHECK(macaddr8{{0x7f}} < macaddr8{{0x80}});
  CHECK(std::unordered_set<macaddr>{macaddr{}, macaddr{}}.size() == 1);
  CHECK(std::unordered_set<macaddr8>{macaddr8{}, macaddr8{{1}}}.size() == 2);
  STATIC_CHECK(macaddr::parse("08002b010203").bytes[2] == 0x2b);
  STATIC_CHECK(macaddr8::parse("08002b010203").bytes[3] == 0xff);
  STATIC_CHECK_FALSE(codec<macaddr8>::accepts(oid::macaddr));
  STATIC_CHECK_FALSE(codec<macaddr>::accepts(oid::macaddr8));
}
