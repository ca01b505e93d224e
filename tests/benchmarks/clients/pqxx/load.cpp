// W4: many rows into a table.

#include <tuple>

#include "pqxx.hpp"

namespace {

template <class Load>
void run(bench::task& todo, Load const& load) {
  pqxx::connection on{""};
  on.prepare("insert", "INSERT INTO bench_load (id, name, score, at) VALUES ($1, $2, $3, $4)");
  load(on, bench::make_rows(1, todo.warm_up));
  auto const rows = bench::make_rows(static_cast<std::int64_t>(todo.warm_up) + 1, todo.count);
  todo.start();
  load(on, rows);
  todo.stop();
}

pqxx::stream_to open_table(pqxx::work& scope) {
#if PQXX_VERSION_MAJOR >= 7
  return pqxx::stream_to::table(scope, {"bench_load"}, {"id", "name", "score", "at"});
#else
  return {scope, "bench_load", std::vector<std::string>{"id", "name", "score", "at"}};
#endif
}

void by_copy(bench::task& todo) {
  run(todo, [](pqxx::connection& on, std::vector<bench::row> const& rows) {
    pqxx::work scope{on};
    pqxx::stream_to table = open_table(scope);
    for (bench::row const& each : rows) {
      table << std::make_tuple(each.id, each.name, each.score, via_pqxx::write_moment(each.at));
    }
    table.complete();
    scope.commit();
  });
}

void by_statement(bench::task& todo) {
  run(todo, [](pqxx::connection& on, std::vector<bench::row> const& rows) {
    pqxx::work scope{on};
    for (bench::row const& each : rows) {
      scope.exec_prepared0("insert", each.id, each.name, each.score,
                           via_pqxx::write_moment(each.at));
    }
    scope.commit();
  });
}

bench::variant const variants[] = {
    {"w4_copy", by_copy},
    {"w4_statements", by_statement},
};

}  // namespace
