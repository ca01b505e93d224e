#include "round_trip.hpp"

#include <cmath>
#include <limits>

using namespace round_trips;

namespace {

template <class T>
void specials(pqscope::connection& db, std::string const& type) {
  using limits = std::numeric_limits<T>;
  round_trip(db, type, T{0}, "0");
  round_trip(db, type, -T{0}, "-0");
  round_trip(db, type, limits::quiet_NaN(), "NaN");
  round_trip(db, type, limits::infinity(), "Infinity");
  round_trip(db, type, -limits::infinity(), "-Infinity");
  round_trip(db, type, T(-1.5), "-1.5");
  null_round_trip<T>(db, type);
  array_round_trip<T>(db, type,
                      {T{0}, -T{0}, limits::quiet_NaN(), limits::infinity(), -limits::infinity(),
                       limits::min(), limits::max(), limits::lowest(), limits::denorm_min(),
                       limits::epsilon(), T(0.1), T(1) / T(3)});
}

}  // namespace

TEST_CASE("a double keeps NaN, infinities, negative zero, borders and subnormal numbers") {
  pqscope::connection db{support::test_config()};
  specials<double>(db, "float8");
  round_trip(db, "float8", std::numeric_limits<double>::max(), "1.7976931348623157e+308");
  round_trip(db, "float8", std::numeric_limits<double>::min(), "2.2250738585072014e-308");
  round_trip(db, "float8", std::numeric_limits<double>::denorm_min(), "5e-324");
  round_trip(db, "float8", 0.1, "0.1");
  round_trip(db, "float8", 9007199254740993.0, "9007199254740993");
  support::ensure_usable(db);
}

TEST_CASE("a float keeps NaN, infinities, negative zero, borders and subnormal numbers") {
  pqscope::connection db{support::test_config()};
  specials<float>(db, "float4");
  round_trip(db, "float4", std::numeric_limits<float>::max(), "3.4028235e+38");
  round_trip(db, "float4", std::numeric_limits<float>::min(), "1.1754944e-38");
  round_trip(db, "float4", std::numeric_limits<float>::denorm_min(), "1e-45");
  round_trip(db, "float4", 0.1F, "0.1");
  support::ensure_usable(db);
}

TEST_CASE("a negative NaN is sent and comes back as some NaN") {
  pqscope::connection db{support::test_config()};
  double const nan = std::copysign(std::numeric_limits<double>::quiet_NaN(), -1.0);
  CHECK(std::isnan(db.query<double>("SELECT $1", nan).one()));
  CHECK(db.query<bool>("SELECT $1 = 'NaN'::float8", nan).one());
  support::ensure_usable(db);
}

TEST_CASE("a double reads what it holds exactly: real, integer and smallint") {
  pqscope::connection db{support::test_config()};
  reads_as(db, "SELECT 0.1::real", static_cast<double>(0.1F));
  reads_as(db, "SELECT (-2147483648)::integer", -2147483648.0);
  reads_as(db, "SELECT 32767::smallint", 32767.0);
  support::ensure_usable(db);
}

TEST_CASE("a number that a floating type might round is not read as one") {
  pqscope::connection db{support::test_config()};
  refused<float, pqscope::type_mismatch>(db, "1::float8");
  refused<float, pqscope::type_mismatch>(db, "1::integer");
  refused<double, pqscope::type_mismatch>(db, "1::bigint");
  refused<double, pqscope::type_mismatch>(db, "1::numeric");
  refused<double, pqscope::type_mismatch>(db, "1.5");
  refused<double, pqscope::type_mismatch>(db, "'1.5'::money");
  refused<std::vector<float>, pqscope::type_mismatch>(db, "'{1}'::float8[]");
  support::ensure_usable(db);
}
