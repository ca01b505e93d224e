#ifndef PQSCOPE_TESTS_UNIT_MAPPING_LIBRARY_HPP
#define PQSCOPE_TESTS_UNIT_MAPPING_LIBRARY_HPP

#include <pqscope/mapping/queries.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace library {

enum class genre { novel, poem };

struct author {
  std::int64_t id{};
  std::string name{};
  std::optional<std::string> email{};
};

struct book {
  std::int64_t id{};
  std::int64_t author_id{};
  std::optional<std::int64_t> editor_id{};
  std::string title{};
  library::genre genre{};
  std::vector<float> embedding{};
  std::vector<std::string> tags{};
  pqscope::jsonb details{};
  pqscope::numeric price{};
  std::optional<std::string> added{};
  int pages{};
  int version = 1;
  int sheets{};
};

struct copy_on_shelf {
  std::int64_t book_id{};
  int number{};
  int internal_only{};
};

/// Without a mapping.
struct shelf {
  int id{};
  std::string label{};
  std::optional<double> width{};
};

}  // namespace library

template <>
inline constexpr auto pqscope::labels<library::genre> = pqscope::enum_labels<library::genre>(
    {{library::genre::novel, "novel"}, {library::genre::poem, "poem"}});

template <>
inline constexpr auto pqscope::mapping<library::author> =
    pqscope::table("authors", pqscope::column<&library::author::id>().primary_key().identity(),
                   pqscope::column<&library::author::name>().varchar(50).unique(),
                   pqscope::column<&library::author::email>().name("E-mail \"home\""),
                   pqscope::index("lower(name)", {.name = "authors_lower_name", .unique = true}),
                   pqscope::check("authors_name_check", "name <> ''"));

template <>
inline constexpr auto pqscope::mapping<library::book> = pqscope::table(
    "lib", "books", pqscope::column<&library::book::id>().primary_key().identity(),
    pqscope::column<&library::book::author_id>().references<&library::author::id>(
        pqscope::on_delete::cascade, pqscope::on_update::restrict),
    pqscope::column<&library::book::editor_id>()
        .references<&library::author::id>(pqscope::on_delete::set_null)
        .index({.where = "editor_id IS NOT NULL"}),
    pqscope::column<&library::book::title>().type("citext"),
    pqscope::column<&library::book::genre>(),
    pqscope::column<&library::book::embedding>().vector(3).index(
        {.method = "hnsw", .columns = "vector_cosine_ops"}),
    pqscope::column<&library::book::tags>().varchar(20).index({.method = "gin"}),
    pqscope::column<&library::book::details>(),
    pqscope::column<&library::book::price>().numeric(10, 2).check("price >= 0"),
    pqscope::column<&library::book::added>()
        .type("timestamp with time zone")
        .default_value("now()")
        .not_null(),
    pqscope::column<&library::book::pages>(), pqscope::column<&library::book::version>().version(),
    pqscope::column<&library::book::sheets>().generated("pages / 2"),
    pqscope::unique<&library::book::author_id, &library::book::title>());

template <>
inline constexpr auto pqscope::mapping<library::copy_on_shelf> = pqscope::table(
    "select", pqscope::column<&library::copy_on_shelf::book_id>().references<&library::book::id>(),
    pqscope::column<&library::copy_on_shelf::number>(),
    pqscope::primary_key<&library::copy_on_shelf::number, &library::copy_on_shelf::book_id>());

#endif
