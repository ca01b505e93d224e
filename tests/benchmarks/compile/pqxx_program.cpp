#include <cstdint>
#include <pqxx/pqxx>
#include <string>
#include <vector>

struct user {
  std::int64_t id;
  std::string name;
};

int main() {
  pqxx::connection on{"postgresql:///app"};
  pqxx::work scope{on};
  scope.exec_params("INSERT INTO users (name) VALUES ($1)", "ada");
  std::vector<user> found;
  for (auto const& row : scope.exec_params("SELECT id, name FROM users WHERE name = $1", "ada")) {
    found.push_back({row[0].as<std::int64_t>(), row[1].as<std::string>()});
  }
  scope.commit();
  return static_cast<int>(found.size());
}
