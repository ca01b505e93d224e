// expect: a_column_that_is_not_optional_cannot_be_set_to_null
#include <pqscope/mapping/reflect.hpp>

#include <cstdint>
#include <optional>
#include <string>

struct user {
  std::int64_t id{};
  std::int64_t number{};
  std::optional<std::int64_t> boss_id{};
  std::string name{};
};

#ifdef PQSCOPE_MUST_NOT_COMPILE
template <>
inline constexpr auto pqscope::mapping<user> = pqscope::table(
    "users", pqscope::column<&user::id>().primary_key(),
    pqscope::column<&user::number>().references<&user::id>(pqscope::on_delete::set_null));
#else
template <>
inline constexpr auto pqscope::mapping<user> = pqscope::table(
    "users", pqscope::column<&user::id>().primary_key(),
    pqscope::column<&user::boss_id>().references<&user::id>(pqscope::on_delete::set_null));
#endif

int main() {
  return static_cast<int>(pqscope::detail::table_of<user>.columns.size());
}
