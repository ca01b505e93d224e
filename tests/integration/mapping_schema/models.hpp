#ifndef PQSCOPE_TESTS_INTEGRATION_MAPPING_SCHEMA_MODELS_HPP
#define PQSCOPE_TESTS_INTEGRATION_MAPPING_SCHEMA_MODELS_HPP

#include <pqscope/mapping/table.hpp>
#include <pqscope/types/types.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// \file
/// Structs with columns and constraints of every kind.

namespace models {

enum class mood { sad, fine, happy };

struct customer {
  std::int64_t id{};
  std::string name;
  std::string code;
  std::optional<std::string> email;
  int age{};
  pqscope::numeric balance;
  std::optional<mood> feels;
  std::vector<mood> felt;
  std::vector<std::string> tags;
  std::chrono::sys_time<std::chrono::microseconds> since;
  std::optional<double> ratio;
  int twice{};
  bool active{};
};
struct purchase {
  std::int64_t customer_id{};
  int number{};
  std::optional<std::int64_t> recommended_by;
  std::optional<std::string> note;
};
// Two that refer to each other, with names that have to be quoted.
struct chicken {
  std::int64_t id{};
  std::optional<std::int64_t> egg_id;
};
struct egg {
  std::int64_t id{};
  std::optional<std::int64_t> chicken_id;
  std::optional<std::int64_t> elder;
};
struct impossible {
  int id{};
  std::string value;
};

inline constexpr char const* longest =
    "a_table_whose_name_is_as_long_as_the_name_of_a_table_can_be_at_";
struct long_names {
  std::int64_t id{};
  int value{};
  std::optional<std::int64_t> other;
};

}  // namespace models

template <>
inline constexpr auto pqscope::labels<models::mood> = pqscope::enum_labels<models::mood>(
    {{models::mood::sad, "sad"}, {models::mood::fine, "it's fine"}, {models::mood::happy, "\\o/"}});

template <>
inline constexpr auto pqscope::mapping<models::customer> = pqscope::table(
    "customers", pqscope::column<&models::customer::id>().primary_key().identity(),
    pqscope::column<&models::customer::name>().varchar(50).unique(),
    pqscope::column<&models::customer::code>().character(4).default_value("'none'"),
    pqscope::column<&models::customer::email>(),
    pqscope::column<&models::customer::age>().check("age BETWEEN 0 AND 150").index(),
    pqscope::column<&models::customer::balance>().numeric(10, 2).default_value("0"),
    pqscope::column<&models::customer::feels>(), pqscope::column<&models::customer::felt>(),
    pqscope::column<&models::customer::tags>().index({.method = "gin"}),
    pqscope::column<&models::customer::since>().default_value("now()"),
    pqscope::column<&models::customer::ratio>(),
    pqscope::column<&models::customer::twice>().generated("age * 2"),
    pqscope::column<&models::customer::active>().default_value("true"),
    pqscope::unique<&models::customer::email, &models::customer::age>(),
    pqscope::check("named", "name <> '' OR email IS NOT NULL"),
    pqscope::index("lower(name)", {.name = "customers_by_name", .where = "active"}),
    pqscope::index<&models::customer::age, &models::customer::name>({.unique = true}));
template <>
inline constexpr auto pqscope::mapping<models::purchase> = pqscope::table(
    "purchases",
    pqscope::column<&models::purchase::customer_id>().references<&models::customer::id>(
        pqscope::on_delete::cascade, pqscope::on_update::restrict),
    pqscope::column<&models::purchase::number>(),
    pqscope::column<&models::purchase::recommended_by>().references<&models::customer::id>(
        pqscope::on_delete::set_null),
    pqscope::column<&models::purchase::note>().type("varchar(20)"),
    pqscope::primary_key<&models::purchase::customer_id, &models::purchase::number>());
template <>
inline constexpr auto pqscope::mapping<models::chicken> =
    pqscope::table("Chicken", pqscope::column<&models::chicken::id>().primary_key(),
                   pqscope::column<&models::chicken::egg_id>().references<&models::egg::id>());
template <>
inline constexpr auto pqscope::mapping<models::egg> = pqscope::table(
    "order", pqscope::column<&models::egg::id>().primary_key(),
    pqscope::column<&models::egg::chicken_id>().name("from").references<&models::chicken::id>(),
    pqscope::column<&models::egg::elder>().references<&models::egg::id>());
template <>
inline constexpr auto pqscope::mapping<models::impossible> =
    pqscope::table("impossible", pqscope::column<&models::impossible::id>().primary_key(),
                   pqscope::column<&models::impossible::value>().type("no_such_type"));
template <>
inline constexpr auto pqscope::mapping<models::long_names> = pqscope::table(
    models::longest, pqscope::column<&models::long_names::id>().primary_key(),
    pqscope::column<&models::long_names::value>().unique().index(),
    pqscope::column<&models::long_names::other>().references<&models::long_names::id>());

#endif
