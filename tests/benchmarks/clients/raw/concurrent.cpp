// W8 by hand: a state machine for each connection, over epoll.

#include "../concurrent.hpp"

#include <deque>

#include "raw.hpp"

namespace {

constexpr char const* select = "SELECT id, name, score, at FROM bench_rows WHERE id = $1";
constexpr int length = 8;
constexpr int binary = 1;

/// Keeps `depth` statements under way on each connection, until `count` are done.
class pump {
 public:
  pump(std::size_t rows, std::size_t depth) : ids_{rows}, depth_{depth} {
    for (std::size_t i = 0; i < bench::lines; ++i) {
      raw::connection const& on = lines_.emplace_back().on;
      on.prepare("select", select, 1, raw::row_types);
      on.require(PQsetnonblocking(on, 1) == 0 ? 1 : 0);
      if (depth > 1) {
        on.require(PQenterPipelineMode(on));
      }
      events_.add(PQsocket(on), i);
    }
  }

  std::uint64_t run(std::size_t count) {
    to_start_ = count;
    to_end_ = count;
    sum_ = 0;
    for (line& each : lines_) {
      for (std::size_t i = 0; i < depth_; ++i) {
        start(each);
      }
      flush(each.on);
    }
    while (to_end_ > 0) {
      events_.wait([&](std::size_t number) {
        line& ready = lines_[number];
        ready.on.require(PQconsumeInput(ready.on));
        while (ready.under_way > 0 && PQisBusy(ready.on) == 0) {
          take(ready, PQgetResult(ready.on));
        }
        flush(ready.on);
      });
    }
    return sum_;
  }

 private:
  struct line {
    raw::connection on{};
    std::size_t under_way = 0;
  };

  void start(line& on) {
    if (to_start_ == 0) {
      return;
    }
    --to_start_;
    ++on.under_way;
    char key[8];
    raw::put(key, ids_.next());
    char const* const value = key;
    on.on.require(PQsendQueryPrepared(on.on, "select", 1, &value, &length, &binary, 1));
    if (depth_ > 1) {
      on.on.require(PQpipelineSync(on.on));
    }
  }
  // Requests are short: a socket that does not take them is that of a server that has gone.
  static void flush(raw::connection const& on) { on.require(PQflush(on) == 0 ? 1 : 0); }

  void take(line& on, PGresult* result) {
    ExecStatusType const status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK && PQntuples(result) == 1) {
      sum_ += bench::digest(raw::read_row<bench::row>(result, 0));
      --to_end_;
    } else if (result != nullptr && status != PGRES_PIPELINE_SYNC) {
      on.on.fail();
    }
    PQclear(result);
    // A statement ends with no result, in a pipeline with that of its Sync.
    if (depth_ == 1 ? result == nullptr : status == PGRES_PIPELINE_SYNC) {
      --on.under_way;
      start(on);
    }
  }

  std::deque<line> lines_;
  bench::event_queue events_;
  bench::random_ids ids_;
  std::size_t depth_;
  std::size_t to_start_ = 0;
  std::size_t to_end_ = 0;
  std::uint64_t sum_ = 0;
};

template <std::size_t Depth>
void look_up(bench::task& todo) {
  pump of{todo.rows, Depth};
  of.run(todo.warm_up);
  todo.start();
  todo.checksum = of.run(todo.count);
  todo.stop();
}

bench::variant const variants[] = {
    {"w8", look_up<1>},
    {"w8_four_at_once", look_up<bench::callers / bench::lines>},
};

}  // namespace
