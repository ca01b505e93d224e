// W5: objects added, with the ids that the server makes, and read back.

#include "../objects.hpp"
#include "raw.hpp"

namespace {

using objects = std::vector<bench::row>;

void prepare(raw::connection const& on) {
  on.prepare("begin", "BEGIN");
  on.prepare("commit", "COMMIT");
}

void send(raw::connection const& on, char const* name) {
  on.require(PQsendQueryPrepared(on, name, 0, nullptr, nullptr, nullptr, 0));
}

/// Takes an answer that has a row for each of the objects: their ids.
void take_ids(raw::connection const& on, bench::row* to, std::size_t count) {
  PGresult* const answer = PQgetResult(on);
  if (PQresultStatus(answer) != PGRES_TUPLES_OK ||
      static_cast<std::size_t>(PQntuples(answer)) != count) {
    on.fail();
  }
  for (std::size_t i = 0; i < count; ++i) {
    to[i].id = raw::get_int8(PQgetvalue(answer, static_cast<int>(i), 0));
  }
  PQclear(answer);
  PQclear(PQgetResult(on));
}

void take_command(raw::connection const& on) {
  on.expect(PQgetResult(on), PGRES_COMMAND_OK);
  PQclear(PQgetResult(on));
}

/// BEGIN, one INSERT of arrays, COMMIT: one trip.
void insert_arrays(raw::connection const& on, objects& of) {
  std::size_t text = 0;
  for (bench::row const& each : of) {
    text += each.name.size();
  }
  std::size_t const count = of.size();
  raw::array names(raw::text_oid, count, text);
  raw::array scores(raw::float8_oid, count, 8 * count);
  raw::array moments(raw::timestamptz_oid, count, 8 * count);
  for (bench::row const& each : of) {
    names.add(each.name);
    scores.add(std::bit_cast<std::int64_t>(each.score));
    moments.add(raw::count_of(each.at));
  }
  char const* const values[] = {names.data(), scores.data(), moments.data()};
  int const lengths[] = {names.size(), scores.size(), moments.size()};
  int const formats[] = {1, 1, 1};
  send(on, "begin");
  on.require(PQsendQueryPrepared(on, "insert", 3, values, lengths, formats, 1));
  send(on, "commit");
  on.require(PQpipelineSync(on));
  take_command(on);
  take_ids(on, of.data(), of.size());
  take_command(on);
  on.expect(PQgetResult(on), PGRES_PIPELINE_SYNC);
}

void add_by(bench::task& todo, char const* text) {
  raw::connection const on;
  prepare(on);
  on.prepare("insert", text);
  on.require(PQenterPipelineMode(on));
  bench::add_objects<bench::row>(todo, [&](objects of) {
    insert_arrays(on, of);
    return bench::digest_all(of);
  });
}

/// Of both, the server carries this out faster: it does not keep the rows before it inserts them.
void add_select_list(bench::task& todo) {
  add_by(todo,
         "INSERT INTO bench_objects (name, score, at) SELECT unnest($1::text[]), "
         "unnest($2::float8[]), unnest($3::timestamptz[]) RETURNING id");
}

void add_from(bench::task& todo) {
  add_by(todo,
         "INSERT INTO bench_objects (name, score, at) SELECT * FROM unnest($1::text[], "
         "$2::float8[], $3::timestamptz[]) RETURNING id");
}

/// BEGIN, an INSERT for each object, COMMIT; the answers are taken a thousand at a time.
void add_one_by_one(bench::task& todo) {
  raw::connection const on;
  prepare(on);
  on.prepare("insert",
             "INSERT INTO bench_objects (name, score, at) VALUES ($1, $2, $3) RETURNING id", 3,
             raw::row_types + 1);
  on.require(PQenterPipelineMode(on));
  bench::add_objects<bench::row>(todo, [&](objects of) {
    constexpr std::size_t between = 1000;
    send(on, "begin");
    std::size_t taken = 0;
    for (std::size_t i = 0; i < of.size(); ++i) {
      raw::row_parameters const values(of[i]);
      on.require(PQsendQueryPrepared(on, "insert", 3, values.values() + 1, values.lengths() + 1,
                                     values.formats() + 1, 1));
      if ((i + 1) % between == 0) {
        on.require(PQsendFlushRequest(on));
        on.require(PQflush(on) == 0 ? 1 : 0);
        if (taken == 0) {
          take_command(on);
        }
        for (; taken <= i; ++taken) {
          take_ids(on, &of[taken], 1);
        }
      }
    }
    send(on, "commit");
    on.require(PQpipelineSync(on));
    if (taken == 0) {
      take_command(on);
    }
    for (; taken < of.size(); ++taken) {
      take_ids(on, &of[taken], 1);
    }
    take_command(on);
    on.expect(PQgetResult(on), PGRES_PIPELINE_SYNC);
    return bench::digest_all(of);
  });
}

constexpr char const* select = "SELECT id, name, score, at FROM bench_rows LIMIT $1";

/// Calls `take(vector, count)` for each query, the query having been sent.
template <class Take>
void load_by(bench::task& todo, Take const& take) {
  raw::connection const on;
  on.prepare("select", select, 1, raw::row_types);
  bench::load_objects(todo, [&](std::size_t count) {
    char wanted[8];
    raw::put(wanted, static_cast<std::int64_t>(count));
    char const* const values[] = {wanted};
    int const lengths[] = {8};
    int const formats[] = {1};
    on.require(PQsendQueryPrepared(on, "select", 1, values, lengths, formats, 1));
    objects found;
    take(on, found, count);
    return bench::digest_all(found);
  });
}

void load_whole(bench::task& todo) {
  load_by(todo, [](raw::connection const& on, objects& found, std::size_t) {
    PGresult* const answer = PQgetResult(on);
    if (PQresultStatus(answer) != PGRES_TUPLES_OK) {
      on.fail();
    }
    raw::check_types(on, answer);
    int const count = PQntuples(answer);
    found.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      found.push_back(raw::read_row<bench::row>(answer, i));
    }
    PQclear(answer);
    PQclear(PQgetResult(on));
  });
}

void load_as_it_arrives(bench::task& todo) {
  load_by(todo, [](raw::connection const& on, objects& found, std::size_t count) {
    found.reserve(count);
#ifdef LIBPQ_HAS_CHUNK_MODE
    on.require(PQsetChunkedRowsMode(on, 256));
#else
    on.require(PQsetSingleRowMode(on));
#endif
    while (PGresult* const answer = PQgetResult(on)) {
      if (PQresultStatus(answer) == PGRES_FATAL_ERROR) {
        on.fail();
      }
      if (found.empty()) {
        raw::check_types(on, answer);
      }
      for (int i = 0, rows = PQntuples(answer); i < rows; ++i) {
        found.push_back(raw::read_row<bench::row>(answer, i));
      }
      PQclear(answer);
    }
  });
}

bench::variant const variants[] = {
    {"w5_add", add_select_list},           {"w5_add_from", add_from},
    {"w5_add_one_by_one", add_one_by_one}, {"w5_load", load_as_it_arrives},
    {"w5_load_whole", load_whole},
};

}  // namespace
