// Statements as objects with types, and a test that keeps them and the schema together.

#include <pqscope/mapping/statement_transfer.hpp>
#include <pqscope/mapping/verify.hpp>
#include <pqscope/pqscope.hpp>

#include <cstdint>
#include <iostream>
#include <optional>
#include <string>
#include <tuple>

namespace {

// [statements]
struct user {
  std::int64_t id;
  std::string name;
  std::optional<std::string> email;
};

constexpr pqscope::statement<user(std::int64_t)> user_by_id{
    "SELECT id, name, email FROM users WHERE id = $1"};
constexpr pqscope::statement<void(std::string, std::optional<std::string>)> add_user{
    "INSERT INTO users (name, email) VALUES ($1, $2)"};
constexpr pqscope::statement<std::tuple<std::string, std::string>()> posts_of_users{
    "SELECT u.name, p.title FROM users u LEFT JOIN posts p ON p.author = u.id"};
// [statements]

void create_tables(pqscope::connection& conn) {
  conn.execute_script(pqscope::dynamic_sql{
      "CREATE TEMP TABLE users (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
      "                         name text NOT NULL, email text);"
      "CREATE TEMP TABLE posts (author bigint NOT NULL, title text NOT NULL)"});
}

}  // namespace

int main() {
  pqscope::connection conn{pqscope::config::from_env({.url_variable = "DATABASE_URL"})};
  create_tables(conn);

  // [use]
  conn.execute(add_user, "ada", nullptr);
  add_user(conn, "grace", "grace@example.org");
  std::cout << conn.query(user_by_id, 2).one().name << '\n';
  // [use]

  // [verify]
  pqscope::verify(conn, user_by_id, add_user);
  std::cout << "they fit\n";
  // [verify]

  // [mismatch]
  conn.execute("ALTER TABLE users ALTER name DROP NOT NULL");
  try {
    pqscope::verify(conn, user_by_id, add_user, posts_of_users);
  } catch (pqscope::statement_mismatch const& problems) {
    std::cout << problems.what() << '\n';
  }
  // [mismatch]

  // [find]
  conn.execute("ALTER TABLE users RENAME email TO address");
  for (pqscope::mismatch const& each : pqscope::find_mismatches(conn, user_by_id, add_user)) {
    std::cout << each.where.file_name() << ':' << each.where.line() << ": " << each.problem << '\n';
  }
  // [find]
}
