// W2: rows by their key, each into a struct.

#include "pqxx.hpp"

namespace {

void one_by_one(bench::task& todo) {
  pqxx::connection on{""};
  on.prepare("select", "SELECT id, name, score, at FROM bench_rows WHERE id = $1");
  pqxx::nontransaction scope{on};
  bench::random_ids ids(todo.rows);
  auto const look = [&] {
    return bench::digest(via_pqxx::read_row(scope.exec_prepared1("select", ids.next())));
  };
  for (std::size_t i = 0; i < todo.warm_up; ++i) {
    look();
  }
  todo.start();
  for (std::size_t i = 0; i < todo.count; ++i) {
    todo.checksum += look();
  }
  todo.stop();
}

bench::variant const variants[] = {
    {"w2", one_by_one},
};

}  // namespace
