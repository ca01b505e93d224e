// A guided tour: sh docs/quickstart.sh builds and runs it. It works in a schema of its own on the
// server of DATABASE_URL and removes that schema at the end.

#include <pqscope/pqscope.hpp>

#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <iomanip>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

using namespace std::chrono_literals;

int chapter = 0;

void begin(std::string_view title) {
  std::cout << '\n' << ++chapter << ". " << title << '\n';
}

template <class Value>
void show(std::string_view what, Value const& value) {
  std::cout << "   " << std::left << std::setw(46) << what << ' ' << value << '\n';
}

// What another session sees: only what is committed.
std::int64_t committed_users(pqscope::config const& db) {
  return pqscope::connection{db}.query<std::int64_t>("SELECT count(*) FROM users").one();
}

// [user]
struct user {
  std::int64_t id;
  std::string name;
  std::optional<std::string> email;
};
// [user]

void connect_and_fetch(pqscope::config const& db) {
  begin("Connect, execute, fetch");
  // [connect]
  pqscope::connection conn{db};
  conn.execute("INSERT INTO users (name, email) VALUES ($1, $2), ($3, $4)",  //
               "ada", "ada@example.org", "grace", nullptr);
  for (auto const& [id, name, email] : conn.query<user>("SELECT * FROM users ORDER BY id")) {
    std::cout << "   user " << id << ": " << name << ", " << email.value_or("no address") << '\n';
  }
  // [connect]
  auto const table = conn.execute("SELECT id, name, email FROM users ORDER BY id");
  std::cout << table;
}

void commit_on_return(pqscope::config const& db) {
  begin("A session commits when its work returns");
  // [with_session]
  auto id = pqscope::with_session(db, [&](pqscope::session& s) {
    s.execute("INSERT INTO users (name) VALUES ($1)", "barbara");
    show("inside, another connection sees users:", committed_users(db));
    return s.query<std::int64_t>("SELECT max(id) FROM users").one();
  });
  // [with_session]
  show("afterwards it sees:", committed_users(db));
  show("the session returned the new id:", id);
}

void roll_back_on_exception(pqscope::config const& db) {
  begin("An exception rolls it back, and arrives unchanged");
  // [exception]
  try {
    pqscope::with_session(db, [](pqscope::session& s) {
      s.execute("DELETE FROM users");
      throw std::runtime_error("second thoughts");
    });
  } catch (std::runtime_error const& error) {
    show("caught:", error.what());
  }
  // [exception]
  show("users still there:", committed_users(db));
}

void tell_the_truth(pqscope::config const& db) {
  begin("A caught error does not become a false success");
  // [rolled_back]
  try {
    pqscope::with_session(db, [](pqscope::session& s) {
      s.execute("INSERT INTO users (name) VALUES ($1)", "edith");
      try {
        s.execute("INSERT INTO users (name) VALUES ($1)", "ada");  // there is one already
      } catch (pqscope::unique_violation const& error) {
        show("a statement failed on constraint:", error.constraint_name());
      }
    });  // the server answers this COMMIT with ROLLBACK, which is no error to it
  } catch (pqscope::transaction_rolled_back const& error) {
    show("transaction_rolled_back, first error:", error.sqlstate());
  }
  // [rolled_back]
  show("edith is in the table:", pqscope::connection{db}
                                         .query<bool>("SELECT EXISTS (SELECT FROM users WHERE "
                                                      "name = 'edith')")
                                         .one()
                                     ? "yes"
                                     : "no");
}

void nest(pqscope::config const& db) {
  begin("A nested scope fails alone");
  pqscope::connection conn{db};
  auto const before = conn.round_trips();
  // [nested]
  pqscope::with_session(conn, [](pqscope::session& s) {
    s.execute("INSERT INTO users (name) VALUES ($1)", "edith");
    try {
      pqscope::with_session(s, [](pqscope::session& inner) {
        inner.execute("INSERT INTO users (name) VALUES ($1)", "ada");
      });
    } catch (pqscope::unique_violation const& error) {
      show("the inner scope was undone:", error.sqlstate());
    }
    pqscope::with_session(s, [](pqscope::session& inner) {
      inner.execute("INSERT INTO users (name) VALUES ($1)", "frances");
    });
  });
  // [nested]
  show("round trips, BEGIN to COMMIT:", conn.round_trips() - before);
  show("users committed:", committed_users(db));
}

