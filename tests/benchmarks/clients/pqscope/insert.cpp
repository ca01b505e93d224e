// W1: one INSERT in a transaction of its own.

#include <pqscope/pqscope.hpp>

#include "../bench.hpp"

namespace {

template <class Insert>
void run(bench::task& todo, Insert const& insert) {
  auto const rows = bench::make_rows(1, todo.warm_up + todo.count);
  for (std::size_t i = 0; i < todo.warm_up; ++i) {
    insert(rows[i]);
  }
  todo.start();
  for (std::size_t i = todo.warm_up; i < rows.size(); ++i) {
    insert(rows[i]);
  }
  todo.stop();
}

template <class Db>
void execute(bench::task& todo, Db& db) {
  run(todo, [&](bench::row const& what) {
    pqscope::with_session(db, [&](pqscope::session& s) {
      s.execute("INSERT INTO bench_insert (id, name, score, at) VALUES ($1, $2, $3, $4)", what.id,
                what.name, what.score, what.at);
    });
  });
}

void on_engine(bench::task& todo) {
  pqscope::engine db{pqscope::config{}};
  execute(todo, db);
}

void on_pool(bench::task& todo) {
  pqscope::pool db{pqscope::config{}};
  execute(todo, db);
}

void on_connection(bench::task& todo) {
  pqscope::connection db{pqscope::config{}};
  execute(todo, db);
}

void deferred(bench::task& todo) {
  pqscope::engine db{pqscope::config{}};
  run(todo, [&](bench::row const& what) {
    pqscope::with_session(db, [&](pqscope::session& s) {
      s.defer("INSERT INTO bench_insert (id, name, score, at) VALUES ($1, $2, $3, $4)", what.id,
              what.name, what.score, what.at);
    });
  });
}

bench::variant const variants[] = {
    {"w1_engine", on_engine},
    {"w1_pool", on_pool},
    {"w1_connection", on_connection},
    {"w1_deferred", deferred},
};

}  // namespace
