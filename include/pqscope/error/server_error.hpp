#ifndef PQSCOPE_ERROR_SERVER_ERROR_HPP
#define PQSCOPE_ERROR_SERVER_ERROR_HPP

#include <pqscope/error/condition_names.hpp>
#include <pqscope/error/error.hpp>
#include <pqscope/error/mask_message.hpp>
#include <pqscope/error/mask_passwords.hpp>
#include <pqscope/error/sql_excerpt.hpp>
#include <pqscope/libpq/diagnostics.hpp>

#include <memory>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

namespace pqscope {

namespace detail {

/// Asks for an exception of another class with the contents of one that exists.
struct same_contents {};

}  // namespace detail

/// The server refused a statement.
///
/// Thrown as the most derived class there is for its SQLSTATE (`unique_violation`, else
/// `integrity_constraint_violation`, else this one): see `conditions.hpp`. `what()` holds the
/// primary message, the SQLSTATE with its name, the SQL text with a caret under the error where the
/// server told its position, the hint and the call site. It never holds `detail()` or `context()`,
/// in which the server puts values from rows. Passwords written into the SQL text are masked there,
/// and where `message()` or `hint()` quotes them.
///
/// Texts and references it gives are valid as long as this exception or a copy of it lives.
class server_error : public error {
 public:
  /// Makes an error of the `fields` the server sent in answer to the statement `sql`.
  ///
  /// `connection_usable` says whether the connection survived; a `FATAL` error says so itself.
  explicit server_error(pqscope::diagnostics fields, std::string sql = {},
                        std::source_location where = {}, bool connection_usable = true)
      : server_error(std::make_shared<contents const>(std::move(fields), std::move(sql)), where,
                     connection_usable) {}

  /// Makes the same error; by it a derived class takes over `from`, whose texts it shares.
  /// Not inlined, as the destructor below.
  [[gnu::noinline]] explicit server_error(server_error const& from,
                                          pqscope::detail::same_contents) noexcept
      : server_error(from) {}

  /// Copies share the texts.
  server_error(server_error const&) noexcept = default;
  /// Copies share the texts.
  server_error& operator=(server_error const&) noexcept = default;

  /// Not inlined: the hundred and more classes below this one would each have a copy of it.
  [[gnu::noinline]] ~server_error() override {}

  /// Five characters that say what went wrong; empty where the sender gave none, as poolers do.
  std::string_view sqlstate() const noexcept { return fields().sqlstate; }

  /// PostgreSQL's name of the `sqlstate()`, e.g. `unique_violation`; empty where it has none.
  std::string_view condition() const noexcept { return condition_name(sqlstate()); }

  /// `ERROR`, `FATAL` or `PANIC`, not localized.
  std::string const& severity() const noexcept { return fields().severity; }

  /// The primary message.
  std::string const& message() const noexcept { return fields().message; }

  /// Further explanation; can hold values from rows and parameters.
  std::string const& detail() const noexcept { return fields().detail; }

  /// What to do about it.
  std::string const& hint() const noexcept { return fields().hint; }

  /// Where the server was: functions called, line of a COPY; can hold values.
  std::string const& context() const noexcept { return fields().context; }

  /// Schema of the object concerned.
  std::string const& schema_name() const noexcept { return fields().schema_name; }

  /// Table concerned.
  std::string const& table_name() const noexcept { return fields().table_name; }

  /// Column concerned.
  std::string const& column_name() const noexcept { return fields().column_name; }

  /// Data type concerned.
  std::string const& data_type_name() const noexcept { return fields().data_type_name; }

  /// Constraint that was violated.
  std::string const& constraint_name() const noexcept { return fields().constraint_name; }

  /// Where in `sql()` the error is, in characters counted from 1; 0 where the server did not tell.
  int position() const noexcept { return fields().position; }

  /// The statement that failed, where a function made it.
  std::string const& internal_query() const noexcept { return fields().internal_query; }

  /// Where in `internal_query()` the error is, in characters counted from 1, or 0.
  int internal_position() const noexcept { return fields().internal_position; }

  /// File in the server's source that reported the error.
  std::string const& source_file() const noexcept { return fields().source_file; }

  /// Line in `source_file()`.
  int source_line() const noexcept { return fields().source_line; }

  /// Function in the server's source that reported the error.
  std::string const& source_function() const noexcept { return fields().source_function; }

  /// All fields as they came, but for passwords quoted in message and hint.
  pqscope::diagnostics const& diagnostics() const& noexcept { return contents_->fields; }

  /// The statement that failed, as it was sent.
  std::string const& sql() const noexcept { return contents_->sql; }

  /// True for a serialization failure (40001), a deadlock (40P01), and where the server ended the
  /// session because it goes down (57P01 to 57P03) or had nothing to do for too long (57P05), or a
  /// pooler has lost the server (class 08): then the transaction was not persisted, and another
  /// connection may do. An answer to COMMIT of the latter kinds is a `commit_in_doubt`.
  bool is_retryable() const noexcept override {
    std::string_view const code = sqlstate();
    bool const ended = code == "57P01" || code == "57P02" || code == "57P03" || code == "57P05" ||
                       code.starts_with("08");
    return code == "40001" || code == "40P01" || (ended && fields().is_fatal());
  }

  /// Whether the connection survived: false after `FATAL` and `PANIC`.
  bool connection_usable() const noexcept override { return usable_ && !fields().is_fatal(); }

  /// Whether `constraint` is the constraint that was violated.
  bool violates(std::string_view constraint) const noexcept override {
    return !constraint.empty() && constraint == fields().constraint_name;
  }

 private:
  struct contents {
    contents(pqscope::diagnostics from, std::string statement)
        : fields(std::move(from)), sql(std::move(statement)) {
      detail::mask_messages(fields, sql);
    }

    pqscope::diagnostics fields;
    std::string sql;
  };

  explicit server_error(std::shared_ptr<contents const> shared, std::source_location where,
                        bool connection_usable)
      : error(summary(*shared), where), contents_(std::move(shared)), usable_(connection_usable) {}

  pqscope::diagnostics const& fields() const noexcept { return contents_->fields; }

  static std::string summary(contents const& from);

  std::shared_ptr<contents const> contents_;
  bool usable_;
};

inline std::string server_error::summary(contents const& from) {
  pqscope::diagnostics const& fields = from.fields;
  std::string text = fields.message.empty() ? "the server reported an error" : fields.message;
  if (!fields.sqlstate.empty()) {
    text += " (SQLSTATE " + fields.sqlstate;
    if (std::string_view const name = condition_name(fields.sqlstate); !name.empty()) {
      text += ' ';
      text += name;
    }
    text += ')';
  }
  auto const add_sql = [&text](std::string_view sql, int position, std::string_view indent) {
    if (sql.empty()) {
      return;
    }
    auto const [shown, at] = detail::mask_passwords(sql, position);
    text += '\n';
    text += at > 0 ? detail::sql_with_caret(shown, at, indent)
                   : std::string(indent) + detail::sql_beginning(shown);
  };
  add_sql(from.sql, fields.position, "  ");
  if (!fields.internal_query.empty()) {
    text += "\n  in the function's statement";
    add_sql(fields.internal_query, fields.internal_position, "    ");
  }
  if (!fields.hint.empty()) {
    text += "\n  hint: ";
    text += fields.hint;
  }
  return text;
}

}  // namespace pqscope

#endif
