#include <pqscope/libpq/handle.hpp>
#include <pqscope/libpq/handles.hpp>

#include <catch2/catch_test_macros.hpp>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

std::vector<int*>& freed() {
  static std::vector<int*> list;
  return list;
}

struct note_freed {
  void operator()(int* owned) const noexcept { freed().push_back(owned); }
};

using int_handle = pqscope::libpq::handle<int, note_freed>;

}  // namespace

TEST_CASE("a handle is move-only and as large as its pointer") {
  STATIC_REQUIRE(!std::is_copy_constructible_v<int_handle>);
  STATIC_REQUIRE(!std::is_copy_assignable_v<int_handle>);
  STATIC_REQUIRE(std::is_nothrow_move_constructible_v<int_handle>);
  STATIC_REQUIRE(std::is_nothrow_move_assignable_v<int_handle>);
  STATIC_REQUIRE(!std::is_convertible_v<int*, int_handle>);
  STATIC_REQUIRE(sizeof(int_handle) == sizeof(int*));
  STATIC_REQUIRE(sizeof(pqscope::libpq::connection_handle) == sizeof(void*));
  STATIC_REQUIRE(sizeof(pqscope::libpq::cancel_handle) == sizeof(void*));
}

TEST_CASE("a handle releases what it owns once") {
  freed().clear();
  int a = 0;
  {
    int_handle const owner{&a};
    CHECK(owner.get() == &a);
    CHECK(owner);
  }
  CHECK(freed() == std::vector<int*>{&a});
}

TEST_CASE("a handle that was moved from is empty and releases nothing") {
  freed().clear();
  int a = 0;
  {
    int_handle first{&a};
    int_handle const second{std::move(first)};
    CHECK_FALSE(first);  // NOLINT: looked at on purpose
    CHECK(first.get() == nullptr);
    CHECK(second.get() == &a);
  }
  CHECK(freed().size() == 1);
}

TEST_CASE("a handle that is assigned to releases what it had") {
  freed().clear();
  int a = 0;
  int b = 0;
  {
    int_handle target{&a};
    int_handle source{&b};
    target = std::move(source);
    CHECK(freed() == std::vector<int*>{&a});
    CHECK(target.get() == &b);
    CHECK_FALSE(source);  // NOLINT: looked at on purpose
  }
  CHECK(freed() == std::vector<int*>{&a, &b});
}

TEST_CASE("a handle moved into itself keeps what it owns") {
  freed().clear();
  int a = 0;
  {
    int_handle owner{&a};
    int_handle& same = owner;
    owner = std::move(same);
    CHECK(owner.get() == &a);
    CHECK(freed().empty());
  }
  CHECK(freed().size() == 1);
}

TEST_CASE("a handle gives its pointer up, or takes another one") {
  freed().clear();
  int a = 0;
  int b = 0;
  {
    int_handle owner{&a};
    CHECK(owner.release() == &a);
    CHECK_FALSE(owner);
    owner.reset(&b);
    owner.reset();
    CHECK(freed() == std::vector<int*>{&b});
  }
  CHECK(freed().size() == 1);
}

TEST_CASE("an empty handle calls no deleter") {
  freed().clear();
  {
    int_handle nothing;
    int_handle const null{nullptr};
    nothing.reset();
    CHECK_FALSE(null);
  }
  CHECK(freed().empty());
}
