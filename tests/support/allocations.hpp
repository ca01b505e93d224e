#ifndef PQSCOPE_TESTS_SUPPORT_ALLOCATIONS_HPP
#define PQSCOPE_TESTS_SUPPORT_ALLOCATIONS_HPP

// Counts the allocations of a program; included by one of its files, since it takes the place of
// operator new. libpq allocates by malloc, which is not counted.

#include <cstddef>
#include <cstdlib>
#include <new>

namespace support {

/// Those of this thread so far.
inline thread_local std::size_t allocated = 0;

inline void* allocate(std::size_t size) noexcept {
  ++allocated;
  return std::malloc(size == 0 ? 1 : size);
}

inline void* allocate_or_throw(std::size_t size) {
  if (void* const memory = allocate(size)) {
    return memory;
  }
  throw std::bad_alloc{};
}

}  // namespace support

void* operator new(std::size_t size) {
  return support::allocate_or_throw(size);
}
void* operator new[](std::size_t size) {
  return support::allocate_or_throw(size);
}
void* operator new(std::size_t size, std::nothrow_t const&) noexcept {
  return support::allocate(size);
}
void* operator new[](std::size_t size, std::nothrow_t const&) noexcept {
  return support::allocate(size);
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

#endif
