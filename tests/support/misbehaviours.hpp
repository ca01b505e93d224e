#ifndef PQSCOPE_TESTS_SUPPORT_MISBEHAVIOURS_HPP
#define PQSCOPE_TESTS_SUPPORT_MISBEHAVIOURS_HPP

#include <string>
#include <utility>
#include <vector>

#include "support/scripted_server.hpp"

/// Servers that misbehave, one function for each row of the table in behaviours.md.
///
/// Each answers the first request only (the start-up, for the last three) and behaves well
/// afterwards, as far as the connection lives. Rows have one column `n` of type int4 in the format
/// that the client asks for: `text` for a dynamic result, `binary` for a typed one. The replies fit
/// both the simple and the extended protocol. To misbehave at a later statement, use a reply with
/// `script::answer_to`: `script{}.answer_to("COMMIT", misbehaviours::fatal_and_silence())`.
namespace support::misbehaviours {

/// The start of a result that has one column and the values 1 to `rows`.
inline std::string result_start(int rows, wire::format how = wire::format::text) {
  std::string bytes =
      wire::parse_complete() + wire::bind_complete() + wire::row_description({{"n", 23, how}});
  for (int row = 1; row <= rows; ++row) {
    bytes += wire::data_row({wire::int4_value(row, how)});
  }
  return bytes;
}

/// A right answer of `rows` rows.
inline reply rows(int rows, wire::format how = wire::format::text, char status = 'I') {
  return {result_start(rows, how) + wire::command_complete("SELECT " + std::to_string(rows)) +
          wire::ready_for_query(status)};
}

/// A whole result, then `FATAL 57P01`, then the end of the connection.
inline reply rows_then_fatal(wire::format how = wire::format::text) {
  return {result_start(2, how) + wire::command_complete("SELECT 2") +
              wire::error_response("FATAL", "57P01", "terminating connection due to a test"),
          then::close};
}

/// `FATAL 57P01` and then silence with the socket left open.
inline reply fatal_and_silence() {
  return {wire::error_response("FATAL", "57P01", "terminating connection due to a test"),
          then::hang};
}

/// The same with `PANIC`.
inline reply panic_and_silence() {
  return {wire::error_response("PANIC", "XX000", "all is lost"), then::hang};
}

/// CommandComplete without the ReadyForQuery that has to follow.
inline reply never_ready(wire::format how = wire::format::text) {
  return {result_start(1, how) + wire::command_complete("SELECT 1"), then::hang};
}

/// No answer at all.
inline reply silence() {
  return {"", then::hang};
}

/// CopyInResponse to a SELECT. What the client sends to get out of it is answered as by a server:
/// an error for its CopyFail, then ReadyForQuery.
inline reply copy_in_unasked() {
  return {wire::parse_complete() + wire::bind_complete() + wire::copy_in_response()};
}

/// CopyOutResponse to a SELECT, with data and a proper end.
inline reply copy_out_unasked() {
  return {wire::parse_complete() + wire::bind_complete() + wire::copy_out_response() +
          wire::copy_data("1\n") + wire::copy_done() + wire::command_complete("COPY 1") +
          wire::ready_for_query()};
}

/// CopyBothResponse to a SELECT.
inline reply copy_both_unasked() {
  return {wire::parse_complete() + wire::bind_complete() + wire::copy_both_response()};
}

/// Half of a DataRow, then the end of the connection.
inline reply close_in_row(wire::format how = wire::format::text) {
  std::string const row = wire::data_row({wire::int4_value(2, how)});
  return {result_start(1, how) + row.substr(0, row.size() - 1), then::close};
}

/// Half of a DataRow, then a TCP reset.
inline reply reset_in_row(wire::format how = wire::format::text) {
  reply what = close_in_row(how);
  what.after = then::reset;
  return what;
}

/// A DataRow of two fields in a result of one column; the rest is well-formed.
inline reply wrong_field_count(wire::format how = wire::format::text) {
  std::string const value = wire::int4_value(1, how);
  return {result_start(1, how) + wire::data_row({value, value}) +
          wire::command_complete("SELECT 2") + wire::ready_for_query()};
}

/// A DataRow whose value is said to be longer than the message; the rest is well-formed.
inline reply overrunning_length(wire::format how = wire::format::text) {
  std::string const body = wire::int16(1) + wire::int32(1000) + wire::int4_value(1, how);
  return {result_start(1, how) + wire::message('D', body) + wire::command_complete("SELECT 2") +
          wire::ready_for_query()};
}

/// A message of a type that does not exist, within a well-formed result.
inline reply unknown_message(wire::format how = wire::format::text) {
  return {result_start(1, how) + wire::message('y', "what is this") +
          wire::command_complete("SELECT 1") + wire::ready_for_query()};
}

/// `ERROR` without an SQLSTATE, as poolers send it.
inline reply error_without_sqlstate(char status = 'I') {
  return {wire::error_response("ERROR", "", "query_wait_timeout") + wire::ready_for_query(status)};
}

/// A whole result and a ReadyForQuery whose status does not exist.
inline reply unknown_status(wire::format how = wire::format::text) {
  return rows(1, how, '?');
}

/// Two results for one statement, the second of which is an error.
inline reply second_result_fails(wire::format how = wire::format::text) {
  return {result_start(1, how) + wire::command_complete("SELECT 1") +
          wire::error_response("ERROR", "22012", "division by zero") + wire::ready_for_query()};
}

/// Closes the connection where the answer to the StartupMessage should be.
inline script closes_at_startup() {
  return script{}.startup({"", then::close});
}

/// Answers the StartupMessage as a web server would.
inline script speaks_http() {
  return script{}.startup(
      {"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"
       "400 Bad Request\n",
       then::close});
}

/// Takes the StartupMessage and says nothing.
inline script says_nothing() {
  return script{}.startup({"", then::hang});
}

/// Lets the client in half-way: authentication succeeds, ReadyForQuery never comes.
inline script stuck_after_authentication() {
  return script{}.startup({wire::authentication_ok(), then::hang});
}

/// A misbehaviour at the first statement with the name of its row.
struct named_reply {
  std::string name;
  reply what;
};

/// All those that concern a statement, for tests that go through the table.
inline std::vector<named_reply> at_statement(wire::format how = wire::format::text) {
  return {
      {"rows, FATAL, close", rows_then_fatal(how)},
      {"FATAL, silence", fatal_and_silence()},
      {"PANIC, silence", panic_and_silence()},
      {"never ready", never_ready(how)},
      {"silence", silence()},
      {"CopyInResponse", copy_in_unasked()},
      {"CopyOutResponse", copy_out_unasked()},
      {"CopyBothResponse", copy_both_unasked()},
      {"close in a row", close_in_row(how)},
      {"reset in a row", reset_in_row(how)},
      {"wrong field count", wrong_field_count(how)},
      {"overrunning length", overrunning_length(how)},
      {"unknown message", unknown_message(how)},
      {"ERROR without SQLSTATE", error_without_sqlstate()},
      {"unknown status", unknown_status(how)},
      {"second result fails", second_result_fails(how)},
  };
}

/// A misbehaviour at start-up with the name of its row.
struct named_script {
  std::string name;
  script what;
};

/// All those that concern the start-up.
inline std::vector<named_script> at_startup() {
  return {{"closes", closes_at_startup()},
          {"speaks HTTP", speaks_http()},
          {"says nothing", says_nothing()},
          {"stuck after authentication", stuck_after_authentication()}};
}

}  // namespace support::misbehaviours

#endif
