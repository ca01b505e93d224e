#include "round_trip.hpp"

#include <limits>

using namespace round_trips;

namespace {

template <class T>
void borders(pqscope::connection& db, std::string const& type, T least, T most) {
  for (T const value :
       {least, static_cast<T>(least + 1), T{0}, T{1}, static_cast<T>(most - 1), most}) {
    round_trip(db, type, value, std::to_string(value));
  }
  null_round_trip<T>(db, type);
  array_round_trip<T>(db, type, {least, 0, 1, most});
}

template <class T>
void borders(pqscope::connection& db, std::string const& type) {
  borders(db, type, std::numeric_limits<T>::min(), std::numeric_limits<T>::max());
}

}  // namespace

TEST_CASE("signed integers keep every border of their size") {
  pqscope::connection db{support::test_config()};
  borders<signed char>(db, "smallint");
  borders<short>(db, "smallint");
  borders<int>(db, "integer");
  borders<long>(db, "bigint");
  borders<long long>(db, "bigint");
  support::ensure_usable(db);
}

TEST_CASE("unsigned integers keep every border of their size") {
  pqscope::connection db{support::test_config()};
  borders<unsigned char>(db, "smallint");
  borders<unsigned short>(db, "integer");
  borders<unsigned int>(db, "bigint");
  borders<unsigned long>(db, "bigint", 0, std::numeric_limits<std::int64_t>::max());
  borders<unsigned long long>(db, "bigint", 0, std::numeric_limits<std::int64_t>::max());
  support::ensure_usable(db);
}

TEST_CASE("an unsigned integer above the largest bigint is refused and named by its placeholder") {
  pqscope::connection db{support::test_config()};
  std::uint64_t const above = std::uint64_t{1} << 63U;
  try {
    db.execute("SELECT $1::bigint, $2::bigint", 1, above);
    FAIL("nothing was thrown");
  } catch (pqscope::usage_error const& e) {
    CHECK(std::string_view(e.what()).find("$2") != std::string_view::npos);
    CHECK(std::string_view(e.what()).find(std::to_string(above)) == std::string_view::npos);
  }
  support::ensure_usable(db);
}

TEST_CASE("smaller integers are read into larger ones") {
  pqscope::connection db{support::test_config()};
  reads_as(db, "SELECT (-32768)::smallint", -32768);
  reads_as(db, "SELECT (-32768)::smallint", -32768L);
  reads_as(db, "SELECT (-2147483648)::integer", std::int64_t{-2147483648});
  reads_as(db, "SELECT 32767::smallint", 32767U);
  reads_as(db, "SELECT 4294967295::oid", 4294967295U);
  reads_as(db, "SELECT 4294967295::oid", std::int64_t{4294967295});
  reads_as(db, "SELECT '4294967295'::xid", std::int64_t{4294967295});
  reads_as(db, "SELECT '18446744073709551615'::xid8", std::numeric_limits<std::uint64_t>::max());
  support::ensure_usable(db);
}

TEST_CASE("a larger integer type is never read into a smaller one, however small the value") {
  pqscope::connection db{support::test_config()};
  refused<int, pqscope::type_mismatch>(db, "1::bigint");
  refused<short, pqscope::type_mismatch>(db, "1::integer");
  refused<short, pqscope::type_mismatch>(db, "1::bigint");
  refused<unsigned short, pqscope::type_mismatch>(db, "1::bigint");
  refused<int, pqscope::type_mismatch>(db, "1::oid");
  refused<std::int64_t, pqscope::type_mismatch>(db, "'1'::xid8");
  refused<std::vector<int>, pqscope::type_mismatch>(db, "'{1}'::bigint[]");
  refused<std::optional<int>, pqscope::type_mismatch>(db, "NULL::bigint");
  refused<std::int64_t, pqscope::type_mismatch>(db, "1::numeric");
  refused<int, pqscope::type_mismatch>(db, "'1'::text");
  refused<int, pqscope::type_mismatch>(db, "true");
  refused<bool, pqscope::type_mismatch>(db, "1");
  support::ensure_usable(db);
}

TEST_CASE("a value out of the range of its C++ type is an error that names the column") {
  pqscope::connection db{support::test_config()};
  refused<signed char, pqscope::decode_error>(db, "128::smallint");
  refused<signed char, pqscope::decode_error>(db, "(-129)::smallint");
  refused<unsigned char, pqscope::decode_error>(db, "256::smallint");
  refused<unsigned char, pqscope::decode_error>(db, "(-1)::smallint");
  refused<unsigned short, pqscope::decode_error>(db, "65536");
  refused<unsigned int, pqscope::decode_error>(db, "(-1)::bigint");
  refused<unsigned int, pqscope::decode_error>(db, "4294967296::bigint");
  refused<unsigned long, pqscope::decode_error>(db, "(-1)::smallint");
  refused<std::vector<unsigned int>, pqscope::decode_error>(db, "'{1,-1}'::bigint[]");
  support::ensure_usable(db);
}

TEST_CASE("a negative parameter needs no care behind a minus sign") {
  pqscope::connection db{support::test_config()};
  CHECK(db.query<int>("SELECT -$1", -1).one() == 1);
  CHECK(db.query<int>("SELECT 2 -$1", -1).one() == 3);
  CHECK(db.query<std::int64_t>("SELECT - -$1", std::int64_t{-7}).one() == -7);
  CHECK(db.query<double>("SELECT -$1", -0.5).one() == 0.5);
  support::ensure_usable(db);
}

TEST_CASE("booleans are true, false or NULL") {
  pqscope::connection db{support::test_config()};
  round_trip(db, "boolean", true, "t");
  round_trip(db, "boolean", false, "f");
  null_round_trip<bool>(db, "boolean");
  array_round_trip<bool>(db, "boolean", {true, false, false, true});
  support::ensure_usable(db);
}
