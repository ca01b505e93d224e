#ifndef PQSCOPE_TESTS_SUPPORT_EVENTUALLY_HPP
#define PQSCOPE_TESTS_SUPPORT_EVENTUALLY_HPP

#include <chrono>
#include <thread>

namespace support {

/// Asks `condition` again and again until it holds; false if it does not within `limit`. For what
/// another process or thread does in its own time; returns as soon as it has.
template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds limit = std::chrono::seconds(10)) {
  auto const deadline = std::chrono::steady_clock::now() + limit;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) {
      return false;
    }
    std::this_thread::yield();
  }
  return true;
}

}  // namespace support

#endif
