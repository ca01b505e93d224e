// W2: rows by their key, each into a struct.

#include <pqscope/pqscope.hpp>

#include "../bench.hpp"

namespace {

void one_by_one(bench::task& todo) {
  pqscope::connection on{pqscope::config{}};
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
    {"w2", one_by_one},
};

}  // namespace
