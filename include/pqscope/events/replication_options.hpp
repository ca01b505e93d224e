#ifndef PQSCOPE_EVENTS_REPLICATION_OPTIONS_HPP
#define PQSCOPE_EVENTS_REPLICATION_OPTIONS_HPP

#include <pqscope/connection/callback.hpp>
#include <pqscope/connection/connection_options.hpp>
#include <pqscope/error/connection_error.hpp>
#include <pqscope/types/lsn.hpp>

#include <chrono>
#include <concepts>
#include <initializer_list>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pqscope {

/// The names of one publication or several, as they stand: `"p"`, or `{"p", "q"}`.
class publication_names {
 public:
  /// None.
  publication_names() = default;
  /// One.
  template <std::convertible_to<std::string_view> Name>
  publication_names(Name const& name) : names_{std::string{std::string_view{name}}} {}
  /// Several.
  publication_names(std::initializer_list<std::string_view> names)
      : names_(names.begin(), names.end()) {}
  /// Several.
  publication_names(std::vector<std::string> names) : names_{std::move(names)} {}

  /// The names, in order.
  std::vector<std::string> const& list() const noexcept { return names_; }

 private:
  std::vector<std::string> names_;
};

/// What a `replication_stream` does where its slot is not there when it starts.
enum class missing_slot : unsigned char {
  refuse,            ///< throws `undefined_object`
  create,            ///< creates it: changes from then on are kept until they are confirmed
  create_temporary,  ///< creates one that ends with the connection, which is not replaced then
};

/// A time in which a `replication_stream` had no connection. Nothing is missing: the server sends
/// again what has not been confirmed.
struct replication_gap {
  std::string reason;                            ///< why the connection ended
  std::string sqlstate;                          ///< what the server said then; empty if nothing
  std::chrono::steady_clock::duration length{};  ///< until it went on
  unsigned attempts = 0;                         ///< to connect, the last one included
};

/// What a `replication_stream` receives, and how it works.
struct replication_options {
  /// Name of the replication slot, which remembers what was confirmed.
  std::string slot{};
  /// What is published there: names of publications in the database.
  publication_names publication{};
  /// What to do where there is no such slot.
  missing_slot if_missing = missing_slot::refuse;
  /// Transactions that ended at or before this place are left out; what the slot remembers counts
  /// if it is later.
  pqscope::lsn start{};
  /// Whether logical messages (`pg_logical_emit_message`) are received. From PostgreSQL 14 on;
  /// `usage_error` with an older server.
  bool messages = false;
  /// Whether values travel in binary format where their types have one, which costs less; then
  /// enums and the like are read by their codecs, but not as a `std::string`. From PostgreSQL 14
  /// on; as text with an older server.
  bool binary = false;
  /// Whether large transactions are received in blocks before they have ended: see
  /// `replication_kind::stream_start`. One that is confirmed while a new connection brings it again
  /// still comes again. From PostgreSQL 14 on; whole with an older server.
  bool streaming = false;
  /// More options of the plugin pgoutput, such as `{"origin", "none"}` (PostgreSQL 16).
  std::vector<std::pair<std::string, std::string>> plugin_options{};
  /// How often the server is told at least, while somebody waits, what was confirmed; less than 100
  /// ms counts as that.
  std::chrono::milliseconds status_interval{10'000};
  /// How long the server may be silent during waits, though asked, before the connection counts as
  /// lost, 100 ms at least; 0 for as long as it likes.
  std::chrono::milliseconds server_timeout{60'000};
  /// Ends waits, and loops over the stream, when a stop is requested.
  std::stop_token stop{};
  /// How its connections are opened. The deadline is that of each attempt to connect, and of each
  /// start; the stop token ends those, and waits where `stop` is none.
  connection_options connection{};
  /// Whether a lost connection is replaced; else waits throw `connection_lost`.
  bool reconnect = true;
  /// Pauses between attempts to connect, a tenth more or less, doubling from the first to the
  /// longest.
  std::chrono::milliseconds base_delay{100};
  /// The longest pause.
  std::chrono::milliseconds max_delay{10'000};
  /// Called with the error when a connection is found lost, before another one is opened. What
  /// these functions throw goes to the observer; they may not use the stream.
  detail::callback<void(connection_lost const&)> on_lost{};
  /// Called when it goes on, on another connection.
  detail::callback<void(replication_gap const&)> on_reconnect{};
};

}  // namespace pqscope

#endif
