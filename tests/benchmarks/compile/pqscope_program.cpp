#include <cstdint>
#include <pqscope/pqscope.hpp>
#include <string>

struct user {
  std::int64_t id;
  std::string name;
};

int main() {
  pqscope::engine db{"postgresql:///app"};
  auto const found = pqscope::with_session(db, [](pqscope::session& s) {
    s.execute("INSERT INTO users (name) VALUES ($1)", "ada");
    return s.query<user>("SELECT id, name FROM users WHERE name = $1", "ada").all();
  });
  return static_cast<int>(found.size());
}
