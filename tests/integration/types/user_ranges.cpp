#include "round_trip.hpp"

#include <cmath>

using namespace round_trips;
using pqscope::exclusive;
using pqscope::inclusive;
using pqscope::multirange;
using pqscope::range;
using pqscope::unbounded;

namespace {

using texts = range<std::string>;
using doubles = range<double>;
using addresses = range<pqscope::inet>;

enum class size { small, large };

}  // namespace

template <>
inline constexpr auto pqscope::labels<size> =
    pqscope::enum_labels<size>({{size::small, "quite small"}, {size::large, "large"}});

template <>
struct pqscope::range_type<std::string> : pqscope::user_range_type {};
template <>
struct pqscope::range_type<double> : pqscope::user_range_type {};
template <>
struct pqscope::range_type<size> : pqscope::user_range_type {};
template <>
struct pqscope::range_type<pqscope::inet> : pqscope::user_range_type {};

TEST_CASE("a range type made by users over texts keeps every character") {
  pqscope::connection db{support::test_config()};
  auto const type = support::unique_name("text_range");
  db.execute(pqscope::dynamic_sql{"CREATE TYPE " + type +
                                  " AS RANGE (subtype = text, collation = \"C\")"});
  std::vector<texts> const values{texts(),
                                  texts{unbounded, unbounded},
                                  texts("", "a b"),
                                  texts("\"", "\\"),
                                  texts{exclusive("'"), inclusive("]")},
                                  texts("(,", "[)"),
                                  texts("\t\n\v\f\r", "{\"}"),
                                  texts("NULL", "empty"),
                                  texts("z", "ü€😀")};
  for (auto const& value : values) {
    round_trip(db, type, value, value.to_string());
    CHECK(db.query<std::string>(pqscope::dynamic_sql{"SELECT ($1::" + type + ")::text"}, value)
              .one() == value.to_string());
  }
  null_round_trip<texts>(db, type);
  array_round_trip(db, type, values);
  db.execute(pqscope::dynamic_sql{"DROP TYPE " + type});
  support::ensure_usable(db);
}

TEST_CASE("a range type made by users over numbers, addresses or labels is read in binary") {
  pqscope::connection db{support::test_config()};
  auto const name = support::unique_name("made");
  auto const make = [&](std::string const& suffix, std::string const& subtype) {
    auto const type = name + suffix;
    db.execute(
        pqscope::dynamic_sql{"CREATE TYPE " + type + " AS RANGE (subtype = " + subtype + ")"});
    return type;
  };
  auto const of_doubles = make("_doubles", "float8");
  round_trip(db, of_doubles, doubles(0.1, 1e300), "[0.1,1e300)");
  round_trip(db, of_doubles, doubles{exclusive(-0.5), inclusive(HUGE_VAL)}, "(-0.5,Infinity]");
  array_round_trip<doubles>(db, of_doubles, {doubles(), doubles(1, 2)});
  auto const of_addresses = make("_addresses", "inet");
  addresses const value{inclusive(pqscope::inet::parse("10.0.0.0/8")),
                        inclusive(pqscope::inet::parse("::1"))};
  round_trip(db, of_addresses, value, "[10.0.0.0/8,::1]");
  db.execute(pqscope::dynamic_sql{"CREATE TYPE " + name + " AS ENUM ('quite small', 'large')"});
  auto const of_sizes = make("_sizes", name);
  round_trip(db, of_sizes, range<size>{inclusive(size::small), inclusive(size::large)},
             "[\"quite small\",large]");
  CHECK_THROWS_AS(
      db.query<range<size>>(pqscope::dynamic_sql{"SELECT '[0.5,1]'::" + of_doubles}).one(),
      pqscope::decode_error);
  db.execute(pqscope::dynamic_sql{"DROP TYPE " + of_sizes + ", " + name + ", " + of_doubles + ", " +
                                  of_addresses});
  support::ensure_usable(db);
}

TEST_CASE("a multirange of a type made by users works like its range") {
  pqscope::connection db{support::test_config()};
  auto const type = support::unique_name("made") + "_range";
  auto const multi = type.substr(0, type.size() - 6) + "_multirange";
  db.execute(pqscope::dynamic_sql{"CREATE TYPE " + type +
                                  " AS RANGE (subtype = float8, multirange_type_name = " + multi +
                                  ")"});
  using multi_doubles = multirange<double>;
  multi_doubles const some{{0.5, 1}, {doubles{exclusive(2.0), unbounded}}};
  round_trip(db, multi, some, "{[0.5,1),(2,)}");
  round_trip(db, multi, multi_doubles(), "{}");
  null_round_trip<multi_doubles>(db, multi);
  array_round_trip<multi_doubles>(db, multi, {multi_doubles(), some});
  db.execute(pqscope::dynamic_sql{"DROP TYPE " + type});
  support::ensure_usable(db);
}
