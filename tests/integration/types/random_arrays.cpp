#include "round_trip.hpp"

#include <chrono>
#include <random>

using namespace round_trips;
using namespace std::chrono_literals;

namespace {

/// Values of every kind from a fixed seed, so that a failure can be had again.
class dice {
 public:
  template <class T>
  T integer(T from, T to) {
    return std::uniform_int_distribution<T>(from, to)(engine_);
  }

  std::uint64_t bits() { return engine_(); }

  std::string text() {
    static constexpr char const* pieces[] = {"a",  "Z",  "\"", "'",  "\\", ",",  "{",   "}",
                                             " ",  "\n", "\t", "ü",  "€",  "😀", ";",   "NULL",
                                             "$1", "(",  ")",  "--", "/*", "%",  "\x01"};
    std::string made;
    for (int length = integer(0, 12); length > 0; --length) {
      made += pieces[integer<std::size_t>(0, std::size(pieces) - 1)];
    }
    return made;
  }

 private:
  std::mt19937_64 engine_{20240229};
};

/// Round trips of arrays of random length and depth, with and without NULLs.
template <class Make>
void random_arrays(pqscope::connection& db, std::string const& type, Make make) {
  using value = decltype(make());
  dice shape;
  for (int round = 0; round < 20; ++round) {
    std::size_t const rows = shape.integer<std::size_t>(1, 4);
    std::size_t const columns = shape.integer<std::size_t>(1, 5);
    std::vector<std::vector<std::optional<value>>> nested(rows);
    std::vector<value> flat;
    for (auto& row : nested) {
      for (std::size_t i = 0; i < columns; ++i) {
        flat.push_back(make());
        row.push_back(shape.integer(0, 4) == 0 ? std::optional<value>()
                                               : std::optional<value>(flat.back()));
      }
    }
    value const one = flat.front();
    reads_as(db, "SELECT $1::" + type, one, one);
    reads_as(db, "SELECT $1::" + type + "[]", flat, flat);
    reads_as(db, "SELECT $1::" + type + "[]", nested, nested);
  }
}

}  // namespace

TEST_CASE("random numbers survive in arrays of every shape") {
  pqscope::connection db{support::test_config()};
  dice roll;
  random_arrays(db, "smallint", [&] { return static_cast<std::int16_t>(roll.bits()); });
  random_arrays(db, "integer", [&] { return static_cast<std::int32_t>(roll.bits()); });
  random_arrays(db, "bigint", [&] { return static_cast<std::int64_t>(roll.bits()); });
  random_arrays(db, "boolean", [&] { return roll.integer(0, 1) == 1; });
  // Any bits make a number, but NaNs lose theirs on the way through text.
  random_arrays(db, "float8", [&] {
    auto const number = std::bit_cast<double>(roll.bits());
    return number == number ? number : 0.0;
  });
  random_arrays(db, "float4", [&] {
    auto const number = std::bit_cast<float>(static_cast<std::uint32_t>(roll.bits()));
    return number == number ? number : 0.0F;
  });
  support::ensure_usable(db);
}

TEST_CASE("random texts and bytes survive in arrays of every shape") {
  pqscope::connection db{support::test_config()};
  dice roll;
  random_arrays(db, "text", [&] { return roll.text(); });
  random_arrays(db, "varchar", [&] { return roll.text(); });
  random_arrays(db, "bytea", [&] {
    std::vector<std::byte> bytes(roll.integer<std::size_t>(0, 20));
    for (auto& byte : bytes) {
      byte = static_cast<std::byte>(roll.bits());
    }
    return bytes;
  });
  random_arrays(db, "uuid", [&] {
    pqscope::uuid made;
    for (auto& byte : made.bytes) {
      byte = static_cast<unsigned char>(roll.bits());
    }
    return made;
  });
  random_arrays(db, "jsonb", [&] {
    return pqscope::jsonb("[" + std::to_string(roll.integer(-5, 5)) + ", \"{\\\"a\\\\,\"]");
  });
  support::ensure_usable(db);
}

TEST_CASE("random dates and times survive in arrays of every shape") {
  pqscope::connection db{support::test_config()};
  db.execute("SET TimeZone = 'Europe/Amsterdam'");
  dice roll;
  using microseconds = std::chrono::microseconds;
  auto const moment = [&] {
    return microseconds(
        roll.integer<std::int64_t>(-210'000'000'000'000'000, 9'000'000'000'000'000'000));
  };
  random_arrays(db, "timestamptz", [&] { return std::chrono::sys_time<microseconds>(moment()); });
  random_arrays(db, "timestamp", [&] { return std::chrono::local_time<microseconds>(moment()); });
  random_arrays(db, "date", [&] {
    return std::chrono::sys_days(std::chrono::days(roll.integer(-2'440'000, 2'140'000'000)));
  });
  random_arrays(db, "time", [&] {
    return pqscope::time_of_day(microseconds(roll.integer<std::int64_t>(0, 86'400'000'000)));
  });
  random_arrays(db, "interval", [&] {
    return pqscope::interval{static_cast<std::int32_t>(roll.bits()),
                             static_cast<std::int32_t>(roll.bits()),
                             static_cast<std::int64_t>(roll.bits())};
  });
  support::ensure_usable(db);
}
