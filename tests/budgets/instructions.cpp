// Carries out `count` units of one workload, by hand or by the library, for callgrind to count
// their instructions: instructions WORKLOAD CLIENT COUNT URL. Prints a checksum over all decoded
// fields.

#include <pqscope/pqscope.hpp>

#include <libpq-fe.h>
#include <poll.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

using timestamp = std::chrono::sys_time<std::chrono::microseconds>;

struct row {
  std::int64_t id;
  std::string text;
  double number;
  timestamp time;
};

struct checksum {
  std::uint64_t sum = 0;

  void add(std::uint64_t value) { sum = (sum ^ value) * 0x00000100000001b3U; }
  void add(row const& each) {
    std::uint64_t number = 0;
    std::memcpy(&number, &each.number, sizeof number);
    add(static_cast<std::uint64_t>(each.id));
    add(each.text.size() + static_cast<unsigned char>(each.text.back()));
    add(number);
    add(static_cast<std::uint64_t>(each.time.time_since_epoch().count()));
  }
};

[[noreturn]] void fail(char const* what) {
  std::fprintf(stderr, "%s\n", what);
  std::exit(1);
}

constexpr char const* rows_sql =
    "SELECT i::int8 AS id, lpad(i::text, 20, 'x') AS text, i / 4.0::float8 AS number, "
    "timestamptz '2024-01-01' + i * interval '1 second' AS time FROM generate_series(1, $1) AS i";

std::uint64_t big_endian(char const* at) {
  std::uint64_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return __builtin_bswap64(value);
}

// What somebody careful writes: non-blocking sending, waiting in poll, every result read. Calls
// `take` with each of them.
template <class Take>
void each_by_hand(PGconn* conn, Take const& take) {
  while (PQflush(conn) > 0) {
    pollfd wait{PQsocket(conn), POLLIN | POLLOUT, 0};
    poll(&wait, 1, -1);
    if (PQconsumeInput(conn) == 0) {
      fail(PQerrorMessage(conn));
    }
  }
  for (;;) {
    while (PQisBusy(conn) != 0) {
      pollfd wait{PQsocket(conn), POLLIN, 0};
      poll(&wait, 1, -1);
      if (PQconsumeInput(conn) == 0) {
        fail(PQerrorMessage(conn));
      }
    }
    PGresult* const next = PQgetResult(conn);
    if (next == nullptr) {
      return;
    }
    if (PQresultStatus(next) == PGRES_FATAL_ERROR) {
      fail(PQresultErrorMessage(next));
    }
    take(next);
  }
}

PGresult* by_hand(PGconn* conn) {
  PGresult* only = nullptr;
  each_by_hand(conn, [&](PGresult* result) {
    if (only != nullptr) {
      fail("two results");
    }
    only = result;
  });
  return only;
}

row read_by_hand(PGresult const* result, int at) {
  constexpr auto epoch = std::chrono::sys_days{std::chrono::year{2000} / 1 / 1};
  row each;
  for (int column = 0; column < 4; ++column) {
    if (PQgetisnull(result, at, column) != 0) {
      fail("NULL");
    }
  }
  if (PQgetlength(result, at, 0) != 8 || PQgetlength(result, at, 2) != 8 ||
      PQgetlength(result, at, 3) != 8) {
    fail("length");
  }
  each.id = static_cast<std::int64_t>(big_endian(PQgetvalue(result, at, 0)));
  each.text.assign(PQgetvalue(result, at, 1), static_cast<std::size_t>(PQgetlength(result, at, 1)));
  std::uint64_t const bits = big_endian(PQgetvalue(result, at, 2));
  std::memcpy(&each.number, &bits, sizeof bits);
  each.time = epoch + std::chrono::microseconds{
                          static_cast<std::int64_t>(big_endian(PQgetvalue(result, at, 3)))};
  return each;
}

void send_by_hand(PGconn* conn, long count) {
  Oid const types[] = {20};
  std::uint64_t const number = __builtin_bswap64(static_cast<std::uint64_t>(count));
  char const* const values[] = {reinterpret_cast<char const*>(&number)};
  int const lengths[] = {8};
  int const formats[] = {1};
  if (PQsendQueryParams(conn, rows_sql, 1, types, values, lengths, formats, 1) == 0) {
    fail(PQerrorMessage(conn));
  }
}

constexpr char const* select_sql =
    "SELECT $1::int8 AS id, lpad('17', 20, 'x') AS text, 0.25::float8 AS number, "
    "timestamptz '2024-01-01' AS time";

constexpr long rows_kept = 1000;

