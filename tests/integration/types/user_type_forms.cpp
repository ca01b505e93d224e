#include "every_form.hpp"

#include <limits>

using namespace round_trips;
using pqscope::composite;

namespace {

enum class mood { sad, happy, awkward };

struct address {
  std::string street;
  std::optional<std::int64_t> number;
  friend bool operator==(address const&, address const&) = default;
};

using doubles = pqscope::range<double>;

}  // namespace

template <>
inline constexpr auto pqscope::labels<mood> = pqscope::enum_labels<mood>(
    {{mood::sad, "träurig 😢"}, {mood::happy, "h"}, {mood::awkward, "a,{b}\\ \"NULL\" ("}});
template <>
struct pqscope::range_type<double> : pqscope::user_range_type {};

namespace {

pqscope::connection connect() {
  pqscope::connection db{support::test_config()};
  db.execute("SET search_path = pg_temp, public");
  return db;
}

}  // namespace

TEST_CASE("an enum travels in every form, as a C++ enum and as a text") {
  auto db = connect();
  db.execute(R"_(CREATE TYPE mood AS ENUM ('träurig 😢', 'h', E'a,{b}\\ "NULL" ('))_");
  every_form<mood>(
      db, "mood",
      {{mood::sad, "träurig 😢"}, {mood::happy, "h"}, {mood::awkward, "a,{b}\\ \"NULL\" ("}});
  std::vector<std::string> const labels{"h", "träurig 😢", "a,{b}\\ \"NULL\" ("};
  reads_as(db, "SELECT $1::mood[]", labels, labels);
  reads_as(db, "SELECT ROW($1::mood, $2::mood[])",
           composite{std::tuple<std::string, std::vector<std::string>>("h", labels)}, "h", labels);
  support::ensure_usable(db);
}

TEST_CASE("a domain travels in every form, also one over another one") {
  auto db = connect();
  db.execute("CREATE DOMAIN below AS bigint");
  db.execute("CREATE DOMAIN number AS below CHECK (value <> 0)");
  using limits = std::numeric_limits<std::int64_t>;
  every_form<std::int64_t>(
      db, "number",
      {{limits::min(), "-9223372036854775808"}, {limits::max(), "9223372036854775807"}, {1, "1"}});
  db.execute("CREATE DOMAIN words AS varchar(50)");
  every_form<std::string>(db, "words", {{"", ""}, {"a \"(,)\\{}'", "a \"(,)\\{}'"}, {"é", "é"}});
  support::ensure_usable(db);
}

TEST_CASE("a composite travels in every form") {
  auto db = connect();
  db.execute("CREATE DOMAIN words AS text");
  db.execute("CREATE TYPE address AS (street words, number bigint)");
  every_form<composite<address>>(
      db, "address",
      {{{{"", {}}}, "(\"\",)"},
       {{{"a \"b\" \\ , ( ) ' é", std::numeric_limits<std::int64_t>::min()}},
        R"_(("a ""b"" \\ , ( ) ' é",-9223372036854775808))_"}});
  support::ensure_usable(db);
}

TEST_CASE("a range made by users travels in every form, and so does its multirange") {
  auto db = connect();
  db.execute("CREATE DOMAIN real_number AS float8");
  db.execute(
      "CREATE TYPE numbers AS RANGE (subtype = float8, multirange_type_name = some_numbers)");
  doubles const half{pqscope::unbounded, pqscope::inclusive(0.5)};
  every_form<doubles>(
      db, "numbers",
      {{doubles(), "empty"}, {doubles(-1e300, 5e-324), "[-1e300,5e-324)"}, {half, "(,0.5]"}});
  using multi = pqscope::multirange<double>;
  every_form<multi>(db, "some_numbers",
                    {{multi(), "{}"}, {multi{half, doubles(1, 2)}, "{(,0.5],[1,2)}"}});
  db.execute("CREATE TYPE whole AS RANGE (subtype = int4)");
  reads_as(db, "SELECT '[1,5)'::whole", pqscope::range<int>(1, 5));
  CHECK_THROWS_AS(db.query<pqscope::range<int>>("SELECT '[1,5)'::numbers"), pqscope::type_mismatch);
  CHECK_THROWS_AS(db.query<multi>("SELECT '[1,5)'::numbers"), pqscope::type_mismatch);
  support::ensure_usable(db);
}
