// expect: a_table_has_two_primary_keys
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
    "users", pqscope::column<&user::id>().primary_key(), pqscope::column<&user::number>(),
    pqscope::primary_key<&user::id, &user::number>());
#else
template <>
inline constexpr auto pqscope::mapping<user> =
    pqscope::table("users", pqscope::column<&user::id>(), pqscope::column<&user::number>(),
                   pqscope::primary_key<&user::id, &user::number>());
#endif

int main() {
  return static_cast<int>(pqscope::detail::table_of<user>.columns.size());
}
