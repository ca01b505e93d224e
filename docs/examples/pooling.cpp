// A pool, and an engine with sessions on it.

#include <pqscope/pqscope.hpp>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;

void pool(pqscope::config const& server) {
  // [pool]
  pqscope::pool pool{server, {.max_size = 2, .acquire_timeout = 100ms}};
  {
    auto conn = pool.acquire();
    std::cout << "one is " << conn->query<int>("SELECT 1").one() << '\n';
  }  // back in the pool here
  // [pool]
  {
    auto conn = pool.acquire();
    conn->execute("BEGIN");
  }
  std::cout << pool.stats().connects << " connection, " << pool.stats().rolled_back
            << " transaction rolled back\n";

  // [timeout]
  auto first = pool.acquire();
  auto second = pool.acquire();
  try {
    auto third = pool.acquire();
  } catch (pqscope::pool_timeout const& timeout) {
    std::cout << timeout.holders().size() << " connections are held, the first since line "
              << (timeout.holders().front().where.line() > 0 ? "known" : "unknown") << '\n';
  }
  // [timeout]
}

void engine(std::string const& url) {
  // [engine]
  pqscope::engine db{url, {.pool = {.max_size = 4}, .session = {.retry = {.attempts = 3}}}};

  pqscope::with_session(db, [](pqscope::session& s) {
    s.execute("CREATE TABLE hit (page text, at timestamptz DEFAULT now())");
  });
  std::vector<std::jthread> requests;
  for (int i = 0; i < 20; ++i) {
    requests.emplace_back([&db] {
      pqscope::with_session(db, [](pqscope::session& s) {
        s.execute("INSERT INTO hit (page) VALUES ($1)", "/users");
      });
    });
  }
  requests.clear();  // waits for them

  auto hits = pqscope::with_session(db.reader(), [](pqscope::session& s) {
    return s.query<std::int64_t>("SELECT count(*) FROM hit").one();
  });
  // [engine]
  std::cout << hits << " hits\n";

  // [begin]
  auto s = db.begin();
  s.execute("DROP TABLE hit");
  s.commit();
  // [begin]
  auto const stats = db.stats().primary;
  std::cout << (stats.size <= 4 ? "at most 4 connections, " : "too many connections, ")
            << stats.in_use << " in use\n";
}

}  // namespace

int main() {
  auto const server = pqscope::config::from_env({.url_variable = "DATABASE_URL"});
  pool(server);
  engine(server.url());
}
