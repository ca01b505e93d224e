#ifndef PQSCOPE_ASYNC_CONNECTION_HPP
#define PQSCOPE_ASYNC_CONNECTION_HPP

#include <pqscope/async/heeded.hpp>
#include <pqscope/async/scope.hpp>
#include <pqscope/async/with_session.hpp>
#include <pqscope/connection/connection.hpp>
#include <pqscope/error/usage_error.hpp>

#include <memory>
#include <source_location>
#include <utility>

namespace pqscope::async {

/// One connection to one server, as `pqscope::connection`, that does not block:
///
///     auto conn = co_await pqscope::async::connection::open(executor, config);
///     auto n = (co_await conn.query<std::int64_t>("SELECT count(*) FROM mytable")).one();
///
/// Autocommit; for transactions `async::with_session(conn, work)`. Movable, not copyable; moved
/// from, every use is a `usage_error`. One operation at a time.
class connection : public detail::scope<connection> {
 public:
  /// Connects. Errors as `pqscope::connection`'s constructor.
  static operation<connection> open(asio::any_io_executor executor, config to,
                                    std::source_location where = std::source_location::current()) {
    return open(std::move(executor), std::move(to), connection_options{}, where);
  }
  /// The same with options.
  static operation<connection> open(asio::any_io_executor executor, config to,
                                    connection_options options,
                                    std::source_location where = std::source_location::current()) {
    auto on = std::make_shared<detail::fiber>(executor);
    auto open = [own_to = std::move(to), own_options = std::move(options), executor, on,
                 where]() mutable {
      return connection{executor, on,
                        std::make_shared<holder>(own_to, std::move(own_options), where)};
    };
    return {std::move(executor), detail::run_on(std::move(on), std::move(open), where)};
  }

  /// The blocking connection that this is.
  pqscope::connection& blocking(std::source_location where = std::source_location::current()) {
    return *behind(where);
  }
  /// As `pqscope::connection::status`; `closed` if it was moved from.
  connection_status status() const noexcept {
    return held_ != nullptr ? held_->connection.status() : connection_status::closed;
  }

  /// Not for users.
  std::shared_ptr<pqscope::connection> behind(std::source_location const& where) const {
    if (held_ == nullptr) {
      throw usage_error("the connection was moved from", where);
    }
    return {held_, &held_->connection};
  }

 private:
  struct holder {
    holder(config const& to, connection_options options, std::source_location const& where)
        : heed{std::move(options)}, connection{to, heed.options(), where} {
      connection.stop_on(heed.options().stop);
    }
    detail::heeded<connection_options> heed;
    pqscope::connection connection;
  };

  connection(asio::any_io_executor executor, std::shared_ptr<detail::fiber> on,
             std::shared_ptr<holder> held)
      : scope{std::move(executor), std::move(on)}, held_{std::move(held)} {}

  std::shared_ptr<holder> held_;
};

/// Not for users: how a session on a connection is run.
inline detail::session_ground<pqscope::connection&> ground_of(connection& db) {
  return {db.get_executor(), db.on(), *db.behind({}), true, db.left()};
}

}  // namespace pqscope::async

#endif
