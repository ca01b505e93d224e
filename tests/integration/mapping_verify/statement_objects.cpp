#include <catch2/catch_test_macros.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/mapping/statement.hpp>
#include <pqscope/mapping/statement_transfer.hpp>
#include <pqscope/testing/recorder.hpp>
#include <pqscope/transaction/savepoint.hpp>
#include <pqscope/transaction/transaction.hpp>
#include <pqscope/with_session.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "scratch.hpp"

namespace {

using mapping_verify::scratch;

struct user {
  std::int64_t id;
  std::string name;
  std::optional<std::string> email;
};

constexpr pqscope::statement<user(std::int64_t)> user_by_id{
    "SELECT id, name, email FROM users WHERE id = $1"};
constexpr pqscope::statement<void(std::int64_t, std::string const&, std::optional<std::string>)>
    insert_user{"INSERT INTO users (id, name, email) VALUES ($1, $2, $3)"};
constexpr pqscope::statement<std::string()> names{"SELECT name FROM users ORDER BY id"};
constexpr pqscope::statement<std::string(std::int64_t)> type_of{"SELECT pg_typeof($1)::text"};

}  // namespace

TEST_CASE("a statement object is carried out with arguments of other types that fit") {
  scratch on;
  CHECK(on.db.execute(insert_user, 1, "ada", nullptr).affected_rows() == 1);
  CHECK(on.db.execute(insert_user, short{2}, std::string_view("bob"), "b@x").affected_rows() == 1);
  insert_user(on.db, std::int64_t{3}, std::string("eve"), std::optional<std::string>());
  auto const bob = on.db.query(user_by_id, 2).one();
  CHECK(bob.name == "bob");
  CHECK(bob.email == "b@x");
  CHECK_FALSE(user_by_id(on.db, 3).one().email.has_value());
  CHECK(on.db.query(names).all() == std::vector<std::string>{"ada", "bob", "eve"});
}

TEST_CASE("the server is told the declared type, whatever is passed") {
  scratch on;
  CHECK(on.db.query(type_of, 1).one() == "bigint");
  CHECK(on.db.query(type_of, short{1}).one() == "bigint");
  CHECK(on.db
            .execute(
                pqscope::dynamic_sql{
                    "SELECT count(*)::int FROM pg_prepared_statements WHERE statement = $1"},
                type_of.text())[0][0]
            .as<int>() == 1);
}

TEST_CASE(
    "a statement object works in a transaction, a savepoint and a session, and can be deferred") {
  scratch on;
  {
    pqscope::transaction tx{on.db};
    tx.execute(insert_user, 1, "ada", "a@x");
    {
      pqscope::savepoint inner{tx};
      insert_user(inner, 2, "bob", nullptr);
      CHECK(inner.query(names).size() == 2);
      inner.rollback();
    }
    CHECK(tx.query(names).size() == 1);
    tx.commit();
  }
  auto const name = pqscope::with_session(on.db, [](pqscope::session& s) {
    insert_user(s, 2, "bob", nullptr);
    return s.query(user_by_id, 2).one().name;
  });
  CHECK(name == "bob");
  pqscope::with_session(on.db, [](pqscope::session& s) {
    s.defer(insert_user, 3, "eve", nullptr);
    CHECK(s.query(names).size() == 3);
  });
}

TEST_CASE("a statement object can be streamed, read by a cursor and be part of a pipeline") {
  scratch on;
  on.db.execute(insert_user, 1, "ada", "a@x");
  on.db.execute(insert_user, 2, "bob", "b@x");
  std::string streamed;
  for (auto const& name : on.db.stream(names)) {
    streamed += name + ' ';
  }
  CHECK(streamed == "ada bob ");
  CHECK(on.db.stream(user_by_id, 2).all().size() == 1);
  auto [found, inserted] = on.db.pipeline([](auto& p) {
    return std::tuple{p.query(user_by_id, 1), p.execute(insert_user, 3, "eve", nullptr)};
  });
  CHECK(found.one().name == "ada");
  CHECK(inserted.affected_rows() == 1);
  pqscope::transaction tx{on.db};
  CHECK(tx.cursor(names).fetch_all() == std::vector<std::string>{"ada", "bob", "eve"});
  CHECK(tx.cursor(user_by_id, {.fetch = 1}, 3).fetch_all().size() == 1);
  tx.commit();
}

TEST_CASE("an error of a statement object names its declaration") {
  scratch on;
  on.db.execute(insert_user, 1, "ada", nullptr);
  try {
    on.db.execute(insert_user, 1, "ada", nullptr);
    FAIL("nothing was thrown");
  } catch (pqscope::unique_violation const& refused) {
    CHECK(refused.where().line() == insert_user.where().line());
  }
}
