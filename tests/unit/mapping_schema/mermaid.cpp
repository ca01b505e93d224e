#include <pqscope/mapping/table.hpp>
#include <pqscope/mapping/to_mermaid.hpp>
#include <pqscope/types/numeric.hpp>

#include <catch2/catch_test_macros.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace {

struct author {
  std::int64_t id{};
  std::string name;
  std::optional<pqscope::numeric> fee;
  std::vector<std::string> pk;
};
struct book {
  std::int64_t id{};
  std::int64_t writer{};
  std::optional<std::int64_t> editor;
};
struct page {
  std::int64_t book_id{};
  int number{};
};
struct cover {
  std::int64_t book_id{};
};

}  // namespace

template <>
inline constexpr auto pqscope::mapping<author> =
    pqscope::table("authors", pqscope::column<&author::id>().primary_key().identity(),
                   pqscope::column<&author::name>().varchar(50).unique(),
                   pqscope::column<&author::fee>().numeric(10, 2), pqscope::column<&author::pk>());
template <>
inline constexpr auto pqscope::mapping<book> =
    pqscope::table("shop", "my \"books\"", pqscope::column<&book::id>().primary_key(),
                   pqscope::column<&book::writer>().references<&author::id>(),
                   pqscope::column<&book::editor>().name("2nd reader").references<&author::id>());
template <>
inline constexpr auto pqscope::mapping<page> = pqscope::table(
    "pages", pqscope::column<&page::book_id>().references<&book::id>(),
    pqscope::column<&page::number>(), pqscope::primary_key<&page::book_id, &page::number>());
template <>
inline constexpr auto pqscope::mapping<cover> = pqscope::table(
    "covers", pqscope::column<&cover::book_id>().primary_key().references<&book::id>());

TEST_CASE("a Mermaid diagram shows columns with their keys, and references with how many") {
  //! [to_mermaid]
  CHECK(pqscope::to_mermaid<author, book, page, cover>() == R"(erDiagram
  "authors" {
    bigint id PK
    character_varying(50) name UK
    numeric(10_2) fee "NULL"
    text[] _pk
  }
  "shop.my _books_" {
    bigint id PK
    bigint writer FK
    bigint _2nd_reader FK "NULL"
  }
  "pages" {
    bigint book_id PK, FK
    integer number PK
  }
  "covers" {
    bigint book_id PK, FK
  }
  "authors" ||--o{ "shop.my _books_" : "writer"
  "authors" |o--o{ "shop.my _books_" : "2nd reader"
  "shop.my _books_" ||--o{ "pages" : "book_id"
  "shop.my _books_" ||--o| "covers" : "book_id"
)");
  //! [to_mermaid]
}
