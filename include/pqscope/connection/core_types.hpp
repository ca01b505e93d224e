#ifndef PQSCOPE_CONNECTION_CORE_TYPES_HPP
#define PQSCOPE_CONNECTION_CORE_TYPES_HPP

#include <pqscope/connection/connection_core.hpp>
#include <pqscope/connection/connection_status.hpp>
#include <pqscope/connection/statement_report.hpp>
#include <pqscope/connection/type_catalogue.hpp>
#include <pqscope/connection/type_source.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/libpq/status.hpp>
#include <pqscope/sql/literal.hpp>
#include <pqscope/types/user_type.hpp>

#include <initializer_list>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// \file
/// How a connection learns what the types are that users made.

namespace pqscope::detail {

/// Asks what types are, and those that they are made of; `seed` is a query for their OIDs. The
/// first columns say which database answers: OIDs mean nothing in another one.
inline std::string user_types_query(std::string_view seed, int server_version) {
  bool const has_multiranges = server_version >= 140000;
  std::string text = "WITH RECURSIVE wanted(type) AS (";
  text += seed;
  text +=
      " UNION SELECT part.type FROM wanted JOIN pg_catalog.pg_type t ON t.oid = wanted.type "
      "CROSS JOIN LATERAL (SELECT t.typbasetype WHERE t.typtype = 'd' "
      "UNION ALL SELECT t.typelem WHERE t.typlen = -1 "
      "UNION ALL SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid ";
  if (has_multiranges) {
    text += "UNION ALL SELECT r.rngtypid FROM pg_catalog.pg_range r WHERE r.rngmultitypid = t.oid ";
  }
  text +=
      "UNION ALL SELECT a.atttypid FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid "
      "AND t.typrelid <> 0 AND a.attnum > 0 AND NOT a.attisdropped"
      ") AS part(type) WHERE part.type >= 10000) "
      "SELECT d.oid, extract(epoch FROM pg_catalog.pg_postmaster_start_time()), t.oid, "
      "pg_catalog.format_type(t.oid, NULL), t.typtype, p.prosrc, CASE t.typtype "
      "WHEN 'd' THEN t.typbasetype "
      "WHEN 'r' THEN (SELECT r.rngsubtype FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid) ";
  if (has_multiranges) {
    text +=
        "WHEN 'm' THEN (SELECT r.rngtypid FROM pg_catalog.pg_range r "
        "WHERE r.rngmultitypid = t.oid) ";
  }
  text +=
      "ELSE t.typelem END, a.attname, a.atttypid FROM pg_catalog.pg_database d "
      "LEFT JOIN (wanted JOIN pg_catalog.pg_type t ON t.oid = wanted.type "
      "LEFT JOIN pg_catalog.pg_proc p ON p.oid = t.typsend "
      "LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = t.typrelid AND t.typrelid <> 0 "
      "AND a.attnum > 0 AND NOT a.attisdropped) ON true "
      "WHERE d.datname = pg_catalog.current_database() ORDER BY t.oid, a.attnum";
  return text;
}

inline type_kind kind_of(std::string_view typtype, std::string_view send) noexcept {
  switch (typtype.empty() ? 'b' : typtype.front()) {
    case 'c':
      return type_kind::composite;
    case 'd':
      return type_kind::domain;
    case 'e':
      return type_kind::enumeration;
    case 'm':
      return type_kind::multirange;
    case 'p':
      return type_kind::pseudo;
    case 'r':
      return type_kind::range;
    default:
      return send == "array_send" ? type_kind::array : type_kind::base;
  }
}

/// Reads the answer: a row for each attribute of a composite, one for any other type.
inline std::vector<user_type> read_user_types(libpq::result_view answer) {
  auto const number = [&](int row, int column) {
    oid_t value = 0;
    for (char const digit : answer.text(row, column)) {
      value = value * 10 + static_cast<oid_t>(digit - '0');
    }
    return value;
  };
  std::vector<user_type> types;
  for (int row = 0; row < answer.rows(); ++row) {
    if (answer.is_null(row, 2)) {
      continue;  // none of the types is there
    }
    oid_t const type = number(row, 2);
    if (types.empty() || types.back().type != type) {
      std::string_view const send = answer.text(row, 5);
      types.push_back({.type = type,
                       .name = std::string(answer.text(row, 3)),
                       .kind = kind_of(answer.text(row, 4), send),
                       .send = std::string(send),
                       .element = number(row, 6)});
    }
    if (!answer.is_null(row, 7)) {
      types.back().attributes.push_back({std::string(answer.text(row, 7)), number(row, 8)});
    }
  }
  return types;
}

/// Asks the server about types, in one round trip, with whatever was queued before it; answers all
/// that is known then.
inline shared_types ask_types(connection_core& core, std::string_view seed,
                              std::source_location const& where) {
  std::string const text = user_types_query(seed, libpq::server_version(core.handle()));
  libpq::result_handle const answer = core.control(text.c_str(), where, statement_origin::internal);
  libpq::result_view const told{answer};
  if (told.rows() == 0) {
    return core.types.table();
  }
  std::string const database = std::string(told.text(0, 0)) + ' ' + std::string(told.text(0, 1));
  return core.types.add(database, read_user_types(told));
}

/// Learns what these types are, where that can be asked for: the connection is idle, or in a
/// transaction that has not failed. Else nothing is sent.
inline shared_types learn_types(connection_core& core, std::span<oid_t const> types,
                                std::source_location const& where) {
  connection_status const status = core.status();
  if (status != connection_status::idle && status != connection_status::in_transaction) {
    return core.types.table();
  }
  std::string seed = "SELECT pg_catalog.unnest('{";
  for (oid_t const each : types) {
    seed += seed.back() == '{' ? "" : ",";
    seed += std::to_string(each);
  }
  seed += "}'::pg_catalog.oid[])";
  return ask_types(core, seed, where);
}

/// Learns what the types of these names, as SQL has them, are, and arrays of them. Errors as for
/// any statement.
inline void learn_named_types(connection_core& core, std::initializer_list<std::string_view> names,
                              std::source_location const& where) {
  std::string seed;
  for (std::string_view const name : names) {
    seed += seed.empty() ? "(" : " UNION ";
    seed +=
        "SELECT pg_catalog.unnest(ARRAY[t.oid, t.typarray]) FROM pg_catalog.pg_type t WHERE t.oid "
        "= " +
        literal{name, where}.text() + "::pg_catalog.regtype";
  }
  if (!seed.empty()) {
    ask_types(core, seed + ')', where);
  }
}

/// What a connection knows, and how it learns more; `may_ask` is false while it is busy.
inline type_source types_of(connection_core& core, bool may_ask = true) noexcept {
  return {.core = &core,
          .known = [](connection_core& of) { return of.types.table(); },
          .learn = may_ask ? &learn_types : nullptr};
}

}  // namespace pqscope::detail

#endif
