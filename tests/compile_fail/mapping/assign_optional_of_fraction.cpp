// expect: this optional cannot be assigned to the column
#include <pqscope/connection/connection.hpp>
#include <pqscope/mapping/queries.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

struct user {
  std::int64_t id{};
  std::string name{};
  std::optional<std::int64_t> boss_id{};
};
struct other {
  std::int64_t id{};
};
template <>
inline constexpr auto pqscope::mapping<user> = pqscope::table(
    "users", pqscope::column<&user::id>().primary_key(), pqscope::column<&user::name>(),
    pqscope::column<&user::boss_id>().references<&user::id>());

using pqscope::col;

void snippet([[maybe_unused]] pqscope::connection& db) {
#ifdef PQSCOPE_MUST_NOT_COMPILE
  db.update<user>().set(col<&user::boss_id> = std::optional<double>{}).all_rows().execute();
#else
  db.update<user>().set(col<&user::boss_id> = std::optional<int>{}).all_rows().execute();
#endif
}
