#include <libpq-fe.h>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

struct user {
  std::int64_t id;
  std::string name;
};

int main() {
  PGconn* const on = PQconnectdb("postgresql:///app");
  char const* const values[] = {"ada"};
  auto const run = [&](char const* text, int count) {
    return PQexecParams(on, text, count, nullptr, values, nullptr, nullptr, 0);
  };
  PQclear(run("BEGIN", 0));
  PQclear(run("INSERT INTO users (name) VALUES ($1)", 1));
  PGresult* const result = run("SELECT id, name FROM users WHERE name = $1", 1);
  std::vector<user> found;
  for (int i = 0; i < PQntuples(result); ++i) {
    found.push_back({std::atoll(PQgetvalue(result, i, 0)), PQgetvalue(result, i, 1)});
  }
  PQclear(result);
  PQclear(run("COMMIT", 0));
  PQfinish(on);
  return static_cast<int>(found.size());
}
