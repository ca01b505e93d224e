// Jobs in a table, and a worker that is told when there is one: LISTEN and NOTIFY.

#include <pqscope/pqscope.hpp>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <stop_token>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;

// [send]
std::int64_t post(pqscope::engine& db, std::string const& what) {
  return pqscope::with_session(db, [&](pqscope::session& s) {
    auto const id =
        s.query<std::int64_t>("INSERT INTO job (what) VALUES ($1) RETURNING id", what).one();
    s.notify("jobs", std::to_string(id));  // told once the transaction has committed
    return id;
  });
}
// [send]

// [receive]
void work(pqscope::engine& db, pqscope::config const& server, std::stop_token const& stop) {
  auto const look = [&] {
    auto const done = pqscope::with_session(db, [](pqscope::session& s) {
      return s.query<std::string>("DELETE FROM job RETURNING what").all();
    });
    for (std::string const& what : done) {
      std::cout << "done: " << what << '\n';
    }
  };
  pqscope::listener in{server, {.on_gap = [&](pqscope::listener_gap const&) { look(); }}};
  in.listen("jobs");
  look();  // what was posted before it listened
  while (!stop.stop_requested()) {
    if (!in.wait({.stop = stop}).empty()) {
      look();
    }
  }
}
// [receive]

void ask(pqscope::engine& db, pqscope::config const& server) {
  // [wait_for]
  pqscope::listener in{server};
  in.listen("jobs");
  post(db, "file the receipts");
  for (auto const& each : in.wait_for(5s)) {
    std::cout << "job " << each.payload << " on channel " << each.channel << '\n';
  }
  // [wait_for]
}

}  // namespace

int main() {
  auto const server = pqscope::config::from_env({.url_variable = "DATABASE_URL"});
  pqscope::engine db{server};
  pqscope::with_session(db, [](pqscope::session& s) {
    s.execute("DROP TABLE IF EXISTS job");
    s.execute("CREATE TABLE job (id bigint GENERATED ALWAYS AS IDENTITY, what text NOT NULL)");
  });

  ask(db, server);
  post(db, "water the plants");
  {
    std::jthread const worker{[&](std::stop_token const& stop) { work(db, server, stop); }};
    while (pqscope::with_session(db, [](pqscope::session& s) {
      return s.query<bool>("SELECT EXISTS (SELECT FROM job)").one();
    })) {
    }
  }
  pqscope::with_session(db, [](pqscope::session& s) { s.execute("DROP TABLE job"); });
}
