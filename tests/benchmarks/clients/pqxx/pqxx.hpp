#ifndef PQSCOPE_TESTS_BENCHMARKS_PQXX_HPP
#define PQSCOPE_TESTS_BENCHMARKS_PQXX_HPP

// libpqxx as it is packaged (6.4 on Debian 12, 7.10 on Debian 13): it has no type for a moment in
// time, so that its users read and write the text, here as fast as that can be done.

#include <pqxx/pqxx>

#include <cstdio>
#include <stdexcept>

#include "../bench.hpp"

namespace via_pqxx {

inline int number(char const* from, int digits) noexcept {
  int value = 0;
  for (int i = 0; i < digits; ++i) {
    value = value * 10 + (from[i] - '0');
  }
  return value;
}

/// Reads `2024-01-01 00:00:01.000001+00`, the server's text in the time zone UTC.
inline bench::time_point read_moment(char const* text, std::size_t size) {
  using namespace std::chrono;
  if (size < 22) {
    throw std::runtime_error("not a moment: " + std::string(text, size));
  }
  auto const day =
      sys_days{year{number(text, 4)} / month{static_cast<unsigned>(number(text + 5, 2))} /
               std::chrono::day{static_cast<unsigned>(number(text + 8, 2))}};
  int fraction = 0;
  int scale = 1'000'000;
  std::size_t at = 19;
  if (text[at] == '.') {
    for (++at; at < size && text[at] >= '0' && text[at] <= '9'; ++at) {
      fraction = fraction * 10 + (text[at] - '0');
      scale /= 10;
    }
  }
  if (std::string_view(text + at, size - at) != "+00") {
    throw std::runtime_error("not UTC: " + std::string(text, size));
  }
  return day + hours{number(text + 11, 2)} + minutes{number(text + 14, 2)} +
         seconds{number(text + 17, 2)} + microseconds{fraction * scale};
}

inline std::string write_moment(bench::time_point at) {
  using namespace std::chrono;
  auto const day = floor<days>(at);
  year_month_day const date{day};
  hh_mm_ss const time{at - day};
  char text[48];
  int const size = std::snprintf(
      text, sizeof text, "%04d-%02u-%02u %02d:%02d:%02d.%06d+00", static_cast<int>(date.year()),
      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
      static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
      static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
  return {text, static_cast<std::size_t>(size)};
}

inline bench::row read_row(pqxx::row const& from) {
  return {.id = from[0].as<std::int64_t>(),
          .name = from[1].as<std::string>(),
          .score = from[2].as<double>(),
          .at = read_moment(from[3].c_str(), from[3].size())};
}

}  // namespace via_pqxx

#endif
