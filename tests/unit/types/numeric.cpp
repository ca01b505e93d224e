#include "wire_bytes.hpp"

#include <pqscope/types/array.hpp>
#include <pqscope/types/numeric.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <sstream>
#include <string>
#include <type_traits>
#include <unordered_set>
#include <utility>
#include <vector>

namespace oid = pqscope::oid;
using pqscope::numeric;

namespace {

struct known_bytes {
  char const* text;
  std::string wire;
};

/// What PostgreSQL's `numeric_send` answers for these.
std::vector<known_bytes> const known{
    {"0", bytes({0, 0, 0, 0, 0, 0, 0, 0})},
    {"0.00", bytes({0, 0, 0, 0, 0, 0, 0, 2})},
    {"1", bytes({0, 1, 0, 0, 0, 0, 0, 0, 0, 1})},
    {"-1.50", bytes({0, 2, 0, 0, 0x40, 0, 0, 2, 0, 1, 0x13, 0x88})},
    {"10000", bytes({0, 1, 0, 1, 0, 0, 0, 0, 0, 1})},
    {"9999.9999", bytes({0, 2, 0, 0, 0, 0, 0, 4, 0x27, 0x0f, 0x27, 0x0f})},
    {"0.0001", bytes({0, 1, 0xff, 0xff, 0, 0, 0, 4, 0, 1})},
    {"0.00001", bytes({0, 1, 0xff, 0xfe, 0, 0, 0, 5, 0x03, 0xe8})},
    {"100020003.0400", bytes({0, 4, 0, 2, 0, 0, 0, 4, 0, 1, 0, 2, 0, 3, 0x01, 0x90})},
    {"NaN", bytes({0, 0, 0, 0, 0xc0, 0, 0, 0})},
};

numeric from_wire(std::string const& wire) {
  return decoded<numeric>(wire, oid::numeric);
}

}  // namespace

TEST_CASE("a numeric has the bytes PostgreSQL sends") {
  for (auto const& [text, wire] : known) {
    INFO(text);
    CHECK(encoded(numeric(text)) == wire);
    CHECK(from_wire(wire).to_string() == text);
    CHECK(parsed<numeric>(text).to_string() == text);
    CHECK(round_trip(numeric(text)).scale() == numeric(text).scale());
    require_other_lengths_refused<numeric>(wire, oid::numeric);
  }
}

TEST_CASE("infinities come with a scale of 32 that means nothing") {
  CHECK(from_wire(bytes({0, 0, 0, 0, 0xd0, 0, 0, 32})) == numeric::infinity());
  CHECK(from_wire(bytes({0, 0, 0, 0, 0xf0, 0, 0, 32})) == numeric::negative_infinity());
  CHECK(from_wire(bytes({0, 0, 0, 0, 0xd0, 0, 0, 32})).scale() == 0);
  CHECK(from_wire(bytes({0, 0, 0, 0, 0xd0, 0, 0xff, 0xff})).to_string() == "Infinity");
  CHECK(from_wire(bytes({0, 0, 0, 0, 0xf0, 0, 0, 32})).to_string() == "-Infinity");
  CHECK(encoded(numeric::infinity()) == bytes({0, 0, 0, 0, 0xd0, 0, 0, 0}));
  CHECK(encoded(numeric::negative_infinity()) == bytes({0, 0, 0, 0, 0xf0, 0, 0, 0}));
}

TEST_CASE("zeros around the digits are read, minus zero is zero") {
  CHECK(from_wire(bytes({0, 3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0})).to_string() == "7");
  CHECK(encoded(from_wire(bytes({0, 4, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0}))) ==
        encoded(numeric(7)));
  auto const zero = from_wire(bytes({0, 2, 0x7f, 0xff, 0x40, 0, 0, 1, 0, 0, 0, 0}));
  CHECK(zero.to_string() == "0.0");
  CHECK(zero == numeric());
  CHECK_FALSE(zero.is_negative());
  CHECK(numeric("-0.00").to_string() == "0.00");
}

