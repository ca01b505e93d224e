#ifndef PQSCOPE_TESTING_PROXY_LINK_HPP
#define PQSCOPE_TESTING_PROXY_LINK_HPP

#include <poll.h>
#include <pqscope/connection/loops.hpp>
#include <pqscope/testing/exchange_tracker.hpp>
#include <pqscope/testing/file_descriptor.hpp>
#include <pqscope/testing/message_framer.hpp>
#include <pqscope/testing/poll_thread.hpp>
#include <pqscope/testing/proxy_end.hpp>
#include <pqscope/testing/proxy_faults.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope::testing::detail {

/// What all connections of a proxy share.
struct proxy_ledger {
  proxy_faults faults;                 ///< armed and not yet fired
  std::chrono::milliseconds delay{0};  ///< one way
  bool stalled = false;                ///< nothing moves anywhere
  bool reset = false;                  ///< cut by TCP reset
  bool pass_tls = false;               ///< hand requests for encryption on
  std::vector<client_message> log;     ///< what clients sent
  std::size_t round_trips = 0;         ///< after start-up
  std::uint64_t from_clients = 0;      ///< bytes
  std::uint64_t from_server = 0;       ///< bytes
};

/// One proxied connection: two sockets, the messages between them, and the faults they set off.
class proxy_link {
 public:
  /// Links a client's socket with one on its way to the server. `ledger` outlives the link.
  proxy_link(std::size_t number, file_descriptor client, file_descriptor server,
             proxy_ledger& ledger)
      : number_(number), client_(std::move(client)), server_(std::move(server)), ledger_(ledger) {}

  /// Adds its sockets to what is polled; answers when delayed bytes are due.
  std::optional<poll_clock::time_point> watch(std::vector<pollfd>& polled) {
    watched_ = !still() && !closed();
    if (!watched_) {
      return std::nullopt;
    }
    auto const first = client_.watch(polled, !client_ended_ && server_.waiting() < most_waiting);
    auto const second = server_.watch(polled, !server_ended_ && client_.waiting() < most_waiting);
    return first && second ? pqscope::detail::least(*first, *second) : first ? first : second;
  }

  /// Moves what can be moved.
  void handle(std::vector<pollfd> const& polled) {
    if (!watched_) {
      return;
    }
    if (moving() && client_.readable(polled)) {
      auto const piece = client_.read();
      client_ended_ = !piece;
      take_from_client(piece ? *piece : "");
    }
    if (moving() && server_.readable(polled)) {
      auto const piece = server_.read();
      server_ended_ = !piece;
      take_from_server(piece ? *piece : "");
    }
    if (moving()) {
      bool const fine = client_.write() && server_.write();
      bool const over = (client_ended_ && server_.waiting() == 0) ||
                        (server_ended_ && (awaited_ || client_.waiting() == 0));
      if (!fine || over) {
        close(false);
      }
    }
  }

  /// Sends on what has been taken in so far, then closes both sides.
  void cut() {
    client_.write(true);
    server_.write(true);
    close(ledger_.reset);
  }

  /// Goes on after a fault that stalled this connection.
  void resume() {
    if (std::exchange(stalled_, false) && !closed()) {
      client_.send(std::exchange(withheld_, {}), due());
      take_from_client("");
      take_from_server("");
    }
  }

  /// Whether both sides are closed.
  bool closed() const noexcept { return client_.closed(); }

 private:
  static constexpr std::size_t most_waiting = 1U << 20U;

  bool still() const noexcept { return stalled_ || ledger_.stalled; }
  bool moving() const noexcept { return !still() && !closed(); }
  poll_clock::time_point due() const { return poll_clock::now() + ledger_.delay; }

  void close(bool reset) {
    client_.close(reset);
    server_.close(false);
  }

  void act(proxy_fault::action what) {
    if (what == proxy_fault::action::cut) {
      cut();
    } else {
      stalled_ = true;
    }
  }

  void take_from_client(std::string_view piece) {
    ledger_.from_clients += piece.size();
    from_client_.append(piece);
    while (moving() && !encrypted_) {
      auto const message = from_client_.next(started_);
      if (!message) {
        return;
      }
      handle_client_message(*message);
    }
    if (moving()) {
      server_.send(from_client_.take_rest(), due());
    }
  }

