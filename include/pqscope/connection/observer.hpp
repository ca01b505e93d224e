#ifndef PQSCOPE_CONNECTION_OBSERVER_HPP
#define PQSCOPE_CONNECTION_OBSERVER_HPP

#include <chrono>
#include <cstdint>
#include <source_location>
#include <string_view>

#include <pqscope/libpq/diagnostics.hpp>

namespace pqscope {

/// Who wanted a statement to be sent.
enum class statement_origin : unsigned char {
  caller,    ///< the program, by `execute`, `query` and the like
  scope,     ///< a transaction or savepoint: `BEGIN`, `SAVEPOINT`, `COMMIT`…
  internal,  ///< the library for itself: the question for a transaction's id
};

/// A statement as an observer sees it. The texts live as long as the call.
struct statement_event {
  std::string_view text;                               ///< the SQL
  std::source_location where{};                        ///< the caller's place; line 0 when unknown
  statement_origin origin = statement_origin::caller;  ///< who wanted it
  std::chrono::nanoseconds duration{0};  ///< of the round trip it went with; 0 at the start
  std::uint64_t rows = 0;                ///< returned or affected; 0 at the start
  std::string_view command_tag{};        ///< the server's, such as `INSERT 0 1`; empty on error
  std::string_view sqlstate{};           ///< of the error; empty without one
  bool carried_out = false;              ///< answered with success; false at the start
};

/// A connection attempt as an observer sees it.
struct connect_event {
  std::string_view target{};             ///< the URL without its password
  std::chrono::nanoseconds duration{0};  ///< 0 at the start
  std::string_view error{};              ///< why it failed; empty at the start and on success
};

/// How a transaction ended.
enum class transaction_end : unsigned char {
  committed,    ///< the server said so
  rolled_back,  ///< by request, by an error, or with the connection
  in_doubt,     ///< the answer to COMMIT was lost
  prepared,     ///< by PREPARE TRANSACTION: its second phase decides
};

/// A transaction as an observer sees it.
struct transaction_event {
  std::source_location where{};          ///< where it was begun
  std::string_view label{};              ///< the session's; empty for a plain transaction
  std::chrono::nanoseconds duration{0};  ///< 0 at the start
  transaction_end end = transaction_end::rolled_back;  ///< meaningless at the start
};

/// How a wait for a connection of a pool ended.
enum class acquire_end : unsigned char {
  taken,      ///< the caller has a connection
  timed_out,  ///< none became free in time, or too many were waiting already
  failed,     ///< no connection could be made, the pool was closed, a hook threw
};

/// A connection taken from a pool, as an observer sees it.
struct acquire_event {
  std::source_location where{};          ///< the caller's place; line 0 when unknown
  std::chrono::nanoseconds duration{0};  ///< from the request to its end; 0 at the start
  bool waited = false;                   ///< none was idle; false at the start
  acquire_end end = acquire_end::taken;  ///< meaningless at the start
};

/// Told what happens on a connection and in a pool: override what is of interest.
///
/// Every call is made on the thread that uses the connection, while it is used: do not use that
/// connection in it. An exception that leaves one is swallowed. One observer may watch many
/// connections, and is then called by many threads at once. It outlives what it watches. Parameter
/// values are never handed to it. A connection without one pays a test of a pointer.
class observer {
 public:
  observer() = default;
  observer(observer const&) = default;
  observer& operator=(observer const&) = default;
  virtual ~observer() = default;

  /// A connection attempt begins.
  virtual void connect_started(connect_event const& event) { static_cast<void>(event); }
  /// A connection attempt has ended, well or not.
  virtual void connect_ended(connect_event const& event) { static_cast<void>(event); }
  /// A connection of a pool is asked for.
  virtual void acquire_started(acquire_event const& event) { static_cast<void>(event); }
  /// A request for a connection of a pool has been served, or has failed.
  virtual void acquire_ended(acquire_event const& event) { static_cast<void>(event); }
  /// A statement is about to be sent.
  virtual void statement_started(statement_event const& event) { static_cast<void>(event); }
  /// A statement has been answered, skipped because an earlier one failed, or lost.
  virtual void statement_ended(statement_event const& event) { static_cast<void>(event); }
  /// A round trip is made: whatever was queued is sent and its answer awaited.
  virtual void round_trip() {}
  /// A transaction begins; its BEGIN goes with its first statement.
  virtual void transaction_started(transaction_event const& event) { static_cast<void>(event); }
  /// A transaction has ended.
  virtual void transaction_ended(transaction_event const& event) { static_cast<void>(event); }
  /// The server sent a notice or warning.
  virtual void notice(diagnostics const& fields) { static_cast<void>(fields); }
  /// Something went wrong that no exception can tell: in a destructor, in a handler, or on the way
  /// of another exception.
  virtual void problem(std::string_view what) { static_cast<void>(what); }
};

}  // namespace pqscope

#endif
