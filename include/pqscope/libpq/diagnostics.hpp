#ifndef PQSCOPE_LIBPQ_DIAGNOSTICS_HPP
#define PQSCOPE_LIBPQ_DIAGNOSTICS_HPP

#include <libpq-fe.h>

#include <string>
#include <string_view>

#include <pqscope/libpq/handles.hpp>

namespace pqscope {

/// The fields of one error or notice as the server sent them, copied out of libpq.
///
/// A field the server did not send is empty, a position 0. Texts are in the client encoding.
/// `detail` and `context` can hold values from rows and parameters; they are never part of an
/// exception's `what()`. Source: PostgreSQL protocol, "Error and Notice Message Fields".
struct diagnostics {
  std::string severity{};        ///< `ERROR`, `FATAL`, `PANIC`, `WARNING`, `NOTICE`…, not localized
  std::string sqlstate{};        ///< five characters; empty where the sender gave none
  std::string message{};         ///< the primary message
  std::string detail{};          ///< further explanation
  std::string hint{};            ///< what to do about it
  std::string context{};         ///< call stack of functions, COPY line
  std::string schema_name{};     ///< schema of the object concerned
  std::string table_name{};      ///< table concerned
  std::string column_name{};     ///< column concerned
  std::string data_type_name{};  ///< data type concerned
  std::string constraint_name{};  ///< constraint that was violated
  std::string internal_query{};   ///< statement made by a function, where that one failed
  std::string source_file{};      ///< file in the server's source
  std::string source_function{};  ///< function in the server's source
  int source_line = 0;            ///< line in the server's source
  int position = 0;               ///< 1-based, in characters, within the statement's text
  int internal_position = 0;      ///< 1-based, in characters, within `internal_query`

  /// Whether the sender ends the connection with this message (`FATAL`, `PANIC`).
  bool is_fatal() const noexcept { return severity == "FATAL" || severity == "PANIC"; }
};

namespace libpq {

/// Whether the sender of an error or notice ends the connection with it (`FATAL`, `PANIC`).
inline bool is_fatal(PGresult const* result) noexcept {
  char const* severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  return severity != nullptr &&
         (std::string_view{severity} == "FATAL" || std::string_view{severity} == "PANIC");
}

/// Copies the diagnostic fields of `result`; all are empty for a result without an error.
inline diagnostics read_diagnostics(PGresult const* result) {
  auto const text = [result](int code) {
    char const* value = PQresultErrorField(result, code);
    return std::string(value ? value : "");
  };
  auto const number = [result](int code) {
    int parsed = 0;
    char const* value = PQresultErrorField(result, code);
    for (; value && *value >= '0' && *value <= '9' && parsed < 100'000'000; ++value) {
      parsed = parsed * 10 + (*value - '0');
    }
    return parsed;
  };
  diagnostics fields{
      .severity = text(PG_DIAG_SEVERITY_NONLOCALIZED),
      .sqlstate = text(PG_DIAG_SQLSTATE),
      .message = text(PG_DIAG_MESSAGE_PRIMARY),
      .detail = text(PG_DIAG_MESSAGE_DETAIL),
      .hint = text(PG_DIAG_MESSAGE_HINT),
      .context = text(PG_DIAG_CONTEXT),
      .schema_name = text(PG_DIAG_SCHEMA_NAME),
      .table_name = text(PG_DIAG_TABLE_NAME),
      .column_name = text(PG_DIAG_COLUMN_NAME),
      .data_type_name = text(PG_DIAG_DATATYPE_NAME),
      .constraint_name = text(PG_DIAG_CONSTRAINT_NAME),
      .internal_query = text(PG_DIAG_INTERNAL_QUERY),
      .source_file = text(PG_DIAG_SOURCE_FILE),
      .source_function = text(PG_DIAG_SOURCE_FUNCTION),
      .source_line = number(PG_DIAG_SOURCE_LINE),
      .position = number(PG_DIAG_STATEMENT_POSITION),
      .internal_position = number(PG_DIAG_INTERNAL_POSITION),
  };
  if (fields.severity.empty()) {
    fields.severity = text(PG_DIAG_SEVERITY);
  }
  return fields;
}

/// The SQLSTATE of a result's error; empty where there is none. Lives as long as the result.
inline std::string_view sqlstate_of(result_handle const& result) noexcept {
  char const* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
  return state ? state : "";
}

/// Whether a result's error names a place in the text of the statement: it was found when that was
/// analysed, not when it was carried out.
inline bool names_place(result_handle const& result) noexcept {
  return PQresultErrorField(result.get(), PG_DIAG_STATEMENT_POSITION) != nullptr;
}

}  // namespace libpq
}  // namespace pqscope

#endif