  void handle_client_message(framed_message const& message) {
    std::string text;
    std::string_view wanted_by_faults;
    if (!started_) {
      text = name_of_packet(message.body);
      wanted_by_faults = text;
      bool const request = text == "SSLRequest" || text == "GSSENCRequest";
      if (request && !ledger_.pass_tls) {
        ledger_.log.push_back({number_, message.type, text});
        client_.send("N", due());
        return;
      }
      asked_for_encryption_ = request;
      started_ = text == "StartupMessage";
    } else {
      bool seen_before = false;
      text = text_of(message, seen_before);
      wanted_by_faults = seen_before ? std::string_view() : std::string_view(text);
    }
    ledger_.log.push_back({number_, message.type, text});

    auto const fault =
        ledger_.faults.fired_by(proxy_fault::side::client, message.type, wanted_by_faults);
    if (fault && fault->when == proxy_fault::moment::before) {
      if (fault->what == proxy_fault::action::stall) {
        server_.write(true);
        forward_to_server(message);
      }
      act(fault->what);
      return;
    }
    forward_to_server(message);
    if (fault) {
      awaited_ = tracker_.answer_to(message.type);
      then_ = fault->what;
    }
  }

  void forward_to_server(framed_message const& message) {
    tracker_.client_sent(message.type);
    server_.send(message.bytes, due());
  }

  static std::string name_of_packet(std::string_view body) {
    switch (body.size() < 4 ? 0 : read_uint32(body)) {
      case 80877102:
        return "CancelRequest";
      case 80877103:
        return "SSLRequest";
      case 80877104:
        return "GSSENCRequest";
      default:
        return "StartupMessage";
    }
  }

  // `seen_before`: a Bind to a statement of the same batch, whose Parse has shown the text already.
  std::string text_of(framed_message const& message, bool& seen_before) {
    std::string_view body = message.body;
    if (message.type == 'Q') {
      return std::string(take_text(body));
    }
    if (message.type == 'P') {
      std::string const name(take_text(body));
      statement& parsed = statements_[name];
      parsed = {std::string(take_text(body)), tracker_.answer_to('P')};
      return parsed.text;
    }
    if (message.type == 'B') {
      take_text(body);
      auto const found = statements_.find(std::string(take_text(body)));
      if (found != statements_.end()) {
        seen_before = found->second.batch == tracker_.answer_to('B');
        return found->second.text;
      }
    }
    return {};
  }

  void take_from_server(std::string_view piece) {
    ledger_.from_server += piece.size();
    from_server_.append(piece);
    if (asked_for_encryption_ && !piece.empty()) {
      asked_for_encryption_ = false;
      encrypted_ = piece[0] == 'S' || piece[0] == 'G';
      if (piece[0] == 'N') {
        client_.send(from_server_.take_rest(), due());
      }
    }
    while (moving() && !encrypted_) {
      auto const message = from_server_.next();
      if (!message) {
        return;
      }
      handle_server_message(*message);
    }
    if (moving()) {
      client_.send(from_server_.take_rest(), due());
    }
  }

  void handle_server_message(framed_message const& message) {
    bool const withhold = awaited_ && tracker_.answered() + 1 >= *awaited_;
    ledger_.round_trips += tracker_.server_sent(message.type) ? 1U : 0U;
    auto const fault = ledger_.faults.fired_by(proxy_fault::side::server, message.type, {});
    if (fault && fault->when == proxy_fault::moment::before) {
      withheld_ += message.bytes;
      act(fault->what);
      return;
    }
    if (withhold) {
      withheld_ += message.bytes;
    } else {
      client_.send(message.bytes, due());
    }
    if (fault) {
      client_.write(true);
      act(fault->what);
    } else if (withhold && tracker_.answered() >= *awaited_) {
      awaited_.reset();
      act(then_);
    }
  }

  struct statement {
    std::string text;
    std::size_t batch = 0;
  };

  std::size_t number_;
  proxy_end client_;
  proxy_end server_;
  proxy_ledger& ledger_;
  message_framer from_client_;
  message_framer from_server_;
  exchange_tracker tracker_;
  std::map<std::string, statement> statements_;
  bool watched_ = false;
  bool started_ = false;
  bool asked_for_encryption_ = false;
  bool encrypted_ = false;
  bool client_ended_ = false;
  bool server_ended_ = false;
  bool stalled_ = false;
  std::optional<std::size_t> awaited_;  // the ReadyForQuery that then sets off `then_`
  proxy_fault::action then_ = proxy_fault::action::cut;
  std::string withheld_;
};

}  // namespace pqscope::testing::detail

#endif
