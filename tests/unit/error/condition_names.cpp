#include <catch2/catch_test_macros.hpp>

#include <string_view>

#include <pqscope/error/condition_names.hpp>

using pqscope::condition_name;

static_assert(condition_name("23505") == "unique_violation");
static_assert(condition_name("00000") == "successful_completion");
static_assert(condition_name("XX002") == "index_corrupted");
static_assert(condition_name("P0003") == "too_many_rows");
static_assert(condition_name("22008") == "datetime_field_overflow");

TEST_CASE("every code of PostgreSQL's list has its name") {
  std::string_view before;
  for (auto const& entry : pqscope::detail::condition_entries) {
    std::string_view const code = entry.sqlstate;
    CHECK(code.size() == 5);
    CHECK(before < code);
    CHECK(condition_name(code) == entry.name);
    before = code;
  }
  CHECK(pqscope::detail::condition_entries.size() > 200);
}

TEST_CASE("what is no code of PostgreSQL's list has no name") {
  for (std::string_view const code : {"", "2", "23", "23505x", "2350", "99999", "zzzzz", "\xff"}) {
    CHECK(condition_name(code).empty());
  }
}
