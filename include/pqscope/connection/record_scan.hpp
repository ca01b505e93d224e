#ifndef PQSCOPE_CONNECTION_RECORD_SCAN_HPP
#define PQSCOPE_CONNECTION_RECORD_SCAN_HPP

#include <pqscope/types/oid.hpp>
#include <pqscope/types/wire_value.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pqscope::detail {

/// Whether values of this type say themselves what they hold: anonymous rows, and arrays of them.
constexpr bool is_record(oid_t type) noexcept {
  return type == oid::record || type == oid::record_array;
}

inline void add_type(oid_t type, std::vector<oid_t>& found) {
  for (oid_t const each : found) {
    if (each == type) {
      return;
    }
  }
  found.push_back(type);
}

/// Anonymous rows within each other that are looked into; the bytes could be anybody's.
inline constexpr int max_record_depth = 64;

inline void find_user_types(wire_value value, std::vector<oid_t>& found, int depth = 0);

/// Adds the types made by users that stand in an anonymous row. Malformed bytes end it: whoever
/// decodes them says so.
inline void find_in_record(wire_value value, std::vector<oid_t>& found, int depth) {
  char const* at = value.data;
  char const* const end = value.data + value.size;
  for (at += 4; end - at >= 8;) {
    auto const type = static_cast<oid_t>(read_int32(at));
    std::int32_t const size = read_int32(at + 4);
    at += 8;
    if (size > end - at) {
      return;
    }
    auto const length = static_cast<std::size_t>(size < 0 ? 0 : size);
    find_user_types({at, length, type}, found, depth);
    at += length;
  }
}

/// The same for an array of them.
inline void find_in_records(wire_value value, std::vector<oid_t>& found, int depth) {
  char const* const end = value.data + value.size;
  std::int32_t const dimensions = value.size < 12 ? 0 : read_int32(value.data);
  if (dimensions < 1 || dimensions > 6 || end - value.data < 12 + dimensions * 8) {
    return;
  }
  for (char const* at = value.data + 12 + dimensions * 8; end - at >= 4;) {
    std::int32_t const size = read_int32(at);
    at += 4;
    if (size > end - at) {
      return;
    }
    auto const length = static_cast<std::size_t>(size < 0 ? 0 : size);
    find_user_types({at, length, oid::record}, found, depth);
    at += length;
  }
}

/// Adds the type of a value, if it was made by users, and those within, if it is an anonymous row
/// or an array of them. Sources: PostgreSQL's `record_send` and `array_send`.
inline void find_user_types(wire_value value, std::vector<oid_t>& found, int depth) {
  if (value.type >= oid::first_unfixed) {
    add_type(value.type, found);
  } else if (depth == max_record_depth) {
    return;
  } else if (value.type == oid::record && value.size > 4) {
    find_in_record(value, found, depth + 1);
  } else if (value.type == oid::record_array) {
    find_in_records(value, found, depth + 1);
  }
}

}  // namespace pqscope::detail

#endif