void retry_collisions(pqscope::config const& db) {
  begin("Serializable sessions that collide are run again");
  // [retry]
  int runs = 0;
  pqscope::with_session(
      db,
      {.isolation = pqscope::isolation::serializable, .retry = {.attempts = 5}, .deadline = 10s},
      [&](pqscope::session& s) {
        ++runs;
        auto balance =
            s.query<std::int64_t>("SELECT balance FROM accounts WHERE owner = $1", "ada").one();
        if (s.attempt() == 1) {  // meanwhile, somebody else
          pqscope::with_session(db, [](pqscope::session& other) {
            other.execute("UPDATE accounts SET balance = balance + 5 WHERE owner = $1", "ada");
          });
        }
        s.execute("UPDATE accounts SET balance = $1 WHERE owner = $2", balance + 100, "ada");
      });
  // [retry]
  show("runs of the work:", runs);
  show("balance, from 50 by +5 and +100:",
       pqscope::connection{db}.query<std::int64_t>("SELECT balance FROM accounts").one());
}

void configure(pqscope::config const& db, std::optional<std::string> const& role,
               std::string const& password) {
  begin("Configuration from the environment");
  if (role) {
    ::setenv("TOUR_USER", role->c_str(), 1);
  }
  ::setenv("TOUR_PASSWORD", password.c_str(), 1);
  // [from_env]
  auto from_env = pqscope::config::from_env({.prefix = "TOUR_", .defaults = db});
  // [from_env]
  show("TOUR_PASSWORD:", password);
  if (role) {
    pqscope::connection conn{from_env};
    show("connected as the role of TOUR_USER:",
         conn.query<bool>("SELECT current_user = $1", *role).one() ? "yes" : "no");
  }
  show("its URL reads back as the same configuration:",
       pqscope::config::from_url(from_env.url()).get("password") == password ? "yes" : "no");
  show("the password shows when it is printed:",
       from_env.redacted().find("ss/w") == std::string::npos ? "no" : "yes");
}

// A schema, and a role where the server lets us make one, for the length of the tour.
class stage {
 public:
  explicit stage(pqscope::config const& server)
      : name_{"pqscope_tour_" + std::to_string(::getpid())}, conn_{server} {
    pqscope::identifier const schema{name_};
    conn_.execute(pqscope::compose("CREATE SCHEMA {}", schema));
    conn_.execute(
        pqscope::compose("CREATE TABLE {} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY "
                         "KEY, name text NOT NULL UNIQUE, email text)",
                         pqscope::identifier{name_, "users"}));
    conn_.execute(
        pqscope::compose("CREATE TABLE {} (owner text PRIMARY KEY, balance bigint NOT "
                         "NULL)",
                         pqscope::identifier{name_, "accounts"}));
    conn_.execute(pqscope::compose("INSERT INTO {} VALUES ('ada', 50)",
                                   pqscope::identifier{name_, "accounts"}));
    try {
      conn_.execute(pqscope::compose("CREATE ROLE {} LOGIN PASSWORD {}", schema,
                                     pqscope::literal{password()}));
      has_role_ = true;
    } catch (pqscope::insufficient_privilege const&) {  // then without a role of our own
    }
  }
  ~stage() {
    try {
      conn_.execute(pqscope::compose("DROP SCHEMA {} CASCADE", pqscope::identifier{name_}));
      conn_.execute(pqscope::compose("DROP ROLE IF EXISTS {}", pqscope::identifier{name_}));
    } catch (pqscope::error const& error) {
      std::cerr << error.what() << '\n';
    }
  }

  // Nothing where the server let us make none.
  std::optional<std::string> role() const {
    return has_role_ ? std::optional{name_} : std::nullopt;
  }
  static std::string password() { return R"(p@ss/w:rd?#%'\)"; }
  pqscope::config on(pqscope::config server) const {
    return std::move(server).with("options", "-c search_path=" + name_);
  }

 private:
  std::string name_;
  pqscope::connection conn_;
  bool has_role_ = false;
};

}  // namespace

int main() {
  try {
    auto const server = pqscope::config::from_env({.url_variable = "DATABASE_URL"});
    stage const here{server};
    auto const db = here.on(server);
    std::cout << "pqscope: a guided tour on PostgreSQL\n";
    connect_and_fetch(db);
    commit_on_return(db);
    roll_back_on_exception(db);
    tell_the_truth(db);
    nest(db);
    retry_collisions(db);
    configure(db, here.role(), stage::password());
  } catch (pqscope::error const& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}
