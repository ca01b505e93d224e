// W2: rows by their key, each into a struct.

#include <pqscope/pqscope.hpp>

#include "../bench.hpp"

namespace {

void look_up(bench::task& todo, std::chrono::microseconds spin) {
  pqscope::connection on{pqscope::config{}, {.spin = spin}};
  bench::random_ids ids(todo.rows);
  auto const look = [&] {
    return bench::digest(
        on.query<bench::row>("SELECT id, name, score, at FROM bench_rows WHERE id = $1", ids.next())
            .one());
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
    {"w2", [](bench::task& todo) { look_up(todo, std::chrono::microseconds{0}); }},
    {"w2_spin", [](bench::task& todo) { look_up(todo, std::chrono::microseconds{100}); }},
};

}  // namespace
