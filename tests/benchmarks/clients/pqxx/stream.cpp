// W3: all rows as they arrive, looked at one by one or put into a vector.

#include <cstdlib>
#include <memory>
#include <tuple>

#include "pqxx.hpp"

namespace {

/// In zeroed memory: libpqxx 6.4 forgets to initialize `m_retry_line`.
class stream_from {
 public:
  explicit stream_from(pqxx::work& scope)
      : memory_{std::calloc(1, sizeof(pqxx::stream_from))},
        rows_{new(memory_) pqxx::stream_from{
            scope, "bench_rows", std::vector<std::string>{"id", "name", "score", "at"}}} {}
  stream_from(stream_from const&) = delete;
  stream_from& operator=(stream_from const&) = delete;
  ~stream_from() {
    std::destroy_at(rows_);
    std::free(memory_);
  }
  pqxx::stream_from& rows() { return *rows_; }

 private:
  void* memory_;
  pqxx::stream_from* rows_;
};

void one_by_one(bench::task& todo) {
  pqxx::connection on{""};
  pqxx::work scope{on};
  todo.start();
  stream_from stream{scope};
  std::tuple<std::int64_t, std::string, double, std::string> got;
  while (stream.rows() >> got) {
    auto& [id, name, score, at] = got;
    todo.checksum += bench::digest(bench::row_view{
        .id = id, .name = name, .score = score, .at = via_pqxx::read_moment(at.data(), at.size())});
  }
  stream.rows().complete();
  todo.stop();
}

void into_vector(bench::task& todo) {
  pqxx::connection on{""};
  pqxx::work scope{on};
  todo.start();
  pqxx::result const result = scope.exec("SELECT id, name, score, at FROM bench_rows");
  std::vector<bench::row> rows;
  rows.reserve(result.size());
  for (pqxx::row const& each : result) {
    rows.push_back(via_pqxx::read_row(each));
  }
  todo.stop();
  for (bench::row const& each : rows) {
    todo.checksum += bench::digest(each);
  }
}

bench::variant const variants[] = {
    {"w3_stream", one_by_one},
    {"w3_vector", into_vector},
};

}  // namespace