TEST_CASE("bytes that are no numeric are refused") {
  for (std::string const& wire : {
           bytes({0, 1, 0, 0, 0, 0, 0, 0, 0x27, 0x10}),     // 10000 is no digit
           bytes({0, 1, 0, 0, 0, 0, 0, 0, 0xff, 0xff}),     // nor is -1
           bytes({0, 1, 0, 0, 0x80, 0, 0, 0, 0, 1}),        // no such sign
           bytes({0, 0, 0, 0, 0, 1, 0, 0}),                 // nor this
           bytes({0, 0, 0, 0, 0, 0, 0x40, 0}),              // scale 16384
           bytes({0, 0, 0, 0, 0, 0, 0xff, 0xff}),           // or negative
           bytes({0, 1, 0, 0, 0xc0, 0, 0, 0, 0, 1}),        // a digit in NaN
           bytes({0, 1, 0, 0, 0xd0, 0, 0, 0, 0, 1}),        // or Infinity
           bytes({0, 1, 0xff, 0xff, 0, 0, 0, 0, 0, 1}),     // a digit below the scale
           bytes({0, 1, 0xff, 0xff, 0, 0, 0, 3, 0, 1}),     // one place below it
           bytes({0, 1, 0x80, 0, 0, 0, 0x3f, 0xff, 0, 1}),  // the smallest weight
           bytes({0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 1}),     // 65535 digits that are not there
           bytes({0x80, 0, 0, 0, 0, 0, 0, 0, 0, 1}),        // 32768 of them
           bytes({0, 0, 0, 0, 0, 0, 0, 0, 0, 1}),           // one too many
       }) {
    CHECK_THROWS_AS(from_wire(wire), pqscope::decode_error);
  }
}

TEST_CASE("random bytes are a numeric or a decode_error") {
  std::mt19937 engine(17);
  auto const roll = [&](int from, int to) {
    return std::uniform_int_distribution<int>(from, to)(engine);
  };
  int read = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string wire;
    if (roll(0, 1) == 0) {
      wire = known[static_cast<std::size_t>(roll(0, static_cast<int>(known.size()) - 1))].wire;
      wire[static_cast<std::size_t>(roll(0, static_cast<int>(wire.size()) - 1))] =
          static_cast<char>(roll(-128, 127));
    } else {
      for (int size = roll(0, 24); size > 0; --size) {
        wire += static_cast<char>(roll(-128, 127));
      }
    }
    try {
      numeric const value = from_wire(wire);
      CHECK(numeric(value.to_string()) == value);
      CHECK(numeric(value.to_string()).to_string() == value.to_string());
      CHECK(from_wire(encoded(value)) == value);
      ++read;
    } catch (pqscope::decode_error const&) {
    }
  }
  CHECK(read > 1000);
}

TEST_CASE("a numeric is read as PostgreSQL reads it") {
  struct reading {
    char const* text;
    char const* printed;
  };
  for (auto const& [text, printed] : {
           reading{"1.50", "1.50"},
           reading{"+1", "1"},
           reading{"007", "7"},
           reading{"5.", "5"},
           reading{".5", "0.5"},
           reading{"-.5e1", "-5"},
           reading{" \t\n12.340\v\f\r ", "12.340"},
           reading{"1e3", "1000"},
           reading{"1E+3", "1000"},
           reading{"1.5e1", "15"},
           reading{"1.505e1", "15.05"},
           reading{"1e-3", "0.001"},
           reading{"12345e-3", "12.345"},
           reading{"1.10e2", "110"},
           reading{"100e-2", "1.00"},
           reading{"0e1073741822", "0"},
           reading{"0e-3", "0.000"},
           reading{"1e0", "1"},
           reading{"1e0000000000000000000002", "100"},
           reading{"0000.0000", "0.0000"},
           reading{"nan", "NaN"},
           reading{"NAN", "NaN"},
           reading{"inf", "Infinity"},
           reading{"+INF", "Infinity"},
           reading{" -infinity ", "-Infinity"},
           reading{"123456789012345678901234567890.12345678901234567890",
                   "123456789012345678901234567890.12345678901234567890"},
       }) {
    INFO(text);
    CHECK(numeric(text).to_string() == printed);
    CHECK(numeric::from_string(text) == numeric(printed));
    CHECK(numeric::try_from_string(text) == numeric(printed));
    CHECK(parsed<numeric>(text).to_string() == printed);
  }
}

