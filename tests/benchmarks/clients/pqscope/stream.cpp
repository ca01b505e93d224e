// W3: all rows as they arrive, looked at one by one or put into a vector.

#include <pqscope/pqscope.hpp>

#include "../bench.hpp"

namespace {

void warm(pqscope::connection& on) {
  for (bench::row const& each :
       on.stream<bench::row>("SELECT id, name, score, at FROM bench_rows LIMIT 100")) {
    bench::keep(each);
  }
}

void one_by_one(bench::task& todo) {
  pqscope::connection on{pqscope::config{}};
  warm(on);
  todo.start();
  for (bench::row_view const& each :
       on.stream<bench::row_view>("SELECT id, name, score, at FROM bench_rows")) {
    todo.checksum += bench::digest(each);
  }
  todo.stop();
}

void by_copy(bench::task& todo) {
  pqscope::connection on{pqscope::config{}};
  warm(on);
  todo.start();
  for (bench::row_view const& each :
       on.copy_out<bench::row_view>("SELECT id, name, score, at FROM bench_rows")) {
    todo.checksum += bench::digest(each);
  }
  todo.stop();
}

template <class Read>
void into_vector(bench::task& todo, Read const& read) {
  pqscope::connection on{pqscope::config{}};
  warm(on);
  todo.start();
  std::vector<bench::row> const rows = read(on);
  todo.stop();
  for (bench::row const& each : rows) {
    todo.checksum += bench::digest(each);
  }
}

void all_of_stream(bench::task& todo) {
  into_vector(todo, [](pqscope::connection& on) {
    return on.stream<bench::row>("SELECT id, name, score, at FROM bench_rows").all();
  });
}

void all_of_query(bench::task& todo) {
  into_vector(todo, [](pqscope::connection& on) {
    return on.query<bench::row>("SELECT id, name, score, at FROM bench_rows").all();
  });
}

bench::variant const variants[] = {
    {"w3_stream", one_by_one},
    {"w3_copy", by_copy},
    {"w3_vector", all_of_stream},
    {"w3_vector_query", all_of_query},
};

}  // namespace
