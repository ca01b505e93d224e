#ifndef PQSCOPE_CONNECTION_TRANSACTION_ID_HPP
#define PQSCOPE_CONNECTION_TRANSACTION_ID_HPP

#include <pqscope/libpq/handles.hpp>
#include <pqscope/libpq/request.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/libpq/status.hpp>
#include <pqscope/sql/lexer.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace pqscope::detail {

/// Whether the server can be asked for the id of a transaction: PostgreSQL 13 and later.
inline bool tells_transaction_id(libpq::connection_handle const& connection) noexcept {
  return libpq::server_version(connection) >= 130000;
}

/// Whether a statement can come before a transaction's first snapshot, and more than one such: SET
/// TRANSACTION after it would fail, and a LOCK after it would show old rows. The question for the
/// id takes a snapshot.
inline bool precedes_snapshot(std::string_view sql) noexcept {
  sql_lexer lexer{sql};
  sql_token word = lexer.next();
  while (word.is_comment() || word.is(';')) {
    word = lexer.next();
  }
  char first[10] = {};
  if (word.kind != sql_token_kind::word || word.size() > sizeof first) {
    return false;
  }
  for (std::size_t i = 0; i < word.size(); ++i) {
    char const c = word.begin[i];
    first[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  std::string_view const verb{first, word.size()};
  return verb == "set" || verb == "lock" || verb == "show" || verb == "reset" || verb == "listen" ||
         verb == "unlisten" || verb == "notify" || verb == "savepoint" || verb == "checkpoint";
}

/// Asks for the 64-bit id of the open transaction; NULL as long as it has written nothing.
inline libpq::request transaction_id_question() noexcept {
  return {.text = "SELECT pg_catalog.pg_current_xact_id_if_assigned()",
          .format = libpq::value_format::binary,
          .is_prompt = true};
}

/// The answer to that.
inline std::optional<std::uint64_t> read_transaction_id(libpq::result_view const& answer) noexcept {
  if (answer.rows() != 1 || answer.is_null(0, 0) || answer.size(0, 0) != 8) {
    return std::nullopt;
  }
  std::uint64_t id = 0;
  for (char const byte : answer.text(0, 0)) {
    id = id << 8U | static_cast<unsigned char>(byte);
  }
  return id;
}

}  // namespace pqscope::detail

#endif
