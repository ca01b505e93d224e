#ifndef PQSCOPE_CONNECTION_OPERATION_LIMITS_HPP
#define PQSCOPE_CONNECTION_OPERATION_LIMITS_HPP

#include <pqscope/libpq/limit.hpp>

#include <chrono>
#include <optional>
#include <stop_token>

namespace pqscope::detail {

/// A limit in the clock's own unit; one beyond its reach becomes the largest or smallest there is.
inline std::optional<libpq::clock::duration> saturated(
    std::optional<std::chrono::milliseconds> limit) noexcept {
  using duration = libpq::clock::duration;
  using std::chrono::milliseconds;
  if (!limit) {
    return std::nullopt;
  }
  return *limit > std::chrono::floor<milliseconds>(duration::max())  ? duration::max()
         : *limit < std::chrono::ceil<milliseconds>(duration::min()) ? duration::min()
                                                                     : duration{*limit};
}

/// How long a wait looks without sleeping: not less than nothing, nor more than 10 ms.
inline std::chrono::microseconds bounded_spin(std::chrono::microseconds wanted) noexcept {
  constexpr std::chrono::microseconds none{0};
  constexpr std::chrono::microseconds longest{10'000};
  return wanted < none ? none : wanted < longest ? wanted : longest;
}

/// The limits a connection is under: one for each operation, one for the scope that is open, and
/// a stop token.
struct operation_limits {
  std::optional<libpq::clock::duration> each{};   ///< from the start of each operation
  libpq::clock::time_point until = libpq::never;  ///< whatever happens
  std::stop_token stop{};                         ///< as soon as it is requested
  libpq::clock::duration spin{};                  ///< before each wait sleeps

  /// What an operation that starts now is bound by.
  libpq::limit now() const {
    libpq::limit bound{.deadline = until, .stop = stop, .spin = spin};
    if (each) {
      auto const start = libpq::clock::now();
      bool const endless = *each > libpq::never - start;
      if (!endless && start + *each < until) {
        bound.deadline = start + *each;
      }
    }
    return bound;
  }
};

}  // namespace pqscope::detail

#endif
