// The operations know nothing of their driver: here C++20 coroutines drive them over plain poll(2),
// several connections at once on one thread.

#include <poll.h>

#include <catch2/catch_test_macros.hpp>
#include <chrono>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <pqscope/libpq/cancel.hpp>
#include <pqscope/libpq/pause.hpp>
#include <string>
#include <utility>
#include <vector>

#include "integration/libpq/raw.hpp"
#include "support/eventually.hpp"

namespace {

using namespace std::chrono_literals;
using namespace pqscope::libpq;

/// A coroutine that starts at once, and is given up when its owner goes.
class task {
 public:
  struct promise_type {
    task get_return_object() {
      return task{std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };

  explicit task(std::coroutine_handle<promise_type> frame) noexcept : frame_{frame} {}
  task(task&& other) noexcept : frame_{std::exchange(other.frame_, nullptr)} {}
  task& operator=(task&&) = delete;
  ~task() {
    if (frame_) {
      frame_.destroy();
    }
  }
  bool done() const noexcept { return frame_.done(); }

 private:
  std::coroutine_handle<promise_type> frame_;
};

/// Waits for what suspended coroutines wait for, and resumes them.
class scheduler {
 public:
  struct waiting {
    scheduler& on;
    wait_for what;
    std::coroutine_handle<> frame{};
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> suspended) {
      frame = suspended;
      on.waiting_.push_back(this);
    }
    void await_resume() noexcept {}
    ~waiting() { std::erase(on.waiting_, this); }
  };

  /// Suspends the coroutine that awaits it until `what` has happened.
  waiting until(wait_for const& what) { return {*this, what}; }

  /// Waits once, and resumes whoever can go on; false if nobody waits.
  bool step() {
    if (waiting_.empty()) {
      return false;
    }
    std::vector<pollfd> sockets;
    clock::time_point next = never;
    for (waiting const* each : waiting_) {
      auto const wants = static_cast<unsigned>(each->what.what);
      auto const events = ((wants & 1U) != 0 ? POLLIN : 0) | ((wants & 2U) != 0 ? POLLOUT : 0);
      sockets.push_back({each->what.socket, static_cast<short>(events), 0});
      next = std::min(next, each->what.until);
    }
    ::poll(sockets.data(), sockets.size(), detail::poll_timeout(next));
    std::vector<waiting*> ready;
    for (std::size_t i = 0; i < sockets.size(); ++i) {
      if (sockets[i].revents != 0 || clock::now() >= waiting_[i]->what.until) {
        ready.push_back(waiting_[i]);
      }
    }
    for (waiting* const each : ready) {
      std::erase(waiting_, each);
      ++resumptions;
      each->frame.resume();
    }
    return true;
  }

  std::size_t resumptions = 0;

