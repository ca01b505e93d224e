// expect: a column references a struct that is not mapped
#include <pqscope/mapping/select.hpp>

#include <cstdint>
#include <optional>
#include <string>

struct team {
  std::int64_t id{};
  std::int64_t number{};
};
struct user {
  std::int64_t id{};
  std::int64_t team_id{};
};

#ifdef PQSCOPE_MUST_NOT_COMPILE
template <>
inline constexpr auto pqscope::mapping<user> =
    pqscope::table("users", pqscope::column<&user::id>().primary_key(),
                   pqscope::column<&user::team_id>().references<&team::id>());
#else
template <>
inline constexpr auto pqscope::mapping<user> =
    pqscope::table("users", pqscope::column<&user::id>().primary_key(),
                   pqscope::column<&user::team_id>().references<&team::id>());
template <>
inline constexpr auto pqscope::mapping<team> = pqscope::table(
    "teams", pqscope::column<&team::id>().primary_key(), pqscope::column<&team::number>());
#endif

int main() {
  return static_cast<int>(pqscope::select<user>().text().size());
}
