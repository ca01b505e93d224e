// Values that are not equal to themselves.

#include <pqscope/mapping/create_all.hpp>
#include <pqscope/session_objects.hpp>
#include <pqscope/with_session.hpp>

#include <catch2/catch_test_macros.hpp>

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "integration/mapping_objects/shelf.hpp"
#include "support/ensure_usable.hpp"

namespace not_numbers {

struct measured {
  int id{};
  double one{};
  std::optional<double> perhaps;
  std::vector<float> many;
  std::vector<std::optional<double>> some;
};

}  // namespace not_numbers

template <>
inline constexpr auto pqscope::mapping<not_numbers::measured> =
    pqscope::table("measured", pqscope::column<&not_numbers::measured::id>().primary_key(),
                   pqscope::column<&not_numbers::measured::one>(),
                   pqscope::column<&not_numbers::measured::perhaps>(),
                   pqscope::column<&not_numbers::measured::many>(),
                   pqscope::column<&not_numbers::measured::some>());

using not_numbers::measured;

TEST_CASE("NaN is no change, wherever it stands, and becoming NaN is one") {
  support::shelf here;
  pqscope::create_all<measured>(here.conn);
  double const nan = std::numeric_limits<double>::quiet_NaN();
  pqscope::with_session(here.conn, [&](pqscope::session& s) {
    s.add(measured{1, nan, nan, {1, static_cast<float>(nan)}, {nan, std::nullopt, 0}});
    s.add(measured{2, 1, 2, {3}, {4}});
  });
  auto const updates = [&] {
    int found = 0;
    for (std::string const& each : here.sent()) {
      found += each.find("UPDATE") != std::string::npos ? 1 : 0;
    }
    return found;
  };
  here.sent();
  pqscope::with_session(here.conn, [&](pqscope::session& s) {
    auto const first = s.get<measured>(1);
    auto const second = s.get<measured>(2);
    s.flush();
    s.execute("SELECT 1");
    CHECK(updates() == 0);
    second->perhaps = nan;
    s.flush();
    second->many = {static_cast<float>(nan)};
    second->some = {nan};
    s.flush();
    s.flush();
    CHECK(updates() == 2);
    first->perhaps = 5;
  });
  CHECK(updates() == 1);
  CHECK(here.column(
            "SELECT concat_ws(' ', one, perhaps, many, \"some\") FROM measured ORDER BY id") ==
        std::vector<std::string>{"NaN 5 {1,NaN} {NaN,NULL,0}", "1 NaN {NaN} {NaN}"});
  support::ensure_usable(here.conn);
}
