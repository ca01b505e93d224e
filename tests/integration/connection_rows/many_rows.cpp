#include "support/database.hpp"
#include "support/ensure_usable.hpp"
#include "support/memory.hpp"

#include <catch2/catch_test_macros.hpp>
#include <pqscope/pqscope.hpp>
#include <pqscope/testing.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <new>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace {

struct numbered_text {
  std::int64_t id;
  std::string name;
  std::optional<double> score;
};

/// Does something whenever one is decoded.
struct watched_number {
  int value = 0;
  inline static std::function<void(int)> decoded{};
};

/// Notes how many rows each statement had.
struct row_counter : pqscope::observer {
  std::vector<std::uint64_t> rows;
  void statement_ended(pqscope::statement_event const& event) override {
    rows.push_back(event.rows);
  }
};

enum class wind { north, west };

}  // namespace

template <>
struct pqscope::codec<watched_number> : pqscope::codec<int> {
  static watched_number decode(wire_value value) {
    watched_number const made{codec<int>::decode(value)};
    if (watched_number::decoded) {
      watched_number::decoded(made.value);
    }
    return made;
  }
  static watched_number parse(std::string_view text) { return {codec<int>::parse(text)}; }
};

template <>
inline constexpr auto pqscope::labels<wind> =
    pqscope::enum_labels<wind>({{wind::north, "north"}, {wind::west, "west"}});

namespace {

constexpr int many = 5000;

/// The numbers from 1 on, `bad` of which is NULL.
pqscope::rows<int> numbers(pqscope::connection& db, int count, int bad = 0) {
  return db.query<int>("SELECT nullif(i, $2) FROM generate_series(1, $1) i", count, bad);
}

}  // namespace

TEST_CASE("all() of a large result decodes rows as they arrive, without the whole beside them",
          "[no-valgrind]") {
  if (!support::frees_memory) {
    SKIP("a sanitizer keeps memory that was freed");
  }
  pqscope::connection db{support::test_config()};
  auto const texts = [&](int count) {
    return db
        .query<numbered_text>(
            "SELECT i::int8 AS id, repeat('x', 200) AS name, NULL::float8 AS score "
            "FROM generate_series(1, $1) i",
            count)
        .all();
  };
  CHECK(texts(many).size() == many);
  constexpr int count = 1 << 18;  // a vector that doubles has no room left then
  if (!support::forget_peak_memory()) {
    SKIP("the kernel does not forget a peak");
  }
  long const before = support::resident_memory();
  auto const all = texts(count);
  REQUIRE(all.size() == count);
  CHECK(all.back().id == count);
  CHECK(all.back().name == std::string(200, 'x'));
  long const vector = count * static_cast<long>(sizeof(numbered_text) + 208) / 1024;
  long const outgrown = count / 2 * static_cast<long>(sizeof(numbered_text)) / 1024;
  CHECK(support::peak_memory() - before < (vector + outgrown) * 11 / 10);
  support::ensure_usable(db);
}

TEST_CASE("many rows are as few are: counted, indexed, gone through, handed over") {
  pqscope::connection db{support::test_config()};
  for (int round = 0; round < 2; ++round) {  // not known to be large, and known to be
    auto const kept = numbers(db, many);
    REQUIRE(kept.size() == many);
    CHECK_FALSE(kept.empty());
    CHECK(kept[0] == 1);
    CHECK(kept[many - 1] == many);
    CHECK_THROWS_AS(kept[many], pqscope::usage_error);
    CHECK(kept.first() == 1);
    CHECK_THROWS_AS(kept.one(), pqscope::too_many_rows);
    std::int64_t sum = 0;
    for (int const each : kept) {
      sum += each;
    }
    CHECK(sum == many * (many + 1) / 2);
    CHECK(kept.all() == numbers(db, many).all());
    CHECK(kept.size() == many);
  }
  support::ensure_usable(db);
}

TEST_CASE("a statement that returns few rows, many, and few again has all of them each time") {
  pqscope::connection db{support::test_config()};
  for (int const count : {1, many, many, 0, 4096, 4097, many, 1, 2}) {
    auto const all = numbers(db, count).all();
    REQUIRE(all.size() == static_cast<std::size_t>(count));
    CHECK((all.empty() || all.back() == count));
  }
  support::ensure_usable(db);
}

