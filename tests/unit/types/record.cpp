#include <pqscope/types/record.hpp>

#include <any>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace {

enum class colour : std::uint8_t { red, green };

struct inner {
  int a;
  int b;
  int c;
};

struct everything {
  std::int64_t id{};
  std::string username;
  std::optional<std::string> email;
  std::optional<int> age = 3;
  std::vector<float> embedding;
  colour favourite{};
  inner nested;
  std::array<int, 4> quad{};
  std::chrono::sys_time<std::chrono::microseconds> created;
  std::chrono::year_month_day born{};
  std::optional<std::vector<std::optional<std::string>>> tags;
  std::unique_ptr<int> owned;
  int const fixed = 7;
  std::variant<int, std::string> either;
  std::any anything;
  std::function<void()> call;
  std::map<std::string, int> table;
  std::string_view view;
  bool flag = true;
};

struct single {
  int only;
};

struct wraps_single {
  single value;
};

struct pairs {
  std::pair<int, std::string> first;
  std::tuple<int, double> second;
};

struct without_default {
  explicit without_default(int);
};

struct hard_to_start {
  without_default first;
  int second;
  without_default third;
  int fourth;
};

struct immovable {
  std::atomic<int> counter;
  int other;
};

template <class T>
struct boxed {
  T value;
  std::vector<T> more;
};

struct empty {};

struct derived : single {
  int more;
};

struct derived_from_empty : empty {
  int more;
};

struct with_array {
  int id;
  char text[10];
};

struct with_big_array {
  char text[100];
};

struct with_one_array {
  int values[1];
};

struct with_reference {
  int& target;
};

struct with_bit_field {
  int a : 3;
  int b;
};

union choice {
  int a;
  float b;
};

struct with_union {
  int id;
  choice value;
};

struct with_private {
  int a;

 private:
  [[maybe_unused]] int b = 0;
};

struct with_constructor {
  with_constructor() {}
  int a;
};

struct thirty {
  int f01, f02, f03, f04, f05, f06, f07, f08, f09, f10;
  std::string f11, f12, f13, f14, f15, f16, f17, f18, f19, f20;
  std::optional<std::string> f21, f22, f23, f24, f25, f26, f27, f28, f29, f30;
};

#define PQSCOPE_EIGHT(x) int x##0, x##1, x##2, x##3, x##4, x##5, x##6, x##7;
struct sixty_four {
  PQSCOPE_EIGHT(a)
  PQSCOPE_EIGHT(b)
  PQSCOPE_EIGHT(c)
  PQSCOPE_EIGHT(d)
  PQSCOPE_EIGHT(e)
  PQSCOPE_EIGHT(f)
  PQSCOPE_EIGHT(g)
  PQSCOPE_EIGHT(h)
};
struct sixty_five {
  sixty_four many;
  PQSCOPE_EIGHT(a)
  PQSCOPE_EIGHT(b)
  PQSCOPE_EIGHT(c)
  PQSCOPE_EIGHT(d)
  PQSCOPE_EIGHT(e)
  PQSCOPE_EIGHT(f)
  PQSCOPE_EIGHT(g)
  PQSCOPE_EIGHT(h)
};
#undef PQSCOPE_EIGHT

using pqscope::field_name;
using pqscope::field_type;
using pqscope::record_size;

}  // namespace

TEST_CASE("fields of every kind are counted once each") {
  STATIC_CHECK(record_size<everything> == 19);
  STATIC_CHECK(record_size<inner> == 3);
  STATIC_CHECK(record_size<single> == 1);
  STATIC_CHECK(record_size<wraps_single> == 1);
  STATIC_CHECK(record_size<pairs> == 2);
  STATIC_CHECK(record_size<hard_to_start> == 4);
  STATIC_CHECK(record_size<immovable> == 2);
  STATIC_CHECK(record_size<thirty> == 30);
  STATIC_CHECK(record_size<sixty_four> == 64);
  STATIC_CHECK(record_size<everything const> == 19);
}

TEST_CASE("field names are those of the declaration, in its order") {
  STATIC_CHECK(field_name<everything, 0> == "id");
  STATIC_CHECK(field_name<everything, 1> == "username");
  STATIC_CHECK(field_name<everything, 5> == "favourite");
  STATIC_CHECK(field_name<everything, 6> == "nested");
  STATIC_CHECK(field_name<everything, 7> == "quad");
  STATIC_CHECK(field_name<everything, 8> == "created");
  STATIC_CHECK(field_name<everything, 11> == "owned");
  STATIC_CHECK(field_name<everything, 12> == "fixed");
  STATIC_CHECK(field_name<everything, 18> == "flag");
  STATIC_CHECK(field_name<hard_to_start, 2> == "third");
  STATIC_CHECK(field_name<sixty_four, 0> == "a0");
  STATIC_CHECK(field_name<sixty_four, 63> == "h7");
  STATIC_CHECK(pqscope::field_names<inner> == std::array<std::string_view, 3>{"a", "b", "c"});
}

TEST_CASE("a field name at run time is the same text") {
  std::string joined;
  for (std::string_view name : pqscope::field_names<inner>) joined += name;
  CHECK(joined == "abc");
}

