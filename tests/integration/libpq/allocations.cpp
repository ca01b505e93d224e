// How much memory the library itself takes on the way of a statement: libpq allocates by malloc,
// which is not counted here.

#include <array>
#include <catch2/catch_test_macros.hpp>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <pqscope/pqscope.hpp>
#include <string>
#include <string_view>

#include "support/database.hpp"

namespace {

thread_local std::size_t allocated = 0;

void* allocate(std::size_t size) noexcept {
  ++allocated;
  return std::malloc(size == 0 ? 1 : size);
}

void* allocate_or_throw(std::size_t size) {
  if (void* const memory = allocate(size)) {
    return memory;
  }
  throw std::bad_alloc{};
}

/// Allocations of one call of `action`, once earlier calls have warmed things up.
template <class Action>
std::size_t allocations_of(Action const& action) {
  for (int i = 0; i < 3; ++i) {
    action();
  }
  std::size_t const before = allocated;
  action();
  return allocated - before;
}

}  // namespace

void* operator new(std::size_t size) {
  return allocate_or_throw(size);
}
void* operator new[](std::size_t size) {
  return allocate_or_throw(size);
}
void* operator new(std::size_t size, std::nothrow_t const&) noexcept {
  return allocate(size);
}
void* operator new[](std::size_t size, std::nothrow_t const&) noexcept {
  return allocate(size);
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::nothrow_t const&) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::nothrow_t const&) noexcept {
  std::free(memory);
}

TEST_CASE("the counter counts", "[no-valgrind]") {
  CHECK(allocations_of([] { std::string const text(1000, 'x'); }) == 1);
}

TEST_CASE("a statement without parameters allocates nothing", "[no-valgrind]") {
  pqscope::connection conn{support::test_config()};
  CHECK(allocations_of([&] { conn.execute("SELECT 1"); }) == 0);
  CHECK(allocations_of([&] { conn.execute("SELECT generate_series(1, 1000)"); }) == 0);
}

TEST_CASE("a statement with parameters allocates nothing", "[no-valgrind]") {
  pqscope::connection conn{support::test_config()};
  CHECK(allocations_of([&] { conn.execute("SELECT $1::int4, $2::text", 7, "text"); }) == 0);
  std::string const text = "a text";
  CHECK(allocations_of([&] { conn.execute("SELECT $1::text", text); }) == 0);
}

TEST_CASE("reading a dynamic result allocates nothing but the strings asked for", "[no-valgrind]") {
  pqscope::connection conn{support::test_config()};
  CHECK(allocations_of([&] {
          auto const result = conn.execute("SELECT 7 AS a");
          CHECK(result[0][0].as<int>() == 7);
        }) == 0);
}

TEST_CASE("a typed query allocates nothing per row", "[no-valgrind]") {
  pqscope::connection conn{support::test_config()};
  auto const count = [&](int rows) {
    return allocations_of([&] {
      long long sum = 0;
      for (auto const& [a, b] : conn.query<int, std::string_view>(
               "SELECT i, 'text' FROM generate_series(1, $1::int4) i", rows)) {
        sum += a + static_cast<long long>(b.size());
      }
      if (sum == 0) {
        throw std::bad_alloc{};
      }
    });
  };
  CHECK(count(1) == count(1000));
  CHECK(count(1) == 0);
  CHECK(allocations_of([&] { static_cast<void>(conn.query<int>("SELECT 7").one()); }) == 0);
}

TEST_CASE("a transaction of one statement allocates its state and little else", "[no-valgrind]") {
  pqscope::connection conn{support::test_config()};
  CHECK(allocations_of([&] {
          pqscope::transaction tx{conn};
          tx.execute("SELECT 1");
          tx.commit();
        }) <= 2);
}
