// W2: rows by their key, each into a struct.

#include "raw.hpp"

namespace {

constexpr char const* select = "SELECT id, name, score, at FROM bench_rows WHERE id = $1";
constexpr int length = 8;
constexpr int binary = 1;

std::uint64_t digest_of(PGresult* result, raw::connection const& on) {
  if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1) {
    on.fail();
  }
  auto const found = raw::read_row<bench::row>(result, 0);
  PQclear(result);
  return bench::digest(found);
}

void one_by_one(bench::task& todo) {
  raw::connection const on;
  on.prepare("select", select, 1, raw::row_types);
  bench::random_ids ids(todo.rows);
  auto const look = [&] {
    char key[8];
    raw::put(key, ids.next());
    char const* const value = key;
    return digest_of(PQexecPrepared(on, "select", 1, &value, &length, &binary, 1), on);
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

void ten_at_once(bench::task& todo) {
  constexpr std::size_t batch = 10;
  raw::connection const on;
  on.prepare("select", select, 1, raw::row_types);
  on.require(PQenterPipelineMode(on));
  bench::random_ids ids(todo.rows);
  auto const look = [&](std::size_t count) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < count; ++i) {
      char key[8];
      raw::put(key, ids.next());
      char const* const value = key;
      on.require(PQsendQueryPrepared(on, "select", 1, &value, &length, &binary, 1));
    }
    on.require(PQpipelineSync(on));
    for (std::size_t i = 0; i < count; ++i) {
      sum += digest_of(PQgetResult(on), on);
      PQclear(PQgetResult(on));
    }
    on.expect(PQgetResult(on), PGRES_PIPELINE_SYNC);
    return sum;
  };
  auto const look_at = [&](std::size_t count) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < count; i += batch) {
      sum += look(std::min(batch, count - i));
    }
    return sum;
  };
  look_at(todo.warm_up);
  todo.start();
  todo.checksum = look_at(todo.count);
  todo.stop();
}

bench::variant const variants[] = {
    {"w2", one_by_one},
    {"w2_pipelined", ten_at_once},
};

}  // namespace
