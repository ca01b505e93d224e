#include "round_trip.hpp"

#include <random>

using namespace round_trips;
using pqscope::cidr;
using pqscope::inet;
using pqscope::macaddr;
using pqscope::macaddr8;

namespace {

/// Texts that are nearly addresses, from a fixed seed.
class scribbler {
 public:
  explicit scribbler(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}

  std::string text(std::size_t longest) {
    std::string made;
    for (std::size_t left = random_() % (longest + 1); left > 0; --left) {
      made += pieces_[random_() % pieces_.size()];
    }
    return made;
  }

  /// The text with one of its bytes doubled, gone or another.
  std::string spoiled(std::string text) {
    std::size_t const at = random_() % (text.size() + 1);
    auto const& piece = pieces_[random_() % pieces_.size()];
    switch (random_() % 3) {
      case 0:
        return text.insert(at, piece);
      case 1:
        return text.erase(at, 1);
      default:
        return at == text.size() ? text : text.replace(at, 1, piece);
    }
  }

  std::mt19937& random() { return random_; }

 private:
  std::mt19937 random_{20240305};
  std::vector<std::string> pieces_;
};

/// What the server makes of each text as a value of `type`: its own text, or NULL.
std::vector<std::optional<std::string>> server_reads(pqscope::connection& db,
                                                     std::string const& type,
                                                     std::vector<std::string> const& texts) {
  db.execute(pqscope::dynamic_sql{"CREATE OR REPLACE FUNCTION pg_temp.read_" + type +
                                  "(given text) RETURNS text LANGUAGE plpgsql AS "
                                  "'BEGIN RETURN given::" +
                                  type + "::text; EXCEPTION WHEN others THEN RETURN NULL; END'"});
  return db
      .query<std::optional<std::string>>(
          pqscope::dynamic_sql{
              "SELECT pg_temp.read_" + type +
              "(t) FROM unnest($1::text[]) WITH ORDINALITY AS u (t, n) ORDER BY n"},
          texts)
      .all();
}

/// Requires that `T` takes and refuses what the server does, and prints what it does.
template <class T>
void same_as_server(pqscope::connection& db, std::string const& type,
                    std::vector<std::string> const& texts) {
  // `inet::text` always has the prefix length; the output function has not.
  auto const printed = [](T const& value) {
    if constexpr (std::is_same_v<T, inet>) {
      auto const text = value.to_string();
      return text.find('/') == text.npos ? text + "/" + std::to_string(value.prefix_length())
                                         : text;
    } else {
      return value.to_string();
    }
  };
  auto const answers = server_reads(db, type, texts);
  REQUIRE(answers.size() == texts.size());
  std::size_t taken = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    auto const read = T::try_parse(texts[i]);
    if (read.has_value() != answers[i].has_value() || (read && printed(*read) != *answers[i])) {
      FAIL_CHECK(type << " '" << texts[i] << "': the server says " << answers[i].value_or("no")
                      << ", the library " << (read ? printed(*read) : "no"));
    }
    taken += answers[i] ? 1U : 0U;
  }
  INFO(type << ": " << taken << " of " << texts.size() << " texts are values");
  CHECK(taken > texts.size() / 100);
  CHECK(taken < texts.size());
}

template <class T>
T random_bytes(std::mt19937& random) {
  T made{};
  for (auto& byte : made) {
    byte = static_cast<unsigned char>(random() % 3 == 0 ? random() : 0);
  }
  return made;
}

inet random_inet(std::mt19937& random) {
  auto const prefix = static_cast<unsigned>(random());
  return random() % 2 == 0
             ? inet::v4(random_bytes<std::array<unsigned char, 4>>(random), prefix % 33)
             : inet::v6(random_bytes<std::array<unsigned char, 16>>(random), prefix % 129);
}

}  // namespace

