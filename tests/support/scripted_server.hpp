#ifndef PQSCOPE_TESTS_SUPPORT_SCRIPTED_SERVER_HPP
#define PQSCOPE_TESTS_SUPPORT_SCRIPTED_SERVER_HPP

#include <poll.h>
#include <sys/socket.h>
#include <pqscope/testing/file_descriptor.hpp>
#include <pqscope/testing/message_framer.hpp>
#include <pqscope/testing/poll_thread.hpp>
#include <pqscope/testing/proxy_faults.hpp>
#include <pqscope/testing/sockets.hpp>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/wire.hpp"

namespace support {

/// What becomes of a connection once a reply has been sent.
enum class then {
  go_on,  ///< it waits for the next request
  close,  ///< it is closed
  reset,  ///< it is closed by a TCP reset
  hang,   ///< it stays open, and nothing is ever answered again
};

/// Bytes to send, and what follows. The bytes need not be whole messages.
struct reply {
  std::string bytes;
  then after = then::go_on;
};

/// What a scripted_server says.
///
/// A *request* is what a client sends up to a Sync or Query; its text is that of all its Query and
/// Parse messages. Each rule answers one request that contains its text (any, if that is empty),
/// in the order the rules were added; what no rule answers gets a well-behaved answer: rows never,
/// a command tag made from the text's first word, the transaction's status kept as a server does.
class script {
 public:
  /// One that only behaves well.
  script() = default;
  /// One whose first request is answered by `first`.
  explicit script(reply first) { answer(std::move(first)); }

  /// Answers the first message of each connection (behind SSLRequest) with `what` instead of
  /// letting the client in.
  script& startup(reply what) {
    startup_ = std::move(what);
    return *this;
  }
  /// Sends `what` as soon as a client connects, before it has said anything.
  script& greeting(reply what) {
    greeting_ = std::move(what);
    return *this;
  }
  /// Answers the next request that contains `text`, without regard to case, with `what`.
  script& answer_to(std::string text, reply what) {
    rules_.push_back({std::move(text), std::move(what)});
    return *this;
  }
  /// Answers the next request with `what`.
  script& answer(reply what) { return answer_to("", std::move(what)); }

  /// The reply to a client's first words.
  reply const& startup() const { return startup_; }
  /// What is sent unasked.
  std::optional<reply> const& greeting() const { return greeting_; }
  /// The rule for a request of this text, which is used up by that.
  std::optional<reply> take_answer(std::string_view text) {
    for (auto rule = rules_.begin(); rule != rules_.end(); ++rule) {
      if (pqscope::testing::detail::contains_ignoring_case(text, rule->text)) {
        reply what = std::move(rule->what);
        rules_.erase(rule);
        return what;
      }
    }
    return std::nullopt;
  }

 private:
  struct entry {
    std::string text;
    reply what;
  };

  reply startup_{wire::welcome(), then::go_on};
  std::optional<reply> greeting_;
  std::vector<entry> rules_;
};

/// A stand-in for PostgreSQL that listens on a free port of 127.0.0.1 and plays a script.
///
/// It takes any number of connections at once, which share the script; cancel requests are noted
/// and closed. One thread, started by the constructor and ended by the destructor. Thread safety:
/// all members may be called from any thread.
class scripted_server {
 public:
  /// Plays `what`.
  explicit scripted_server(script what = {}) : state_(std::move(what)), thread_(state_) {}

  /// A connection string for libpq; no TLS, no password.
  std::string conninfo() const {
    return "host=127.0.0.1 port=" + std::to_string(port()) +
           " user=tester dbname=test sslmode=disable gssencmode=disable";
  }
  /// The same as a URL.
  std::string url() const {
    return "postgresql://tester@127.0.0.1:" + std::to_string(port()) +
           "/test?sslmode=disable&gssencmode=disable";
  }
  /// The port it listens at.
  std::uint16_t port() const { return state_.port; }

  /// Adds a rule to the script.
  void answer_to(std::string text, reply what) {
    thread_.run([&] { state_.plot.answer_to(std::move(text), std::move(what)); });
  }
  /// Sends `bytes` to all connected clients, unasked.
  void say(std::string const& bytes) {
    thread_.run([&] { state_.say(bytes); });
  }
  /// Closes all connections.
  void close_all() {
    thread_.run([&] { state_.clients.clear(); });
  }

