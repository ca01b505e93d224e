#include <pqscope/types/field_names.hpp>

#include <optional>
#include <string>
#include <string_view>

#include <catch2/catch_test_macros.hpp>

namespace {

struct pair_of_fields {
  int first;
  std::optional<std::string> second_field;
};

template <class T, T Value>
struct parameterised {
  T value = Value;
};

}  // namespace

using pqscope::detail::names_of;

TEST_CASE("the names of an aggregate's fields are read off the compiler") {
  STATIC_CHECK(names_of<pair_of_fields, 2>[0] == "first");
  STATIC_CHECK(names_of<pair_of_fields, 2>[1] == "second_field");
}

TEST_CASE("template arguments in a type's name do not mislead the search for the field's name") {
  STATIC_CHECK(names_of<parameterised<char, '}'>, 1>[0] == "value");
  STATIC_CHECK(names_of<parameterised<char, ')'>, 1>[0] == "value");
}

TEST_CASE("a name is followed by a NUL and outlives everything") {
  std::string_view const name = names_of<pair_of_fields, 2>[1];
  CHECK(std::string(name.data()) == "second_field");
}
