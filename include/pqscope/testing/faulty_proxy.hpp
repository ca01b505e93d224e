#ifndef PQSCOPE_TESTING_FAULTY_PROXY_HPP
#define PQSCOPE_TESTING_FAULTY_PROXY_HPP

#include <pqscope/connection/config.hpp>
#include <pqscope/testing/cluster_files.hpp>
#include <pqscope/testing/harness_error.hpp>
#include <pqscope/testing/poll_thread.hpp>
#include <pqscope/testing/proxy_faults.hpp>
#include <pqscope/testing/proxy_state.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace pqscope::testing {

/// How a faulty_proxy is to work.
struct faulty_proxy_options {
  /// Listen on a unix-domain socket in a temporary folder instead of a free port of 127.0.0.1.
  bool unix_socket = false;
  /// Hand requests for encryption on to the server instead of answering that there is none. Once a
  /// connection is encrypted its messages cannot be seen; only delay, stall and cut_all reach it.
  bool pass_tls = false;
  /// Cut connections with clients by a TCP reset instead of an orderly end.
  bool reset = false;
};

/// A network between client and server that fails exactly where a test wants it to.
///
/// It listens on an address of its own, connects each client with a PostgreSQL server, and reads
/// the messages of protocol 3 that pass in both directions, in one thread that the constructor
/// starts and the destructor ends. Faults are armed one by one; each waits for its message on any
/// connection, those to come included, and happens once. SQL text is compared as "contains",
/// without regard to the case of letters; a statement is met in its Query, in its Parse, or in a
/// later Bind of a prepared one.
///
/// Cancel requests pass like any other connection. Thread safety: all members may be called from
/// any thread, at any time; what a call does has been done when it returns.
class faulty_proxy {
 public:
  /// Stands in front of the server `upstream` names, which has one host and a port and need not be
  /// up yet. Throws harness_error where it cannot listen.
  explicit faulty_proxy(pqscope::config upstream, faulty_proxy_options options = {});
  faulty_proxy(faulty_proxy const&) = delete;
  faulty_proxy& operator=(faulty_proxy const&) = delete;
  /// Closes all connections.
  ~faulty_proxy() = default;

  /// `upstream` with the proxy's address in place of the server's.
  pqscope::config config() const {
    pqscope::config where = upstream_;
    where.host = host();
    where.port = port();
    return where;
  }
  /// `config()` as a URL.
  std::string url() const { return config().url(); }
  /// Where it listens, as libpq takes it: 127.0.0.1, or the folder of its socket.
  std::string host() const { return folder_ ? folder_->path().string() : "127.0.0.1"; }
  /// The port it listens at.
  std::uint16_t port() const noexcept { return state_.port(); }

  /// Closes both sides when the `nth` statement with `text` comes; the server never sees that
  /// message, though it gets all before it.
  void cut_before(std::string text, int nth = 1) {
    arm({.when = moment::before, .text = std::move(text), .nth = nth});
  }
  /// Lets the `nth` statement with `text` through, waits until the server has answered it wholly
  /// (ReadyForQuery), keeps the answer back and closes both sides.
  void cut_after(std::string text, int nth = 1) {
    arm({.when = moment::after, .text = std::move(text), .nth = nth});
  }
  /// As cut_before, but the connection falls silent and stays open until resume(), which lets the
  /// statement go on.
  void stall_before(std::string text, int nth = 1) {
    arm({.when = moment::before, .what = action::stall, .text = std::move(text), .nth = nth});
  }
  /// As cut_after, but the connection falls silent and stays open until resume(), which delivers
  /// the answer.
  void stall_after(std::string text, int nth = 1) {
    arm({.when = moment::after, .what = action::stall, .text = std::move(text), .nth = nth});
  }
  /// Closes both sides instead of forwarding the `nth` client message of `type`, counted from now;
  /// '\0' counts all messages, start-up packets too.
  void cut_before_client_message(char type, int nth = 1) {
    arm({.when = moment::before, .type = type, .nth = nth});
  }
  /// Closes both sides instead of forwarding the `nth` server message of `type`, counted from now;
  /// '\0' counts all.
  void cut_before_server_message(char type, int nth = 1) {
    arm({.from = side::server, .when = moment::before, .type = type, .nth = nth});
  }
  /// Closes both sides once the client has been sent the `nth` server message of `type`, counted
  /// from now; '\0' counts all.
  void cut_after_server_message(char type, int nth = 1) {
    arm({.from = side::server, .when = moment::after, .type = type, .nth = nth});
  }
  /// Forgets the faults that have not happened yet.
  void disarm() {
    thread_.run([this] { state_.ledger().faults.disarm(); });
  }
  /// How many faults have not happened yet.
  std::size_t armed() const {
    return thread_.run([this] { return state_.ledger().faults.count(); });
  }

