#ifndef PQSCOPE_TESTS_BENCHMARKS_BENCH_HPP
#define PQSCOPE_TESTS_BENCHMARKS_BENCH_HPP

// What the benchmark programs share: the data, its checksum, the measurement, the variants.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

using time_point = std::chrono::sys_time<std::chrono::microseconds>;

/// A row of `bench_rows`, `bench_insert` and `bench_load`.
struct row {
  std::int64_t id;
  std::string name;
  double score;
  time_point at;
};

/// The same, its text where libpq has it.
struct row_view {
  std::int64_t id;
  std::string_view name;
  double score;
  time_point at;
};

/// 2024-01-01 UTC.
inline constexpr time_point first_moment{std::chrono::seconds{1'704'067'200}};

/// The row with an id: everything else follows from it. workloads.py says the same.
inline row make_row(std::int64_t id) {
  std::string const digits = std::to_string(id);
  return {.id = id,
          .name = "row-" + std::string(16 - digits.size(), '0') + digits,
          .score = static_cast<double>(id) * 0.5 + 0.25,
          .at = first_moment + std::chrono::microseconds{id * 1'000'001}};
}

inline std::vector<row> make_rows(std::int64_t first, std::size_t count) {
  std::vector<row> rows;
  rows.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    rows.push_back(make_row(first + static_cast<std::int64_t>(i)));
  }
  return rows;
}

/// Of every field something, at the least cost in any language; sums are modulo 2^64.
template <class Row>
std::uint64_t digest(Row const& of) {
  std::int64_t const minute = of.at.time_since_epoch().count() % 60'000'000;
  return static_cast<std::uint64_t>(of.id) + of.name.size() +
         static_cast<unsigned char>(of.name.back()) +
         static_cast<std::uint64_t>(static_cast<std::int64_t>(of.score * 4)) +
         static_cast<std::uint64_t>(minute);
}

/// Ids in 1 .. `rows`, the same in every client.
class random_ids {
 public:
  explicit random_ids(std::size_t rows) : rows_{rows} {}
  std::int64_t next() {
    state_ = (state_ * 1'103'515'245 + 12'345) % 2'147'483'648U;
    return static_cast<std::int64_t>(1 + (state_ >> 8U) % rows_);
  }

 private:
  std::uint64_t state_ = 1;
  std::uint64_t rows_;
};

/// One run of a variant: what it is to do, and what comes of it.
class task {
 public:
  std::size_t count = 0;       ///< operations to time
  std::size_t warm_up = 0;     ///< operations before
  std::size_t rows = 0;        ///< rows of `bench_rows`
  std::size_t threads = 1;     ///< that do it together
  std::uint64_t checksum = 0;  ///< over all fields that were read

  void start();
  void stop();
  void print() const;

 private:
  std::chrono::steady_clock::time_point began_;
  double seconds_ = 0;
  double cpu_ = 0;
  long start_kib_ = 0;
  long peak_kib_ = 0;
};

/// A way of doing a workload; made known by being a variable at namespace scope.
struct variant {
  variant(char const* name, void (*run)(task&));

  char const* name;
  void (*run)(task&);
};

/// Keeps an optimizer from seeing that nobody looks at a value.
template <class T>
void keep(T const& value) {
  asm volatile("" : : "r"(&value) : "memory");
}

}  // namespace bench

#endif
