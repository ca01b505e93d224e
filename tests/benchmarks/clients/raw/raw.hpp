#ifndef PQSCOPE_TESTS_BENCHMARKS_RAW_HPP
#define PQSCOPE_TESTS_BENCHMARKS_RAW_HPP

// What one writes by hand over libpq, with no more than the workloads need.

#include <libpq-fe.h>

#include <bit>
#include <cstring>
#include <stdexcept>

#include "../bench.hpp"

namespace raw {

inline constexpr Oid int8_oid = 20;
inline constexpr Oid text_oid = 25;
inline constexpr Oid float8_oid = 701;
inline constexpr Oid timestamptz_oid = 1184;
inline constexpr Oid row_types[] = {int8_oid, text_oid, float8_oid, timestamptz_oid};

/// Microseconds from 1970-01-01 to 2000-01-01.
inline constexpr std::int64_t server_epoch = 946'684'800'000'000;

class connection {
 public:
  connection() : handle_{PQconnectdb("")} {
    if (PQstatus(handle_) != CONNECTION_OK) {
      fail();
    }
  }
  connection(connection const&) = delete;
  connection& operator=(connection const&) = delete;
  ~connection() { PQfinish(handle_); }

  operator PGconn*() const noexcept { return handle_; }
  [[noreturn]] void fail() const { throw std::runtime_error(PQerrorMessage(handle_)); }

  /// Frees a result that has to be of a certain kind.
  void expect(PGresult* result, ExecStatusType status) const {
    if (PQresultStatus(result) != status) {
      fail();
    }
    PQclear(result);
  }
  void execute(char const* text) const { expect(PQexec(handle_, text), PGRES_COMMAND_OK); }
  void prepare(char const* name, char const* text, int count = 0,
               Oid const* types = nullptr) const {
    expect(PQprepare(handle_, name, text, count, types), PGRES_COMMAND_OK);
  }
  void require(int done) const {
    if (done != 1) {
      fail();
    }
  }

 private:
  PGconn* handle_;
};

template <class T>
void put(char* to, T value) noexcept {
  static_assert(std::endian::native == std::endian::little);
  if constexpr (sizeof value == 8) {
    value = static_cast<T>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
  } else if constexpr (sizeof value == 4) {
    value = static_cast<T>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
  } else {
    value = static_cast<T>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
  }
  std::memcpy(to, &value, sizeof value);
}

inline std::int64_t get_int8(char const* from) noexcept {
  std::uint64_t value = 0;
  std::memcpy(&value, from, sizeof value);
  return static_cast<std::int64_t>(__builtin_bswap64(value));
}

inline std::int64_t count_of(bench::time_point at) noexcept {
  return at.time_since_epoch().count() - server_epoch;
}

/// A row as four binary parameters; refers to the row.
class row_parameters {
 public:
  explicit row_parameters(bench::row const& of) noexcept
      : values_{numbers_, of.name.data(), numbers_ + 8, numbers_ + 16},
        lengths_{8, static_cast<int>(of.name.size()), 8, 8} {
    put(numbers_, of.id);
    put(numbers_ + 8, std::bit_cast<std::int64_t>(of.score));
    put(numbers_ + 16, count_of(of.at));
  }
  row_parameters(row_parameters const&) = delete;
  row_parameters& operator=(row_parameters const&) = delete;

  char const* const* values() const noexcept { return values_; }
  int const* lengths() const noexcept { return lengths_; }
  static int const* formats() noexcept {
    static constexpr int all_binary[] = {1, 1, 1, 1};
    return all_binary;
  }

 private:
  char numbers_[24];
  char const* values_[4];
  int lengths_[4];
};

/// A one-dimensional array in binary, its elements put in one by one.
class array {
 public:
  array(Oid type, std::size_t count, std::size_t bytes) : bytes_(20 + 4 * count + bytes) {
    raw::put(bytes_.data(), std::int32_t{1});
    raw::put(bytes_.data() + 4, std::int32_t{0});
    raw::put(bytes_.data() + 8, static_cast<std::int32_t>(type));
    raw::put(bytes_.data() + 12, static_cast<std::int32_t>(count));
    raw::put(bytes_.data() + 16, std::int32_t{1});
    to_ = bytes_.data() + 20;
  }
  void add(std::int64_t value) {
    raw::put(to_, std::int32_t{8});
    raw::put(to_ + 4, value);
    to_ += 12;
  }
  void add(std::string_view text) {
    raw::put(to_, static_cast<std::int32_t>(text.size()));
    std::memcpy(to_ + 4, text.data(), text.size());
    to_ += 4 + text.size();
  }
  char const* data() const { return bytes_.data(); }
  int size() const { return static_cast<int>(bytes_.size()); }

 private:
  std::vector<char> bytes_;
  char* to_;
};

/// Reads a binary row whose columns are known and NOT NULL.
template <class Row>
Row read_row(PGresult const* from, int row) {
  using name_type = decltype(Row::name);
  return {.id = get_int8(PQgetvalue(from, row, 0)),
          .name = name_type(PQgetvalue(from, row, 1),
                            static_cast<std::size_t>(PQgetlength(from, row, 1))),
          .score = std::bit_cast<double>(get_int8(PQgetvalue(from, row, 2))),
          .at = bench::time_point{
              std::chrono::microseconds{get_int8(PQgetvalue(from, row, 3)) + server_epoch}}};
}

/// Refuses a result whose columns are not those of a row.
inline void check_types(connection const& of, PGresult const* result) {
  for (int i = 0; i < 4; ++i) {
    if (PQnfields(result) != 4 || PQftype(result, i) != row_types[i]) {
      of.fail();
    }
  }
}

}  // namespace raw

#endif