TEST_CASE("large results take one round trip, in a transaction and outside") {
  row_counter watcher;
  pqscope::connection db{support::test_config(), {.observer = &watcher}};
  for (int round = 0; round < 2; ++round) {
    auto const before = db.round_trips();
    CHECK(numbers(db, many).size() == many);
    CHECK(db.round_trips() == before + 1);
    CHECK(watcher.rows.back() == many);
    pqscope::transaction tx{db};
    CHECK(tx.query<int>("SELECT generate_series(1, $1)", many).size() == many);
    CHECK(db.round_trips() == before + 2);
    tx.execute("CREATE TEMP TABLE IF NOT EXISTS of_many (n int)");
    tx.defer("INSERT INTO of_many SELECT generate_series(1, 5000)");
    CHECK(tx.query<int>("SELECT n FROM of_many").all().size() ==
          static_cast<std::size_t>((round + 1) * many));
    CHECK(db.round_trips() == before + 4);
    tx.commit();
  }
  support::ensure_usable(db);
}

TEST_CASE("a row that cannot be decoded is told by its number once it is looked at") {
  pqscope::connection db{support::test_config()};
  CHECK(numbers(db, many).size() == many);
  for (int const bad : {1, 1234, many}) {
    auto const kept = numbers(db, many, bad);
    REQUIRE(kept.size() == many);
    int readable = 0;
    for (int row = 0; row < many; ++row) {
      if (row == bad - 1) {
        try {
          static_cast<void>(kept[static_cast<std::size_t>(row)]);
          FAIL("it is NULL");
        } catch (pqscope::unexpected_null const& failure) {
          std::string const said = failure.what();
          INFO(said);
          CHECK(said.find("row " + std::to_string(bad) + ":") != std::string::npos);
        }
      } else {
        readable += kept[static_cast<std::size_t>(row)] == row + 1 ? 1 : 0;
      }
    }
    CHECK(readable == many - 1);
    CHECK_THROWS_AS(kept.all(), pqscope::unexpected_null);
    CHECK_THROWS_AS(numbers(db, many, bad).all(), pqscope::unexpected_null);
  }
  support::ensure_usable(db);
}

TEST_CASE("columns that do not fit many rows are all named, and the statement is carried out") {
  pqscope::connection db{support::test_config()};
  db.execute("CREATE TEMP TABLE made (n int)");
  for (int round = 1; round <= 2; ++round) {
    try {
      static_cast<void>(db.query<std::string, bool>(
          "INSERT INTO made SELECT generate_series(1, 5000) RETURNING n, n::float8 AS m"));
      FAIL("numbers are no texts");
    } catch (pqscope::type_mismatch const& failure) {
      std::string const said = failure.what();
      INFO(said);
      CHECK(said.find("\"n\" is integer") != std::string::npos);
      CHECK(said.find("which cannot be read as boolean") != std::string::npos);
    }
    CHECK(db.query<std::int64_t>("SELECT count(*) FROM made").one() == round * many);
  }
  support::ensure_usable(db);
}

TEST_CASE("many values of a type that users made are read, met for the first time or known") {
  pqscope::connection db{support::test_config()};
  db.execute("SET search_path = pg_temp");
  db.execute("CREATE TYPE wind AS ENUM ('north', 'west')");
  for (int round = 0; round < 3; ++round) {
    auto const all = db.query<int, wind, std::string>(
                           "SELECT i, CASE i % 2 WHEN 0 THEN 'north' ELSE 'west' END::wind, "
                           "'west'::wind FROM generate_series(1, 5000) i")
                         .all();
    REQUIRE(all.size() == many);
    CHECK(all.front() == std::tuple{1, wind::west, std::string{"west"}});
    CHECK(all.back() == std::tuple{many, wind::north, std::string{"west"}});
  }
  using pair = std::tuple<int, wind>;
  for (int round = 0; round < 2; ++round) {
    auto const all = db.query<pqscope::composite<pair>>(
                           "SELECT ROW(i, 'west'::wind) FROM generate_series(1, 5000) i")
                         .all();
    REQUIRE(all.size() == many);
    CHECK(all.back().value == pair{many, wind::west});
  }
  support::ensure_usable(db);
}