  /// Closes all connections now, both sides.
  void cut_all() {
    thread_.run([this] { state_.cut_all(); });
  }
  /// Falls silent on all connections, which stay open: nothing is read, forwarded or accepted, as
  /// if a cable were unplugged. New clients connect, for the system answers them, and wait.
  void stall() {
    thread_.run([this] { state_.ledger().stalled = true; });
  }
  /// Ends every stall; what has been kept back goes on its way.
  void resume() {
    thread_.run([this] { state_.resume(); });
  }
  /// Delays all that comes from now on, in each direction: a round trip takes twice as long.
  void delay(std::chrono::milliseconds one_way) {
    thread_.run([this, one_way] { state_.ledger().delay = one_way; });
  }
  /// Has new clients refused (true), as when no server runs, or accepted again (false). Those
  /// connected stay.
  void refuse(bool refused = true) {
    thread_.run([this, refused] { refused ? state_.refuse() : state_.listen(); });
  }

  /// How many clients have connected, cancel requests included.
  std::size_t connections() const {
    return thread_.run([this] { return state_.connections(); });
  }
  /// How many clients are connected now.
  std::size_t open_connections() const {
    return thread_.run([this] { return state_.open_connections(); });
  }
  /// How often a client has sent something and been answered since its start-up ended. An answer
  /// that overtakes the rest of a batch too long for one segment makes it two.
  std::size_t round_trips() const {
    return thread_.run([this] { return state_.ledger().round_trips; });
  }
  /// Bytes received from clients.
  std::uint64_t bytes_from_clients() const {
    return thread_.run([this] { return state_.ledger().from_clients; });
  }
  /// Bytes received from the server.
  std::uint64_t bytes_from_server() const {
    return thread_.run([this] { return state_.ledger().from_server; });
  }
  /// Everything clients have sent, message by message.
  std::vector<client_message> client_messages() const {
    return thread_.run([this] { return state_.ledger().log; });
  }
  /// Empties the log and sets all counters to zero.
  void reset_counters();

 private:
  using side = detail::proxy_fault::side;
  using moment = detail::proxy_fault::moment;
  using action = detail::proxy_fault::action;

  static std::string single_host(pqscope::config const& upstream) {
    std::string const host = upstream.host.value_or("");
    if (host.empty() || host.find(',') != std::string::npos) {
      throw harness_error("a faulty_proxy stands in front of one host, not \"" + host + "\"");
    }
    return host;
  }
  void arm(detail::proxy_fault fault) {
    thread_.run([this, &fault] { state_.ledger().faults.arm(std::move(fault)); });
  }

  pqscope::config upstream_;
  std::unique_ptr<detail::temporary_folder> folder_;
  mutable detail::proxy_state state_;
  mutable detail::poll_thread<detail::proxy_state> thread_;  // last: it ends first
};

inline faulty_proxy::faulty_proxy(pqscope::config upstream, faulty_proxy_options options)
    : upstream_(std::move(upstream)),
      folder_(options.unix_socket ? std::make_unique<detail::temporary_folder>("/tmp", std::nullopt)
                                  : nullptr),
      state_(single_host(upstream_), static_cast<std::uint16_t>(upstream_.port.value_or(5432)),
             folder_ ? folder_->path().string() : ""),
      thread_(state_) {
  thread_.run([this, options] {
    state_.ledger().reset = options.reset;
    state_.ledger().pass_tls = options.pass_tls;
  });
}

inline void faulty_proxy::reset_counters() {
  thread_.run([this] {
    detail::proxy_ledger& ledger = state_.ledger();
    ledger.log.clear();
    ledger.round_trips = 0;
    ledger.from_clients = 0;
    ledger.from_server = 0;
    state_.forget_connections();
  });
}

}  // namespace pqscope::testing

#endif
