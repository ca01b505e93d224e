// W4: many rows into a table.

#include <poll.h>

#include "raw.hpp"

namespace {

constexpr char const* insert =
    "INSERT INTO bench_load (id, name, score, at) VALUES ($1, $2, $3, $4)";

using records = std::vector<bench::row>;

template <class Load>
void run(bench::task& todo, Load const& load) {
  load(bench::make_rows(1, todo.warm_up));
  auto const rows = bench::make_rows(static_cast<std::int64_t>(todo.warm_up) + 1, todo.count);
  todo.start();
  load(rows);
  todo.stop();
}

void load_by_copy(raw::connection const& on, records const& rows) {
  constexpr std::size_t block = 65'536;
  constexpr std::size_t numbers = 2 + 4 + 8 + 4 + 4 + 8 + 4 + 8;
  on.expect(PQexec(on, "COPY bench_load (id, name, score, at) FROM STDIN (FORMAT binary)"),
            PGRES_COPY_IN);
  std::vector<char> buffer(2 * block);
  char* to = buffer.data();
  std::memcpy(to, "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);
  to += 19;
  auto const flush = [&] {
    on.require(PQputCopyData(on, buffer.data(), static_cast<int>(to - buffer.data())));
    to = buffer.data();
  };
  for (bench::row const& each : rows) {
    if (static_cast<std::size_t>(to - buffer.data()) + numbers + each.name.size() > block) {
      flush();
    }
    raw::put(to, std::int16_t{4});
    raw::put(to + 2, std::int32_t{8});
    raw::put(to + 6, each.id);
    raw::put(to + 14, static_cast<std::int32_t>(each.name.size()));
    std::memcpy(to + 18, each.name.data(), each.name.size());
    to += 18 + each.name.size();
    raw::put(to, std::int32_t{8});
    raw::put(to + 4, std::bit_cast<std::int64_t>(each.score));
    raw::put(to + 12, std::int32_t{8});
    raw::put(to + 16, raw::count_of(each.at));
    to += 24;
  }
  raw::put(to, std::int16_t{-1});
  to += 2;
  flush();
  on.require(PQputCopyEnd(on, nullptr));
  on.expect(PQgetResult(on), PGRES_COMMAND_OK);
  PQclear(PQgetResult(on));
}

/// Sends records by one prepared statement, and takes the answers meanwhile.
class pipeline {
 public:
  explicit pipeline(raw::connection const& on) : on_{on} {}

  void send(records const& rows) {
    constexpr std::size_t between = 256;
    std::size_t sent = 0;
    for (bench::row const& each : rows) {
      raw::row_parameters const values(each);
      on_.require(PQsendQueryPrepared(on_, "insert", 4, values.values(), values.lengths(),
                                      values.formats(), 1));
      if (++sent % between == 0) {
        exchange();
      }
    }
    on_.require(PQpipelineSync(on_));
    exchange();
    while (!synced_) {
      wait(POLLIN, -1);
    }
    if (taken_ != rows.size()) {
      on_.fail();
    }
  }

 private:
  /// Sends what is buffered; takes the answers that are there before it is sent.
  void exchange() {
    for (;;) {
      int const left = PQflush(on_);
      if (left < 0) {
        on_.fail();
      }
      if (left == 0) {
        wait(POLLIN, 0);
        return;
      }
      wait(POLLIN | POLLOUT, -1);
    }
  }

  void wait(short what, int timeout) {
    pollfd ready{.fd = PQsocket(on_), .events = what, .revents = 0};
    poll(&ready, 1, timeout);
    if ((ready.revents & POLLIN) == 0) {
      return;
    }
    on_.require(PQconsumeInput(on_));
    while (!synced_ && PQisBusy(on_) == 0) {
      PGresult* const answer = PQgetResult(on_);
      if (PQresultStatus(answer) == PGRES_PIPELINE_SYNC) {
        synced_ = true;
        PQclear(answer);
      } else {
        on_.expect(answer, PGRES_COMMAND_OK);
        PQclear(PQgetResult(on_));
        ++taken_;
      }
    }
  }

  raw::connection const& on_;
  std::size_t taken_ = 0;
  bool synced_ = false;
};

void load_by_unnest(raw::connection const& on, records const& rows) {
  std::size_t text = 0;
  for (bench::row const& each : rows) {
    text += each.name.size();
  }
  std::size_t const count = rows.size();
  raw::array ids(raw::int8_oid, count, 8 * count);
  raw::array names(raw::text_oid, count, text);
  raw::array scores(raw::float8_oid, count, 8 * count);
  raw::array moments(raw::timestamptz_oid, count, 8 * count);
  for (bench::row const& each : rows) {
    ids.add(each.id);
    names.add(each.name);
    scores.add(std::bit_cast<std::int64_t>(each.score));
    moments.add(raw::count_of(each.at));
  }
  char const* const values[] = {ids.data(), names.data(), scores.data(), moments.data()};
  int const lengths[] = {ids.size(), names.size(), scores.size(), moments.size()};
  int const formats[] = {1, 1, 1, 1};
  on.expect(PQexecPrepared(on, "unnest", 4, values, lengths, formats, 1), PGRES_COMMAND_OK);
}

void by_copy(bench::task& todo) {
  raw::connection const on;
  run(todo, [&](records const& rows) { load_by_copy(on, rows); });
}

void by_pipeline(bench::task& todo) {
  raw::connection const on;
  on.prepare("insert", insert, 4, raw::row_types);
  on.require(PQenterPipelineMode(on));
  if (PQsetnonblocking(on, 1) != 0) {
    on.fail();
  }
  run(todo, [&](records const& rows) { pipeline(on).send(rows); });
}

void by_unnest(bench::task& todo) {
  raw::connection const on;
  on.prepare("unnest",
             "INSERT INTO bench_load (id, name, score, at) SELECT * FROM "
             "unnest($1::int8[], $2::text[], $3::float8[], $4::timestamptz[])");
  run(todo, [&](records const& rows) { load_by_unnest(on, rows); });
}

bench::variant const variants[] = {
    {"w4_copy", by_copy},
    {"w4_pipeline", by_pipeline},
    {"w4_unnest", by_unnest},
};

}  // namespace
