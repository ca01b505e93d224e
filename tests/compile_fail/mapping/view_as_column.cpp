// expect: a mapped struct holds its values
#include <pqscope/mapping/reflect.hpp>

#include <cstdint>
#include <optional>
#include <string>

#include <string_view>

struct user {
  std::int64_t id{};
  std::int64_t number{};
  std::optional<std::int64_t> boss_id{};
  std::string name{};
  std::string_view look{};
};

#ifdef PQSCOPE_MUST_NOT_COMPILE
template <>
inline constexpr auto pqscope::mapping<user> =
    pqscope::table("users", pqscope::column<&user::look>());
#else
template <>
inline constexpr auto pqscope::mapping<user> =
    pqscope::table("users", pqscope::column<&user::name>());
#endif

int main() {
  return static_cast<int>(pqscope::detail::table_of<user>.columns.size());
}
