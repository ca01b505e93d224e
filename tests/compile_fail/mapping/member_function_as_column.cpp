// expect: takes a pointer to a data member
#include <pqscope/mapping/reflect.hpp>

#include <cstdint>
#include <optional>
#include <string>

struct user {
  std::int64_t id{};
  std::int64_t number{};
  std::optional<std::int64_t> boss_id{};
  std::string name{};
  int call() const { return 1; }
};

#ifdef PQSCOPE_MUST_NOT_COMPILE
template <>
inline constexpr auto pqscope::mapping<user> =
    pqscope::table("users", pqscope::column<&user::id>(), pqscope::column<&user::call>());
#else
template <>
inline constexpr auto pqscope::mapping<user> =
    pqscope::table("users", pqscope::column<&user::id>());
#endif

int main() {
  return static_cast<int>(pqscope::detail::table_of<user>.columns.size());
}
