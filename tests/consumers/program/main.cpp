// A user's program in two source files, each of which includes everything: nothing may be defined
// twice.
#include <cstdint>
#include <cstdio>
#include <exception>
#include <pqscope/pqscope.hpp>

std::int64_t sum_of(pqscope::session& session);

int main(int count, char** arguments) {
  if (count != 2) {
    return 2;
  }
  try {
    auto const config = pqscope::config::from_url(arguments[1]);
    auto const sum = pqscope::with_session(config, [](pqscope::session& session) {
      session.execute("CREATE TEMPORARY TABLE numbers (n bigint)");
      session.execute("INSERT INTO numbers VALUES ($1), ($2)", std::int64_t{40}, std::int64_t{2});
      return sum_of(session);
    });
    return sum == 42 ? 0 : 1;
  } catch (std::exception const& problem) {
    std::fputs(problem.what(), stderr);
    return 1;
  }
}