TEST_CASE("text that is no numeric is refused") {
  for (std::string const& text : {std::string(""),
                                  std::string(" "),
                                  std::string("."),
                                  std::string("-"),
                                  std::string("+"),
                                  std::string("- 1"),
                                  std::string("--1"),
                                  std::string("1.2.3"),
                                  std::string("1..2"),
                                  std::string("1e"),
                                  std::string("1e+"),
                                  std::string("1e+-5"),
                                  std::string("1e1.5"),
                                  std::string("e5"),
                                  std::string(".e5"),
                                  std::string("1 2"),
                                  std::string("1e 5"),
                                  std::string("0x10"),
                                  std::string("1_000"),
                                  std::string("1,5"),
                                  std::string("+nan"),
                                  std::string("-nan"),
                                  std::string("infinit"),
                                  std::string("in"),
                                  std::string("1f"),
                                  std::string("\0", 1),
                                  std::string("1\0", 2),
                                  std::string("1e5\0", 4),
                                  std::string("$1"),
                                  std::string("1e2000000000"),
                                  std::string("0e1073741823"),
                                  std::string("1e99999999999999999999999"),
                                  std::string("1e-99999999999999999999")}) {
    INFO(text);
    CHECK_THROWS_AS(numeric(text), pqscope::usage_error);
    CHECK_THROWS_AS(numeric::from_string(text), pqscope::usage_error);
    CHECK_FALSE(numeric::try_from_string(text));
    CHECK_THROWS_AS(parsed<numeric>(text), pqscope::decode_error);
  }
}

TEST_CASE("the error about a bad numeric quotes nothing") {
  try {
    numeric value("12secret");
    FAIL("nothing was thrown");
  } catch (pqscope::usage_error const& e) {
    CHECK(std::string(e.what()).find("secret") == std::string::npos);
  }
}

TEST_CASE("a numeric has 131072 digits before its point and 16383 after it") {
  std::string const whole(131072, '9');
  std::string const fraction(16383, '7');
  std::string const all = "-" + whole + "." + fraction;
  CHECK(numeric(all).to_string() == all);
  CHECK(round_trip(numeric(all)).to_string() == all);
  CHECK(encoded(numeric(all)).size() == 8 + 2 * (32768 + 4096));
  CHECK(numeric("1e131071").to_string() == "1" + std::string(131071, '0'));
  CHECK_FALSE(numeric::try_from_string("1e131072"));
  CHECK_FALSE(numeric::try_from_string(whole + "0"));
  CHECK(numeric("1e-16383").to_string() == "0." + std::string(16382, '0') + "1");
  CHECK(numeric("1e-16383").scale() == 16383);
  CHECK(round_trip(numeric("1e-16383")) == numeric("1e-16383"));
  CHECK_FALSE(numeric::try_from_string("1e-16384"));
  CHECK_FALSE(numeric::try_from_string("1e-20000"));
  CHECK_FALSE(numeric::try_from_string("0e-16384"));
  CHECK_FALSE(numeric::try_from_string("0." + std::string(16384, '0')));
  CHECK(numeric(std::string(200000, '0') + "1") == 1);
}

