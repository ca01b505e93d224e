#ifndef PQSCOPE_TYPES_INTERVAL_TEXT_HPP
#define PQSCOPE_TYPES_INTERVAL_TEXT_HPP

#include <pqscope/types/calendar.hpp>
#include <pqscope/types/ticks.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pqscope::detail {

/// What `pqscope::interval` consists of.
struct interval_parts {
  std::int32_t months = 0;
  std::int32_t days = 0;
  std::int64_t microseconds = 0;

  // Each answers whether the sum still fits.
  constexpr bool add_months(std::int64_t amount) noexcept { return add_to(months, amount); }
  constexpr bool add_days(std::int64_t amount) noexcept { return add_to(days, amount); }
  /// Adds `number` times `unit` microseconds and `rest`, or takes both off.
  constexpr bool add_clock(bool negative, std::int64_t number, std::int64_t unit,
                           std::int64_t rest) noexcept {
    std::int64_t product = 0;
    return multiply(negative ? -number : number, unit, product) &&
           add(microseconds, product, microseconds) &&
           add(microseconds, negative ? -rest : rest, microseconds);
  }

 private:
  static constexpr bool add_to(std::int32_t& part, std::int64_t amount) noexcept {
    std::int64_t const sum = part + amount;
    part = static_cast<std::int32_t>(sum);
    return sum == part;
  }
};

// A part with a sign that follows a negative one gets a plus, so that it does not look negative
// too.
inline void append_interval_part(std::string& out, std::int64_t value, std::string_view unit,
                                 bool& after_negative) {
  if (value == 0) {
    return;
  }
  if (!out.empty()) {
    out += ' ';
  }
  if (value < 0) {
    out += '-';
  } else if (after_negative) {
    out += '+';
  }
  append_digits(out, static_cast<std::uint64_t>(value < 0 ? -value : value), 1);
  out += ' ';
  out += unit;
  if (value != 1) {
    out += 's';
  }
  after_negative = value < 0;
}

/// The text of a finite interval in the style `postgres`.
inline std::string interval_text(interval_parts const& value) {
  std::string text;
  bool after_negative = false;
  append_interval_part(text, value.months / 12, "year", after_negative);
  append_interval_part(text, value.months % 12, "mon", after_negative);
  append_interval_part(text, value.days, "day", after_negative);
  if (text.empty() || value.microseconds != 0) {
    if (!text.empty()) {
      text += ' ';
    }
    auto magnitude = static_cast<std::uint64_t>(value.microseconds);
    if (value.microseconds < 0) {
      text += '-';
      magnitude = 0 - magnitude;
    } else if (after_negative) {
      text += '+';
    }
    append_time(text, magnitude);
  }
  return text;
}

/// Reads intervals as the server prints them. `postgres` and `iso_8601` answer whether the text is
/// one of that style. The other styles are in interval_styles.hpp.
class interval_reader {
 public:
  explicit constexpr interval_reader(std::string_view text) noexcept : reader_(text) {}

  constexpr interval_parts const& value() const noexcept { return value_; }

  /// `1 year 2 mons -3 days +04:05:06.7`, any part left out but not all.
  constexpr bool postgres() noexcept {
    int last = 0;  // the part read last: 1 years, 2 months, 3 days
    while (true) {
      calendar_reader const start = reader_;
      bool const negative = sign();
      std::int64_t number = 0;
      if (!reader_.number(1, 10, number)) {
        return false;
      }
      if (!reader_.skip(" ")) {
        reader_ = start;
        return clock() && reader_.done();
      }
      std::int64_t const amount = negative ? -number : number;
      bool read = false;
      if (last < 1 && unit("year")) {
        last = 1;
        read = value_.add_months(amount * 12);
      } else if (last < 2 && unit("mon")) {
        last = 2;
        read = value_.add_months(amount);
      } else if (last < 3 && unit("day")) {
        last = 3;
        read = value_.add_days(amount);
      }
      if (!read) {
        return false;
      }
      if (reader_.done()) {
        return true;
      }
      if (!reader_.skip(" ")) {
        return false;
      }
    }
  }

  /// `P1Y2M3DT4H5M6.7S`, any part left out but not all, each with its own sign.
  constexpr bool iso_8601() noexcept {
    if (!reader_.skip("P") || reader_.done()) {
      return false;
    }
    std::string_view allowed = "YMD";
    while (!reader_.skip("T")) {
      std::int64_t amount = 0;
      char const designator = iso_part(allowed, amount);
      bool const read = designator == 'Y'   ? value_.add_months(amount * 12)
                        : designator == 'M' ? value_.add_months(amount)
                        : designator == 'D' ? value_.add_days(amount)
                                            : false;
      if (!read) {
        return false;
      }
      if (reader_.done()) {
        return true;
      }
    }
    allowed = "HMS";
    do {
      if (!iso_clock_part(allowed)) {
        return false;
      }
    } while (!reader_.done());
    return true;
  }

 private:
  constexpr bool sign() noexcept {
    if (reader_.skip("-")) {
      return true;
    }
    static_cast<void>(reader_.skip("+"));
    return false;
  }

  constexpr bool unit(std::string_view name) noexcept {
    if (!reader_.skip(name)) {
      return false;
    }
    static_cast<void>(reader_.skip("s"));
    return true;
  }

  constexpr bool clock() noexcept {
    bool const negative = sign();
    std::int64_t hours = 0;
    std::int64_t rest = 0;
    return reader_.time(10, hours, rest) &&
           value_.add_clock(negative, hours, 3600 * microseconds_per_second, rest);
  }

  // The designator that comes next if it is one of `allowed`, of which it and all before it are
  // then no longer allowed; else NUL.
  constexpr char next_of(std::string_view& allowed) noexcept {
    for (std::size_t i = 0; i != allowed.size(); ++i) {
      if (reader_.skip(allowed.substr(i, 1))) {
        char const found = allowed[i];
        allowed.remove_prefix(i + 1);
        return found;
      }
    }
    return '\0';
  }

  constexpr char iso_part(std::string_view& allowed, std::int64_t& amount) noexcept {
    bool const negative = sign();
    if (!reader_.number(1, 10, amount)) {
      return '\0';
    }
    amount = negative ? -amount : amount;
    return next_of(allowed);
  }

  constexpr bool iso_clock_part(std::string_view& allowed) noexcept {
    bool const negative = sign();
    std::int64_t number = 0;
    std::int64_t fraction = 0;
    if (!reader_.number(1, 10, number) || !reader_.fraction(fraction)) {
      return false;
    }
    char const designator = next_of(allowed);
    if (designator == '\0' || (designator != 'S' && fraction != 0)) {
      return false;
    }
    std::int64_t const seconds = designator == 'H' ? 3600 : designator == 'M' ? 60 : 1;
    return value_.add_clock(negative, number, seconds * microseconds_per_second, fraction);
  }

  calendar_reader reader_;
  interval_parts value_;
};

}  // namespace pqscope::detail

#endif
