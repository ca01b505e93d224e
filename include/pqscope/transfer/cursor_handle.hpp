#ifndef PQSCOPE_TRANSFER_CURSOR_HANDLE_HPP
#define PQSCOPE_TRANSFER_CURSOR_HANDLE_HPP

#include <pqscope/connection/connection_core.hpp>
#include <pqscope/connection/core_leftovers.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/sql/identifier.hpp>
#include <pqscope/sql/literal.hpp>
#include <pqscope/sql/sql_view.hpp>
#include <pqscope/transfer/cursor_options.hpp>
#include <pqscope/transfer/transaction_bond.hpp>

#include <atomic>
#include <cstdint>
#include <limits>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

namespace pqscope::detail {

/// A cursor on the server, whatever its rows are: DECLARE, FETCH, MOVE, CLOSE. Move-only; closes
/// itself.
///
/// A template so that only programs that have cursors compile it.
template <class = void>
class cursor_handle {
 public:
  /// Belongs to `core`; nothing is declared yet.
  cursor_handle(connection_core& core, cursor_options options, std::source_location const& where)
      : options_{std::move(options)},
        name_{options_.name},
        is_ours_{name_.empty()},
        bond_{core},
        where_{where} {
    if (options_.fetch < 1) {
      throw usage_error("a page of a cursor has at least one row", where);
    }
    if (!is_ours_) {
      quoted_ = identifier{name_, where}.text();
    }
  }
  cursor_handle(cursor_handle&&) noexcept = default;
  ~cursor_handle() { close(); }

  /// Declares it for a query; closes the one it was before.
  void declare(sql_view const& query, libpq::parameters const& bound) {
    connection_core& core = bond_.require("cursor", options_.with_hold, query.where);
    if (!options_.with_hold) {
      require_open_transaction(core, "a cursor that is not WITH HOLD", query.where);
    }
    bool const doubtful = is_open_ && !is_ours_ && !options_.with_hold && bond_.undone();
    close();
    if (doubtful && is_there(core, query.where)) {
      send("CLOSE " + quoted_, query.where);
    }
    if (is_ours_) {
      static std::atomic<std::uint64_t> count{0};
      name_ = "pqscope_cursor_" + std::to_string(++count);
      quoted_ = identifier{name_, query.where}.text();
    }
    std::string text = "DECLARE " + quoted_;
    text += options_.scrollable ? " SCROLL CURSOR" : " NO SCROLL CURSOR";
    text += options_.with_hold ? " WITH HOLD FOR " : " FOR ";
    text += query.str();
    core.run({.text = text.c_str(), .parameters = bound}, view_of(text, query.where));
    bond_ = transaction_bond{core};
    where_ = query.where;
    is_open_ = true;
    made_inside_ = core.status() != connection_status::idle;
  }

  /// Takes over one that was opened otherwise.
  void adopt() {
    connection_core& core = bond_.require("cursor", true, where_);
    if (!options_.with_hold) {
      require_open_transaction(core, "a cursor that is not WITH HOLD", where_);
    }
    if (quoted_.empty()) {
      throw usage_error("a cursor that exists has a name", where_);
    }
    is_open_ = true;
  }

  /// FETCH of `count` rows in a direction, such as `FORWARD`, in binary format.
  libpq::result_handle fetch(char const* direction, std::int64_t count,
                             std::source_location const& where) {
    std::string const text = command("FETCH ", direction, count, where);
    return require(where).run({.text = text.c_str(), .format = libpq::value_format::binary},
                              view_of(text, where));
  }

  /// MOVE by `count` rows in a direction, or to a place; returns the rows gone over.
  std::uint64_t move(char const* direction, std::int64_t count, std::source_location const& where) {
    return libpq::result_view{send(command("MOVE ", direction, count, where), where)}
        .affected_rows();
  }

  /// Closes it; see `cursor::close`.
  void close() noexcept {
    connection_core* const core = bond_.core();
    if (!std::exchange(is_open_, false) || core == nullptr) {
      return;
    }
    if (options_.with_hold && !goes_with_transaction(*core)) {
      close_held(*core);
    } else {
      try {
        bond_.let_go("CLOSE " + quoted_);
      } catch (...) {  // no memory: the end of the transaction closes it
      }
    }
  }

  /// Refuses to be used once it is closed, or its transaction over.
  connection_core& require(std::source_location const& where) const {
    connection_core& core = bond_.require("cursor", options_.with_hold, where);
    if (!is_open_) {
      throw usage_error("the cursor is closed", where);
    }
    return core;
  }

  bool is_open() const noexcept {
    return is_open_ && bond_.core() != nullptr && (options_.with_hold || bond_.holds());
  }
  std::string const& name() const noexcept { return name_; }
  cursor_options const& options() const noexcept { return options_; }
  std::source_location const& where() const noexcept { return where_; }

 private:
  static sql_view view_of(std::string const& text, std::source_location const& where) noexcept {
    return {.text = text.c_str(), .size = text.size(), .where = where, .is_dynamic = true};
  }

  std::string command(char const* verb, char const* direction, std::int64_t count,
                      std::source_location const& where) const {
    using limits = std::numeric_limits<std::int32_t>;
    if (count > limits::max() || count < limits::min()) {
      throw usage_error("PostgreSQL counts the rows of a FETCH or MOVE in 32 bits", where);
    }
    return verb + std::string{direction} + ' ' + std::to_string(count) + " FROM " + quoted_;
  }

  libpq::result_handle send(std::string const& text, std::source_location const& where) {
    return bond_.require("cursor", true, where).run({.text = text.c_str()}, view_of(text, where));
  }

  /// Whether one WITH HOLD is closed in time by what closes others: it was declared in the
  /// transaction that is open, and either a CLOSE can ride with what is sent next, or all of that
  /// transaction is going to be rolled back.
  bool goes_with_transaction(connection_core const& core) const noexcept {
    scope_link const* const scope = core.innermost;
    if (!made_inside_ || !bond_.holds() || (scope != nullptr && scope->parent != nullptr)) {
      return false;
    }
    switch (core.status()) {
      case connection_status::in_transaction:
        return !bond_.undone();
      case connection_status::in_failed_transaction:
        return scope != nullptr && !scope->touched;
      default:
        return false;
    }
  }

  std::string question(std::source_location const& where) const {
    return "SELECT FROM pg_catalog.pg_cursors WHERE name = " + literal{name_, where}.text();
  }

  /// Whether the server has it. That it has not may be because a savepoint was rolled back, or the
  /// transaction that declared it.
  bool is_there(connection_core& core, std::source_location const& where) const {
    std::string const text = question(where);
    return libpq::result_view{core.control(text.c_str(), where, statement_origin::internal)}
               .rows() > 0;
  }

  /// Closes one that a rollback would not. Where that cannot be now, it is done as soon as it can.
  void close_held(connection_core& core) noexcept {
    connection_status const status = core.status();
    if (status == connection_status::broken || status == connection_status::closed) {
      return;
    }
    destructor_limits const bounded{core};
    try {
      core_leftovers<>::add(
          core, {.asks = question(where_), .frees = "CLOSE " + quoted_, .where = where_});
    } catch (...) {
      core.notices().problem_in_flight("closing a cursor WITH HOLD");
    }
  }

  cursor_options options_;
  std::string name_;
  std::string quoted_;
  bool is_ours_;
  bool is_open_ = false;
  bool made_inside_ = false;  // a transaction, which may roll it back
  transaction_bond bond_;
  std::source_location where_;
};

}  // namespace pqscope::detail

#endif