TEST_CASE("numerics compare by value, as the server orders them") {
  std::vector<char const*> const ascending{
      "-inf",  "-1e100",  "-10000.0001", "-10000",   "-9999.9999", "-1.51", "-1.5",    "-0.0001",
      "0",     "1e-100",  "0.0001",      "0.00011",  "0.5",        "1.5",   "1.50001", "9999",
      "10000", "10000.5", "20000",       "99999999", "1e100",      "inf",   "NaN"};
  for (std::size_t i = 0; i < ascending.size(); ++i) {
    for (std::size_t j = 0; j < ascending.size(); ++j) {
      INFO(ascending[i] << " and " << ascending[j]);
      numeric const a(ascending[i]);
      numeric const b(ascending[j]);
      CHECK((a < b) == (i < j));
      CHECK((a == b) == (i == j));
      CHECK((a <=> b) == (i <=> j));
    }
  }
  STATIC_CHECK(std::is_same_v<decltype(numeric() <=> numeric()), std::weak_ordering>);
}

TEST_CASE("the scale is kept but does not tell values apart") {
  CHECK(numeric("1.5") == numeric("1.50"));
  CHECK(numeric("1.5").to_string() != numeric("1.50").to_string());
  CHECK(numeric("0") == numeric("0.000"));
  CHECK(numeric("-2") == -2);
  CHECK(numeric("2.0") >= 2);
  CHECK(numeric("2.5") > 2);
  std::unordered_set<numeric> const set{
      numeric("1.5"),   numeric("1.50"),      numeric("-1.5"),     numeric("15"),
      numeric("15000"), numeric("150000000"), numeric("0"),        numeric("0.0"),
      numeric::nan(),   numeric::nan(),       numeric::infinity(), numeric::negative_infinity()};
  CHECK(set.size() == 9);
}

TEST_CASE("integers become numerics exactly and back") {
  auto const check = [](auto value) {
    using integer = decltype(value);
    INFO(+value);
    numeric const made = value;
    CHECK(made.to_string() == std::to_string(value));
    CHECK(made.scale() == 0);
    CHECK(made == numeric(std::to_string(value)));
    CHECK(made.as<integer>() == value);
    CHECK(round_trip(made).template as<integer>() == value);
    CHECK(numeric(made.to_string() + ".000").template as<integer>() == value);
  };
  auto const borders = [&]<class T>(T) {
    using limits = std::numeric_limits<T>;
    for (T const value : {T{0}, T{1}, static_cast<T>(100), limits::min(), limits::max(),
                          static_cast<T>(limits::min() + 1), static_cast<T>(limits::max() - 1)}) {
      check(value);
    }
    std::string const above = std::is_same_v<T, std::uint64_t> ? "18446744073709551616"
                              : std::is_same_v<T, std::int64_t>
                                  ? "9223372036854775808"
                                  : std::to_string(static_cast<std::int64_t>(limits::max()) + 1);
    CHECK_FALSE(numeric(above).try_as<T>());
    CHECK_THROWS_AS(numeric(above).as<T>(), pqscope::usage_error);
    std::string const below = std::is_same_v<T, std::int64_t>
                                  ? "-9223372036854775809"
                                  : std::to_string(static_cast<std::int64_t>(limits::min()) - 1);
    CHECK_FALSE(numeric(below).try_as<T>());
    CHECK_FALSE(numeric("1e131071").try_as<T>());
    CHECK_FALSE(numeric("-1e131071").try_as<T>());
  };
  borders(std::int8_t{});
  borders(std::uint8_t{});
  borders(std::int16_t{});
  borders(std::uint16_t{});
  borders(std::int32_t{});
  borders(std::uint32_t{});
  borders(std::int64_t{});
  borders(std::uint64_t{});
  for (std::int64_t const value :
       {9999LL, 10000LL, 10001LL, 99990000LL, 100000000LL, -10000LL, 1000000000000000000LL}) {
    check(value);
  }
}

