#ifndef PQSCOPE_EVENTS_METRICS_HPP
#define PQSCOPE_EVENTS_METRICS_HPP

#include <pqscope/connection/observer.hpp>
#include <pqscope/events/duration_histogram.hpp>
#include <pqscope/events/exposition.hpp>
#include <pqscope/events/round_trip_cause.hpp>
#include <pqscope/events/sqlstate_class.hpp>
#include <pqscope/libpq/diagnostics.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <ios>
#include <ostream>
#include <source_location>
#include <string>
#include <string_view>

namespace pqscope {

/// How many statements ended how.
struct statement_counts {
  std::uint64_t ok = 0;          ///< answered with success
  std::uint64_t errors = 0;      ///< answered with an error
  std::uint64_t unanswered = 0;  ///< lost, or skipped because an earlier one failed
};

/// An observer that counts, and prints what it has counted for Prometheus.
///
/// Statements are counted separately for callers and for scopes (`BEGIN`, `COMMIT`…); what the
/// library asks for itself only counts as a round trip where it makes one. Durations are those of
/// round trips: a statement that goes along with another, as `BEGIN` does, is counted but not
/// timed. Numbers begin at 0 and only grow.
///
/// May watch many connections from many threads, and be read meanwhile. An event costs a few
/// relaxed atomic additions: no lock, no allocation. Numbers read while events come in are each
/// right, but one may have seen an event that another has not.
class metrics : public observer {
 public:
  /// Statements of callers or of scopes; none are counted for `statement_origin::internal`.
  statement_counts statements(statement_origin origin = statement_origin::caller) const noexcept;
  /// Statements of callers or scopes that failed with a SQLSTATE of the class of `sqlstate`, of
  /// which two characters do. Classes PostgreSQL does not have are counted together.
  std::uint64_t statement_errors(
      std::string_view sqlstate,
      statement_origin origin = statement_origin::caller) const noexcept {
    return origin == statement_origin::internal
               ? 0
               : of(origin).errors[detail::sqlstate_class_of(sqlstate)].value();
  }
  /// Durations of the round trips that were made for statements of callers, or of scopes.
  duration_counts statement_durations(
      statement_origin origin = statement_origin::caller) const noexcept {
    return origin == statement_origin::internal ? duration_counts{} : of(origin).durations.read();
  }
  /// Rows that callers' statements returned or affected.
  std::uint64_t rows() const noexcept { return rows_.value(); }
  /// Round trips; connecting is not counted.
  std::uint64_t round_trips() const noexcept { return round_trips_.value(); }
  /// Connections that were opened.
  std::uint64_t connects() const noexcept { return connects_.value(); }
  /// Attempts to connect that failed.
  std::uint64_t failed_connects() const noexcept { return failed_connects_.value(); }
  /// Durations of attempts to connect, failed ones included.
  duration_counts connect_durations() const noexcept { return connect_durations_.read(); }
  /// Requests for a pool's connection that ended so.
  std::uint64_t acquires(acquire_end end) const noexcept {
    return acquires_[static_cast<std::size_t>(end)].value();
  }
  /// Requests for a pool's connection that had to wait.
  std::uint64_t waited_acquires() const noexcept { return waited_acquires_.value(); }
  /// Durations of requests for a pool's connection, however they ended.
  duration_counts acquire_durations() const noexcept { return acquire_durations_.read(); }
  /// Transactions that ended so.
  std::uint64_t transactions(transaction_end end) const noexcept {
    return transactions_[static_cast<std::size_t>(end)].value();
  }
  /// Durations of transactions, however they ended.
  duration_counts transaction_durations() const noexcept { return transaction_durations_.read(); }
  /// Notices and warnings.
  std::uint64_t notices() const noexcept { return notices_.value(); }
  /// Problems that no exception could tell.
  std::uint64_t problems() const noexcept { return problems_.value(); }

  /// Writes all numbers in Prometheus' text format 0.0.4, names beginning with `prefix` and an
  /// underscore, times in seconds with the buckets of `duration_bounds`.
  ///
  /// Within one print a histogram's count is that of its last bucket, and the errors of all classes
  /// together are the statements with the outcome `error`. A prefix of anything but letters, digits
  /// and underscores, or with a digit in front, is a `usage_error`. Whether the stream took it is
  /// to be asked of the stream.
  void write_prometheus(std::ostream& out, std::string_view prefix = "pqscope",
                        std::source_location where = std::source_location::current()) const;

  /// The same, with the prefix `pqscope`.
  friend std::ostream& operator<<(std::ostream& out, metrics const& numbers) {
    numbers.write_prometheus(out);
    return out;
  }

  /// Counts an attempt to connect.
  void connect_ended(connect_event const& event) noexcept override {
    (event.error.empty() ? connects_ : failed_connects_).add();
    connect_durations_.add(event.duration);
  }
  /// Counts a request for a pool's connection.
  void acquire_ended(acquire_event const& event) noexcept override {
    acquires_[static_cast<std::size_t>(event.end)].add();
    if (event.waited) {
      waited_acquires_.add();
    }
    acquire_durations_.add(event.duration);
  }
  /// Counts a statement.
  void statement_ended(statement_event const& event) noexcept override {
    if (event.origin == statement_origin::internal) {
      return;
    }
    statement_numbers& numbers = event.origin == statement_origin::caller ? caller_ : scope_;
    if (event.carried_out) {
      numbers.ok.add();
    } else if (event.sqlstate.empty()) {
      numbers.unanswered.add();
    } else {
      numbers.errors[detail::sqlstate_class_of(event.sqlstate)].add();
    }
    if (detail::causes_round_trip(event)) {
      numbers.durations.add(event.duration);
    }
    if (event.rows != 0 && event.origin == statement_origin::caller) {
      rows_.add(event.rows);
    }
  }
  /// Counts a round trip.
  void round_trip() noexcept override { round_trips_.add(); }
  /// Counts a transaction.
  void transaction_ended(transaction_event const& event) noexcept override {
    transactions_[static_cast<std::size_t>(event.end)].add();
    transaction_durations_.add(event.duration);
  }
  /// Counts a notice.
  void notice(diagnostics const&) noexcept override { notices_.add(); }
  /// Counts a problem.
  void problem(std::string_view) noexcept override { problems_.add(); }

