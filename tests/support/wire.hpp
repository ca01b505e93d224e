#ifndef PQSCOPE_TESTS_SUPPORT_WIRE_HPP
#define PQSCOPE_TESTS_SUPPORT_WIRE_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Messages of PostgreSQL's protocol 3 as a server sends them, right or deliberately wrong.
/// Source: PostgreSQL protocol, "Message Formats".
namespace support::wire {

/// `value` in big-endian order.
inline std::string int32(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) {
    bytes += static_cast<char>(value >> shift & 0xffU);
  }
  return bytes;
}

/// The lower half of `value` in big-endian order.
inline std::string int16(std::uint32_t value) {
  return int32(value).substr(2);
}

/// `value` in big-endian order.
inline std::string int64(std::uint64_t value) {
  return int32(static_cast<std::uint32_t>(value >> 32U)) + int32(static_cast<std::uint32_t>(value));
}

/// `text` with the NUL that ends it.
inline std::string text(std::string_view value) {
  return std::string(value) + '\0';
}

/// A message of any type whose length claims `claimed` bytes instead of the true number.
inline std::string message_claiming(char type, std::uint32_t claimed, std::string_view body) {
  return type + int32(claimed) + std::string(body);
}

/// A message of any type.
inline std::string message(char type, std::string_view body = {}) {
  return message_claiming(type, static_cast<std::uint32_t>(body.size() + 4), body);
}

/// How values travel.
enum class format : std::uint32_t { text = 0, binary = 1 };

/// A result column.
struct column {
  std::string name;
  std::uint32_t type = 25;  ///< OID; 25 is text, 23 int4
  format how = format::text;
};

/// RowDescription.
inline std::string row_description(std::vector<column> const& columns) {
  std::string body = int16(static_cast<std::uint32_t>(columns.size()));
  for (column const& each : columns) {
    std::uint32_t const size = each.type == 23 ? 4 : 0xffff;
    body += text(each.name) + int32(0) + int16(0) + int32(each.type) + int16(size) +
            int32(0xffff'ffff) + int16(static_cast<std::uint32_t>(each.how));
  }
  return message('T', body);
}

/// DataRow; a missing value is NULL.
inline std::string data_row(std::vector<std::optional<std::string>> const& values) {
  std::string body = int16(static_cast<std::uint32_t>(values.size()));
  for (auto const& value : values) {
    body += int32(value ? static_cast<std::uint32_t>(value->size()) : 0xffff'ffff);
    body += value.value_or("");
  }
  return message('D', body);
}

/// A value of type int4.
inline std::string int4_value(std::int32_t value, format how) {
  return how == format::text ? std::to_string(value) : int32(static_cast<std::uint32_t>(value));
}

/// CommandComplete.
inline std::string command_complete(std::string_view tag) {
  return message('C', text(tag));
}
/// EmptyQueryResponse.
inline std::string empty_query() {
  return message('I');
}
/// ReadyForQuery: `I` idle, `T` in a transaction, `E` in a failed one.
inline std::string ready_for_query(char status = 'I') {
  return message('Z', std::string(1, status));
}
/// ParseComplete.
inline std::string parse_complete() {
  return message('1');
}
/// BindComplete.
inline std::string bind_complete() {
  return message('2');
}
/// CloseComplete.
inline std::string close_complete() {
  return message('3');
}
/// NoData.
inline std::string no_data() {
  return message('n');
}
/// PortalSuspended.
inline std::string portal_suspended() {
  return message('s');
}
/// ParameterDescription.
inline std::string parameter_description(std::vector<std::uint32_t> const& types = {}) {
  std::string body = int16(static_cast<std::uint32_t>(types.size()));
  for (std::uint32_t const type : types) {
    body += int32(type);
  }
  return message('t', body);
}

/// One field of an error or notice: its code and value.
using field = std::pair<char, std::string>;

/// ErrorResponse of exactly these fields.
inline std::string error_fields(std::vector<field> const& fields, char type = 'E') {
  std::string body;
  for (auto const& [code, value] : fields) {
    body += code + text(value);
  }
  return message(type, body + '\0');
}

/// ErrorResponse; without SQLSTATE if that is empty.
inline std::string error_response(std::string const& severity, std::string const& sqlstate,
                                  std::string const& words, std::vector<field> more = {}) {
  std::vector<field> fields{{'S', severity}, {'V', severity}};
  if (!sqlstate.empty()) {
    fields.emplace_back('C', sqlstate);
  }
  fields.emplace_back('M', words);
  fields.insert(fields.end(), more.begin(), more.end());
  return error_fields(fields);
}

/// NoticeResponse.
inline std::string notice(std::string const& words, std::string const& severity = "NOTICE") {
  return error_fields({{'S', severity}, {'V', severity}, {'C', "00000"}, {'M', words}}, 'N');
}

/// ParameterStatus.
inline std::string parameter_status(std::string_view name, std::string_view value) {
  return message('S', text(name) + text(value));
}

/// NotificationResponse.
inline std::string notification(std::uint32_t pid, std::string_view channel,
                                std::string_view payload) {
  return message('A', int32(pid) + text(channel) + text(payload));
}

/// What the three messages that begin a COPY have in common; all columns in the same format.
inline std::string copy_response(char type, std::uint32_t columns, format how = format::text) {
  std::string body(1, how == format::binary ? '\1' : '\0');
  body += int16(columns);
  for (std::uint32_t i = 0; i < columns; ++i) {
    body += int16(static_cast<std::uint32_t>(how));
  }
  return message(type, body);
}
/// CopyInResponse.
inline std::string copy_in_response(std::uint32_t columns = 1) {
  return copy_response('G', columns);
}
/// CopyOutResponse.
inline std::string copy_out_response(std::uint32_t columns = 1) {
  return copy_response('H', columns);
}
/// CopyBothResponse.
inline std::string copy_both_response(std::uint32_t columns = 0) {
  return copy_response('W', columns);
}
/// CopyData.
inline std::string copy_data(std::string_view bytes) {
  return message('d', bytes);
}
/// CopyDone.
inline std::string copy_done() {
  return message('c');
}

/// AuthenticationOk.
inline std::string authentication_ok() {
  return message('R', int32(0));
}
/// AuthenticationCleartextPassword.
inline std::string ask_for_password() {
  return message('R', int32(3));
}
/// BackendKeyData.
inline std::string backend_key_data(std::uint32_t pid = 4242, std::uint32_t secret = 77) {
  return message('K', int32(pid) + int32(secret));
}

/// All a server says once it lets a client in.
inline std::string welcome(std::uint32_t pid = 4242) {
  std::string bytes = authentication_ok();
  constexpr std::pair<std::string_view, std::string_view> parameters[] = {
      {"server_version", "15.4"},          {"server_encoding", "UTF8"},
      {"client_encoding", "UTF8"},         {"DateStyle", "ISO, MDY"},
      {"IntervalStyle", "postgres"},       {"TimeZone", "UTC"},
      {"integer_datetimes", "on"},         {"standard_conforming_strings", "on"},
      {"in_hot_standby", "off"},           {"default_transaction_read_only", "off"},
      {"session_authorization", "tester"}, {"is_superuser", "off"},
  };
  for (auto const& [name, value] : parameters) {
    bytes += parameter_status(name, value);
  }
  return bytes + backend_key_data(pid) + ready_for_query();
}

}  // namespace support::wire

#endif
