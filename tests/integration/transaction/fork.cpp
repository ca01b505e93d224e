#include <sys/wait.h>
#include <unistd.h>
#include <pqscope/pqscope.hpp>

#include <catch2/catch_test_macros.hpp>
#include <optional>

#include "integration/transaction/watched.hpp"
#include "support/ensure_usable.hpp"

using pqscope::transaction;
using pqscope::usage_error;
using support::watched;

namespace {

template <class Action>
bool is_refused(Action action) {
  try {
    action();
  } catch (usage_error const&) {
    return true;
  }
  return false;
}

}  // namespace

TEST_CASE("a forked child can neither use nor end the transaction of its parent") {
  watched w;
  int called = 0;
  std::optional<transaction> tx{w.conn};
  tx->after_commit([&] { ++called; });
  tx->after_rollback([&] { ++called; });
  tx->execute("INSERT INTO t VALUES (1)");
  ::pid_t const child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    bool const refused = is_refused([&] { tx->execute("SELECT 1"); }) &&
                         is_refused([&] { tx->commit(); }) && is_refused([&] { tx->rollback(); }) &&
                         is_refused([&] { tx->prepare("gid"); });
    tx.reset();
    ::_exit(refused && called == 0 ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  tx->execute("INSERT INTO t VALUES (2)");
  tx->commit();
  CHECK(called == 1);
  CHECK(w.rows() == std::vector{1, 2});
  support::ensure_usable(w.conn);
}
