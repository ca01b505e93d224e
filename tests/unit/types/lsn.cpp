#include "wire_bytes.hpp"

#include <pqscope/types/lsn.hpp>

#include <sstream>
#include <unordered_set>

namespace oid = pqscope::oid;
using pqscope::lsn;

TEST_CASE("an LSN is read as PostgreSQL writes it, and written so") {
  CHECK(lsn::parse("16/B374D848").value == 0x16'B374'D848U);
  CHECK(lsn::parse("0/0").is_none());
  CHECK(lsn::parse("ffffffff/FFFFFFFF").value == ~std::uint64_t{0});
  CHECK(lsn::parse("00000001/00000002") == lsn{0x1'0000'0002U});
  for (char const* text : {"0/0", "0/1", "16/B374D848", "1/0", "FFFFFFFF/FFFFFFFF", "0/A0"}) {
    CHECK(lsn::parse(text).to_string() == text);
  }
  std::ostringstream out;
  out << lsn{0x10'0000'000AU};
  CHECK(out.str() == "10/A");
  static_assert(lsn::parse("1/2").value == 0x1'0000'0002U);
}

TEST_CASE("text that is no LSN is refused") {
  for (char const* text : {"", "/", "0", "0/", "/0", "0/0/0", "G/0", "0/-1", " 0/0", "0/0 ",
                           "100000000/0", "0/100000000", "000000000/0"}) {
    INFO(text);
    CHECK_FALSE(lsn::try_parse(text));
    CHECK_THROWS_AS(lsn::parse(text), pqscope::usage_error);
    CHECK_THROWS_AS(parsed<lsn>(text), pqscope::decode_error);
  }
}

TEST_CASE("LSNs are ordered, and bytes lie between them") {
  lsn const a = lsn::parse("0/FFFFFFFF");
  lsn const b = lsn::parse("1/0");
  CHECK(a < b);
  CHECK(b - a == 1);
  CHECK(a - b == -1);
  CHECK(a + 1 == b);
  CHECK(b + -1 == a);
  std::unordered_set<lsn> const set{a, b, a};
  CHECK(set.size() == 2);
}

TEST_CASE("an LSN is eight bytes in order") {
  lsn const value = lsn::parse("16/B374D848");
  CHECK(encoded(value) == bytes({0, 0, 0, 0x16, 0xb3, 0x74, 0xd8, 0x48}));
  CHECK(round_trip(value) == value);
  CHECK(round_trip(lsn{~std::uint64_t{0}}) == lsn{~std::uint64_t{0}});
  require_other_lengths_refused<lsn>(encoded(value), oid::pg_lsn);
}
