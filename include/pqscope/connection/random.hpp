#ifndef PQSCOPE_CONNECTION_RANDOM_HPP
#define PQSCOPE_CONNECTION_RANDOM_HPP

#include <pqscope/libpq/wait.hpp>

#include <cstdint>

namespace pqscope::detail {

/// A number nobody can foresee well enough to collide again on purpose (splitmix64).
inline std::uint64_t next_random() noexcept {
  thread_local std::uint64_t state =
      static_cast<std::uint64_t>(libpq::clock::now().time_since_epoch().count()) ^
      reinterpret_cast<std::uintptr_t>(&state);
  std::uint64_t mixed = state += 0x9E3779B97F4A7C15U;
  mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9U;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBU;
  return mixed ^ (mixed >> 31U);
}

}  // namespace pqscope::detail

#endif
