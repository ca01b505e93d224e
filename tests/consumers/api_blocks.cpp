// What the documentation promises, as users write it: every block of code on configuration, SQL
// text, connections, transactions and sessions compiles and does what its comment says.
//
// Needs nothing but the headers and libpq. Usage: api_blocks URL

#include <unistd.h>
#include <pqscope/pqscope.hpp>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>

#define REQUIRE(...) \
  static_cast<void>((__VA_ARGS__) ? 0 : throw std::runtime_error("not so: " #__VA_ARGS__))

namespace {

std::string url;
std::string const own_schema = "api_blocks_" + std::to_string(::getpid());

// The database with a schema of the program's own in front.
pqscope::config database() {
  return pqscope::config::from_url(url).with("options", "-c search_path=" + own_schema);
}

void configuration() {
  // clang-format off
pqscope::config a{.host = "localhost", .port = 5432, .dbname = "mydatabase", .user = "myuser", .password = "mypassword"};
pqscope::config b = pqscope::config::from_url("postgresql+psycopg2://u:p%40ss@localhost:5432/mydb?sslmode=require");
pqscope::config c = pqscope::config::from_env();                       // DB_HOST DB_PORT DB_USER DB_PASSWORD DB_NAME
pqscope::config d = pqscope::config::from_env({.prefix = "APP_DB_", .env_file = ".env", .unknown_keys = pqscope::unknown_keys::ignore});
pqscope::config e = pqscope::config::from_conninfo("host=a,b port=5432,5433 target_session_attrs=read-write");
a.with("application_name", "billing");   // any libpq keyword
a.url();        // percent-encoded, round-trips through from_url
a.redacted();   // the same without the password; operator<< prints this one
  // clang-format on
  REQUIRE(pqscope::config::from_url(a.url()) == a);
  REQUIRE(a.redacted().find("mypassword") == std::string::npos);
  REQUIRE(b.user == "u" && b.get("sslmode") == "require" && b.get("password") == "p@ss");
  REQUIRE(c.host == "from-env" && !d.host);
  REQUIRE(e.get("target_session_attrs") == "read-write");
  std::ostringstream out;
  out << a;
  REQUIRE(out.str() == a.redacted());
}

void sql_text(pqscope::connection& s) {
  std::string const text = "SELECT $1::int + $2::int AS sum";
  int const a = 1;
  int const b = 2;
  std::string const col = "name";
  std::string const schema = own_schema;
  std::string const table = "mytable";
  // clang-format off
s.execute("INSERT INTO mytable (name) VALUES ($1)", "John");      // literal: checked while compiling
s.execute(pqscope::dynamic_sql{text}, a, b);                      // run-time text: says so in the code
auto q = pqscope::compose("SELECT {} FROM {} WHERE id = $1", pqscope::identifier{col}, pqscope::identifier{schema, table});
  // clang-format on
  REQUIRE(s.execute(q, 1)[0]["name"].text() == "John");
  s.execute_script(pqscope::dynamic_sql{std::string{"SELECT 1; SELECT 2"}});
}

struct user {
  std::int64_t id;
  std::string name;
  std::optional<std::string> email;
};

void connection_and_results() {
  auto const config = database();
  int seen = 0;
  // clang-format off
pqscope::connection conn{config};                      // move-only, closes itself
auto r = conn.execute("SELECT * FROM mytable");        // autocommit unless a transaction object is alive
for (auto row : r) std::cout << row["name"].text() << row[0].as<std::int64_t>();
r.affected_rows(); r.columns(); std::cout << r;        // prints a table as psql does

for (auto [id, name] : conn.query<std::int64_t, std::string>("SELECT id, name FROM mytable")) { seen += static_cast<int>(id) + static_cast<int>(name.size()); }
auto n  = conn.query<std::int64_t>("SELECT count(*) FROM mytable").one();   // exactly one row, else no_rows / too_many_rows
auto u  = conn.query<user>("SELECT id, name, email FROM users WHERE id = $1", 7).first();  // std::optional<user>
auto us = conn.query<user>("SELECT id, name, email FROM users").all();        // std::vector<user>
  // clang-format on
  REQUIRE(n == 1 && seen == 5);
  REQUIRE(u && u->name == "ada" && !u->email);
  REQUIRE(us.size() == 1);
  REQUIRE(conn.status() == pqscope::connection_status::idle);
  REQUIRE(conn.native_handle() != nullptr);
  auto adopted = pqscope::connection::adopt(std::move(conn).release());
  REQUIRE(adopted.query<int>("SELECT 1").one() == 1);
}

void transactions(pqscope::connection& conn) {
  // clang-format off
pqscope::transaction tx{conn, {.isolation = pqscope::isolation::serializable, .access = pqscope::access::read_only, .deferrable = true}};
tx.execute("SELECT * FROM mytable");
{ pqscope::savepoint sp{tx}; sp.execute("SELECT 1"); sp.commit(); }       // nested scopes to any depth
tx.commit();                                                       // not called: rolled back
  // clang-format on
  pqscope::transaction two{conn};
  two.after_commit([] {});
  two.after_rollback([] {});
  two.rollback();
  REQUIRE(pqscope::prepared_transactions(conn).size() < 1000);
}

void sessions(pqscope::config const& db) {
  using enum pqscope::isolation;
  using namespace std::chrono_literals;
  std::string const name = "Jane";
  auto const work = [](auto& s) { s.execute("SELECT 1"); };
  // clang-format off
auto id = pqscope::with_session(db, [&](pqscope::session& s) {
  s.execute("INSERT INTO mytable (name) VALUES ($1)", name);
  return s.query<std::int64_t>("SELECT max(id) FROM mytable").one();
});                                                               // committed, connection back in the pool
pqscope::with_session(db, {.isolation = serializable, .retry = {.attempts = 5}, .deadline = 2s}, work);
  // clang-format on
  REQUIRE(id == 2);
  pqscope::connection conn{db};
  REQUIRE(conn.query<std::string>("SELECT name FROM mytable WHERE id = 2").one() == name);
  pqscope::with_session(conn, [](pqscope::session& s) {
    pqscope::with_session(s, [](pqscope::session& nested) {
      nested.execute("DELETE FROM mytable");
      throw pqscope::rollback{};
    });
    s.rollback();
  });
  pqscope::transaction tx{conn};
  pqscope::with_session(tx, work);
  tx.commit();
}

void session_without_lambda(pqscope::config const& db) {
  auto const begin = [&] { return pqscope::unique_session{db}; };
  auto s = begin();
  s.execute("INSERT INTO mytable (name) VALUES ($1)", "Jim");
  s.commit();
  REQUIRE(pqscope::connection{db}.query<std::int64_t>("SELECT count(*) FROM mytable").one() == 3);
}

/// Section 6.
void engine_and_pool(pqscope::config const& config) {
  using namespace std::chrono_literals;
  std::string const name = "Joan";
  // clang-format off
pqscope::pool pool{config, {.min_size = 5, .max_size = 20, .acquire_timeout = 30s}};
{ auto conn = pool.acquire(); conn->execute("SELECT 1"); }         // back in the pool here
pqscope::engine db{config.url(), {.pool = {.max_size = 2}, .session = {.label = "api"}, .replicas = {config}, .observer = nullptr}};
auto id = pqscope::with_session(db, [&](pqscope::session& s) {
  s.execute("INSERT INTO mytable (name) VALUES ($1)", name);
  return s.query<std::int64_t>("SELECT max(id) FROM mytable").one();
});
auto s = db.begin(); s.execute("DELETE FROM mytable WHERE id = $1", id); s.commit();
  // clang-format on
  pqscope::pool every{config,
                      {.min_size = 1,
                       .max_size = 2,
                       .acquire_timeout = 1s,
                       .max_waiting = 3,
                       .max_lifetime = 1h,
                       .idle_timeout = 1min,
                       .health_check = pqscope::health_check::ping,
                       .reset = pqscope::reset_policy::discard_all,
                       .connect_retry = {.attempts = 3},
                       .before_connect = [](pqscope::config& to) { to.with("connect_timeout", 5); },
                       .after_connect = [](pqscope::connection& c) { c.execute("SELECT 1"); },
                       .before_acquire = [](pqscope::connection&) { return true; },
                       .after_release = [](pqscope::connection&) {},
                       .before_close = [](pqscope::connection&) {}}};
  every.warm_up();
  pqscope::with_session(every, [](auto& scope) { scope.execute("SELECT 1"); });
  auto const stats = every.stats();
  REQUIRE(stats.size == 1 && stats.idle == 1 && stats.waiting == 0);
  every.resize(1, 4);
  every.drain();
  REQUIRE(every.close(1s));
  pqscope::with_session(db.reader(), [](auto& scope) { scope.execute("SELECT 1"); });
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    return 2;
  }
  try {
    url = arguments[1];
    ::setenv("DB_HOST", "from-env", 1);
    pqscope::connection conn{database()};
    conn.execute(pqscope::compose("CREATE SCHEMA {}", pqscope::identifier{own_schema}));
    conn.execute("CREATE TABLE mytable (id bigint GENERATED ALWAYS AS IDENTITY, name text)");
    conn.execute("CREATE TABLE users (id bigint, name text, email text)");
    conn.execute("INSERT INTO users VALUES (7, 'ada')");
    configuration();
    sql_text(conn);
    connection_and_results();
    transactions(conn);
    sessions(database());
    session_without_lambda(database());
    engine_and_pool(database());
    conn.execute(pqscope::compose("DROP SCHEMA {} CASCADE", pqscope::identifier{own_schema}));
    return 0;
  } catch (std::exception const& problem) {
    std::fputs(problem.what(), stderr);
    return 1;
  }
}
