#include <pqscope/connection/fork_guard.hpp>

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

using pqscope::detail::fork_generation;

TEST_CASE("a child is of another generation than its parent, its own child of another again") {
  unsigned const mine = fork_generation();
  pid_t const child = ::fork();
  if (child == 0) {
    unsigned const its = fork_generation();
    pid_t const grandchild = ::fork();
    if (grandchild == 0) {
      ::_exit(fork_generation() != its && fork_generation() != mine ? 0 : 1);
    }
    int status = 1;
    ::waitpid(grandchild, &status, 0);
    ::_exit(its != mine && status == 0 ? 0 : 1);
  }
  int status = 1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(fork_generation() == mine);
}
