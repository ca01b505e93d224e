// expect: a_column_cannot_be_both_identity_and_default_or_generated
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
    pqscope::table("users", pqscope::column<&user::id>().default_value("1").identity());
#else
template <>
inline constexpr auto pqscope::mapping<user> =
    pqscope::table("users", pqscope::column<&user::id>().default_value("1"));
#endif

int main() {
  return static_cast<int>(pqscope::detail::table_of<user>.columns.size());
}
