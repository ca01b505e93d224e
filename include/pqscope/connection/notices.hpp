#ifndef PQSCOPE_CONNECTION_NOTICES_HPP
#define PQSCOPE_CONNECTION_NOTICES_HPP

#include <pqscope/connection/callback.hpp>
#include <pqscope/connection/observer.hpp>
#include <pqscope/libpq/diagnostics.hpp>
#include <pqscope/libpq/handles.hpp>

#include <atomic>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pqscope::detail {

/// Where a connection's notices and troubles are told. What a listener throws stops nobody else.
class notice_board {
 public:
  using handler = callback<void(diagnostics const&)>;

  explicit notice_board(observer* watches) noexcept : watcher{watches} {}

  observer* watcher;              ///< may be null
  std::vector<handler> handlers;  ///< called in order
  /// Whether the server has said, unasked, that it ends the connection.
  std::atomic<bool> farewell{false};
  std::optional<diagnostics> last_words{};  ///< what it has said then

  /// Calls `tell` with the observer, if there is one.
  template <class Tell>
  void tell(Tell const& tell) noexcept {
    if (watcher != nullptr) {
      try {
        tell(*watcher);
      } catch (...) {  // an observer must not change what happens
      }
    }
  }

  /// Tells the observer what went wrong where no exception can.
  void problem(std::string_view what) noexcept {
    tell([what](observer& each) { each.problem(what); });
  }

  /// Tells the observer of an exception that goes no further; to be called in a handler.
  void problem_in_flight(std::string_view doing) noexcept {
    try {
      try {
        throw;
      } catch (std::exception const& failure) {
        problem(std::string(doing) + ": " + failure.what());
      }
    } catch (...) {
      problem(doing);
    }
  }

  /// Calls a function of the program's, if there is one; what it throws is told as a problem.
  template <class Function, class Event>
  void call(Function& function, Event const& event, std::string_view failure) noexcept {
    try {
      if (function) {
        function(event);
      }
    } catch (...) {
      problem_in_flight(failure);
    }
  }

  /// libpq's notice receiver while connecting; `watches` is the observer, or null.
  static void relay(void* watches, PGresult const* notice) noexcept {
    notice_board board{static_cast<observer*>(watches)};
    receive(&board, notice);
  }

  /// libpq's notice receiver; `board` is the notice board.
  static void receive(void* board, PGresult const* notice) noexcept {
    auto& self = *static_cast<notice_board*>(board);
    if (libpq::is_fatal(notice)) {
      self.farewell.store(true, std::memory_order_relaxed);
      self.keep_last_words(notice);
    }
    if (self.watcher == nullptr && self.handlers.empty()) {
      return;
    }
    try {
      diagnostics const fields = libpq::read_diagnostics(notice);
      self.tell([&](observer& each) { each.notice(fields); });
      for (handler& each : self.handlers) {
        try {
          each(fields);
        } catch (...) {
          self.problem_in_flight("a notice handler failed");
        }
      }
    } catch (...) {
      self.problem("a notice was lost for want of memory");
    }
  }

 private:
  void keep_last_words(PGresult const* notice) noexcept {
    try {
      last_words = libpq::read_diagnostics(notice);
    } catch (std::bad_alloc const&) {  // that it has said something is known
    }
  }
};

}  // namespace pqscope::detail

#endif
