#ifndef PQSCOPE_LIBPQ_NOTIFICATION_WAIT_HPP
#define PQSCOPE_LIBPQ_NOTIFICATION_WAIT_HPP

#include <libpq-fe.h>

#include <cstddef>
#include <vector>

#include <pqscope/libpq/handles.hpp>
#include <pqscope/libpq/notifications.hpp>
#include <pqscope/libpq/wait.hpp>

namespace pqscope::libpq {

/// The operation that reads an idle connection until there are enough notifications, or it is lost.
///
/// A template so that only programs that listen compile it.
template <class = void>
class notification_wait {
 public:
  /// \param connection idle; outlives this, as does `arrived`
  /// \param arrived    where notifications go, behind those that are there
  /// \param enough     how many have to be there for the wait to end; it takes all that have come
  notification_wait(connection_handle const& connection, std::vector<notify_handle>& arrived,
                    std::size_t enough) noexcept
      : connection_{connection}, arrived_{arrived}, enough_{enough} {}

  /// Reads what has come, without waiting.
  wait_for resume() {
    bool const reads = PQconsumeInput(connection_.get()) != 0;
    while (notify_handle next = take_notification(connection_)) {
      arrived_.push_back(std::move(next));
    }
    lost_ = !reads || PQstatus(connection_.get()) != CONNECTION_OK;
    if (lost_ || arrived_.size() >= enough_) {
      return {};
    }
    return {.what = readiness::readable, .socket = PQsocket(connection_.get())};
  }

  /// Whether it ended because the connection did; what had arrived by then has been taken.
  bool lost() const noexcept { return lost_; }

 private:
  connection_handle const& connection_;
  std::vector<notify_handle>& arrived_;
  std::size_t enough_;
  bool lost_ = false;
};

}  // namespace pqscope::libpq

#endif
