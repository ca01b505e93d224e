#include <pqscope/error/usage_error.hpp>
#include <pqscope/transaction/xid.hpp>

#include <catch2/catch_test_macros.hpp>
#include <optional>
#include <string>

using pqscope::xid;

TEST_CASE("an xid is written as the JDBC driver writes it") {
  CHECK((xid{42, "gtrid", "bqual"}.to_string()) == "42_Z3RyaWQ=_YnF1YWw=");
  CHECK((xid{0, "", ""}.to_string()) == "0__");
  CHECK((xid{2147483647, "a", "ab"}.to_string()) == "2147483647_YQ==_YWI=");
  CHECK((xid{1, std::string{"\x00\xff\xfe", 3}, "\xfb\xef\xbe"}.to_string()) == "1_AP/+_++++");
}

TEST_CASE("an xid is read back as it was written") {
  std::string bytes;
  for (int n = 0; n < 64; ++n) {
    xid const written{n, bytes, std::string(bytes.rbegin(), bytes.rend())};
    CHECK(xid::parse(written.to_string()) == written);
    bytes += static_cast<char>(n * 37 + 11);
  }
}

TEST_CASE("an xid at its largest fits into a gid") {
  xid const largest{2147483647, std::string(64, 'x'), std::string(64, '\xff')};
  CHECK(largest.to_string().size() < 200);
  CHECK(xid::parse(largest.to_string()) == largest);
}

TEST_CASE("a gid that is no xid is kept as it is") {
  for (std::string const gid : {"",
                                "plain",
                                "42",
                                "42_Z3RyaWQ=",
                                "_Z3RyaWQ=_YnF1YWw=",
                                "x_Z3RyaWQ=_YnF1YWw=",
                                "-1_Z3RyaWQ=_YnF1YWw=",
                                "+1_Z3RyaWQ=_YnF1YWw=",
                                "01_Z3RyaWQ=_YnF1YWw=",
                                "2147483648_Z3RyaWQ=_YnF1YWw=",
                                "99999999999999999999_YQ==_YQ==",
                                "42_Z3RyaWQ_YnF1YWw=",
                                "42_Z3RyaWQ=_YnF1YWw",
                                "42_Z3R!aWQ=_YnF1YWw=",
                                "42_Z3RyaWQ=_YnF1YWw=_",
                                "42_=_",
                                "42_Z3==aWQ=_",
                                "42_YR==_",
                                "42_YWJ=_",
                                " 42_YQ==_YQ==",
                                "42_YQ==_YQ== ",
                                "42__\n"}) {
    CAPTURE(gid);
    xid const read = xid::parse(gid);
    CHECK_FALSE(read.format_id.has_value());
    CHECK(read.gtrid == gid);
    CHECK(read.bqual.empty());
    CHECK(read.to_string() == gid);
  }
}

TEST_CASE("an xid that XA does not allow cannot be written") {
  CHECK_THROWS_AS((xid{-1, "a", "b"}.to_string()), pqscope::usage_error);
  CHECK_THROWS_AS((xid{1, std::string(65, 'x'), "b"}.to_string()), pqscope::usage_error);
  CHECK_THROWS_AS((xid{1, "a", std::string(65, 'x')}.to_string()), pqscope::usage_error);
  CHECK_THROWS_AS((xid{std::nullopt, "a", "b"}.to_string()), pqscope::usage_error);
}
