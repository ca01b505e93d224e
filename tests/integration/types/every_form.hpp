#ifndef PQSCOPE_TESTS_INTEGRATION_TYPES_EVERY_FORM_HPP
#define PQSCOPE_TESTS_INTEGRATION_TYPES_EVERY_FORM_HPP

#include "round_trip.hpp"

#include <tuple>
#include <utility>

namespace round_trips {

/// Sends and reads values of a type made by users wherever such a value can stand: by itself, as a
/// domain, in arrays of any dimension, in a composite, in arrays of that and in anonymous rows; as
/// NULL and among NULLs; in text and in binary format.
template <class T>
void every_form(pqscope::connection& db, std::string const& type,
                std::vector<std::pair<T, std::string>> const& samples) {
  auto const made = support::unique_name("form");
  db.execute(pqscope::dynamic_sql{"CREATE DOMAIN " + made + " AS " + type});
  db.execute(pqscope::dynamic_sql{"CREATE TYPE " + made + "_row AS (a " + type + ", b " + type +
                                  "[], c " + made + ", d " + made + "[])"});
  std::vector<T> values;
  for (auto const& [value, text] : samples) {
    round_trip(db, type, value, text);
    round_trip(db, made, value, text);
    values.push_back(value);
  }
  null_round_trip<T>(db, type);
  null_round_trip<T>(db, made);
  array_round_trip<T>(db, type, values);
  array_round_trip<T>(db, made, values);

  using maybe = std::optional<T>;
  using row = std::tuple<maybe, std::vector<maybe>, maybe, std::vector<std::vector<T>>>;
  std::vector<pqscope::composite<row>> rows{{row{}}};
  for (T const& value : values) {
    rows.push_back({row{value, {value, std::nullopt}, std::nullopt, {values, values}}});
    rows.push_back({row{std::nullopt, {}, value, {{value}}}});
  }
  for (auto const& each : rows) {
    reads_as(db, "SELECT $1::" + made + "_row", each, each);
  }
  null_round_trip<pqscope::composite<row>>(db, made + "_row");
  array_round_trip<pqscope::composite<row>>(db, made + "_row", rows);

  using anonymous = pqscope::composite<std::tuple<maybe, int, std::vector<maybe>>>;
  for (T const& value : values) {
    anonymous const expected{{value, 7, {value}}};
    reads_as(db, "SELECT ROW($1::" + type + ", 7, ARRAY[$1::" + made + "])", expected, value);
    reads_as(db, "SELECT ARRAY[ROW($1::" + made + ", 7, ARRAY[$1::" + type + "])]",
             std::vector{expected}, value);
  }
}

}  // namespace round_trips

#endif
