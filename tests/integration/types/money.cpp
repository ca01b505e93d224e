#include "round_trip.hpp"

using namespace round_trips;
using pqscope::numeric;

namespace {

template <class T>
std::string mismatch(pqscope::connection& db, std::string const& text) {
  try {
    static_cast<void>(db.query<T>(pqscope::dynamic_sql{text}).one());
  } catch (pqscope::type_mismatch const& e) {
    return e.what();
  }
  return "nothing was thrown";
}

}  // namespace

TEST_CASE("a money column is refused with the reason and the cast that helps") {
  pqscope::connection db{support::test_config()};
  std::string const statement = "SELECT 12.34::numeric::money AS price";
  std::string const expected =
      "; what a money stands for depends on the server's lc_monetary: cast it in the SQL text, as "
      "in \"price\"::numeric";
  for (std::string const& message :
       {mismatch<numeric>(db, statement), mismatch<std::int64_t>(db, statement),
        mismatch<double>(db, statement), mismatch<std::string>(db, statement)}) {
    INFO(message);
    CHECK(message.find("column \"price\" is money, which cannot be read as") != std::string::npos);
    CHECK(message.find(expected) != std::string::npos);
  }
  CHECK(mismatch<std::vector<numeric>>(db, "SELECT ARRAY[1::money] AS prices")
            .find("as in \"prices\"::numeric[]") != std::string::npos);
  CHECK(mismatch<int>(db, "SELECT 1::numeric AS price").find("lc_monetary") == std::string::npos);
  support::ensure_usable(db);
}

TEST_CASE("money travels by way of numeric") {
  pqscope::connection db{support::test_config()};
  CHECK(db.query<numeric>("SELECT \"price\"::numeric FROM (SELECT $1::numeric::money AS price) p",
                          numeric("12.34"))
            .one() == numeric("12.34"));
  CHECK(db.query<std::vector<numeric>>(
              "SELECT \"prices\"::numeric[] FROM (SELECT ARRAY[1::money, 2::money] AS prices) p")
            .one() == std::vector<numeric>{1, 2});
  support::ensure_usable(db);
}
