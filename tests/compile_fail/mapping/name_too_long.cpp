// expect: a_name_has_more_than_63_bytes
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
    pqscope::table("a234567890123456789012345678901234567890123456789012345678901234",
                   pqscope::column<&user::id>());
#else
template <>
inline constexpr auto pqscope::mapping<user> =
    pqscope::table("a23456789012345678901234567890123456789012345678901234567890123",
                   pqscope::column<&user::id>());
#endif

int main() {
  return static_cast<int>(pqscope::detail::table_of<user>.columns.size());
}
