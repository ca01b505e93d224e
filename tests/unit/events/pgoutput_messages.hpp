#ifndef PQSCOPE_TESTS_UNIT_EVENTS_PGOUTPUT_MESSAGES_HPP
#define PQSCOPE_TESTS_UNIT_EVENTS_PGOUTPUT_MESSAGES_HPP

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/wire.hpp"

/// Messages of the plugin pgoutput as a server sends them.
/// Source: PostgreSQL, "Logical Replication Message Formats".
namespace pgoutput {

using support::wire::int16;
using support::wire::int32;
using support::wire::int64;
using support::wire::text;

inline std::string begin(std::uint64_t commit, std::uint32_t xid, std::uint64_t time = 0) {
  return 'B' + int64(commit) + int64(time) + int32(xid);
}
inline std::string commit(std::uint64_t at, std::uint64_t end, std::uint64_t time = 0) {
  return 'C' + std::string(1, '\0') + int64(at) + int64(end) + int64(time);
}

struct column {
  std::string name;
  std::uint32_t type = 25;
  bool is_key = false;
};

/// What stands between the kind of a message and the rest, within a block.
inline std::string block(std::optional<std::uint32_t> xid) {
  return xid ? int32(*xid) : std::string{};
}

inline std::string relation(std::uint32_t id, std::string_view schema, std::string_view name,
                            std::vector<column> const& columns, char identity = 'd',
                            std::optional<std::uint32_t> xid = {}) {
  std::string body = 'R' + block(xid) + int32(id) + text(schema) + text(name) + identity +
                     int16(static_cast<std::uint32_t>(columns.size()));
  for (column const& each : columns) {
    body += static_cast<char>(each.is_key ? 1 : 0);
    body += text(each.name) + int32(each.type) + int32(0xffff'ffff);
  }
  return body;
}

inline std::string null() {
  return "n";
}
inline std::string unchanged() {
  return "u";
}
inline std::string value(std::string_view bytes, char format = 't') {
  return format + int32(static_cast<std::uint32_t>(bytes.size())) + std::string{bytes};
}
inline std::string row(std::vector<std::string> const& values) {
  std::string body = int16(static_cast<std::uint32_t>(values.size()));
  for (std::string const& each : values) {
    body += each;
  }
  return body;
}

inline std::string insert(std::uint32_t id, std::string const& now,
                          std::optional<std::uint32_t> xid = {}) {
  return 'I' + block(xid) + int32(id) + 'N' + now;
}
/// `how` is K or O; NUL where no old row is sent.
inline std::string update(std::uint32_t id, char how, std::string const& old,
                          std::string const& now) {
  return 'U' + int32(id) + (how != '\0' ? how + old : std::string{}) + 'N' + now;
}
inline std::string erase(std::uint32_t id, char how, std::string const& old) {
  return 'D' + int32(id) + how + old;
}
inline std::string truncate(std::vector<std::uint32_t> const& ids, int flags) {
  std::string body = 'T' + int32(static_cast<std::uint32_t>(ids.size())) + static_cast<char>(flags);
  for (std::uint32_t const each : ids) {
    body += int32(each);
  }
  return body;
}
inline std::string message(bool transactional, std::uint64_t at, std::string_view prefix,
                           std::string_view content) {
  return 'M' + std::string(1, transactional ? '\1' : '\0') + int64(at) + text(prefix) +
         int32(static_cast<std::uint32_t>(content.size())) + std::string{content};
}
inline std::string type(std::uint32_t id, std::string_view schema, std::string_view name) {
  return 'Y' + int32(id) + text(schema) + text(name);
}
inline std::string origin(std::uint64_t at, std::string_view name) {
  return 'O' + int64(at) + text(name);
}

}  // namespace pgoutput

#endif