  /// Everything clients have sent, as a faulty_proxy notes it.
  std::vector<pqscope::testing::client_message> received() const {
    return thread_.run([this] { return state_.log; });
  }
  /// The types of the messages of the connection `number`, counted from 1, without packets.
  std::string types_received(std::size_t number = 1) const {
    std::string types;
    for (auto const& message : received()) {
      if (message.connection == number && message.type != '\0') {
        types += message.type;
      }
    }
    return types;
  }
  /// How many cancel requests have come.
  std::size_t cancel_requests() const {
    std::size_t count = 0;
    for (auto const& message : received()) {
      count += message.text == "CancelRequest" ? 1U : 0U;
    }
    return count;
  }
  /// How many clients have connected, cancel requests included.
  std::size_t connections() const {
    return thread_.run([this] { return state_.accepted; });
  }
  /// Waits until no client is connected any more; false if that takes longer than `limit`.
  bool wait_until_alone(std::chrono::milliseconds limit = std::chrono::seconds(10)) const {
    std::unique_lock lock(state_.mutex);
    return state_.changed.wait_for(lock, limit, [this] { return state_.open == 0; });
  }

 private:
  struct client {
    std::size_t number = 0;
    pqscope::testing::detail::file_descriptor socket;
    pqscope::testing::detail::message_framer framer;
    std::string pending;  // bytes to send
    then after = then::go_on;
    bool started = false;
    char status = 'I';
    bool simple = false;      // the last request was a Query
    bool copy_ended = false;  // the client has ended a COPY, a Sync is to follow
    std::string text;         // of the request so far
    std::string behaved;      // the well-behaved answer to it so far
    std::string verb;         // first word of the statement bound last
    std::size_t index = 0;
  };

  struct state {
    explicit state(script what)
        : plot(std::move(what)), listener(pqscope::testing::detail::bind_loopback()) {
      pqscope::testing::detail::listen_on(listener);
      port = pqscope::testing::detail::port_of(listener);
    }

    std::optional<pqscope::testing::detail::poll_clock::time_point> watch(
        std::vector<pollfd>& polled) {
      listener_index = polled.size();
      polled.push_back({listener.get(), POLLIN, 0});
      for (auto& each : clients) {
        each->index = polled.size();
        short const events = static_cast<short>(POLLIN | (each->pending.empty() ? 0 : POLLOUT));
        polled.push_back({each->socket.get(), events, 0});
      }
      return std::nullopt;
    }

    void handle(std::vector<pollfd> const& polled) {
      for (auto& each : clients) {
        if (polled[each->index].revents & ~POLLOUT) {
          read(*each);
        }
        flush(*each);
      }
      std::erase_if(clients, [](auto const& each) { return !each->socket; });
      if (polled[listener_index].revents != 0) {
        while (auto socket = pqscope::testing::detail::accept_from(listener)) {
          accept(std::move(socket));
        }
      }
      std::lock_guard const lock(mutex);
      open = clients.size();
      changed.notify_all();
    }

    void accept(pqscope::testing::detail::file_descriptor socket) {
      auto made = std::make_unique<client>();
      made->number = ++accepted;
      made->socket = std::move(socket);
      if (plot.greeting()) {
        send(*made, *plot.greeting());
        flush(*made);
      }
      clients.push_back(std::move(made));
    }

    void say(std::string const& bytes) {
      for (auto& each : clients) {
        each->pending += bytes;
        flush(*each);
      }
    }

    static void send(client& to, reply const& what) {
      to.pending += what.bytes;
      to.after = what.after;
    }

    static void flush(client& to) {
      while (to.socket && !to.pending.empty()) {
        ssize_t const sent =
            ::send(to.socket.get(), to.pending.data(), to.pending.size(), MSG_NOSIGNAL);
        if (sent < 0) {
          if (errno != EAGAIN && errno != EINTR) {
            to.socket.close();
          }
          return;
        }
        to.pending.erase(0, static_cast<std::size_t>(sent));
      }
      if (to.after == then::close) {
        to.socket.close();
      } else if (to.after == then::reset && to.socket) {
        pqscope::testing::detail::reset_connection(to.socket);
      }
    }

    void read(client& from) {
      std::string piece(65536, '\0');
      ssize_t const got = ::recv(from.socket.get(), piece.data(), piece.size(), 0);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
      }
      if (got <= 0) {
        from.socket.close();
        return;
      }
      from.framer.append(std::string_view(piece).substr(0, static_cast<std::size_t>(got)));
      while (from.after == then::go_on) {
        auto const message = from.framer.next(from.started);
        if (!message) {
          return;
        }
        take(from, *message);
      }
    }

