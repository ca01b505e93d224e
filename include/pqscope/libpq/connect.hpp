#ifndef PQSCOPE_LIBPQ_CONNECT_HPP
#define PQSCOPE_LIBPQ_CONNECT_HPP

#include <libpq-fe.h>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <pqscope/libpq/handles.hpp>
#include <pqscope/libpq/host_list.hpp>
#include <pqscope/libpq/keyword_value.hpp>
#include <pqscope/libpq/status.hpp>
#include <pqscope/libpq/verbose_error.hpp>
#include <pqscope/libpq/wait.hpp>

namespace pqscope::libpq {

/// The operation that opens a connection.
///
/// Goes through libpq's host list as `target_session_attrs` asks. libpq leaves `connect_timeout` to
/// whoever drives a non-blocking connect, so it is kept here: a host that says nothing for that
/// long is left out and the others are tried. Unlike in blocking libpq, one second means one
/// second. After `resume()` has answered done, either `succeeded()` and `take()` gives the
/// connection, set to non-blocking, or `error()` says why not.
///
/// Looking a host name up is the system's resolver's business and can block; `hostaddr` avoids it.
/// Source: libpq, "Asynchronous Connection Functions".
class connect_operation {
 public:
  /// \param parameters keywords and values for libpq; later ones win
  /// \param on_notice  called for each notice from the start on, with `context`; may be null
  /// \param context    handed to `on_notice`
  explicit connect_operation(std::vector<keyword_value> parameters,
                             PQnoticeReceiver on_notice = nullptr, void* context = nullptr)
      : parameters_{std::move(parameters)}, on_notice_{on_notice}, context_{context} {}

  /// Goes on as far as it can without blocking.
  wait_for resume() {
    if (!connection_) {
      if (!start()) {
        return {};
      }
    } else if (clock::now() >= attempt_until_) {
      if (!leave_deaf_host()) {
        return {};
      }
    }
    return poll();
  }

  /// Whether the connection is open; meaningful once done.
  bool succeeded() const noexcept { return succeeded_; }
  /// Why there is no connection: libpq's own words for every host that was tried.
  std::string const& error() const noexcept { return error_; }
  /// The SQLSTATE of the last error a server answered with; empty where none did.
  std::string_view sqlstate() const noexcept { return sqlstate_; }
  /// The connection; the operation is finished afterwards.
  connection_handle take() noexcept { return std::move(connection_); }

 private:
  bool start() {
    std::vector<char const*> keywords(parameters_.size() + 1);  // a null pointer ends them
    std::vector<char const*> values(keywords.size());
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      keywords[i] = parameters_[i].keyword.c_str();
      values[i] = parameters_[i].value.c_str();
    }
    connection_.reset(PQconnectStartParams(keywords.data(), values.data(), 0));
    if (!connection_) {
      error_ = "out of memory";
      return false;
    }
    PQsetNoticeReceiver(connection_.get(), on_notice_ ? on_notice_ : ignore_notice, context_);
    if (PQstatus(connection_.get()) == CONNECTION_BAD) {
      return fail(error_text(connection_));
    }
    // the only way to the SQLSTATE of a refusal: libpq keeps no result of it
    PQsetErrorVerbosity(connection_.get(), PQERRORS_VERBOSE);
    hosts_ = host_list::of(connection_);
    if (!hosts_.problem.empty()) {
      return fail(hosts_.problem);
    }
    polling_ = PGRES_POLLING_WRITING;
    attempt_.clear();
    return true;
  }

  wait_for poll() {
    // the descriptor is looked at after each step: it changes from host to host
    for (;;) {
      polling_ = PQconnectPoll(connection_.get());
      switch (polling_) {
        case PGRES_POLLING_OK:
          succeeded_ = true;
          PQsetErrorVerbosity(connection_.get(), PQERRORS_DEFAULT);
          PQsetnonblocking(connection_.get(), 1);
          return {};
        case PGRES_POLLING_FAILED:
          fail(error_text(connection_));
          return {};
        case PGRES_POLLING_READING:
        case PGRES_POLLING_WRITING:
        case PGRES_POLLING_ACTIVE:
          break;
      }
      int const socket = PQsocket(connection_.get());
      if (socket < 0) {
        continue;
      }
      note_attempt();
      return {polling_ == PGRES_POLLING_READING ? readiness::readable : readiness::writable, socket,
              attempt_until_};
    }
  }

  /// Restarts the clock of `connect_timeout` where libpq has gone on to another address.
  void note_attempt() {
    std::string attempt = host_list::current(connection_);
    if (attempt != attempt_) {
      attempt_ = std::move(attempt);
      attempt_until_ =
          hosts_.timeout.count() > 0 ? clock::now() + hosts_.timeout : clock::time_point::max();
    }
  }

  bool leave_deaf_host() {
    std::string_view const host = PQhost(connection_.get());
    std::string_view const port = PQport(connection_.get());
    append_errors(error_text(connection_));
    append_line("connection to server at \"" + std::string(host) + "\", port " + std::string(port) +
                " failed: timeout expired");
    hosts_.remove(host, port);
    connection_.reset();
    if (hosts_.empty()) {
      return false;
    }
    for (keyword_value const& replacement : hosts_.parameters()) {
      parameters_.push_back(replacement);
    }
    return start();
  }

  bool fail(std::string_view reason) {
    append_errors(reason);
    connection_.reset();
    return false;
  }

  /// Adds libpq's verbose words on what went wrong as it would have put them in a few.
  void append_errors(std::string_view verbose) {
    while (!verbose.empty()) {
      std::size_t const end = verbose.find('\n');
      append_line(brief_line(verbose.substr(0, end), sqlstate_));
      verbose.remove_prefix(end == std::string_view::npos ? verbose.size() : end + 1);
    }
  }

  void append_line(std::string_view line) {
    if (!line.empty()) {
      error_ += error_.empty() ? "" : "\n";
      error_ += line;
    }
  }

  static void ignore_notice(void*, PGresult const*) {}

  std::vector<keyword_value> parameters_;
  PQnoticeReceiver on_notice_;
  void* context_;
  connection_handle connection_;
  PostgresPollingStatusType polling_ = PGRES_POLLING_WRITING;
  host_list hosts_;
  std::string attempt_;
  clock::time_point attempt_until_ = never;
  std::string error_;
  std::string sqlstate_;
  bool succeeded_ = false;
};

}  // namespace pqscope::libpq

#endif
