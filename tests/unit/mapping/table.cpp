#include <catch2/catch_test_macros.hpp>

#include <cstddef>
#include <string>
#include <type_traits>
#include <vector>

#include "unit/mapping/library.hpp"

using library::author;
using library::book;
using library::copy_on_shelf;
using library::shelf;
namespace detail = pqscope::detail;

namespace {

std::string written_type(detail::sql_type const& type) {
  detail::text_writer count;
  detail::put_type(count, type);
  std::string text(count.size(), '\0');
  detail::text_writer out{text.data()};
  detail::put_type(out, type);
  return text;
}

template <class T>
std::vector<std::string> types_of() {
  std::vector<std::string> all;
  for (detail::column_facts const& column : detail::table_of<T>.columns) {
    all.push_back(written_type(column.type) + (column.nullable ? "" : " NOT NULL"));
  }
  return all;
}

using list = std::vector<std::string>;

}  // namespace

TEST_CASE("the types of columns follow from those of the members, and from what is said") {
  REQUIRE(types_of<author>() == list{"bigint NOT NULL", "character varying(50) NOT NULL", "text"});
  REQUIRE(types_of<book>() == list{"bigint NOT NULL", "bigint NOT NULL", "bigint",
                                   "citext NOT NULL", "\"genre\" NOT NULL", "vector(3) NOT NULL",
                                   "character varying(20)[] NOT NULL", "jsonb NOT NULL",
                                   "numeric(10,2) NOT NULL", "timestamp with time zone NOT NULL",
                                   "integer NOT NULL", "integer NOT NULL", "integer NOT NULL"});
  REQUIRE(types_of<shelf>() == list{"integer NOT NULL", "text NOT NULL", "double precision"});
}

TEST_CASE("a table knows its names, columns and constraints") {
  constexpr detail::table_view table = detail::table_of<book>;
  REQUIRE(table.schema == "lib");
  REQUIRE(table.name == "books");
  REQUIRE(table.columns.size() == 13);
  REQUIRE(table.columns[0].primary_key);
  REQUIRE(table.columns[0].identity);
  REQUIRE(table.columns[2].index.where == "editor_id IS NOT NULL");
  REQUIRE(table.columns[5].index.method == "hnsw");
  REQUIRE(table.columns[5].read_as == "real[]");
  REQUIRE(table.columns[8].check == "price >= 0");
  REQUIRE(table.columns[9].default_value == "now()");
  REQUIRE(table.columns[9].optional);
  REQUIRE(table.columns[11].version);
  REQUIRE(table.columns[12].generated == "pages / 2");
  REQUIRE(table.constraints.size() == 1);
  REQUIRE(table.constraints[0].kind == detail::constraint_kind::unique);
  REQUIRE(table.constraints[0].size == 2);
  REQUIRE(table.constraints[0].members[1] == "title");

  constexpr detail::table_view authors = detail::table_of<author>;
  REQUIRE(authors.columns[2].name == "E-mail \"home\"");
  REQUIRE(authors.members[2] == "email");
  REQUIRE(authors.constraints[0].expression == "lower(name)");
  REQUIRE(authors.constraints[0].index.unique);
  REQUIRE(authors.constraints[1].name == "authors_name_check");
  REQUIRE(detail::columns_of<copy_on_shelf>::size == 2);
}

TEST_CASE("a primary key is of one column, or of several in the order of the key") {
  static_assert(detail::key_size<author> == 1);
  static_assert(detail::key_of<author>[0] == 0);
  static_assert(detail::key_size<copy_on_shelf> == 2);
  constexpr auto key = detail::key_of<copy_on_shelf>;
  REQUIRE(key[0] == 1);
  REQUIRE(key[1] == 0);
  REQUIRE(detail::key_size<shelf> == 1);
  REQUIRE(detail::is_unique(detail::table_of<author>, 1));
  REQUIRE_FALSE(detail::is_unique(detail::table_of<copy_on_shelf>, 0));
}

TEST_CASE("references lead to the table and column of the other struct") {
  constexpr auto references = detail::references_of<book>;
  REQUIRE(references.size() == 2);
  REQUIRE(references[0].column == 1);
  REQUIRE(references[0].target.name == "authors");
  REQUIRE(references[0].target_column == 0);
  REQUIRE(references[0].deleted == pqscope::on_delete::cascade);
  REQUIRE(references[0].updated == pqscope::on_update::restrict);
  REQUIRE(references[1].deleted == pqscope::on_delete::set_null);
  REQUIRE(references[1].target_struct == detail::key_of_struct<author>);
  REQUIRE(detail::references_of<author>.empty());
}

TEST_CASE("columns are gone through with their members") {
  author const ada{.id = 7, .name = "ada", .email = {}};
  std::string seen;
  detail::for_each_column<author>([&]<class Binding>(detail::column_facts const& facts, Binding) {
    seen += std::string(facts.name) + (pqscope::is_nullable<typename Binding::value> ? "?" : "");
    if constexpr (std::is_same_v<typename Binding::value, std::string>) {
      seen += "=" + Binding::get(ada);
    }
    seen += ' ';
  });
  REQUIRE(seen == "id name=ada E-mail \"home\"? ");
}
