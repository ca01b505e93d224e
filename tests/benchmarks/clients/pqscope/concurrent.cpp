// W8: each caller is a coroutine; the operations of floor 0 are what it waits for, over epoll.

#include <pqscope/pqscope.hpp>

#include "../concurrent.hpp"

#include <coroutine>
#include <deque>
#include <exception>
#include <vector>

#include "../bench.hpp"

namespace {

namespace libpq = pqscope::libpq;
using row = bench::row;

/// A coroutine that starts at once and is freed when it ends.
struct caller {
  struct promise_type {
    caller get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
  };
};

/// Connections that callers share, one statement at a time each.
class switchboard {
 public:
  struct line {
    libpq::connection_handle handle{};
    std::coroutine_handle<> waiting{};  // for the server
    bool wants_output = false;
    std::size_t number = 0;
  };

  switchboard() {
    constexpr pqscope::oid_t key[] = {pqscope::oid::int8};
    for (std::size_t i = 0; i < bench::lines; ++i) {
      pqscope::connection on{pqscope::config{}};
      line& each = lines_.emplace_back();
      each.handle = libpq::connection_handle{std::move(on).release()};
      each.number = i;
      libpq::request request{.kind = libpq::request_kind::prepare,
                             .text = "SELECT id, name, score, at FROM bench_rows WHERE id = $1",
                             .name = "select",
                             .parameters = {.count = 1, .types = key}};
      libpq::exchange preparing{each.handle, {&request, 1}};
      events_.add(preparing.resume().socket, i);
      libpq::drive(preparing, {});
      idle_.push_back(&each);
    }
  }

  /// `co_await` gives a line that nobody has.
  auto take() {
    struct awaiter {
      switchboard& of;
      bool await_ready() const noexcept { return !of.idle_.empty(); }
      void await_suspend(std::coroutine_handle<> frame) { of.queue_.push_back(frame); }
      line& await_resume() {
        line& taken = *of.idle_.back();
        of.idle_.pop_back();
        return taken;
      }
    };
    return awaiter{*this};
  }
  void give_back(line& had) {
    idle_.push_back(&had);
    if (!queue_.empty()) {
      std::coroutine_handle<> const next = queue_.front();
      queue_.pop_front();
      next.resume();
    }
  }
  /// `co_await` waits for what an operation on a line waits for.
  auto ready(line& of, libpq::wait_for const& what) {
    struct awaiter {
      line& of;
      bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<> frame) noexcept { of.waiting = frame; }
      void await_resume() const noexcept {}
    };
    bool const output = what.what == libpq::readiness::either;
    if (output != of.wants_output) {
      of.wants_output = output;
      events_.change(what.socket, of.number, output);
    }
    return awaiter{of};
  }
  void turn() {
    events_.wait([this](std::size_t number) { lines_[number].waiting.resume(); });
  }

 private:
  std::deque<line> lines_;
  std::vector<line*> idle_;
  std::deque<std::coroutine_handle<>> queue_;
  bench::event_queue events_;
};

struct work {
  bench::random_ids ids;
  std::size_t to_start = 0;
  std::size_t to_end = 0;
  std::uint64_t sum = 0;
};

caller look_up(switchboard& board, work& todo) {
  while (todo.to_start > 0) {
    --todo.to_start;
    switchboard::line& on = co_await board.take();
    pqscope::parameter_list key;
    key.add(todo.ids.next(), std::source_location::current());
    libpq::request request{.kind = libpq::request_kind::execute_prepared,
                           .name = "select",
                           .parameters = key.view(),
                           .format = libpq::value_format::binary};
    libpq::exchange asking{on.handle, {&request, 1}};
    for (libpq::wait_for next = asking.resume(); !next.done(); next = asking.resume()) {
      co_await board.ready(on, next);
    }
    pqscope::rows<row> const found{std::move(request.answer), std::source_location::current(), {}};
    todo.sum += bench::digest(found.one());
    --todo.to_end;
    board.give_back(on);
  }
}

std::uint64_t run(switchboard& board, bench::random_ids& ids, std::size_t count) {
  work todo{.ids = ids, .to_start = count, .to_end = count};
  for (std::size_t i = 0; i < bench::callers; ++i) {
    look_up(board, todo);
  }
  while (todo.to_end > 0) {
    board.turn();
  }
  ids = todo.ids;
  return todo.sum;
}

void by_coroutines(bench::task& todo) {
  switchboard board;
  bench::random_ids ids{todo.rows};
  run(board, ids, todo.warm_up);
  todo.start();
  todo.checksum = run(board, ids, todo.count);
  todo.stop();
}

bench::variant const variants[] = {
    {"w8", by_coroutines},
};

}  // namespace
