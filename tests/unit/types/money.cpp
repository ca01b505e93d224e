#include <catch2/catch_test_macros.hpp>
#include <pqscope/types/money.hpp>

namespace oid = pqscope::oid;
using pqscope::detail::money_advice;

TEST_CASE("a money column gets a reason and a cast, any other nothing") {
  CHECK(money_advice(oid::money, "\"price\"") ==
        "; what a money stands for depends on the server's lc_monetary: cast it in the SQL text, "
        "as in \"price\"::numeric");
  CHECK(money_advice(oid::money_array, "\"prices\"").ends_with("as in \"prices\"::numeric[]"));
  CHECK(money_advice(oid::numeric, "\"price\"").empty());
  CHECK(money_advice(oid::none, "\"price\"").empty());
}