TEST_CASE("what is no integer is not made one") {
  for (char const* text : {"0.5", "-0.1", "1e-16383", "10000.0001", "NaN", "inf", "-inf"}) {
    INFO(text);
    CHECK_FALSE(numeric(text).try_as<std::int64_t>());
    CHECK_THROWS_AS(numeric(text).as<std::int64_t>(), pqscope::usage_error);
  }
  CHECK(numeric("7.00").as<int>() == 7);
  CHECK(numeric("70000").as<int>() == 70000);
}

TEST_CASE("a double becomes the shortest numeric that reads back as it") {
  for (auto const& [value, text] :
       {std::pair{0.1, "0.1"}, std::pair{-2.5, "-2.5"}, std::pair{0.0, "0"}, std::pair{-0.0, "0"},
        std::pair{1e22, "10000000000000000000000"}, std::pair{123456.0, "123456"},
        std::pair{1e-7, "0.0000001"}}) {
    CHECK(numeric::from_double(value).to_string() == text);
  }
  CHECK(numeric::from_float(0.1F).to_string() == "0.1");
  CHECK(numeric::from_double(std::nan("")).is_nan());
  CHECK(numeric::from_double(-std::nan("")).is_nan());
  using limits = std::numeric_limits<double>;
  CHECK(numeric::from_double(limits::infinity()) == numeric::infinity());
  CHECK(numeric::from_double(-limits::infinity()) == numeric::negative_infinity());
  for (double const value : {limits::max(), limits::lowest(), limits::min(), limits::denorm_min(),
                             limits::epsilon(), 0.1, 1.0 / 3, 1e300}) {
    INFO(value);
    CHECK(numeric::from_double(value).to_double() == value);
  }
}

TEST_CASE("a numeric becomes the nearest double") {
  CHECK(numeric("0.1").to_double() == 0.1);
  CHECK(numeric("-1.50").to_double() == -1.5);
  CHECK(numeric("9007199254740993").to_double() == 9007199254740992.0);
  CHECK(numeric("9007199254740993.0001").to_double() == 9007199254740994.0);
  CHECK(std::isnan(numeric::nan().to_double()));
  using limits = std::numeric_limits<double>;
  CHECK(numeric::infinity().to_double() == limits::infinity());
  CHECK(numeric::negative_infinity().to_double() == -limits::infinity());
  CHECK(numeric("1e400").to_double() == limits::infinity());
  CHECK(numeric("-1e400").to_double() == -limits::infinity());
  CHECK(numeric("1e-400").to_double() == 0.0);
  CHECK(numeric("4.9406564584124654e-324").to_double() == limits::denorm_min());
  CHECK(std::signbit(numeric("-1e-400").to_double()));
}

TEST_CASE("only integers become numerics unasked, and only exactly") {
  STATIC_CHECK(std::is_convertible_v<std::int64_t, numeric>);
  STATIC_CHECK(std::is_convertible_v<unsigned char, numeric>);
  STATIC_CHECK_FALSE(std::is_constructible_v<numeric, double>);
  STATIC_CHECK_FALSE(std::is_constructible_v<numeric, float>);
  STATIC_CHECK_FALSE(std::is_constructible_v<numeric, bool>);
  STATIC_CHECK_FALSE(std::is_constructible_v<numeric, char>);
  STATIC_CHECK_FALSE(std::is_constructible_v<numeric, std::nullptr_t>);
  STATIC_CHECK_FALSE(std::is_convertible_v<char const*, numeric>);
  STATIC_CHECK_FALSE(std::is_convertible_v<numeric, double>);
  STATIC_CHECK_FALSE(std::is_convertible_v<numeric, std::int64_t>);
}

