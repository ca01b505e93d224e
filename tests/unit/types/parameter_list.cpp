#include "wire_bytes.hpp"

#include <pqscope/types/bytea.hpp>
#include <pqscope/types/integer.hpp>
#include <pqscope/types/parameter_list.hpp>
#include <pqscope/types/text.hpp>

#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace oid = pqscope::oid;
using pqscope::parameter_list;

TEST_CASE("a list keeps copies of what is added to it") {
  parameter_list list;
  {
    std::string const text(600, 'x');
    std::vector<std::byte> const blob(2, std::byte{9});
    list.add(7).add(text).add(blob).add(nullptr).add("abc").add(std::optional<int>());
  }
  auto const view = list.view();
  REQUIRE(view.count == 6);
  CHECK(std::string(view.values[0], 4) == bytes({0, 0, 0, 7}));
  CHECK(std::string(view.values[1]) == std::string(600, 'x'));
  CHECK(std::string(view.values[2], 2) == bytes({9, 9}));
  CHECK(view.values[3] == nullptr);
  CHECK(std::string(view.values[4]) == "abc");
  CHECK(view.values[5] == nullptr);
  CHECK(view.types[0] == oid::int4);
  CHECK(view.lengths[2] == 2);
}

TEST_CASE("a list keeps its values when it is moved") {
  parameter_list list;
  list.add(std::string_view("abc")).add(1);
  parameter_list const moved = std::move(list);
  CHECK(std::string(moved.view().values[0]) == "abc");
  CHECK(std::string(moved.view().values[1], 4) == bytes({0, 0, 0, 1}));
}

TEST_CASE("a list takes 65535 values and no more") {
  parameter_list list;
  std::vector<int> const most(65535, 42);
  list.add_all(most);
  auto const view = list.view();
  CHECK(view.count == 65535);
  for (int i = 0; i < view.count; i += 1000) {
    CHECK(std::string(view.values[i], 4) == bytes({0, 0, 0, 42}));
  }
  try {
    list.add(1);
    FAIL("nothing was thrown");
  } catch (pqscope::usage_error const& e) {
    CHECK(std::string(e.what()).find("at most 65535") != std::string::npos);
    CHECK(std::string(e.what()).find("65536") != std::string::npos);
    CHECK(e.where().line() != 0);
  }
  CHECK(list.size() == 65535);
}

TEST_CASE("too many values at once are refused before the first is added") {
  parameter_list list;
  CHECK_THROWS_AS(list.add_all(std::vector<int>(65536)), pqscope::usage_error);
  CHECK(list.size() == 0);
  CHECK(list.view().count == 0);
}

TEST_CASE("a value at fault is named by its place and not added") {
  parameter_list list;
  list.add(1);
  try {
    list.add(std::string("a\0b", 3));
    FAIL("nothing was thrown");
  } catch (pqscope::usage_error const& e) {
    CHECK(std::string(e.what()).find("$2") != std::string::npos);
  }
  CHECK(list.size() == 1);
  list.add("after");
  CHECK(std::string(list.view().values[1]) == "after");
}

TEST_CASE("ranges of views, bools and spans can be added") {
  parameter_list list;
  list.add_all(std::vector<std::string_view>{"a", "b"});
  int const numbers[] = {1, 2, 3};
  list.add_all(std::span<int const>(numbers)).add_all(numbers);
  CHECK(list.size() == 8);
}