TEST_CASE("field types come without const and without decay") {
  STATIC_CHECK(std::is_same_v<field_type<everything, 2>, std::optional<std::string>>);
  STATIC_CHECK(std::is_same_v<field_type<everything, 6>, inner>);
  STATIC_CHECK(std::is_same_v<field_type<everything, 7>, std::array<int, 4>>);
  STATIC_CHECK(std::is_same_v<field_type<everything, 12>, int>);
  STATIC_CHECK(std::is_same_v<field_type<everything const, 0>, std::int64_t>);
  STATIC_CHECK(std::is_same_v<pqscope::field_types<inner>, std::tuple<int, int, int>>);
}

TEST_CASE("a struct declared in a function is a record") {
  struct local {
    int first;
    std::string second;
  };
  STATIC_CHECK(pqscope::record<local>);
  STATIC_CHECK(field_name<local, 0> == "first");
  STATIC_CHECK(field_name<local, 1> == "second");
  auto const inside = [] {
    struct deeper {
      std::optional<local> one;
      std::unique_ptr<int> two;
    };
    return std::string(field_name<deeper, 0>) + std::string(field_name<deeper, 1>);
  };
  CHECK(inside() == "onetwo");
}

TEST_CASE("an instance of a struct template is a record") {
  struct local {
    int x;
  };
  STATIC_CHECK(record_size<boxed<std::string>> == 2);
  STATIC_CHECK(field_name<boxed<std::string>, 1> == "more");
  STATIC_CHECK(field_name<boxed<local>, 0> == "value");
  STATIC_CHECK(field_name<boxed<boxed<int>>, 0> == "value");
}

TEST_CASE("names with digits, underscores and other alphabets are kept whole") {
  struct odd {
    int _leading;
    int snake_case_2;
    int größe;
  };
  STATIC_CHECK(field_name<odd, 0> == "_leading");
  STATIC_CHECK(field_name<odd, 1> == "snake_case_2");
  STATIC_CHECK(field_name<odd, 2> == "größe");
}

TEST_CASE("a tuple of references reaches the fields themselves") {
  inner value{1, 2, 3};
  auto tied = pqscope::as_tuple(value);
  STATIC_CHECK(std::is_same_v<decltype(tied), std::tuple<int&, int&, int&>>);
  std::get<1>(tied) = 20;
  CHECK(value.b == 20);
  pqscope::get_field<2>(value) = 30;
  CHECK(value.c == 30);
  inner const fixed = value;
  STATIC_CHECK(std::is_same_v<decltype(pqscope::as_tuple(fixed)),
                              std::tuple<int const&, int const&, int const&>>);
  CHECK(pqscope::get_field<2>(fixed) == 30);
  CHECK(&pqscope::get_field<0>(value) == &value.a);
}

TEST_CASE("fields are visited in order, move-only and const ones too") {
  everything value{};
  int visited = 0;
  pqscope::for_each_field(value, [&]<class Field>(Field& field) {
    if constexpr (std::is_same_v<Field, std::unique_ptr<int>>) field = std::make_unique<int>(5);
    if constexpr (std::is_same_v<Field, int const>) CHECK(field == 7);
    ++visited;
  });
  CHECK(visited == 19);
  CHECK(*value.owned == 5);
  CHECK(pqscope::with_fields(value, [](auto&... fields) { return sizeof...(fields); }) == 19);
}

TEST_CASE("fields are reached while compiling") {
  constexpr int sum = [] {
    inner value{1, 2, 3};
    pqscope::for_each_field(value, [](int& field) { field *= 2; });
    return value.a + value.b + value.c;
  }();
  STATIC_CHECK(sum == 12);
}

TEST_CASE("what has no named fields, or fields out of reach, is no record") {
  using pqscope::record;
  STATIC_CHECK_FALSE(record<int>);
  STATIC_CHECK_FALSE(record<int*>);
  STATIC_CHECK_FALSE(record<colour>);
  STATIC_CHECK_FALSE(record<inner&>);
  STATIC_CHECK_FALSE(record<int[3]>);
  STATIC_CHECK_FALSE(record<void>);
  STATIC_CHECK_FALSE(record<std::string>);
  STATIC_CHECK_FALSE(record<std::optional<int>>);
  STATIC_CHECK_FALSE(record<std::vector<int>>);
  STATIC_CHECK_FALSE(record<std::array<int, 3>>);
  STATIC_CHECK_FALSE(record<std::array<int, 0>>);
  STATIC_CHECK_FALSE(record<std::tuple<int, int>>);
  STATIC_CHECK_FALSE(record<std::pair<int, int>>);
  STATIC_CHECK_FALSE(record<std::chrono::year_month_day>);
  STATIC_CHECK_FALSE(record<choice>);
  STATIC_CHECK_FALSE(record<empty>);
  STATIC_CHECK_FALSE(record<derived>);
  STATIC_CHECK_FALSE(record<derived_from_empty>);
  STATIC_CHECK_FALSE(record<with_array>);
  STATIC_CHECK_FALSE(record<with_big_array>);
  STATIC_CHECK_FALSE(record<with_one_array>);
  STATIC_CHECK_FALSE(record<with_reference>);
  STATIC_CHECK_FALSE(record<with_bit_field>);
  STATIC_CHECK_FALSE(record<with_union>);
  STATIC_CHECK_FALSE(record<with_private>);
  STATIC_CHECK_FALSE(record<with_constructor>);
  STATIC_CHECK_FALSE(record<sixty_five>);
  STATIC_CHECK(record<everything>);
  STATIC_CHECK(record<everything const>);
}