TEST_CASE("questions about a numeric are answered") {
  CHECK(numeric().is_zero());
  CHECK(numeric("0.00").is_zero());
  CHECK_FALSE(numeric("0.01").is_zero());
  CHECK_FALSE(numeric::nan().is_zero());
  CHECK(numeric("-1").is_negative());
  CHECK(numeric::negative_infinity().is_negative());
  CHECK_FALSE(numeric().is_negative());
  CHECK_FALSE(numeric::nan().is_negative());
  CHECK(numeric::infinity().is_infinite());
  CHECK_FALSE(numeric::nan().is_infinite());
  CHECK_FALSE(numeric::nan().is_finite());
  CHECK(numeric(1).is_finite());
  CHECK(numeric("1.50").scale() == 2);
}

TEST_CASE("a numeric prints as its text") {
  std::ostringstream out;
  out << numeric("-1.50") << ' ' << numeric::nan();
  CHECK(out.str() == "-1.50 NaN");
}

TEST_CASE("numerics of any length are copied and moved") {
  for (std::size_t const digits : {1U, 60U, 64U, 65U, 1000U}) {
    std::string const text(digits, '7');
    numeric value(text);
    numeric copy = value;
    CHECK(copy == value);
    numeric const moved = std::move(copy);
    CHECK(moved.to_string() == text);
    copy = value;
    CHECK(copy.to_string() == text);
    copy = 5;
    CHECK(copy.to_string() == "5");
    CHECK(value.to_string() == text);
  }
}

TEST_CASE("a numeric is read from integers too, as none of its bytes are lost") {
  using codec = pqscope::codec<numeric>;
  for (auto const type : {oid::numeric, oid::int8, oid::int4, oid::int2}) {
    CHECK(codec::accepts(type));
  }
  for (auto const type : {oid::float8, oid::float4, oid::money, oid::text, oid::oid, oid::none}) {
    CHECK_FALSE(codec::accepts(type));
  }
  CHECK(decoded<numeric>(bytes({0xff, 0xfe}), oid::int2) == -2);
  CHECK(decoded<numeric>(bytes({0x80, 0, 0, 0}), oid::int4).to_string() == "-2147483648");
  CHECK(decoded<numeric>(bytes({0x80, 0, 0, 0, 0, 0, 0, 0}), oid::int8).to_string() ==
        "-9223372036854775808");
  require_other_lengths_refused<numeric>(bytes({0, 1}), oid::int2);
  require_other_lengths_refused<numeric>(bytes({0, 0, 0, 1}), oid::int4);
  require_other_lengths_refused<numeric>(bytes({0, 0, 0, 0, 0, 0, 0, 1}), oid::int8);
}

TEST_CASE("random numerics keep value and scale in text and in bytes") {
  std::mt19937 engine(1700);
  auto const roll = [&](int from, int to) {
    return std::uniform_int_distribution<int>(from, to)(engine);
  };
  for (int round = 0; round < 5000; ++round) {
    std::string text = roll(0, 1) == 0 ? "-" : "";
    text += static_cast<char>('0' + roll(1, 9));
    for (int digits = roll(0, 80); digits > 0; --digits) {
      text += static_cast<char>('0' + (roll(0, 2) == 0 ? roll(0, 9) : 0));
    }
    if (int places = roll(0, 80); places > 0) {
      text += '.';
      for (; places > 0; --places) {
        text += static_cast<char>('0' + (roll(0, 2) == 0 ? roll(0, 9) : 0));
      }
    }
    numeric const value(text);
    REQUIRE(value.to_string() == text);
    REQUIRE(round_trip(value).to_string() == text);
    REQUIRE(round_trip(value) == value);
    REQUIRE(std::hash<numeric>{}(numeric(text + (value.scale() == 0 ? ".00" : "00"))) ==
            std::hash<numeric>{}(value));
  }
}

TEST_CASE("arrays of numerics travel") {
  std::vector<std::optional<numeric>> const values{numeric("1.50"), std::nullopt, numeric::nan(),
                                                   numeric("-1e30")};
  CHECK(round_trip(values) == values);
  CHECK(parsed<std::vector<std::optional<numeric>>>(
            "{1.50,NULL,NaN,-1000000000000000000000000000000}", oid::numeric_array) == values);
}
