#include <catch2/catch_test_macros.hpp>
#include <pqscope/mapping/mismatch.hpp>
#include <pqscope/mapping/statement.hpp>
#include <pqscope/mapping/statement_shape.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace {

struct user {
  std::int64_t id;
  std::string name;
  std::optional<std::string> email;
};

constexpr pqscope::statement<user(std::int64_t)> user_by_id{"SELECT * FROM users WHERE id = $1"};
constexpr unsigned declared_in = __LINE__ - 1;

using pqscope::detail::converts_without_loss;
using pqscope::detail::travels_alike;

}  // namespace

TEST_CASE("a statement object keeps its text, the text's hash and where it is declared") {
  static_assert(user_by_id.text() == "SELECT * FROM users WHERE id = $1");
  static_assert(user_by_id.hash() == pqscope::hash_sql("SELECT * FROM users WHERE id = $1"));
  static_assert(user_by_id.where().line() == declared_in);
  static_assert(std::is_same_v<decltype(user_by_id)::row, user>);
  CHECK(std::string_view(user_by_id.where().file_name()).ends_with("statement_objects.cpp"));
  CHECK(user_by_id.view().where.line() == declared_in);
}

TEST_CASE("numbers are converted where every value fits, and only then") {
  STATIC_CHECK(converts_without_loss<int, std::int64_t>());
  STATIC_CHECK(converts_without_loss<short, int>());
  STATIC_CHECK(converts_without_loss<unsigned, std::int64_t>());
  STATIC_CHECK(converts_without_loss<int, double>());
  STATIC_CHECK(converts_without_loss<float, double>());
  STATIC_CHECK_FALSE(converts_without_loss<std::int64_t, int>());
  STATIC_CHECK_FALSE(converts_without_loss<std::uint64_t, std::int64_t>());
  STATIC_CHECK_FALSE(converts_without_loss<std::int64_t, double>());
  STATIC_CHECK_FALSE(converts_without_loss<int, float>());
  STATIC_CHECK_FALSE(converts_without_loss<double, float>());
  STATIC_CHECK_FALSE(converts_without_loss<double, std::int64_t>());
  STATIC_CHECK_FALSE(converts_without_loss<bool, int>());
  STATIC_CHECK_FALSE(converts_without_loss<int, bool>());
  STATIC_CHECK_FALSE(converts_without_loss<char, int>());
}

TEST_CASE("other types are converted only implicitly") {
  STATIC_CHECK(converts_without_loss<std::chrono::sys_days,
                                     std::chrono::sys_time<std::chrono::microseconds>>());
  STATIC_CHECK_FALSE(converts_without_loss<std::chrono::sys_time<std::chrono::microseconds>,
                                           std::chrono::sys_days>());
  STATIC_CHECK_FALSE(converts_without_loss<int, std::vector<int>>());
  STATIC_CHECK_FALSE(converts_without_loss<int, std::chrono::seconds>());
  STATIC_CHECK_FALSE(converts_without_loss<std::string, std::vector<std::string>>());
}

TEST_CASE("what the server cannot tell apart is passed on without a copy") {
  STATIC_CHECK(travels_alike<char[4], std::string>());
  STATIC_CHECK(travels_alike<std::string_view, std::string>());
  STATIC_CHECK(travels_alike<std::span<int const>, std::vector<int>>());
  STATIC_CHECK_FALSE(travels_alike<std::vector<short>, std::vector<int>>());
  STATIC_CHECK_FALSE(travels_alike<int, std::int64_t>());
  STATIC_CHECK_FALSE(travels_alike<char, std::string>());
  std::string const name = "ada";
  auto const& same = pqscope::detail::as_declared<std::optional<std::string>>(name, {});
  CHECK(&same == &name);
}

TEST_CASE("an argument is sent as the type it is declared as") {
  using pqscope::detail::as_declared;
  STATIC_CHECK(std::is_same_v<decltype(as_declared<std::int64_t>(7, {})), std::int64_t>);
  CHECK(as_declared<std::int64_t>(7, {}) == 7);
  CHECK(as_declared<double>(7, {}) == 7.0);
  CHECK(as_declared<std::optional<std::int64_t>>(std::optional(7), {}) == std::int64_t{7});
  CHECK_FALSE(as_declared<std::optional<std::int64_t>>(nullptr, {}).has_value());
  CHECK_FALSE(as_declared<std::optional<std::int64_t>>(std::nullopt, {}).has_value());
  CHECK_FALSE(as_declared<std::optional<std::int64_t>>(std::optional<int>(), {}).has_value());
}

TEST_CASE("a null pointer for a text that is declared without optional is misuse") {
  char const* const nothing = nullptr;
  CHECK_THROWS_AS(pqscope::detail::as_declared<std::string>(nothing, {}), pqscope::usage_error);
  CHECK(pqscope::detail::as_declared<std::optional<std::string>>(nothing, {}) == nullptr);
}

TEST_CASE("the shape of a statement tells fields, their NULL and what is declared of arguments") {
  auto const shape = pqscope::detail::shape_of_statement(user_by_id);
  REQUIRE(shape.fields.size() == 3);
  CHECK(shape.fields[2].name == "email");
  CHECK(shape.nullable == std::vector<bool>{false, false, true});
  CHECK(shape.by_name);
  REQUIRE(shape.arguments.size() == 1);
  CHECK(shape.arguments[0].declared == pqscope::oid::int8);
  constexpr pqscope::statement<void(std::string const&)> text{"DELETE FROM users WHERE name = $1"};
  auto const other = pqscope::detail::shape_of_statement(text);
  CHECK_FALSE(other.returns_rows);
  REQUIRE(other.arguments.size() == 1);
  CHECK(other.arguments[0].declared == pqscope::oid::none);
  CHECK(other.arguments[0].goes_into(pqscope::oid::varchar, nullptr));
  CHECK(other.arguments[0].goes_into(pqscope::oid::regclass, nullptr));
  CHECK(other.arguments[0].goes_into(pqscope::oid::first_user, nullptr));
  CHECK_FALSE(other.arguments[0].goes_into(pqscope::oid::int4, nullptr));
  CHECK_FALSE(other.arguments[0].goes_into(pqscope::oid::text_array, nullptr));
  CHECK_FALSE(other.arguments[0].goes_into(pqscope::oid::uuid, nullptr));
}

TEST_CASE("the message of mismatches names each statement once, and indents what has lines") {
  constexpr pqscope::statement<int()> first{"SELECT 1"};
  constexpr pqscope::statement<int()> second{"SELECT 2"};
  using kind = pqscope::mismatch_kind;
  pqscope::statement_mismatch const all{
      {{kind::column, "one", "SELECT 1", first.where()},
       {kind::nullable, "two", "SELECT 1", first.where()},
       {kind::refused, "three\n  SELECT 2", "SELECT 2", second.where()}}};
  std::string const text = all.what();
  auto const line = [](auto const& of) { return ':' + std::to_string(of.where().line()) + "  "; };
  CHECK(text.starts_with("2 statements do not fit the database:\n"));
  CHECK(text.find(line(first) + "SELECT 1\n    - one\n    - two\n") != std::string::npos);
  CHECK(text.find(line(second) + "SELECT 2\n    - three\n        SELECT 2\n") != std::string::npos);
  CHECK(all.mismatches().size() == 3);
  CHECK(all.where().line() == first.where().line());
  CHECK(all.mismatches()[0].to_string().ends_with(
      "statement_objects.cpp:" + std::to_string(first.where().line()) + ": one"));
}
