#ifndef PQSCOPE_EVENTS_LOG_OBSERVER_HPP
#define PQSCOPE_EVENTS_LOG_OBSERVER_HPP

#include <pqscope/connection/observer.hpp>
#include <pqscope/events/log_line.hpp>
#include <pqscope/events/log_options.hpp>
#include <pqscope/events/round_trip_cause.hpp>
#include <pqscope/libpq/diagnostics.hpp>

#include <chrono>
#include <ios>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

namespace pqscope {

/// An observer that writes a line for each event to a stream:
///
///     2026-03-01T09:30:00.125Z warning slow_statement duration=251.300ms rows=1 at=app.cpp:12
///     sql=…
///
/// That is the time in UTC, a level (`info`, `warning`, `error`), what happened, and what is known
/// of it: a value with a blank in it stands in quotation marks, and the last, a text, goes to the
/// end of the line. A text is on one line, cut at `log_options::text_limit`, and passwords in it
/// are masked as in `server_error::what()`. SQL is otherwise written as it was sent, so what was
/// composed into it shows. Parameter values are never written, nor a notice's detail and context.
///
/// What happened is one of `statement`, `slow_statement`, `failed_statement`,
/// `unanswered_statement` (lost, or skipped because an earlier one failed), `connect`,
/// `failed_connect`, `acquire`, `slow_acquire`, `failed_acquire`, `transaction`, `notice` and
/// `problem`. Statements travel together: only the one that a round trip was made for is called
/// slow or unanswered. Nothing is written of what the library asks for itself unless it fails.
///
/// May watch many connections from many threads: each line is written as a whole. The stream
/// outlives it, and while it is used nobody else writes to it. Never throws: where a line cannot be
/// made or the stream refuses it, it is lost. Events that are not written cost a comparison.
class log_observer : public observer {
 public:
  /// Writes to `out` what `options` say.
  explicit log_observer(std::ostream& out, log_options const& options = {})
      : out_{out}, options_{options} {}

  /// Writes a connect that failed, or if asked for one that did not.
  void connect_ended(connect_event const& event) noexcept override {
    bool const failed = !event.error.empty();
    if (!options_.connections && !(failed && options_.failures)) {
      return;
    }
    write([&] {
      auto line = failed ? detail::log_line{"error", "failed_connect"}
                         : detail::log_line{"info", "connect"};
      line.duration(event.duration).field("target", event.target);
      if (failed) {
        line.rest("error", event.error, options_.text_limit);
      }
      return line.finish();
    });
  }

  /// Writes an acquire that failed or was slow, or if asked for any.
  void acquire_ended(acquire_event const& event) noexcept override {
    bool const failed = event.end != acquire_end::taken;
    bool const slow = reaches(event.duration, options_.slow_acquire);
    if (!options_.acquires && !slow && !(failed && options_.failures)) {
      return;
    }
    write([&] {
      auto line = failed ? detail::log_line{"error", "failed_acquire"}
                  : slow ? detail::log_line{"warning", "slow_acquire"}
                         : detail::log_line{"info", "acquire"};
      std::string_view const end = event.end == acquire_end::taken       ? "taken"
                                   : event.end == acquire_end::timed_out ? "timed_out"
                                                                         : "failed";
      line.field("end", end).duration(event.duration).field("waited", event.waited ? "yes" : "no");
      return line.place(event.where).finish();
    });
  }

  /// Writes a statement that failed or was slow, or if asked for any.
  void statement_ended(statement_event const& event) noexcept override {
    bool const cause = detail::causes_round_trip(event);
    bool const failed = !event.carried_out && (cause || !event.sqlstate.empty());
    bool const slow = cause && reaches(event.duration, options_.slow_statement);
    bool const asked = options_.statements && event.origin != statement_origin::internal;
    if (!asked && !slow && !(failed && options_.failures)) {
      return;
    }
    write([&] {
      bool const unanswered = !event.carried_out && event.sqlstate.empty();
      auto line = unanswered           ? detail::log_line{"error", "unanswered_statement"}
                  : !event.carried_out ? detail::log_line{"error", "failed_statement"}
                  : slow               ? detail::log_line{"warning", "slow_statement"}
                                       : detail::log_line{"info", "statement"};
      line.duration(event.duration);
      if (event.carried_out) {
        line.rows(event.rows);
      }
      line.field("sqlstate", event.sqlstate);
      if (event.origin != statement_origin::caller) {
        line.field("origin", event.origin == statement_origin::scope ? "scope" : "internal");
      }
      return line.place(event.where).rest("sql", event.text, options_.text_limit).finish();
    });
  }

  /// Writes a transaction in doubt, or if asked for the end of any.
  void transaction_ended(transaction_event const& event) noexcept override {
    bool const doubtful = event.end == transaction_end::in_doubt;
    if (!options_.transactions && !(doubtful && options_.failures)) {
      return;
    }
    write([&] {
      detail::log_line line{doubtful ? "error" : "info", "transaction"};
      std::string_view const end = doubtful                                  ? "in_doubt"
                                   : event.end == transaction_end::prepared  ? "prepared"
                                   : event.end == transaction_end::committed ? "committed"
                                                                             : "rolled_back";
      line.field("end", end).duration(event.duration).field("label", event.label);
      return line.place(event.where).finish();
    });
  }

  /// Writes what the server sent, at the level of its severity.
  void notice(diagnostics const& fields) noexcept override {
    if (!options_.notices) {
      return;
    }
    write([&] {
      std::string_view const severity = fields.severity;
      std::string_view const level = severity == "WARNING"                      ? "warning"
                                     : severity == "ERROR" || fields.is_fatal() ? "error"
                                                                                : "info";
      detail::log_line line{level, "notice"};
      line.field("severity", severity).field("sqlstate", fields.sqlstate);
      return line.rest("message", fields.message, options_.text_limit).finish();
    });
  }

  /// Writes what went wrong.
  void problem(std::string_view what) noexcept override {
    if (options_.problems) {
      write([&] {
        return detail::log_line{"error", "problem"}
            .rest("message", what, options_.text_limit)
            .finish();
      });
    }
  }

 private:
  static bool reaches(std::chrono::nanoseconds took,
                      std::optional<std::chrono::nanoseconds> const& threshold) noexcept {
    return threshold && took >= *threshold;
  }

  // Unformatted output: neither a width nor a locale that somebody set on the stream matters.
  template <class Make>
  void write(Make const& make) noexcept {
    try {
      std::string const line = make();
      std::scoped_lock const lock{mutex_};
      out_.write(line.data(), static_cast<std::streamsize>(line.size()));
      if (options_.flush) {
        out_.flush();
      }
    } catch (...) {  // for want of memory, or by a stream that throws: the program goes on
    }
  }

  std::ostream& out_;
  log_options const options_;
  std::mutex mutex_;
};

}  // namespace pqscope

#endif
