// W1: one INSERT in a transaction of its own.

#include "pqxx.hpp"

namespace {

void in_work(bench::task& todo) {
  pqxx::connection on{""};
  on.prepare("insert", "INSERT INTO bench_insert (id, name, score, at) VALUES ($1, $2, $3, $4)");
  auto const insert = [&](bench::row const& what) {
    pqxx::work scope{on};
    scope.exec_prepared0("insert", what.id, what.name, what.score, via_pqxx::write_moment(what.at));
    scope.commit();
  };
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

bench::variant const variants[] = {
    {"w1", in_work},
};

}  // namespace
