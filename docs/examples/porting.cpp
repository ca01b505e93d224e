// What programs in Python do with psycopg2, SQLAlchemy and Django, done with pqscope.

#include <pqscope/pqscope.hpp>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

// [model]
struct account {
  std::int64_t id{};
  std::string username{};
  std::optional<std::string> email{};
};
template <>
inline constexpr auto pqscope::mapping<account> = pqscope::table(
    "accounts", pqscope::column<&account::id>().primary_key().identity(),
    pqscope::column<&account::username>().varchar(50).unique(), pqscope::column<&account::email>());
// [model]

// [product]
struct product {
  std::int64_t id{};
  std::string name{};
  pqscope::numeric price{};
};
template <>
inline constexpr auto pqscope::mapping<product> =
    pqscope::table("products", pqscope::column<&product::id>().primary_key().identity(),
                   pqscope::column<&product::name>().varchar(100),
                   pqscope::column<&product::price>().numeric(8, 2));
// [product]

namespace {

using namespace std::chrono_literals;

void connect(pqscope::config const& server) {
  // [connect]
  pqscope::connection conn{server};  // or {.host = "localhost", .dbname = "mydatabase", ...}
  auto results = conn.execute("SELECT name FROM mytable ORDER BY id");
  for (auto row : results) {
    std::cout << row["name"].text() << '\n';
  }
  // [connect]
}

void transactions(pqscope::config const& server) {
  // [transaction]
  pqscope::connection conn{server};
  conn.execute("INSERT INTO mytable (name) VALUES ($1)", "by itself");  // autocommit

  pqscope::transaction tx{conn};
  tx.execute("INSERT INTO mytable (name) VALUES ($1)", "John");
  tx.commit();  // without it the transaction is rolled back here, whatever happens
  // [transaction]
}

void errors(pqscope::connection& conn) {
  // [errors]
  try {
    conn.execute("SELECT * FROM no_such_table");
  } catch (pqscope::undefined_table const& problem) {
    std::cout << problem.sqlstate() << ", " << (problem.connection_usable() ? "usable" : "lost")
              << '\n';
  }  // the connection closes itself; there is nothing to do finally
  // [errors]
}

void pool(pqscope::config const& server) {
  // [pool]
  pqscope::pool pool{server, {.min_size = 5, .max_size = 20}};
  {
    auto conn = pool.acquire();
    auto rows = conn->execute("SELECT * FROM mytable");
    std::cout << rows.size() << " rows\n";
  }  // back in the pool here, clean
  // [pool]
}

void batch(pqscope::connection& conn) {
  // [batch]
  std::vector<std::tuple<std::string, std::string>> records{{"John", "Doe"}, {"Jane", "Smith"}};
  conn.execute_many("INSERT INTO people (first_name, last_name) VALUES ($1, $2)", records);
  // [batch]
}

void limits(pqscope::connection& conn) {
  // [limits]
  conn.deadline(50ms);
  try {
    conn.execute("SELECT pg_sleep(30)");
  } catch (pqscope::deadline_exceeded const& late) {
    std::cout << "cancelled, " << (late.connection_usable() ? "usable" : "lost") << '\n';
  }
  conn.deadline(std::nullopt);
  // [limits]
}

// [session]
void create_user(pqscope::engine& db, std::string const& username, std::string const& email) {
  pqscope::with_session(
      db, [&](pqscope::session& s) { s.add(account{.username = username, .email = email}); });
}

std::optional<account> get_user(pqscope::engine& db, std::string const& username) {
  return pqscope::with_session(db, [&](pqscope::session& s) {
    return s.find<account>(pqscope::col<&account::username> == username).first();
  });
}
// [session]

// [routes]
std::vector<account> list_users(pqscope::engine& db) {
  return pqscope::with_session(db, [](pqscope::session& s) { return s.select<account>().all(); });
}
// [routes]

// [init]
void init_database(pqscope::engine& db) {
  pqscope::with_session(db, [](pqscope::session& s) {
    try {
      pqscope::create_extension(s, "vector");
    } catch (pqscope::feature_not_supported const&) {
      // the server does not come with it: the rest of the session goes on
    } catch (pqscope::insufficient_privilege const&) {
      // this role may not
    }
    pqscope::create_all<account, product>(s);
  });
}
// [init]

void configuration() {
  // [config]
  setenv("APP_DB_HOST", "localhost", 1);
  setenv("APP_DB_USER", "app", 1);
  setenv("APP_DB_PASSWORD", "p@ss/w:rd?#%", 1);
  setenv("APP_DB_NAME", "mydb", 1);
  auto const config = pqscope::config::from_env({.prefix = "APP_DB_"});
  std::cout << config.url() << '\n' << config << '\n';
  // [config]
}

}  // namespace

int main() {
  std::string const url = std::getenv("DATABASE_URL");
  auto const server = pqscope::config::from_url(url);
  pqscope::connection conn{server};
  conn.execute("CREATE TABLE mytable (id int GENERATED ALWAYS AS IDENTITY, name text)");
  conn.execute("CREATE TABLE people (first_name text, last_name text)");
  transactions(server);
  connect(server);
  errors(conn);
  pool(server);
  batch(conn);
  limits(conn);

  // [engine]
  pqscope::engine db{url, {.pool = {.max_size = 10}}};
  // [engine]
  init_database(db);
  create_user(db, "ada", "ada@example.org");
  auto const ada = get_user(db, "ada");
  std::cout << ada->username << ' ' << ada->email.value_or("-") << ", " << list_users(db).size()
            << " user\n";
  pqscope::with_session(db, [](pqscope::session& s) {
    s.add(product{.name = "engine", .price = pqscope::numeric{"1999.90"}});
  });
  configuration();
}
