// expect: vector(n) is for std::vector<float>
#include <pqscope/mapping/reflect.hpp>

#include <cstdint>
#include <optional>
#include <string>

#include <vector>

struct user {
  std::int64_t id{};
  std::int64_t number{};
  std::optional<std::int64_t> boss_id{};
  std::string name{};
  std::vector<float> place{};
};

#ifdef PQSCOPE_MUST_NOT_COMPILE
template <>
inline constexpr auto pqscope::mapping<user> =
    pqscope::table("users", pqscope::column<&user::name>().vector(3));
#else
template <>
inline constexpr auto pqscope::mapping<user> =
    pqscope::table("users", pqscope::column<&user::place>().vector(3));
#endif

int main() {
  return static_cast<int>(pqscope::detail::table_of<user>.columns.size());
}