TEST_CASE("texts are viewed in the rows of a large result") {
  pqscope::connection db{support::test_config()};
  for (int round = 0; round < 2; ++round) {
    auto const kept = db.query<std::string_view>("SELECT i::text FROM generate_series(1, 5000) i");
    auto const all = kept.all();
    REQUIRE(all.size() == many);
    CHECK(all.front() == "1");
    CHECK(all.back() == "5000");
  }
  support::ensure_usable(db);
}

TEST_CASE("an error behind many rows is thrown, and fails the transaction") {
  pqscope::connection db{support::test_config()};
  auto const divide = [](auto& on, int zero_at) {
    return on.template query<int>("SELECT 1 / ($1 - i) FROM generate_series(1, 6000) i", zero_at);
  };
  CHECK(divide(db, 10000).size() == 6000);
  CHECK_THROWS_AS(divide(db, many), pqscope::division_by_zero);
  {
    pqscope::transaction tx{db};
    CHECK_THROWS_AS(divide(tx, many), pqscope::division_by_zero);
    CHECK(db.status() == pqscope::connection_status::in_failed_transaction);
  }
  CHECK(divide(db, 0).size() == 6000);
  support::ensure_usable(db);
}

TEST_CASE("a deadline ends rows that do not end") {
  pqscope::connection db{support::test_config()};
  CHECK(numbers(db, many).size() == many);
  db.deadline(std::chrono::milliseconds{100});
  CHECK_THROWS_AS(numbers(db, 2'000'000'000), pqscope::deadline_exceeded);
  support::ensure_usable(db);
}

TEST_CASE("rows that a deadline comes too late for are all there") {
  pqscope::connection db{support::test_config()};
  CHECK(numbers(db, many).size() == many);
  for (int i = 0; i < 200; ++i) {
    db.deadline(std::chrono::microseconds{50 + 10 * i});
    auto found = static_cast<std::size_t>(many);
    try {
      found = numbers(db, many).size();
    } catch (pqscope::deadline_exceeded const& late) {
      REQUIRE(late.connection_usable());
    }
    REQUIRE(found == static_cast<std::size_t>(many));
  }
  db.deadline(std::nullopt);
  support::ensure_usable(db);
}

TEST_CASE("a stop that is asked for while rows arrive ends them") {
  std::stop_source source;
  pqscope::connection db{support::test_config(), {.stop = source.get_token()}};
  auto const ask = [&](int count) {
    return db.query<watched_number>("SELECT generate_series(1, $1)", count);
  };
  CHECK(ask(many).size() == many);
  int decoded = 0;
  watched_number::decoded = [&](int) {
    if (++decoded == 100) {
      source.request_stop();
    }
  };
  CHECK_THROWS_AS(ask(2'000'000'000), pqscope::operation_cancelled);
  watched_number::decoded = nullptr;
  CHECK(decoded >= 100);
  CHECK(decoded < 1'000'000);
  CHECK(db.status() == pqscope::connection_status::idle);
}

TEST_CASE("what a codec throws waits for the row to be looked at; a lack of memory does not") {
  pqscope::connection db{support::test_config()};
  auto const ask = [&] { return db.query<watched_number>("SELECT generate_series(1, 5000)"); };
  CHECK(ask().size() == many);
  watched_number::decoded = [](int value) {
    if (value == 2000) {
      throw std::runtime_error{"two thousand"};
    }
  };
  auto const kept = ask();
  REQUIRE(kept.size() == many);
  CHECK(kept[1998].value == 1999);
  CHECK_THROWS_AS(kept[1999], std::runtime_error);
  CHECK(kept[4999].value == 5000);
  watched_number::decoded = [](int value) {
    if (value == 1000) {
      throw std::bad_alloc{};
    }
  };
  CHECK_THROWS_AS(ask(), std::bad_alloc);
  watched_number::decoded = nullptr;
  support::ensure_usable(db);
}
