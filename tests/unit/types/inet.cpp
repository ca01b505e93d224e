#include "wire_bytes.hpp"

#include <pqscope/types/array.hpp>
#include <pqscope/types/cidr.hpp>
#include <pqscope/types/inet.hpp>

#include <random>
#include <unordered_set>

namespace oid = pqscope::oid;
using pqscope::cidr;
using pqscope::codec;
using pqscope::inet;

namespace {

struct reading {
  char const* text;
  char const* printed;
};

}  // namespace

TEST_CASE("an address is read and printed as PostgreSQL does") {
  for (auto const& [text, printed] : {
           reading{"192.168.0.1", "192.168.0.1"},
           {"192.168.0.1/32", "192.168.0.1"},
           {"192.168.0.1/24", "192.168.0.1/24"},
           {"0.0.0.0/0", "0.0.0.0/0"},
           {"255.255.255.255", "255.255.255.255"},
           {"010.001.000.009", "10.1.0.9"},
           {"10/8", "10.0.0.0/8"},
           {"10.1/16", "10.1.0.0/16"},
           {"10.1/23", "10.1.0.0/23"},
           {"::", "::"},
           {"::/0", "::/0"},
           {"::1", "::1"},
           {"1::", "1::"},
           {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
           {"2001:DB8:0:0:1:0:0:1/64", "2001:db8::1:0:0:1/64"},
           {"1:0:0:2:0:0:0:3", "1:0:0:2::3"},
           {"1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"},
           {"0:0:1:2:3:4:5:6", "::1:2:3:4:5:6"},
           {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
           {"::ffff:1.2.3.4", "::ffff:1.2.3.4"},
           {"::ffff:102:304/96", "::ffff:1.2.3.4/96"},
           {"::1.2.3.4", "::1.2.3.4"},
           {"::102:304", "::1.2.3.4"},
           {"::2", "::2"},
           {"::ffff", "::ffff"},
           {"::ffff:0", "::255.255.0.0"},
           {"::fffe:1.2.3.4", "::fffe:102:304"},
           {"1::1.2.3.4", "1::102:304"},
           {"00ab::000f/128", "ab::f"},
       }) {
    INFO(text);
    auto const value = inet::try_parse(text);
    REQUIRE(value);
    CHECK(value->to_string() == printed);
    CHECK(inet::parse(printed) == *value);
    CHECK(parsed<inet>(text) == *value);
    CHECK(round_trip(*value) == *value);
  }
}

TEST_CASE("text that is no address is refused") {
  for (char const* text : {"",
                           " ",
                           "1",
                           "1.2.3",
                           "1.2.3.4.5",
                           "256.1.1.1",
                           "1.2.3.4/33",
                           "1.2.3.4/",
                           "1.2.3.4/-1",
                           "1.2.3.4/24x",
                           "1.2.3.4 ",
                           " 1.2.3.4",
                           "a.b.c.d",
                           "1..2.3",
                           ".1.2.3",
                           "10/16",
                           "1.2.3/32",
                           "/8",
                           "0x0a000000",
                           "1.2.3.4/99999999999999999999",
                           ":",
                           ":::",
                           "1:",
                           ":1",
                           "1::2::3",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "1:2:3:4:5:6:7::8",
                           "12345::",
                           "g::",
                           "::/129",
                           "::/",
                           "::/01",
                           "::1.2.3.256",
                           "::1.2.3.04",
                           "::1.2.3.4.5",
                           "fe80::1%eth0",
                           "::1 ",
                           "1:2:3:4:5:6:7:1.2.3.4",
                           "::-1",
                           "1.2.3.4::"}) {
    INFO(text);
    CHECK_FALSE(inet::try_parse(text));
    CHECK_THROWS_AS(inet::parse(text), pqscope::usage_error);
    CHECK_THROWS_AS(parsed<inet>(text), pqscope::decode_error);
  }
  CHECK_FALSE(inet::try_parse(std::string_view("1.2.3.4\0", 8)));
  CHECK_FALSE(inet::try_parse(std::string_view("::1\0", 4)));
}

TEST_CASE("a network is read and printed as PostgreSQL does") {
  for (auto const& [text, printed] : {
           reading{"10.0.0.0/8", "10.0.0.0/8"},
           {"10", "10.0.0.0/8"},
           {"128", "128.0.0.0/16"},
           {"192", "192.0.0.0/24"},
           {"224", "224.0.0.0/4"},
           {"225", "225.0.0.0/8"},
           {"240", "240.0.0.0/32"},
           {"192.168.1", "192.168.1.0/24"},
           {"10.1.2", "10.1.2.0/24"},
           {"10.1.2.3", "10.1.2.3/32"},
           {"10/9", "10.0.0.0/9"},
           {"0x0a", "10.0.0.0/8"},
           {"0X0A01", "10.1.0.0/16"},
           {"0xC0A80101", "192.168.1.1/32"},
           {"0xC0A/12", "192.160.0.0/12"},
           {"2001:db8::/32", "2001:db8::/32"},
           {"::1", "::1/128"},
           {"::/0", "::/0"},
           {"::ffff:1.2.3.0/120", "::ffff:1.2.3.0/120"},
       }) {
    INFO(text);
    auto const value = cidr::try_parse(text);
    REQUIRE(value);
    CHECK(value->to_string() == printed);
    CHECK(cidr::parse(printed) == *value);
    CHECK(parsed<cidr>(text) == *value);
    CHECK(round_trip(*value) == *value);
  }
}

TEST_CASE("a network with bits right of its prefix is refused") {
  for (char const* text : {"10.0.0.1/8", "10.0.0.0/4", "192.168.0.128/24", "::1/127",
                           "2001:db8::1/64", "1.2.3.4/33", "10.", "10.1/8", "0x", "0xg",
                           "0x0a00000000", "1.2.3.4.0", "", "x", "1.2.3.4/", "10.0.0.0/8 "}) {
    INFO(text);
    CHECK_FALSE(cidr::try_parse(text));
    CHECK_THROWS_AS(cidr::parse(text), pqscope::usage_error);
    CHECK_THROWS_AS(parsed<cidr>(text), pqscope::decode_error);
  }
  CHECK_THROWS_AS(cidr(inet::parse("10.0.0.1/8")), pqscope::usage_error);
  CHECK(cidr::network_of(inet::parse("10.1.2.3/8")) == cidr::parse("10/8"));
  CHECK(cidr(inet::parse("10.0.0.0/8")).as_inet() == inet::parse("10/8"));
  CHECK_THROWS_AS(decoded<cidr>(bytes({2, 8, 1, 4, 10, 0, 0, 1}), oid::cidr),
                  pqscope::decode_error);
}

TEST_CASE("addresses are four bytes of description and their own") {
  CHECK(encoded(inet::parse("10.1.2.3/8")) == bytes({2, 8, 0, 4, 10, 1, 2, 3}));
  CHECK(encoded(cidr::parse("10/8")) == bytes({2, 8, 1, 4, 10, 0, 0, 0}));
  CHECK(encoded(inet::parse("1::2")) ==
        bytes({3, 128, 0, 16, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}));
  require_other_lengths_refused<inet>(encoded(inet::parse("10.1.2.3/8")), oid::inet);
  require_other_lengths_refused<inet>(encoded(inet::parse("1::2")), oid::inet);
  require_other_lengths_refused<cidr>(encoded(cidr::parse("1::/16")), oid::cidr);
  for (auto const& wire : {bytes({1, 8, 0, 4, 1, 1, 1, 1}), bytes({4, 8, 0, 4, 1, 1, 1, 1}),
                           bytes({2, 33, 0, 4, 1, 1, 1, 1}), bytes({2, 8, 2, 4, 1, 1, 1, 1}),
                           bytes({2, 8, 0, 16, 1, 1, 1, 1}), bytes({3, 8, 0, 4, 1, 1, 1, 1}),
                           bytes({2, 8, 0, 3, 1, 1, 1}), bytes({2, 8, 0, 255, 1, 1, 1, 1})}) {
    CHECK_THROWS_AS(decoded<inet>(wire, oid::inet), pqscope::decode_error);
  }
}

TEST_CASE("random bytes are an address or refused") {
  std::mt19937 random(20240302);
  int accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string wire(random() % 3 == 0 ? 20 : random() % 3 == 0 ? random() % 24 : 8, '\0');
    for (std::size_t at = 0; at < wire.size(); ++at) {
      wire[at] = static_cast<char>(at == 3 ? static_cast<unsigned>(wire.size() - 4) : random() % 5);
    }
    try {
      inet const value = decoded<inet>(wire, oid::inet);
      std::string expected = wire;
      expected[2] = '\0';
      CHECK(encoded(value) == expected);
      CHECK(inet::parse(value.to_string()) == value);
      ++accepted;
    } catch (pqscope::decode_error const&) {
    }
  }
  CHECK(accepted > 0);
}

TEST_CASE("an address is made of bytes") {
  auto const four = inet::v4({10, 1, 2, 3}, 8);
  CHECK(four.to_string() == "10.1.2.3/8");
  CHECK(four.family() == pqscope::ip_family::v4);
  CHECK(four.bytes().size() == 4);
  CHECK(four.bytes()[3] == 3);
  CHECK(four.prefix_length() == 8);
  auto const six = inet::v6({0x20, 1, 0xd, 0xb8});
  CHECK(six.to_string() == "2001:db8::");
  CHECK(six.family() == pqscope::ip_family::v6);
  CHECK(six.bytes().size() == 16);
  CHECK(inet().to_string() == "0.0.0.0");
  CHECK(cidr().to_string() == "0.0.0.0/32");
  CHECK_THROWS_AS(inet::v4({}, 33), pqscope::usage_error);
  CHECK_THROWS_AS(inet::v6({}, 129), pqscope::usage_error);
  STATIC_CHECK(inet::parse("::ffff:1.2.3.4").bytes()[15] == 4);
  STATIC_CHECK(cidr::parse("192.168").prefix_length() == 24);
}

TEST_CASE("a network contains the addresses that start with its prefix") {
  auto const network = cidr::parse("10.1.0.0/20");
  CHECK(network.contains(inet::parse("10.1.15.255")));
  CHECK_FALSE(network.contains(inet::parse("10.1.16.0")));
  CHECK(network.contains(network.as_inet()));
  CHECK_FALSE(network.contains(inet::parse("10.1.0.0/19")));
  CHECK_FALSE(cidr::parse("::/0").contains(inet::parse("1.2.3.4")));
  CHECK(cidr::parse("0.0.0.0/0").contains(inet::parse("1.2.3.4")));
}

TEST_CASE("addresses are ordered as PostgreSQL orders them and can be hashed") {
  char const* const ascending[] = {
      "0.0.0.0/0", "10.0.0.0/8", "10.255.0.0/8", "10.0.0.0/9", "10.0.0.1/9", "10.0.0.0",
      "10.0.0.1",  "11.0.0.0/8", "::/0",         "1::/8",      "::"};
  for (std::size_t i = 1; i < std::size(ascending); ++i) {
    INFO(ascending[i - 1] << " < " << ascending[i]);
    CHECK(inet::parse(ascending[i - 1]) < inet::parse(ascending[i]));
    CHECK(inet::parse(ascending[i - 1]) != inet::parse(ascending[i]));
  }
  std::unordered_set<inet> const set{inet(), inet::parse("::"), inet::parse("0.0.0.0"),
                                     inet::parse("0.0.0.0/1")};
  CHECK(set.size() == 3);
  CHECK(std::unordered_set<cidr>{cidr(), cidr()}.size() == 1);
}

TEST_CASE("an address reads networks, a network no addresses") {
  STATIC_CHECK(codec<inet>::accepts(oid::inet));
  STATIC_CHECK(codec<inet>::accepts(oid::cidr));
  STATIC_CHECK_FALSE(codec<inet>::accepts(oid::text));
  STATIC_CHECK(codec<cidr>::accepts(oid::cidr));
  STATIC_CHECK_FALSE(codec<cidr>::accepts(oid::inet));
  CHECK(decoded<inet>(encoded(cidr::parse("10/8")), oid::cidr) == inet::parse("10/8"));
}