 private:
  class counter {
   public:
    void add(std::uint64_t by = 1) noexcept { value_.fetch_add(by, std::memory_order_relaxed); }
    std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

   private:
    std::atomic<std::uint64_t> value_{0};
  };

  struct statement_numbers {
    counter ok;
    counter unanswered;
    std::array<counter, detail::sqlstate_classes.size()> errors;
    duration_histogram durations;
  };

  statement_numbers const& of(statement_origin origin) const noexcept {
    return origin == statement_origin::caller ? caller_ : scope_;
  }
  void write_statements(detail::exposition& to) const;

  statement_numbers caller_;
  statement_numbers scope_;
  counter rows_;
  counter round_trips_;
  counter connects_;
  counter failed_connects_;
  duration_histogram connect_durations_;
  std::array<counter, 3> acquires_;
  counter waited_acquires_;
  duration_histogram acquire_durations_;
  std::array<counter, 4> transactions_;
  duration_histogram transaction_durations_;
  counter notices_;
  counter problems_;
};

inline statement_counts metrics::statements(statement_origin origin) const noexcept {
  statement_counts counts;
  if (origin != statement_origin::internal) {
    statement_numbers const& numbers = of(origin);
    counts.ok = numbers.ok.value();
    counts.unanswered = numbers.unanswered.value();
    for (counter const& each : numbers.errors) {
      counts.errors += each.value();
    }
  }
  return counts;
}

inline void metrics::write_statements(detail::exposition& to) const {
  struct reading {
    std::string_view origin;
    statement_numbers const& from;
    std::array<std::uint64_t, detail::sqlstate_classes.size()> errors{};
    std::uint64_t all_errors = 0;
  };
  std::array<reading, 2> readings{reading{"caller", caller_}, reading{"scope", scope_}};
  for (reading& each : readings) {
    for (std::size_t i = 0; i < each.errors.size(); ++i) {
      each.errors[i] = each.from.errors[i].value();
      each.all_errors += each.errors[i];
    }
  }
  to.family("statements_total", "counter",
            "Statements by who wanted them and how they ended; unanswered ones were lost, or "
            "skipped because an earlier one failed.");
  for (reading const& each : readings) {
    to.sample({{"origin", each.origin}, {"outcome", "ok"}}, each.from.ok.value());
    to.sample({{"origin", each.origin}, {"outcome", "error"}}, each.all_errors);
    to.sample({{"origin", each.origin}, {"outcome", "unanswered"}}, each.from.unanswered.value());
  }
  to.family("statement_errors_total", "counter",
            "Statements that failed, by the first two characters of the SQLSTATE.");
  for (reading const& each : readings) {
    for (std::size_t i = 0; i < each.errors.size(); ++i) {
      to.sample({{"origin", each.origin}, {"class", detail::sqlstate_classes[i]}}, each.errors[i]);
    }
  }
  to.family("statement_duration_seconds", "histogram",
            "Durations of the round trips that were made for statements.");
  for (reading const& each : readings) {
    to.histogram({{"origin", each.origin}}, each.from.durations.read());
  }
}

inline void metrics::write_prometheus(std::ostream& out, std::string_view prefix,
                                      std::source_location where) const {
  detail::exposition to{prefix, where};
  write_statements(to);
  to.counter("statement_rows_total", "Rows that statements returned or affected.", rows());
  to.counter("round_trips_total", "Round trips to servers, connecting left out.", round_trips());

  to.family("connects_total", "counter", "Attempts to connect by how they ended.");
  to.sample({{"outcome", "ok"}}, connects());
  to.sample({{"outcome", "failed"}}, failed_connects());
  to.family("connect_duration_seconds", "histogram", "Durations of attempts to connect.");
  to.histogram({}, connect_durations());

  to.family("acquires_total", "counter", "Requests for a pool's connection by how they ended.");
  to.sample({{"end", "taken"}}, acquires(acquire_end::taken));
  to.sample({{"end", "timed_out"}}, acquires(acquire_end::timed_out));
  to.sample({{"end", "failed"}}, acquires(acquire_end::failed));
  to.counter("acquire_waits_total", "Requests for a pool's connection that had to wait.",
             waited_acquires());
  to.family("acquire_duration_seconds", "histogram",
            "Durations of requests for a pool's connection.");
  to.histogram({}, acquire_durations());

  to.family("transactions_total", "counter", "Transactions by how they ended.");
  to.sample({{"end", "committed"}}, transactions(transaction_end::committed));
  to.sample({{"end", "rolled_back"}}, transactions(transaction_end::rolled_back));
  to.sample({{"end", "in_doubt"}}, transactions(transaction_end::in_doubt));
  to.sample({{"end", "prepared"}}, transactions(transaction_end::prepared));
  to.family("transaction_duration_seconds", "histogram", "Durations of transactions.");
  to.histogram({}, transaction_durations());

  to.counter("notices_total", "Notices and warnings of servers.", notices());
  to.counter("problems_total", "Problems that no exception could tell.", problems());
  out.write(to.text().data(), static_cast<std::streamsize>(to.text().size()));
}

}  // namespace pqscope

#endif
