#include <pqscope/connection/deferred_statement.hpp>
#include <pqscope/sql/dynamic_sql.hpp>
#include <pqscope/types/parameters.hpp>
#include <pqscope/types/types.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using pqscope::detail::deferred_statement;

TEST_CASE("a deferred statement keeps text and parameters when their owners are gone, and moved") {
  std::vector<deferred_statement> kept;
  {
    std::string name(300, 'n');
    std::string const text = "SELECT $1, $2, $3, $4";
    std::optional<int> const none;
    pqscope::parameter_pack const bound(std::source_location{}, std::int64_t{7}, name, none, "");
    pqscope::dynamic_sql const sql{text};
    kept.emplace_back(sql.view(), bound.view());
    name.assign(300, 'x');
  }
  kept.reserve(kept.capacity() + 1);  // moves it
  auto const& text = kept.front().text();
  CHECK(text.str() == "SELECT $1, $2, $3, $4");
  CHECK(text.text[text.size] == '\0');
  auto const bound = kept.front().parameters();
  REQUIRE(bound.count == 4);
  CHECK(bound.types[0] == 20);
  CHECK(bound.formats[0] == 1);
  CHECK(std::string_view(bound.values[0], 8) == std::string_view("\0\0\0\0\0\0\0\7", 8));
  CHECK(bound.formats[1] == 0);
  CHECK(std::string_view{bound.values[1]} == std::string(300, 'n'));
  CHECK(bound.values[2] == nullptr);
  CHECK(std::string_view{bound.values[3]}.empty());
}

TEST_CASE("a statement without parameters keeps none") {
  pqscope::dynamic_sql const sql{"SELECT 1"};
  deferred_statement const kept{sql.view(), {}};
  CHECK(kept.parameters().count == 0);
  CHECK(kept.sink() == nullptr);
}
