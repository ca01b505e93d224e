// W1: one INSERT in a transaction of its own.

#include "raw.hpp"

namespace {

constexpr char const* insert =
    "INSERT INTO bench_insert (id, name, score, at) VALUES ($1, $2, $3, $4)";

void prepare(raw::connection const& on) {
  on.prepare("begin", "BEGIN");
  on.prepare("insert", insert, 4, raw::row_types);
  on.prepare("commit", "COMMIT");
}

void send(raw::connection const& on, char const* name) {
  on.require(PQsendQueryPrepared(on, name, 0, nullptr, nullptr, nullptr, 0));
}

void send_insert(raw::connection const& on, bench::row const& what) {
  raw::row_parameters const values(what);
  on.require(
      PQsendQueryPrepared(on, "insert", 4, values.values(), values.lengths(), values.formats(), 1));
}

/// Ends a unit of the pipeline, and takes the answers to its statements.
void sync(raw::connection const& on, int statements) {
  on.require(PQpipelineSync(on));
  for (int i = 0; i < statements; ++i) {
    on.expect(PQgetResult(on), PGRES_COMMAND_OK);
    PQclear(PQgetResult(on));
  }
  on.expect(PQgetResult(on), PGRES_PIPELINE_SYNC);
}

template <class Insert>
void run(bench::task& todo, Insert const& insert_one) {
  auto const rows = bench::make_rows(1, todo.warm_up + todo.count);
  for (std::size_t i = 0; i < todo.warm_up; ++i) {
    insert_one(rows[i]);
  }
  todo.start();
  for (std::size_t i = todo.warm_up; i < rows.size(); ++i) {
    insert_one(rows[i]);
  }
  todo.stop();
}

void one_trip(bench::task& todo) {
  raw::connection const on;
  prepare(on);
  on.require(PQenterPipelineMode(on));
  run(todo, [&](bench::row const& what) {
    send(on, "begin");
    send_insert(on, what);
    send(on, "commit");
    sync(on, 3);
  });
}

void two_trips(bench::task& todo) {
  raw::connection const on;
  prepare(on);
  on.require(PQenterPipelineMode(on));
  run(todo, [&](bench::row const& what) {
    send(on, "begin");
    send_insert(on, what);
    sync(on, 2);
    send(on, "commit");
    sync(on, 1);
  });
}

void three_trips(bench::task& todo) {
  raw::connection const on;
  prepare(on);
  run(todo, [&](bench::row const& what) {
    on.execute("BEGIN");
    raw::row_parameters const values(what);
    on.expect(
        PQexecPrepared(on, "insert", 4, values.values(), values.lengths(), values.formats(), 1),
        PGRES_COMMAND_OK);
    on.execute("COMMIT");
  });
}

bench::variant const variants[] = {
    {"w1_pipeline", one_trip},
    {"w1_two_trips", two_trips},
    {"w1_three_trips", three_trips},
};

}  // namespace