TEST_CASE("addresses and networks keep every bit") {
  pqscope::connection db{support::test_config()};
  std::vector<inet> addresses;
  for (char const* const text : {"0.0.0.0", "255.255.255.255", "192.168.0.1/24", "0.0.0.0/0",
                                 "::", "::1", "::/0", "2001:db8::1/64", "::ffff:1.2.3.4",
                                 "::1.2.3.4/96", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"}) {
    addresses.push_back(inet::parse(text));
    round_trip(db, "inet", addresses.back(), text);
    CHECK(db.query<std::string>("SELECT textin(inet_out($1::inet))", addresses.back()).one() ==
          text);
  }
  null_round_trip<inet>(db, "inet");
  array_round_trip(db, "inet", addresses);
  std::vector<cidr> networks;
  for (char const* const text : {"0.0.0.0/0", "10.0.0.0/8", "255.255.255.255/32", "::/0",
                                 "2001:db8::/32", "::ffff:1.2.3.0/120", "::1/128"}) {
    networks.push_back(cidr::parse(text));
    round_trip(db, "cidr", networks.back(), text);
    CHECK(db.query<std::string>("SELECT $1::cidr::text", networks.back()).one() == text);
  }
  null_round_trip<cidr>(db, "cidr");
  array_round_trip(db, "cidr", networks);
  support::ensure_usable(db);
}

TEST_CASE("MAC addresses keep every bit") {
  pqscope::connection db{support::test_config()};
  std::vector<macaddr> const six{macaddr{}, macaddr::parse("08:00:2b:01:02:03"),
                                 macaddr::parse("ff:ff:ff:ff:ff:ff")};
  for (auto const& address : six) {
    round_trip(db, "macaddr", address, address.to_string());
    CHECK(db.query<std::string>("SELECT $1::macaddr::text", address).one() == address.to_string());
  }
  null_round_trip<macaddr>(db, "macaddr");
  array_round_trip(db, "macaddr", six);
  std::vector<macaddr8> const eight{macaddr8{}, macaddr8::parse("08:00:2b:01:02:03:04:05"),
                                    macaddr8::parse("ff:ff:ff:ff:ff:ff:ff:ff")};
  for (auto const& address : eight) {
    round_trip(db, "macaddr8", address, address.to_string());
    CHECK(db.query<std::string>("SELECT $1::macaddr8::text", address).one() == address.to_string());
  }
  null_round_trip<macaddr8>(db, "macaddr8");
  array_round_trip(db, "macaddr8", eight);
  support::ensure_usable(db);
}

TEST_CASE("network types are read from their own columns only, but networks as addresses too") {
  pqscope::connection db{support::test_config()};
  reads_as(db, "SELECT '10.0.0.0/8'::cidr", inet::parse("10/8"));
  reads_as(db, "SELECT '10.0.0.0/32'::cidr", inet::parse("10.0.0.0"));
  refused<cidr, pqscope::type_mismatch>(db, "'10.0.0.0/8'::inet");
  refused<inet, pqscope::type_mismatch>(db, "'10.0.0.0/8'::text");
  refused<macaddr8, pqscope::type_mismatch>(db, "'08:00:2b:01:02:03'::macaddr");
  refused<macaddr, pqscope::type_mismatch>(db, "'08:00:2b:01:02:03'::macaddr8");
  CHECK(db.query<std::string>("SELECT pg_typeof($1)::text || pg_typeof($2)::text", inet(), cidr())
            .one() == "inetcidr");
  support::ensure_usable(db);
}

TEST_CASE("random addresses are printed, read and ordered as the server does") {
  pqscope::connection db{support::test_config()};
  std::mt19937 random(20240306);
  std::vector<inet> values;
  std::vector<cidr> networks;
  for (int i = 0; i < 3000; ++i) {
    values.push_back(random_inet(random));
    networks.push_back(cidr::network_of(values.back()));
  }
  reads_as(db, "SELECT $1::inet[]", values, values);
  reads_as(db, "SELECT $1::cidr[]", networks, networks);
  auto const texts = db.query<std::string>(
                           "SELECT textin(inet_out(v)) FROM unnest($1::inet[]) WITH ORDINALITY AS "
                           "u (v, n) ORDER BY n",
                           values)
                         .all();
  auto const networks_of =
      db.query<cidr>(
            "SELECT network(v) FROM unnest($1::inet[]) WITH ORDINALITY AS u (v, n) ORDER BY n",
            values)
          .all();
  REQUIRE(texts.size() == values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    CHECK(values[i].to_string() == texts[i]);
    CHECK(inet::parse(texts[i]) == values[i]);
  }
  CHECK(networks_of == networks);
  auto const ordered =
      db.query<inet>("SELECT v FROM unnest($1::inet[]) AS v ORDER BY v", values).all();
  for (std::size_t i = 1; i < ordered.size(); ++i) {
    CHECK(ordered[i - 1] <= ordered[i]);
  }
  auto const within = db.query<bool>(
                            "SELECT c >>= v FROM unnest($1::cidr[], $2::inet[]) WITH ORDINALITY AS "
                            "u (c, v, n) ORDER BY n",
                            networks, ordered)
                          .all();
  REQUIRE(within.size() == networks.size());
  for (std::size_t i = 0; i < within.size(); ++i) {
    CHECK(networks[i].contains(ordered[i]) == within[i]);
  }
  support::ensure_usable(db);
}

TEST_CASE("texts that are nearly addresses are taken and refused as by the server") {
  pqscope::connection db{support::test_config()};
  scribbler scribble({"0",   "1",   "2",   "7",  "24", "32", "64", "128",  "129", "224",
                      "240", "255", "256", "00", "0x", "a",  "F",  "g",    ".",   ".",
                      ".",   ":",   ":",   "::", "/",  "/",  " ",  "ffff", "-"});
  std::vector<std::string> texts{"::1.2.3",  "::1..2",      "::1.2.3.",  "1:2:3:4:5:6:7:8:/64",
                                 "1.2.3.4.", "1.2.3.4./24", "1.2.3./24", "::/",
                                 "224",      "224/4",       "224.0",     "0x",
                                 "::."};
  for (int i = 0; i < 6000; ++i) {
    texts.push_back(scribble.text(10));
    auto const address = random_inet(scribble.random());
    texts.push_back(scribble.spoiled(address.to_string()));
    texts.push_back(scribble.spoiled(cidr::network_of(address).to_string()));
  }
  same_as_server<inet>(db, "inet", texts);
  same_as_server<cidr>(db, "cidr", texts);
  support::ensure_usable(db);
}

TEST_CASE("texts that are nearly MAC addresses are taken and refused as by the server") {
  pqscope::connection db{support::test_config()};
  scribbler scribble({"0", "1", "a", "F", "g", "08", "2b", "ff", ":", "-", ".", " ", "x", "\t"});
  std::vector<std::string> texts{"08002b01020"};
  for (int i = 0; i < 4000; ++i) {
    auto& random = scribble.random();
    texts.push_back(scribble.text(12));
    macaddr const six{random_bytes<std::array<unsigned char, 6>>(random)};
    macaddr8 const eight{random_bytes<std::array<unsigned char, 8>>(random)};
    std::string text = random() % 2 == 0 ? six.to_string() : eight.to_string();
    char const separator = ":-. "[random() % 4];
    std::string joined;
    std::size_t const keep = random() % 3;
    for (std::size_t at = 0; at < text.size(); ++at) {
      bool const drop = keep != 0 && (at / 3) % (keep + 1) != keep;
      if (text[at] != ':') {
        joined += text[at];
      } else if (!drop && separator != ' ') {
        joined += separator;
      }
    }
    texts.push_back(joined);
    texts.push_back(scribble.spoiled(joined));
  }
  same_as_server<macaddr>(db, "macaddr", texts);
  same_as_server<macaddr8>(db, "macaddr8", texts);
  support::ensure_usable(db);
}
