// What errors say, and what can be asked of them.

#include <pqscope/pqscope.hpp>

#include <iostream>
#include <string>

int main() {
  auto const server = pqscope::config::from_env({.url_variable = "DATABASE_URL"});
  pqscope::connection conn{server};
  conn.execute("CREATE TEMP TABLE members (name text CONSTRAINT one_of_a_name UNIQUE)");
  conn.execute("INSERT INTO members VALUES ($1)", "ada");

  // [questions]
  try {
    conn.execute("INSERT INTO members VALUES ($1)", "ada");
  } catch (pqscope::error const& error) {
    std::cout << "violates one_of_a_name: " << error.violates("one_of_a_name") << '\n'
              << "worth running again:    " << error.is_retryable() << '\n'
              << "connection usable:      " << error.connection_usable() << '\n';
  }
  // [questions]

  // [classes]
  try {
    conn.execute("SELECT nmae FROM members");
  } catch (pqscope::undefined_column const& error) {
    std::cout << error.sqlstate() << ' ' << error.condition() << ": " << error.message() << '\n';
  }
  try {
    conn.execute("SELECT $1::int", "not a number, and perhaps a secret");
  } catch (pqscope::data_exception const& error) {  // every 22xxx
    std::cout << error.message() << '\n';
  }
  // [classes]

  try {
    auto const wrong = conn.query<int, std::string>("SELECT count(*), 1.5 FROM members");
  } catch (pqscope::type_mismatch const& error) {
    std::string const text = error.what();
    std::cout << text.substr(0, text.find("\n  at ")) << '\n';
  }
}
