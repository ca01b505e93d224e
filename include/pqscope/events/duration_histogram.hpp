#ifndef PQSCOPE_EVENTS_DURATION_HISTOGRAM_HPP
#define PQSCOPE_EVENTS_DURATION_HISTOGRAM_HPP

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace pqscope {

/// The upper bounds of a histogram's buckets, each inclusive; a last bucket takes what is longer.
///
/// 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250 and 500 ms, 1, 2.5, 5, 10, 30 and 60 s.
inline constexpr std::array<std::chrono::microseconds, 18> duration_bounds{
    std::chrono::microseconds{100},   std::chrono::microseconds{250},
    std::chrono::microseconds{500},   std::chrono::milliseconds{1},
    std::chrono::microseconds{2'500}, std::chrono::milliseconds{5},
    std::chrono::milliseconds{10},    std::chrono::milliseconds{25},
    std::chrono::milliseconds{50},    std::chrono::milliseconds{100},
    std::chrono::milliseconds{250},   std::chrono::milliseconds{500},
    std::chrono::seconds{1},          std::chrono::milliseconds{2'500},
    std::chrono::seconds{5},          std::chrono::seconds{10},
    std::chrono::seconds{30},         std::chrono::seconds{60},
};

/// What a histogram held when it was read.
struct duration_counts {
  /// How many durations fell into each bucket, not cumulated; the last is above all bounds.
  std::array<std::uint64_t, duration_bounds.size() + 1> buckets{};
  std::chrono::nanoseconds sum{0};  ///< of all durations

  /// How many durations there were: the sum of the buckets.
  std::uint64_t count() const noexcept {
    std::uint64_t total = 0;
    for (std::uint64_t const each : buckets) {
      total += each;
    }
    return total;
  }
};

/// Counts durations in buckets that `duration_bounds` part.
///
/// Thread-safe without a lock: adding is two relaxed atomic additions, reading one load for each
/// bucket. A reading while others add may hold a duration in its bucket and not yet in the sum, or
/// the other way round; a bucket never counts down from one reading to the next.
class duration_histogram {
 public:
  /// Counts one duration; a negative one as 0.
  void add(std::chrono::nanoseconds duration) noexcept {
    if (duration < std::chrono::nanoseconds{0}) {
      duration = std::chrono::nanoseconds{0};
    }
    std::size_t bucket = 0;
    while (bucket < duration_bounds.size() && duration > duration_bounds[bucket]) {
      ++bucket;
    }
    buckets_[bucket].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(duration.count(), std::memory_order_relaxed);
  }

  /// What it holds.
  duration_counts read() const noexcept {
    duration_counts counts;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      counts.buckets[i] = buckets_[i].load(std::memory_order_relaxed);
    }
    counts.sum = std::chrono::nanoseconds{sum_.load(std::memory_order_relaxed)};
    return counts;
  }

 private:
  std::array<std::atomic<std::uint64_t>, duration_bounds.size() + 1> buckets_{};
  std::atomic<std::chrono::nanoseconds::rep> sum_{0};
};

}  // namespace pqscope

#endif