 private:
  std::vector<waiting*> waiting_;
};

/// `co_await` of a whole operation inside a coroutine.
#define AWAIT_OPERATION(loop, operation)                                                      \
  for (wait_for wanted = (operation).resume(); !wanted.done(); wanted = (operation).resume()) \
  co_await (loop).until(wanted)

task ask(scheduler& loop, char const* sql, std::string& answer) {
  connect_operation connecting{raw::test_parameters()};
  AWAIT_OPERATION(loop, connecting);
  auto const connection = connecting.take();
  auto requests = raw::requests({sql});
  exchange asking{connection, requests};
  AWAIT_OPERATION(loop, asking);
  answer = asking.result() == outcome::completed ? raw::value(requests[0])
                                                 : std::string{sqlstate_of(requests[0].error)};
}

/// A story with every kind of step: connect, a pipeline, a statement that takes time, a commit.
task write_row(scheduler& loop, std::string const& table, std::string const& name,
               bool& committed) {
  connect_operation connecting{raw::test_parameters({{"application_name", name}})};
  AWAIT_OPERATION(loop, connecting);
  auto const connection = connecting.take();
  std::string const insert = "INSERT INTO " + table + " VALUES (1)";
  auto requests = raw::requests({"BEGIN", insert.c_str(), "SELECT pg_sleep(0.002)"});
  exchange writing{connection, requests};
  AWAIT_OPERATION(loop, writing);
  auto sleep = raw::requests({"SELECT pg_sleep(0.002)"});
  exchange sleeping{connection, sleep};
  AWAIT_OPERATION(loop, sleeping);
  auto commit = raw::requests({"COMMIT"});
  exchange committing{connection, commit};
  AWAIT_OPERATION(loop, committing);
  committed = committing.result() == outcome::completed;
}

}  // namespace

TEST_CASE("two connections wait at once on one thread, driven by coroutines") {
  scheduler loop;
  std::string first;
  std::string second;
  auto const start = clock::now();
  auto const a = ask(loop, "SELECT 'first' FROM pg_sleep(0.3)", first);
  auto const b = ask(loop, "SELECT 'second' FROM pg_sleep(0.3)", second);
  while (loop.step()) {
  }
  auto const took = clock::now() - start;
  CHECK(a.done());
  CHECK(b.done());
  CHECK(first == "first");
  CHECK(second == "second");
  CHECK(took >= 300ms);
  CHECK(took < 500ms);
}

TEST_CASE("coroutines get errors as they get answers") {
  scheduler loop;
  std::string first;
  std::string second;
  auto const a = ask(loop, "SELECT 1/0", first);
  auto const b = ask(loop, "SELECT 'fine'", second);
  while (loop.step()) {
  }
  CHECK(first == "22012");
  CHECK(second == "fine");
  CHECK(a.done());
  CHECK(b.done());
}

namespace {

task sleep_long(scheduler& loop, connection_handle const& connection, std::string& told) {
  auto requests = raw::requests({"SELECT pg_sleep(60)"});
  exchange sleeping{connection, requests};
  AWAIT_OPERATION(loop, sleeping);
  told = std::string{sqlstate_of(requests[0].error)};
}

task cancel_until(scheduler& loop, connection_handle const& connection, std::string const& told) {
  while (told.empty()) {  // a cancel that comes before the statement has begun is lost
    cancel_operation cancel{prepare_cancel(connection)};
    AWAIT_OPERATION(loop, cancel);
    CHECK(cancel.delivered());
    pause_operation pause{clock::now() + 10ms};
    AWAIT_OPERATION(loop, pause);
  }
}

}  // namespace

TEST_CASE("one coroutine cancels what another one waits for") {
  scheduler loop;
  auto const connection = raw::connect();
  std::string told;
  auto const start = clock::now();
  auto const sleeper = sleep_long(loop, connection, told);
  auto const canceller = cancel_until(loop, connection, told);
  while (loop.step()) {
  }
  CHECK(sleeper.done());
  CHECK(canceller.done());
  CHECK(told == "57014");
  CHECK(clock::now() - start < 5s);
  raw::ensure_ready(connection);
}

TEST_CASE("a coroutine abandoned after any number of resumptions leaves no transaction open") {
  support::witness witness;
  std::string const table = support::unique_name("abandoned");
  std::string const name = support::unique_name("coroutine");
  witness.execute("CREATE TABLE " + table + " (a int)");
  long long commits = 0;
  bool whole = false;
  std::size_t abandoned = 0;
  while (!whole) {
    scheduler loop;
    bool committed = false;
    {
      auto const story = write_row(loop, table, name, committed);
      while (!story.done() && loop.resumptions < abandoned) {
        loop.step();
      }
      whole = story.done();
    }
    CHECK_FALSE(loop.step());  // nobody is left waiting
    CAPTURE(abandoned);
    REQUIRE(support::eventually([&] {
      return witness.number("SELECT count(*) FROM pg_stat_activity WHERE application_name = $1",
                            {name}) == 0;
    }));
    long long const rows = witness.count(table);
    REQUIRE(rows - commits <= 1);
    REQUIRE((whole || !committed));
    REQUIRE((!committed || rows == commits + 1));
    commits = rows;
    ++abandoned;
  }
  CHECK(abandoned >= 4);
  CHECK(commits >= 1);
  witness.execute("DROP TABLE " + table);
}
