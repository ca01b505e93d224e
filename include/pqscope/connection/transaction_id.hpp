#ifndef PQSCOPE_CONNECTION_TRANSACTION_ID_HPP
#define PQSCOPE_CONNECTION_TRANSACTION_ID_HPP

#include <pqscope/error/server_moment.hpp>
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

/// The first word of a statement, in lower case; empty if it is none, or longer than the verbs that
/// are asked for here.
class first_word {
 public:
  explicit first_word(std::string_view sql) noexcept {
    sql_lexer lexer{sql};
    sql_token word = lexer.next();
    while (word.is_comment() || word.is(';')) {
      word = lexer.next();
    }
    if (word.kind != sql_token_kind::word || word.size() > sizeof text_) {
      return;
    }
    for (std::size_t i = 0; i < word.size(); ++i) {
      char const c = word.begin[i];
      text_[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    size_ = word.size();
  }
  std::string_view str() const noexcept { return {text_, size_}; }

 private:
  char text_[10] = {};
  std::size_t size_ = 0;
};

/// Whether a statement drops what has been prepared: nothing prepared can follow it at once.
inline bool drops_prepared(std::string_view sql) noexcept {
  first_word const verb{sql};
  return verb.str() == "deallocate" || verb.str() == "discard";
}

/// Whether a statement can come before a transaction's first snapshot, and more than one such: SET
/// TRANSACTION after it would fail, and a LOCK after it would show old rows. The question for the
/// id takes a snapshot.
inline bool precedes_snapshot(std::string_view sql) noexcept {
  first_word const word{sql};
  std::string_view const verb = word.str();
  return verb == "set" || verb == "lock" || verb == "show" || verb == "reset" || verb == "listen" ||
         verb == "unlisten" || verb == "notify" || verb == "savepoint" || verb == "checkpoint";
}

/// A transaction, and a moment at which it was under way.
struct transaction_mark {
  std::uint64_t id = 0;                          ///< the 64-bit id
  std::optional<server_moment> identified = {};  ///< when the server told it
};

/// Asks for the mark of the open transaction; its id is NULL as long as it has written nothing.
/// Only functions that every server in the style of PostgreSQL has: an error would undo the user's
/// work.
inline libpq::request transaction_mark_question() noexcept {
  return {.text =
              "SELECT pg_catalog.pg_current_xact_id_if_assigned(), "
              "pg_catalog.clock_timestamp(), pg_catalog.pg_postmaster_start_time()",
          .format = libpq::value_format::binary,
          .is_prompt = true};
}

/// A value of eight bytes in the first row of a binary answer, which has that row and column;
/// nothing where it is NULL or of another size.
inline std::optional<std::uint64_t> read_eight_bytes(libpq::result_view const& answer,
                                                     int column) noexcept {
  if (answer.size(0, column) != 8) {
    return std::nullopt;
  }
  auto const* const bytes = reinterpret_cast<unsigned char const*>(answer.data(0, column));
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) {
    value = value << 8U | bytes[i];
  }
  return value;
}

/// The answer to that.
inline std::optional<transaction_mark> read_transaction_mark(
    libpq::result_view const& answer) noexcept {
  if (answer.rows() != 1 || answer.columns() != 3) {
    return std::nullopt;
  }
  auto const id = read_eight_bytes(answer, 0);
  if (!id) {
    return std::nullopt;
  }
  transaction_mark mark{.id = *id};
  auto const time = read_eight_bytes(answer, 1);
  auto const started = read_eight_bytes(answer, 2);
  if (time && started) {
    mark.identified = server_moment{.time = static_cast<std::int64_t>(*time),
                                    .started = static_cast<std::int64_t>(*started)};
  }
  return mark;
}

}  // namespace pqscope::detail

#endif
