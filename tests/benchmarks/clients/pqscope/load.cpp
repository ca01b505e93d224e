// W4: many rows into a table.

#include <pqscope/pqscope.hpp>

#include "../bench.hpp"

namespace {

template <class Load>
void run(bench::task& todo, Load const& load) {
  pqscope::connection on{pqscope::config{}};
  load(on, bench::make_rows(1, todo.warm_up));
  auto const rows = bench::make_rows(static_cast<std::int64_t>(todo.warm_up) + 1, todo.count);
  todo.start();
  load(on, rows);
  todo.stop();
}

void by_copy(bench::task& todo) {
  run(todo, [](pqscope::connection& on, std::vector<bench::row> const& rows) {
    on.copy_in("bench_load", {"id", "name", "score", "at"}, rows);
  });
}

void by_statement(bench::task& todo) {
  run(todo, [](pqscope::connection& on, std::vector<bench::row> const& rows) {
    on.execute_many("INSERT INTO bench_load (id, name, score, at) VALUES ($1, $2, $3, $4)", rows);
  });
}

bench::variant const variants[] = {
    {"w4_copy", by_copy},
    {"w4_execute_many", by_statement},
};

}  // namespace