void raw_rows(PGconn* conn, long count, checksum& sum) {
  send_by_hand(conn, rows_kept);
  PGresult* const result = by_hand(conn);
  for (long done = 0; done < count; done += rows_kept) {
    for (int i = 0, rows = PQntuples(result); i < rows; ++i) {
      sum.add(read_by_hand(result, i));
    }
  }
  PQclear(result);
}

void raw_arrivals(PGconn* conn, long count, checksum& sum) {
  send_by_hand(conn, count);
#ifdef LIBPQ_HAS_CHUNK_MODE
  bool const apart = PQsetChunkedRowsMode(conn, 256) != 0;
#else
  bool const apart = PQsetSingleRowMode(conn) != 0;
#endif
  if (!apart) {
    fail("rows do not arrive by and by");
  }
  std::vector<row> all;
  each_by_hand(conn, [&](PGresult* result) {
    for (int i = 0, rows = PQntuples(result); i < rows; ++i) {
      all.push_back(read_by_hand(result, i));
    }
    PQclear(result);
  });
  for (row const& each : all) {
    sum.add(each);
  }
}

// A statement that is prepared once; calls `take` with the result of each execution.
template <class Take>
void each_prepared(PGconn* conn, char const* sql, long count, Take const& take) {
  Oid const types[] = {20};
  if (PQsendPrepare(conn, "s", sql, 1, types) == 0) {
    fail(PQerrorMessage(conn));
  }
  PQclear(by_hand(conn));
  for (long i = 0; i < count; ++i) {
    std::uint64_t const number = __builtin_bswap64(static_cast<std::uint64_t>(i));
    char const* const values[] = {reinterpret_cast<char const*>(&number)};
    int const lengths[] = {8};
    int const formats[] = {1};
    if (PQsendQueryPrepared(conn, "s", 1, values, lengths, formats, 1) == 0) {
      fail(PQerrorMessage(conn));
    }
    PGresult* const result = by_hand(conn);
    take(result);
    PQclear(result);
  }
}

void raw_statements(PGconn* conn, long count, checksum& sum) {
  each_prepared(conn, "SELECT $1 + 1", count,
                [&](PGresult const* result) { sum.add(big_endian(PQgetvalue(result, 0, 0))); });
}

void raw_selects(PGconn* conn, long count, checksum& sum) {
  each_prepared(conn, select_sql, count,
                [&](PGresult const* result) { sum.add(read_by_hand(result, 0)); });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    fail("instructions rows|arrivals|statements|selects raw|pqscope COUNT URL");
  }
  std::string_view const workload = argv[1];
  std::string_view const client = argv[2];
  long const count = std::strtol(argv[3], nullptr, 10);
  checksum sum;
  if (client == "raw") {
    PGconn* const conn = PQconnectdb(argv[4]);
    if (PQstatus(conn) != CONNECTION_OK || PQsetnonblocking(conn, 1) != 0) {
      fail(PQerrorMessage(conn));
    }
    workload == "rows"       ? raw_rows(conn, count, sum)
    : workload == "arrivals" ? raw_arrivals(conn, count, sum)
    : workload == "selects"  ? raw_selects(conn, count, sum)
                             : raw_statements(conn, count, sum);
    PQfinish(conn);
  } else {
    pqscope::connection conn{pqscope::config::from_url(argv[4])};
    pqscope::dynamic_sql const text{rows_sql};
    if (workload == "rows") {
      static_cast<void>(conn.query<row>(text, std::int64_t{1}));
      static_cast<void>(conn.query<row>(text, std::int64_t{1}));
      auto const kept = conn.query<row>(text, std::int64_t{rows_kept});
      for (long done = 0; done < count; done += rows_kept) {
        for (row const& each : kept) {
          sum.add(each);
        }
      }
    } else if (workload == "arrivals") {
      for (row const& each : conn.query<row>(text, std::int64_t{count}).all()) {
        sum.add(each);
      }
    } else if (workload == "selects") {
      for (std::int64_t i = 0; i < count; ++i) {
        sum.add(conn.query<row>("SELECT $1::int8 AS id, lpad('17', 20, 'x') AS text, "
                                "0.25::float8 AS number, timestamptz '2024-01-01' AS time",
                                i)
                    .one());
      }
    } else {
      for (long i = 0; i < count; ++i) {
        sum.add(static_cast<std::uint64_t>(
            conn.query<std::int64_t>("SELECT $1 + 1", std::int64_t{i}).one()));
      }
    }
  }
  std::printf("%016llx\n", static_cast<unsigned long long>(sum.sum));
}
