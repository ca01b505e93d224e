#include <pqscope/pqscope.hpp>

#include <catch2/catch_test_macros.hpp>
#include <optional>
#include <string>

#include "integration/transaction/watched.hpp"
#include "support/ensure_usable.hpp"

using pqscope::isolation;
using pqscope::transaction;
using pqscope::transaction_options;
using support::watched;

namespace {

struct modes {
  std::string level;
  std::string read_only;
  std::string deferrable;
  friend bool operator==(modes const&, modes const&) = default;
};

template <class Scope>
modes shown_by(Scope& in) {
  return in
      .template query<modes>(
          "SELECT current_setting('transaction_isolation') AS level, "
          "current_setting('transaction_read_only') AS read_only, "
          "current_setting('transaction_deferrable') AS deferrable")
      .one();
}

std::string shown(std::optional<isolation> level) {
  switch (level.value_or(isolation::read_committed)) {
    case isolation::read_uncommitted:
      return "read uncommitted";
    case isolation::read_committed:
      return "read committed";
    case isolation::repeatable_read:
      return "repeatable read";
    case isolation::serializable:
      break;
  }
  return "serializable";
}

}  // namespace

TEST_CASE("every combination of options is what the server shows, and the next has its defaults") {
  watched w;
  modes const defaults{"read committed", "off", "off"};
  std::optional<isolation> const levels[] = {std::nullopt, isolation::read_uncommitted,
                                             isolation::read_committed, isolation::repeatable_read,
                                             isolation::serializable};
  std::optional<pqscope::access> const accesses[] = {std::nullopt, pqscope::access::read_only,
                                                     pqscope::access::read_write};
  std::optional<bool> const waits[] = {std::nullopt, true, false};
  for (auto const level : levels) {
    for (auto const mode : accesses) {
      for (auto const deferrable : waits) {
        transaction_options const options{
            .isolation = level, .access = mode, .deferrable = deferrable};
        w.log.clear();
        transaction tx{w.conn, options};
        modes const expected{shown(level), mode == pqscope::access::read_only ? "on" : "off",
                             deferrable == true ? "on" : "off"};
        INFO(pqscope::detail::begin_text(options));
        CHECK(shown_by(tx) == expected);
        tx.commit();
        auto const sent = w.log.statements();
        REQUIRE(sent.size() == 3);
        CHECK(sent[0] == pqscope::detail::begin_text(options));
        CHECK(sent[2] == "COMMIT");
      }
    }
    transaction next{w.conn};
    CHECK(shown_by(next) == defaults);
    next.commit();
  }
  support::ensure_usable(w.conn);
}

TEST_CASE("unset options follow the defaults of the server session") {
  watched w;
  w.conn.execute("SET default_transaction_isolation = 'repeatable read'");
  w.conn.execute("SET default_transaction_read_only = on");
  {
    transaction tx{w.conn};
    CHECK(shown_by(tx) == modes{"repeatable read", "on", "off"});
  }
  transaction tx{w.conn,
                 {.isolation = isolation::read_committed, .access = pqscope::access::read_write}};
  CHECK(shown_by(tx) == modes{"read committed", "off", "off"});
}

TEST_CASE("a read-only transaction refuses to write with 25006") {
  support::shared_table table;
  watched w;
  {
    transaction tx{w.conn, {.access = pqscope::access::read_only}};
    CHECK_THROWS_AS(tx.execute(table.insert(1)), pqscope::read_only_sql_transaction);
    CHECK_THROWS_AS(tx.commit(), pqscope::transaction_rolled_back);
  }
  CHECK(table.count() == 0);
  support::ensure_usable(w.conn);
}

TEST_CASE("a nested session with a mode of its own is refused, and its transaction goes on") {
  watched w;
  transaction tx{w.conn};
  tx.execute("INSERT INTO t VALUES (1)");
  auto const before = w.log.round_trips();
  auto const nothing = [](pqscope::session&) {};
  using options = pqscope::session_options;
  for (options const& each :
       {options{.isolation = isolation::serializable},
        options{.access = pqscope::access::read_only}, options{.deferrable = true},
        options{.statement_timeout = std::chrono::seconds{1}}}) {
    CHECK_THROWS_AS(pqscope::with_session(tx, each, nothing), pqscope::usage_error);
  }
  CHECK(w.log.round_trips() == before);
  tx.commit();
  CHECK(w.rows() == std::vector{1});
  support::ensure_usable(w.conn);
}
