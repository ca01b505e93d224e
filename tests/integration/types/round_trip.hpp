#ifndef PQSCOPE_TESTS_INTEGRATION_TYPES_ROUND_TRIP_HPP
#define PQSCOPE_TESTS_INTEGRATION_TYPES_ROUND_TRIP_HPP

#include "support/database.hpp"
#include "support/ensure_usable.hpp"

#include <catch2/catch_test_macros.hpp>
#include <pqscope/pqscope.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace round_trips {

template <class T>
bool same(T const& a, T const& b) {
  return a == b;
}
// NaN is the same as NaN here, and 0 is not -0.
inline bool same(float a, float b) {
  return std::bit_cast<std::uint32_t>(a) == std::bit_cast<std::uint32_t>(b);
}
inline bool same(double a, double b) {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}
template <class T>
bool same(std::optional<T> const& a, std::optional<T> const& b) {
  return a.has_value() == b.has_value() && (!a || same(*a, *b));
}
template <class T>
bool same(std::vector<T> const& a, std::vector<T> const& b) {
  bool equal = a.size() == b.size();
  for (std::size_t i = 0; equal && i < a.size(); ++i) {
    equal = same(static_cast<T>(a[i]), static_cast<T>(b[i]));
  }
  return equal;
}

inline std::string literal_of(std::string_view text, std::string_view type) {
  std::string quoted = "'";
  for (char const c : text) {
    quoted += c;
    if (c == '\'') {
      quoted += c;
    }
  }
  return quoted + "'::" + std::string(type);
}

/// The value that a statement returns, read once in binary and once in text format.
template <class T, class... Args>
void reads_as(pqscope::connection& db, std::string const& statement, T const& expected,
              Args const&... arguments) {
  INFO(statement);
  CHECK(same(db.query<T>(pqscope::dynamic_sql{statement}, arguments...).one(), expected));
  auto const text = db.execute(pqscope::dynamic_sql{statement}, arguments...);
  CHECK(same(text[0][0].template as<T>(), expected));
}

/// Sends `value` as a parameter and reads it back in both formats; reads the literal of the same
/// meaning in both formats; lets the server compare the two.
template <class T>
void round_trip(pqscope::connection& db, std::string const& type, T const& value,
                std::string_view text) {
  INFO(type << ": " << text);
  std::string const literal = literal_of(text, type);
  reads_as(db, "SELECT $1::" + type, value, value);
  reads_as(db, "SELECT " + literal, value);
  reads_as(db, "SELECT $1::" + type, std::optional<T>(value), std::optional<T>(value));
  CHECK(db.query<bool>(
              pqscope::dynamic_sql{"SELECT ($1::" + type + ")::text = (" + literal + ")::text"},
              value)
            .one());
}

/// NULL of this type, sent and written, read in both formats.
template <class T>
void null_round_trip(pqscope::connection& db, std::string const& type) {
  std::optional<T> const null;
  reads_as(db, "SELECT $1::" + type, null, null);
  reads_as(db, "SELECT NULL::" + type, null);
  auto const required = pqscope::dynamic_sql{"SELECT NULL::" + type + " AS missing"};
  CHECK_THROWS_AS(db.query<T>(required).one(), pqscope::unexpected_null);
  auto const text = db.execute(required);
  CHECK_THROWS_AS(text[0][0].template as<T>(), pqscope::unexpected_null);
}

/// Arrays of these values: all of them, one by one, with NULLs, nested, and none.
template <class T>
void array_round_trip(pqscope::connection& db, std::string const& type,
                      std::vector<T> const& values) {
  std::string const array = type + "[]";
  reads_as(db, "SELECT $1::" + array, values, values);
  reads_as(db, "SELECT $1::" + array, std::vector<T>{}, std::vector<T>{});
  std::vector<std::optional<T>> sparse{std::nullopt};
  for (std::size_t i = 0; i < values.size(); ++i) {
    sparse.push_back(values[i]);
    sparse.push_back(std::nullopt);
  }
  reads_as(db, "SELECT $1::" + array, sparse, sparse);
  std::vector<std::vector<T>> const nested{values, values, values};
  reads_as(db, "SELECT $1::" + array, nested, nested);
  std::vector<std::vector<std::optional<T>>> const sparse_nested{sparse, sparse};
  reads_as(db, "SELECT $1::" + array, sparse_nested, sparse_nested);
  CHECK(db.query<std::int64_t>(pqscope::dynamic_sql{"SELECT count(*) FROM unnest($1::" + array +
                                                    ") AS e WHERE e IS NULL"},
                               sparse_nested)
            .one() == static_cast<std::int64_t>(2 * (values.size() + 1)));
}

/// Requires that reading the statement's only value as `T` is refused in both formats with `Error`,
/// which names the column.
template <class T, class Error>
void refused(pqscope::connection& db, std::string const& value) {
  INFO(value);
  auto const statement = pqscope::dynamic_sql{"SELECT " + value + " AS subject"};
  auto const names_the_column = [](auto const& read) {
    try {
      read();
      FAIL_CHECK("nothing was thrown");
    } catch (Error const& failure) {
      INFO(failure.what());
      CHECK(std::string_view(failure.what()).find("\"subject\"") != std::string_view::npos);
    }
  };
  names_the_column([&] { static_cast<void>(db.query<T>(statement).one()); });
  auto const text = db.execute(statement);
  names_the_column([&] { static_cast<void>(text[0][0].template as<T>()); });
}

}  // namespace round_trips

#endif
