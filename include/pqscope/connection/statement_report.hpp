#ifndef PQSCOPE_CONNECTION_STATEMENT_REPORT_HPP
#define PQSCOPE_CONNECTION_STATEMENT_REPORT_HPP

#include <pqscope/connection/notices.hpp>
#include <pqscope/connection/observer.hpp>
#include <pqscope/connection/statement_queue.hpp>
#include <pqscope/libpq/diagnostics.hpp>
#include <pqscope/libpq/request.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/libpq/wait.hpp>
#include <pqscope/sql/sql_view.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace pqscope::detail {

/// Tells an observer of the statements of one exchange: before the main one are those of scopes and
/// those that were deferred, after it those of the library. Costs nothing without an observer.
struct statement_report {
  notice_board& board;                       ///< whom to tell
  std::span<libpq::request const> requests;  ///< what is sent
  std::size_t main;                          ///< index of the statement that was asked for
  sql_view const& text;                      ///< that statement
  statement_origin origin;                   ///< who asked for it
  std::optional<std::uint64_t> rows{};       ///< of that statement, where its answer is not all
  statement_queue const* queued = nullptr;   ///< what the first of them were made from

  /// Whether anybody listens.
  explicit operator bool() const noexcept { return board.watcher != nullptr; }

  /// They are about to be sent.
  void started() const noexcept {
    if (!*this) {
      return;
    }
    board.tell([](observer& each) { each.round_trip(); });
    announce();
  }

  /// As `started`, for more statements of a round trip that has been told of.
  void announce() const noexcept {
    for (std::size_t i = 0; *this && i < requests.size(); ++i) {
      if (requests[i].kind == libpq::request_kind::prepare) {
        continue;  // a part of the statement's execution
      }
      statement_event const event = event_of(i);
      board.tell([&](observer& each) { each.statement_started(event); });
    }
  }

  /// They have been answered, or lost.
  void ended(libpq::clock::duration took) const noexcept {
    for (std::size_t i = 0; *this && i < requests.size(); ++i) {
      if (requests[i].kind == libpq::request_kind::prepare) {
        continue;
      }
      statement_event event = event_of(i);
      event.duration = took;
      libpq::result_view const answer{requests[i].answer};
      event.carried_out = static_cast<bool>(requests[i].answer);
      event.command_tag = answer.command_tag();
      event.rows =
          requests[i].streamed +
          (answer.has_rows() ? static_cast<std::uint64_t>(answer.rows()) : answer.affected_rows());
      if (i == main && rows) {
        event.rows = *rows;
      }
      bool const unprepared =
          i > 0 && requests[i - 1].kind == libpq::request_kind::prepare && requests[i - 1].error;
      event.sqlstate = libpq::sqlstate_of(requests[unprepared ? i - 1 : i].error);
      board.tell([&](observer& each) { each.statement_ended(event); });
    }
  }

 private:
  statement_event event_of(std::size_t index) const noexcept {
    statement_event event;
    if (auto const* const deferred = queued != nullptr ? queued->deferred_at(index) : nullptr) {
      event.text = deferred->text().str();
      event.where = deferred->text().where;
      event.origin = statement_origin::caller;
      return event;
    }
    event.text = index == main ? text.str() : std::string_view{requests[index].text};
    event.where = text.where;
    event.origin = index == main            ? origin
                   : requests[index].is_own ? statement_origin::internal
                                            : statement_origin::scope;
    return event;
  }
};

}  // namespace pqscope::detail

#endif
