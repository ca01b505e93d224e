#ifndef PQSCOPE_TESTS_FAULTS_POOL_BANK_HPP
#define PQSCOPE_TESTS_FAULTS_POOL_BANK_HPP

#include <pqscope/pqscope.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <ostream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "support/database.hpp"

namespace support {

/// What the program knows of one transfer.
enum class transfer_fate : unsigned char {
  acknowledged,        ///< with_session returned
  refused,             ///< an error that says it was not committed
  resolved_committed,  ///< in doubt, and the server said it was committed
  resolved_aborted,    ///< in doubt, and the server said it was not
  unknown,             ///< in doubt, and the server could not say
};

/// A bank whose clerks move money between accounts, each transfer in a serializable session of its
/// own, and keep a list of what became of each.
class bank {
 public:
  static constexpr int accounts = 12;
  static constexpr int opening_balance = 1000;

  bank(pqscope::engine& db, pqscope::config resolver) : db_{db}, resolver_{std::move(resolver)} {}

  /// Makes the tables, on a connection that nothing happens to.
  static void open(witness& direct) {
    direct.execute(
        "CREATE TABLE account (id int PRIMARY KEY, balance bigint NOT NULL);"
        "CREATE TABLE transfer (name text NOT NULL, amount bigint NOT NULL);"
        "INSERT INTO account SELECT i, " +
        std::to_string(opening_balance) + " FROM generate_series(1, " + std::to_string(accounts) +
        ") i");
  }

  /// One clerk's work, until `stop` is set.
  void work(int clerk, unsigned seed, std::atomic<bool> const& stop) {
    std::mt19937 random{seed};
    for (int n = 0; !stop.load(); ++n) {
      std::string const name = std::to_string(clerk) + ':' + std::to_string(n);
      int const from = static_cast<int>(random() % accounts) + 1;
      int const to = (from + static_cast<int>(random() % (accounts - 1))) % accounts + 1;
      auto const amount = static_cast<std::int64_t>(random() % 50 + 1);
      note(name, transfer(name, from, to, amount, random() % 2 == 0));
    }
  }

  struct audit {
    long long missing = 0;   ///< transfers that should be there and are not
    long long unwanted = 0;  ///< transfers that should not be there and are
    long long repeated = 0;  ///< transfers that are there more than once
    long long sum = 0;       ///< of all balances
  };
  /// Compares the list with the tables.
  audit compare(witness& direct) {
    audit found;
    std::map<std::string, long long> rows;
    for (std::string const& name : direct.column("SELECT name FROM transfer")) {
      ++rows[name];
    }
    std::scoped_lock const lock{mutex_};
    for (auto const& [name, fate] : fates_) {
      long long const there = rows[name];
      bool const wanted =
          fate == transfer_fate::acknowledged || fate == transfer_fate::resolved_committed;
      found.repeated += there > 1;
      found.missing += wanted && there == 0;
      found.unwanted += !wanted && fate != transfer_fate::unknown && there > 0;
    }
    found.sum = direct.number("SELECT sum(balance) FROM account");
    return found;
  }

  long long count(transfer_fate which) const {
    std::scoped_lock const lock{mutex_};
    long long n = 0;
    for (auto const& [name, fate] : fates_) {
      n += fate == which;
    }
    return n;
  }
  /// The errors that transfers ended with, and how often.
  void print_errors(std::ostream& out) const {
    std::scoped_lock const lock{mutex_};
    for (auto const& [what, times] : errors_) {
      out << "    " << times << "x " << what << '\n';
    }
  }

 private:
  transfer_fate transfer(std::string const& name, int from, int to, std::int64_t amount,
                         bool resolves) {
    using namespace std::chrono_literals;
    pqscope::session_options const options{
        .isolation = pqscope::isolation::serializable,
        .retry = {.attempts = 50, .base_delay = 2ms, .max_delay = 100ms},
        .deadline = 20s,
        .on_in_doubt = resolves ? pqscope::on_in_doubt::resolve : pqscope::on_in_doubt::report};
    try {
      pqscope::with_session(db_, options, [&](pqscope::session& s) {
        auto const balance =
            s.query<std::int64_t>("SELECT balance FROM account WHERE id = $1", from).one();
        if (balance < amount) {
          s.rollback();
          return;
        }
        s.execute("UPDATE account SET balance = balance - $2 WHERE id = $1", from, amount);
        s.execute("INSERT INTO transfer (name, amount) VALUES ($1, $2)", name, amount);
        s.execute("UPDATE account SET balance = balance + $2 WHERE id = $1", to, amount);
        s.after_commit([this, name] { note_commit(name); });
      });
      return committed(name) ? transfer_fate::acknowledged : transfer_fate::refused;
    } catch (pqscope::commit_in_doubt const& doubt) {
      switch (pqscope::resolve(resolver_, doubt, 20s)) {
        case pqscope::resolution::committed:
          return transfer_fate::resolved_committed;
        case pqscope::resolution::aborted:
          return transfer_fate::resolved_aborted;
        case pqscope::resolution::unknown:
          break;
      }
      return transfer_fate::unknown;
    } catch (pqscope::error const& failure) {
      note_error(failure.what());
      return transfer_fate::refused;
    }
  }

  void note(std::string const& name, transfer_fate fate) {
    std::scoped_lock const lock{mutex_};
    fates_[name] = fate;
  }
  void note_commit(std::string const& name) {
    std::scoped_lock const lock{mutex_};
    ++commits_[name];
  }
  bool committed(std::string const& name) const {
    std::scoped_lock const lock{mutex_};
    return commits_.contains(name);
  }
  void note_error(std::string const& what) {
    std::scoped_lock const lock{mutex_};
    ++errors_[what.substr(0, what.find('\n')).substr(0, 160)];
  }

  pqscope::engine& db_;
  pqscope::config resolver_;
  mutable std::mutex mutex_;
  std::map<std::string, transfer_fate> fates_;
  std::map<std::string, int> commits_;
  std::map<std::string, int> errors_;
};

}  // namespace support

#endif
