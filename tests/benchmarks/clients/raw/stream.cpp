// W3: all rows as they arrive, looked at one by one or put into a vector.

#include "raw.hpp"

namespace {

constexpr char const* select = "SELECT id, name, score, at FROM bench_rows";

/// Calls `use(result, row)` for each row.
template <class Use>
void stream(raw::connection const& on, char const* text, Use const& use) {
  on.require(PQsendQueryParams(on, text, 0, nullptr, nullptr, nullptr, nullptr, 1));
#ifdef LIBPQ_HAS_CHUNK_MODE
  on.require(PQsetChunkedRowsMode(on, 256));
  constexpr ExecStatusType part = PGRES_TUPLES_CHUNK;
#else
  on.require(PQsetSingleRowMode(on));
  constexpr ExecStatusType part = PGRES_SINGLE_TUPLE;
#endif
  bool checked = false;
  while (PGresult* const result = PQgetResult(on)) {
    ExecStatusType const status = PQresultStatus(result);
    if (status != part && status != PGRES_TUPLES_OK) {
      on.fail();
    }
    if (!checked) {
      raw::check_types(on, result);
      checked = true;
    }
    int const rows = PQntuples(result);
    for (int i = 0; i < rows; ++i) {
      use(result, i);
    }
    PQclear(result);
  }
}

void warm(raw::connection const& on) {
  stream(on, "SELECT id, name, score, at FROM bench_rows LIMIT 100",
         [](PGresult const* from, int row) { bench::keep(raw::read_row<bench::row>(from, row)); });
}

void one_by_one(bench::task& todo) {
  raw::connection const on;
  warm(on);
  todo.start();
  stream(on, select, [&](PGresult const* from, int row) {
    todo.checksum += bench::digest(raw::read_row<bench::row_view>(from, row));
  });
  todo.stop();
}

void into_vector(bench::task& todo) {
  raw::connection const on;
  warm(on);
  todo.start();
  std::vector<bench::row> rows;
  stream(on, select, [&](PGresult const* from, int row) {
    rows.push_back(raw::read_row<bench::row>(from, row));
  });
  todo.stop();
  for (bench::row const& each : rows) {
    todo.checksum += bench::digest(each);
  }
}

/// A whole result first, which is what PQexec gives.
void whole_result(bench::task& todo) {
  raw::connection const on;
  warm(on);
  todo.start();
  PGresult* const result = PQexecParams(on, select, 0, nullptr, nullptr, nullptr, nullptr, 1);
  if (PQresultStatus(result) != PGRES_TUPLES_OK) {
    on.fail();
  }
  raw::check_types(on, result);
  int const count = PQntuples(result);
  std::vector<bench::row> rows;
  rows.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    rows.push_back(raw::read_row<bench::row>(result, i));
  }
  PQclear(result);
  todo.stop();
  for (bench::row const& each : rows) {
    todo.checksum += bench::digest(each);
  }
}

/// COPY in place of SELECT.
void by_copy(bench::task& todo) {
  raw::connection const on;
  warm(on);
  todo.start();
  on.expect(
      PQexec(on, "COPY (SELECT id, name, score, at FROM bench_rows) TO STDOUT (FORMAT binary)"),
      PGRES_COPY_OUT);
  constexpr int head = 19;
  constexpr int numbers = 2 + 4 + 8 + 4 + 4 + 8 + 4 + 8;  // all of a row but its text
  bool begun = false;
  char* piece = nullptr;
  int size = 0;
  while ((size = PQgetCopyData(on, &piece, 0)) > 0) {
    char const* at = piece + (begun ? 0 : head);
    begun = true;
    if (size >= numbers) {
      std::int32_t text = 0;
      std::memcpy(&text, at + 14, sizeof text);
      text = static_cast<std::int32_t>(__builtin_bswap32(static_cast<std::uint32_t>(text)));
      char const* const behind = at + 18 + text;
      bench::row_view const got{.id = raw::get_int8(at + 6),
                                .name = {at + 18, static_cast<std::size_t>(text)},
                                .score = std::bit_cast<double>(raw::get_int8(behind + 4)),
                                .at = bench::time_point{std::chrono::microseconds{
                                    raw::get_int8(behind + 16) + raw::server_epoch}}};
      todo.checksum += bench::digest(got);
    }
    PQfreemem(piece);
  }
  on.expect(PQgetResult(on), PGRES_COMMAND_OK);
  PQclear(PQgetResult(on));
  todo.stop();
}

bench::variant const variants[] = {
    {"w3_stream", one_by_one},
    {"w3_vector", into_vector},
    {"w3_vector_whole", whole_result},
    {"w3_copy", by_copy},
};

}  // namespace
