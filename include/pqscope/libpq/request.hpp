#ifndef PQSCOPE_LIBPQ_REQUEST_HPP
#define PQSCOPE_LIBPQ_REQUEST_HPP

#include <pqscope/libpq/handles.hpp>
#include <pqscope/libpq/parameters.hpp>

#include <cstdint>

namespace pqscope::libpq {

/// What one request asks the server to do.
enum class request_kind : unsigned char {
  execute,           ///< Parse, Bind, Describe, Execute of a text as unnamed statement
  script,            ///< Query: a text of any number of statements; alone in its exchange
  prepare,           ///< Parse of a text as the named statement
  execute_prepared,  ///< Bind, Describe, Execute of the named statement
  describe,          ///< Describe of the named statement
};

/// Format of the values in a result.
enum class value_format : unsigned char {
  text = 0,    ///< as people read them
  binary = 1,  ///< as the server's send functions write them
};

/// One statement of an exchange: what is asked before it, what was answered after it.
///
/// Texts and parameters are borrowed: they live until the exchange has sent them.
struct request {
  request_kind kind = request_kind::execute;  ///< what to do
  char const* text = "";                      ///< SQL, NUL-terminated
  char const* name = "";                      ///< of a prepared statement
  libpq::parameters parameters{};             ///< values for its placeholders
  value_format format = value_format::text;   ///< asked for in the result
  bool streams = false;  ///< its rows are to be had as they arrive, see `exchange::row`
  bool is_own = false;   ///< made by the library for itself
  bool flushes = false;  ///< in a pipeline, the server sends its answer without waiting for others
  bool is_prompt = false;  ///< takes the server no time: as the last one, under the drain limit

  result_handle answer{};  ///< the statement's result; empty where it failed or was not carried out
  result_handle error{};   ///< the first error that has an SQLSTATE, else the first one
  std::uint64_t streamed = 0;       ///< rows that arrived by and by
  bool aborted = false;             ///< not carried out because an earlier one failed
  bool asked_to_copy = false;       ///< the server began a COPY, which was ended
  bool dropped_statements = false;  ///< DISCARD ALL or DEALLOCATE ALL was carried out
  bool listened = false;            ///< LISTEN was carried out
  bool created = false;             ///< CREATE was carried out, or ALTER or DROP
  bool altered = false;             ///< ALTER or DROP was carried out
  bool ended_transaction = false;  ///< a script's COMMIT, ROLLBACK or PREPARE TRANSACTION succeeded
};

}  // namespace pqscope::libpq

#endif