    void take(client& from, pqscope::testing::detail::framed_message const& message) {
      if (!from.started) {
        take_packet(from, message.body);
        return;
      }
      std::string_view body = message.body;
      std::string sql;
      if (message.type == 'Q') {
        sql = pqscope::testing::detail::take_text(body);
      } else if (message.type == 'P') {
        std::string const name(pqscope::testing::detail::take_text(body));
        sql = pqscope::testing::detail::take_text(body);
        statements[{from.number, name}] = sql;
      } else if (message.type == 'B') {
        pqscope::testing::detail::take_text(body);
        std::string const name(pqscope::testing::detail::take_text(body));
        sql = statements[{from.number, name}];
      }
      log.push_back({from.number, message.type, sql});
      from.text += sql.empty() ? "" : sql + ' ';
      behave(from, message, sql);
      bool const copy_ends = message.type == 'c' || message.type == 'f';
      if (message.type == 'Q' || message.type == 'S' || (copy_ends && from.simple)) {
        answer(from, from.copy_ended || copy_ends ? std::nullopt : plot.take_answer(from.text));
        from.copy_ended = false;
      } else {
        from.copy_ended = from.copy_ended || copy_ends;
      }
      from.simple = message.type == 'Q' || (from.simple && message.type != 'B');
    }

    static void answer(client& to, std::optional<reply> const& scripted) {
      send(to, scripted ? *scripted
                        : reply{to.behaved + wire::ready_for_query(to.status), then::go_on});
      to.text.clear();
      to.behaved.clear();
    }

    void take_packet(client& from, std::string_view body) {
      using pqscope::testing::detail::read_uint32;
      std::uint32_t const code = body.size() < 4 ? 0 : read_uint32(body);
      if (code == 80877103 || code == 80877104) {
        log.push_back({from.number, '\0', code == 80877103 ? "SSLRequest" : "GSSENCRequest"});
        from.pending += 'N';
      } else if (code == 80877102) {
        log.push_back({from.number, '\0', "CancelRequest"});
        from.after = then::close;
      } else {
        log.push_back({from.number, '\0', "StartupMessage"});
        from.started = true;
        send(from, plot.startup());
      }
    }

    static std::string tag_of(std::string_view sql) {
      std::string tag(sql.substr(0, sql.find_first_of(" ;")));
      for (char& c : tag) {
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
      }
      if (tag == "INSERT") {
        return "INSERT 0 1";
      }
      return tag == "SELECT" || tag == "UPDATE" || tag == "DELETE" ? tag + " 0" : tag;
    }

    static void complete(client& of, std::string_view sql) {
      std::string const tag = tag_of(sql);
      if (tag == "BEGIN" || tag == "START") {
        of.status = 'T';
      } else if (tag == "COMMIT" || (tag == "ROLLBACK" && sql.find(" TO ") == sql.npos)) {
        of.status = 'I';
      }
      of.behaved += tag.empty() ? wire::empty_query() : wire::command_complete(tag);
    }

    static void behave(client& of, pqscope::testing::detail::framed_message const& message,
                       std::string const& sql) {
      switch (message.type) {
        case 'Q':
          complete(of, sql);
          break;
        case 'P':
          of.behaved += wire::parse_complete();
          break;
        case 'B':
          of.verb = sql;
          of.behaved += wire::bind_complete();
          break;
        case 'D':
          if (!message.body.empty() && message.body[0] == 'S') {
            of.behaved += wire::parameter_description();
          }
          of.behaved += wire::no_data();
          break;
        case 'E':
          complete(of, of.verb);
          break;
        case 'C':
          of.behaved += wire::close_complete();
          break;
        case 'c':
          of.behaved += wire::command_complete("COPY 0");
          break;
        case 'f':
          of.behaved += wire::error_response("ERROR", "57014", "COPY from stdin failed");
          break;
        case 'X':
          of.after = then::close;
          break;
        default:
          break;
      }
    }

    script plot;
    pqscope::testing::detail::file_descriptor listener;
    std::uint16_t port = 0;
    std::size_t listener_index = 0;
    std::size_t accepted = 0;
    std::vector<std::unique_ptr<client>> clients;
    std::map<std::pair<std::size_t, std::string>, std::string> statements;
    std::vector<pqscope::testing::client_message> log;
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t open = 0;
  };

  mutable state state_;
  mutable pqscope::testing::detail::poll_thread<state> thread_;  // last: it ends first
};

}  // namespace support

#endif
