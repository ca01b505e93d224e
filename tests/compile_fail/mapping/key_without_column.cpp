// expect: a_key_or_index_has_a_member_that_is_no_column_of_the_table
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
inline constexpr auto pqscope::mapping<user> =
    pqscope::table("users", pqscope::column<&user::id>(), pqscope::column<&user::name>(),
                   pqscope::unique<&user::id, &user::number>());
#else
template <>
inline constexpr auto pqscope::mapping<user> =
    pqscope::table("users", pqscope::column<&user::id>(), pqscope::column<&user::number>(),
                   pqscope::unique<&user::id, &user::number>());
#endif

int main() {
  return static_cast<int>(pqscope::detail::table_of<user>.columns.size());
}
