#ifndef PQSCOPE_CONNECTION_ROW_SINK_HPP
#define PQSCOPE_CONNECTION_ROW_SINK_HPP

#include <pqscope/libpq/exchange.hpp>
#include <pqscope/libpq/handles.hpp>
#include <pqscope/libpq/limit.hpp>
#include <pqscope/libpq/poll.hpp>
#include <pqscope/libpq/wait.hpp>

#include <cstdint>

namespace pqscope::detail {

/// Takes the rows of a statement as they arrive.
class row_sink {
 public:
  row_sink() = default;
  row_sink(row_sink const&) = delete;
  row_sink& operator=(row_sink const&) = delete;

  /// So many may come: that was their number the last time.
  virtual void expect(std::uint64_t rows) noexcept = 0;
  /// Some rows, gone when this returns; they are in binary format if that was asked for.
  virtual void take(libpq::result_handle const& rows) noexcept = 0;

 protected:
  ~row_sink() = default;
};

/// Drives an exchange until it is done, or its limit is reached; gives the rows that arrive to
/// `rows`, which is null where none do so.
inline libpq::drive_result drive_rows(libpq::exchange& exchange, libpq::limit const& bound,
                                      row_sink* rows) {
  constexpr unsigned each_time = 64;  // arrivals between two looks at the limit
  libpq::drive_result drove = libpq::drive(exchange, bound);
  for (unsigned arrivals = 1; drove == libpq::drive_result::done && !exchange.finished();
       ++arrivals) {
    if (rows != nullptr && exchange.row()) {
      rows->take(exchange.row());
    }
    if (arrivals % each_time == 0 && bound.expired()) {
      drove = libpq::drive_result::deadline;
    } else if (arrivals % each_time == 0 && bound.stop.stop_requested()) {
      drove = libpq::drive_result::stopped;
    } else if (!exchange.advance()) {
      drove = libpq::drive(exchange, bound);
    }
  }
  return drove;
}

/// The rest of an exchange that came to its limit: what completes in spite of it has all its rows.
struct rest_of_rows {
  libpq::exchange& exchange;
  row_sink* rows;  ///< null where none are wanted

  /// As the exchange does, to its end.
  libpq::wait_for resume() noexcept {
    for (;;) {
      libpq::wait_for const wait = exchange.resume();
      if (!wait.done() || exchange.finished()) {
        return wait;
      }
      if (rows != nullptr && exchange.row()) {
        rows->take(exchange.row());
      }
    }
  }
};

}  // namespace pqscope::detail

#endif
