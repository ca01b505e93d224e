// Where the database is: fields, URLs, conninfo texts, the environment and .env files.

#include <pqscope/pqscope.hpp>

#include <iostream>
#include <string>

int main() {
  // [fields]
  pqscope::config a{.host = "localhost", .port = 5432, .dbname = "shop", .user = "ada"};
  a.password = R"(p@ss/w:rd?#%'\)";
  a.with("application_name", "billing");
  std::cout << a << '\n';
  // [fields]

  // [url]
  auto b = pqscope::config::from_url(
      "postgresql+psycopg2://ada:p%40ss@h1:5432,h2:5433/shop?target_session_attrs=read-write");
  std::cout << b.redacted() << '\n';
  // [url]

  // [callable]
  int asked = 0;
  a.password = [&asked] { return "token " + std::to_string(++asked); };
  a.connect_parameters();  // what connecting does
  a.connect_parameters();
  std::cout << "the password was asked for " << asked << " times\n";
  // [callable]

  // [errors]
  try {
    pqscope::config::from_url("postgresql://ada:secret@localhost:99999/shop?sslmoed=require");
  } catch (pqscope::config_error const& error) {
    for (std::string const& problem : error.problems()) {
      std::cout << "- " << problem << '\n';
    }
  }
  // [errors]
}
