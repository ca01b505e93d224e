#include <catch2/catch_test_macros.hpp>
#include <pqscope/testing.hpp>

#include <array>
#include <condition_variable>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <sstream>

#include "bank.hpp"
#include "support/eventually.hpp"

using namespace std::chrono_literals;
using pqscope::testing::faulty_proxy;
using pqscope::testing::shutdown_mode;
using pqscope::testing::temporary_cluster;
using support::transfer_fate;
using support::witness;

namespace {

long setting(char const* name, long otherwise) {
  char const* const given = std::getenv(name);
  return given != nullptr && *given != '\0' ? std::strtol(given, nullptr, 10) : otherwise;
}

/// Does things to the server and to the network, one after the other, by chance.
class misfortune {
 public:
  misfortune(temporary_cluster& cluster, faulty_proxy& proxy, unsigned seed)
      : cluster_{cluster}, proxy_{proxy}, random_{seed} {}

  void rage(std::chrono::seconds how_long) {
    auto const until = std::chrono::steady_clock::now() + how_long;
    auto next_restart = std::chrono::steady_clock::now() + 3s;
    while (std::chrono::steady_clock::now() < until) {
      if (std::chrono::steady_clock::now() >= next_restart) {
        ++restarts;
        direct_.reset();
        cluster_.restart(shutdown_mode::immediate);
        next_restart = std::chrono::steady_clock::now() + 4s;
      } else {
        strike();
      }
      wait(std::chrono::milliseconds{20 + random_() % 120});
    }
    proxy_.disarm();
    proxy_.resume();
  }

  void print(std::ostream& out) const {
    out << "  injected: " << restarts << " immediate restarts, " << terminated
        << " backends terminated, " << all_cut << " times all connections cut, " << before
        << " cuts before and " << after << " after COMMIT, " << elsewhere
        << " cuts at other messages, " << silences << " silences\n";
  }

  int restarts = 0, terminated = 0, all_cut = 0, before = 0, after = 0, elsewhere = 0, silences = 0;

 private:
  void strike() {
    switch (random_() % 8) {
      case 0:
      case 1:
        terminated += terminate_one();
        break;
      case 2:
        ++all_cut;
        proxy_.cut_all();
        break;
      case 3:
        ++before;
        proxy_.cut_before("COMMIT", static_cast<int>(random_() % 3) + 1);
        break;
      case 4:
      case 5:
        ++after;
        proxy_.cut_after("COMMIT", static_cast<int>(random_() % 3) + 1);
        break;
      case 6:
        ++elsewhere;
        proxy_.cut_before_server_message('\0', static_cast<int>(random_() % 200) + 1);
        break;
      default:
        ++silences;
        proxy_.stall();
        wait(std::chrono::milliseconds{random_() % 100});
        proxy_.resume();
        break;
    }
  }

  int terminate_one() {
    try {
      if (!direct_) {
        direct_.emplace(cluster_.url());
      }
      return static_cast<int>(direct_->number(
          "SELECT count(pg_terminate_backend(pid)) FROM (SELECT pid FROM pg_stat_activity "
          "WHERE application_name = 'bank' ORDER BY random() LIMIT 1) victim"));
    } catch (std::exception const&) {
      direct_.reset();
      return 0;
    }
  }

  /// Lets time pass for those it happens to.
  void wait(std::chrono::milliseconds span) {
    std::mutex mutex;
    std::unique_lock lock{mutex};
    std::condition_variable nobody;
    nobody.wait_for(lock, span, [] { return false; });
  }

  temporary_cluster& cluster_;
  faulty_proxy& proxy_;
  std::mt19937 random_;
  std::optional<witness> direct_;
};

}  // namespace

TEST_CASE(
    "money is neither made nor lost while backends are terminated, connections cut around COMMIT, "
    "and the server crashes") {
  auto const seconds = std::chrono::seconds{setting("PQSCOPE_BANK_SECONDS", 30)};
  auto const seed = static_cast<unsigned>(setting("PQSCOPE_BANK_SEED", 20'261'121));
  constexpr int clerks = 8;

  temporary_cluster cluster{{.settings = {{"max_connections", "60"}}}};
  witness{cluster.url()}.execute("SELECT 1");
  {
    witness direct{cluster.url()};
    support::bank::open(direct);
  }
  faulty_proxy proxy{cluster.config()};
  pqscope::config const through = proxy.config().with("application_name", "bank");
  pqscope::engine db{through, {.pool = {.max_size = 6, .acquire_timeout = 20s}}};
  support::bank bank{db, through};
  misfortune fate{cluster, proxy, seed};
  {
    std::atomic<bool> stop{false};
    std::vector<std::jthread> threads;
    for (int clerk = 0; clerk < clerks; ++clerk) {
      threads.emplace_back(
          [&, clerk] { bank.work(clerk, seed + 1 + static_cast<unsigned>(clerk), stop); });
    }
    fate.rage(seconds);
    stop.store(true);
  }

  witness direct{cluster.url()};
  auto const found = bank.compare(direct);
  CHECK(support::eventually([&] {
    db.pool().maintain();  // what was begun and is not needed any more ends after a second
    pqscope::pool_stats const now = db.stats().primary;
    return now.size == now.idle;
  }));
  pqscope::pool_stats const stats = db.stats().primary;
  std::ostringstream report;
  report << "bank transfer, seed " << seed << ", " << seconds.count() << " s, " << clerks
         << " clerks\n";
  fate.print(report);
  report << "  survived: " << bank.count(transfer_fate::acknowledged) << " acknowledged, "
         << bank.count(transfer_fate::resolved_committed) << " in doubt and committed, "
         << bank.count(transfer_fate::resolved_aborted) << " in doubt and aborted, "
         << bank.count(transfer_fate::unknown) << " in doubt for good, "
         << bank.count(transfer_fate::refused) << " refused\n"
         << "  pool: " << stats.connects << " connects, " << stats.connect_errors << " failed, "
         << stats.lost << " lost, " << stats.failed_checks << " failed checks, " << stats.retired
         << " generations retired; left: " << stats.idle << " idle, " << stats.in_use << " in use, "
         << stats.opening << " opening\n";
  bank.print_errors(report);
  std::cout << report.str() << std::flush;

  CHECK(found.sum ==
        static_cast<long long>(support::bank::accounts) * support::bank::opening_balance);
  CHECK(found.missing == 0);
  CHECK(found.unwanted == 0);
  CHECK(found.repeated == 0);
  CHECK(bank.count(transfer_fate::acknowledged) > 0);
  CHECK(bank.count(transfer_fate::unknown) == 0);
  CHECK(fate.after > 0);
  auto lease = db.acquire();
  CHECK(lease->query<int>("SELECT 1").one() == 1);
}
