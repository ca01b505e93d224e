#ifndef PQSCOPE_ERROR_DECODE_ERROR_HPP
#define PQSCOPE_ERROR_DECODE_ERROR_HPP

#include <pqscope/error/error.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>

namespace pqscope {

/// What the server returned cannot be had as the C++ type that was asked for.
///
/// The statement itself succeeded: the connection is usable and its transaction alive. The value
/// is never part of the message.
class decode_error : public error {
 public:
  using error::error;

  /// Copies share the column's name.
  decode_error(decode_error const&) noexcept = default;
  /// Copies share the column's name.
  decode_error& operator=(decode_error const&) noexcept = default;

  /// Adds the place of the value to an exception on its way up, which knows only the value:
  ///
  ///     catch (decode_error& e) { e.locate(name, row, where); throw; }
  ///
  /// `row` counts from 0 and is told from 1 in the message. The first caller wins: an exception
  /// that names a column already stays as it is. `where` is taken if no call site was known.
  void locate(std::string_view column, std::optional<std::size_t> row = {},
              std::source_location where = {}) {
    if (column_) {
      return;
    }
    column_ = std::make_shared<std::string const>(column);
    row_ = row;
    std::string message = "column \"" + *column_ + '"';
    if (row) {
      message += ", row " + std::to_string(*row + 1);
    }
    message += ": ";
    message += bare_message();
    reword(message, this->where().line() != 0 ? this->where() : where);
  }

  /// Name of the column concerned, where `locate()` told it, else empty.
  ///
  /// Valid as long as this exception or a copy of it lives.
  std::string_view column() const noexcept {
    return column_ ? std::string_view(*column_) : std::string_view();
  }

  /// Row of the value, counted from 0, where `locate()` told it.
  std::optional<std::size_t> row() const noexcept { return row_; }

 private:
  std::shared_ptr<std::string const> column_;
  std::optional<std::size_t> row_;
};

/// The columns of a result do not fit the C++ type they are wanted as: in number, name or type.
///
/// Found before the first row is decoded; the message lists all that do not fit.
class type_mismatch : public decode_error {
 public:
  using decode_error::decode_error;
};

/// A NULL arrived where the C++ type has no place for it. `std::optional` has.
class unexpected_null : public decode_error {
 public:
  using decode_error::decode_error;
};

/// A row was required and the result has none.
class no_rows : public decode_error {
 public:
  using decode_error::decode_error;
};

/// A single row was required and the result has more.
///
/// The server's own condition `too_many_rows` (P0003, raised by PL/pgSQL) is another matter and
/// arrives as `plpgsql_error`.
class too_many_rows : public decode_error {
 public:
  using decode_error::decode_error;
};

}  // namespace pqscope

#endif
