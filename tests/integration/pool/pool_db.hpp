#ifndef PQSCOPE_TESTS_INTEGRATION_POOL_POOL_DB_HPP
#define PQSCOPE_TESTS_INTEGRATION_POOL_POOL_DB_HPP

#include <pqscope/connection/config.hpp>
#include <pqscope/error/connection_error.hpp>
#include <pqscope/error/pool_error.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/pool/pool.hpp>
#include <pqscope/testing/file_descriptor.hpp>
#include <pqscope/testing/sockets.hpp>

#include <catch2/catch_test_macros.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/database.hpp"
#include "support/eventually.hpp"

namespace support {

/// The test database, under an application name that tells this test's connections from others'.
struct pool_db {
  std::string name = unique_name("pool");
  witness outside;

  pqscope::config config() const { return test_config().with("application_name", name); }
  /// How many connections of that name the server has.
  long long backends() {
    return outside.number("SELECT count(*) FROM pg_stat_activity WHERE application_name = $1",
                          {name});
  }
  /// Whether it comes to be `count` connections.
  bool comes_to(long long count) {
    return eventually([&] { return backends() == count; });
  }
  /// Whether a backend comes to do something.
  bool comes_to_work(int pid) {
    return eventually([&] {
      return outside.number(
                 "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND state = 'active'",
                 {std::to_string(pid)}) > 0;
    });
  }
};

/// A listening socket that lets clients connect and never answers.
class deaf_server {
 public:
  deaf_server() : socket_{pqscope::testing::detail::bind_loopback()} {
    pqscope::testing::detail::listen_on(socket_);
  }
  /// `to`, leading here.
  pqscope::config config(pqscope::config to) const {
    to.host = "127.0.0.1";
    to.port = pqscope::testing::detail::port_of(socket_);
    return to;
  }

 private:
  pqscope::testing::detail::file_descriptor socket_;
};

/// A reserved port at which nobody listens: connecting is refused.
class absent_server {
 public:
  /// `to`, leading there.
  pqscope::config config(pqscope::config to) const {
    to.host = "127.0.0.1";
    to.port = pqscope::testing::detail::port_of(socket_);
    return to;
  }

 private:
  pqscope::testing::detail::file_descriptor socket_ = pqscope::testing::detail::bind_loopback();
};

/// Whether as many callers come to wait in the pool.
inline bool comes_to_wait(pqscope::pool const& pool, std::size_t count) {
  return eventually([&] { return pool.stats().waiting == count; });
}

/// The exception of this type that `action` throws.
template <class Exception, class Action>
Exception caught(Action action) {
  try {
    action();
  } catch (Exception const& failure) {
    return failure;
  }
  throw std::logic_error("nothing was thrown");
}

/// How something ended, for threads beside the test: "done", or what it threw.
template <class Action>
std::string outcome_of(Action action) {
  try {
    action();
    return "done";
  } catch (pqscope::pool_timeout const&) {
    return "pool_timeout";
  } catch (pqscope::pool_closed const&) {
    return "pool_closed";
  } catch (pqscope::deadline_exceeded const&) {
    return "deadline_exceeded";
  } catch (pqscope::operation_cancelled const&) {
    return "operation_cancelled";
  } catch (pqscope::usage_error const&) {
    return "usage_error";
  } catch (pqscope::connection_error const&) {
    return "connection_error";
  } catch (std::exception const& failure) {
    return failure.what();
  }
}

/// Whether the numbers of a pool at rest add up.
inline bool add_up(pqscope::pool_stats const& seen) {
  return seen.requests == seen.acquired + seen.timeouts + seen.errors &&
         seen.size == seen.idle + seen.in_use + seen.opening &&
         seen.connects == seen.closed + seen.idle + seen.in_use;
}

/// Requires that nothing is in use, and that as many connections as may be can be had and work. An
/// attempt to connect may have been left for the next one who wants a connection.
inline void ensure_whole(pqscope::pool& pool) {
  pqscope::pool_stats const before = pool.stats();
  REQUIRE(before.in_use == 0);
  REQUIRE(before.waiting == 0);
  std::vector<pqscope::lease> all;
  for (std::size_t i = 0; i < before.max_size; ++i) {
    all.push_back(pool.acquire(std::chrono::seconds{30}));
    REQUIRE(all.back()->query<int>("SELECT 42").one() == 42);
  }
  REQUIRE(pool.stats().in_use == before.max_size);
  all.clear();
  REQUIRE(pool.stats().in_use == 0);
  REQUIRE(add_up(pool.stats()));
}

}  // namespace support

#endif
