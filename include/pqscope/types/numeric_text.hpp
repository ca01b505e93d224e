#ifndef PQSCOPE_TYPES_NUMERIC_TEXT_HPP
#define PQSCOPE_TYPES_NUMERIC_TEXT_HPP

#include <pqscope/types/numeric_parts.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pqscope::detail {

/// Why a text is not a numeric.
enum class numeric_fault {
  none,
  syntax,
  range,  ///< more digits before or after the point than PostgreSQL has
};

inline std::string_view trim_spaces(std::string_view text) noexcept {
  constexpr std::string_view spaces = " \t\n\v\f\r";
  auto const first = text.find_first_not_of(spaces);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(spaces) - first + 1);
}

/// Whether `text` is `word` in any case; `word` is in lower case.
inline bool is_word(std::string_view text, std::string_view word) noexcept {
  bool same = text.size() == word.size();
  for (std::size_t i = 0; same && i < word.size(); ++i) {
    char const c = text[i];
    same = (c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) == word[i];
  }
  return same;
}

/// Reads `NaN`, and `Infinity` or `inf` with or without a sign.
inline bool parse_special_numeric(std::string_view text, numeric_parts& parsed) noexcept {
  if (is_word(text, "nan")) {
    parsed.kind = numeric_kind::nan;
    return true;
  }
  bool const negative = !text.empty() && text.front() == '-';
  if (negative || (!text.empty() && text.front() == '+')) {
    text.remove_prefix(1);
  }
  if (is_word(text, "infinity") || is_word(text, "inf")) {
    parsed.kind = negative ? numeric_kind::negative_infinity : numeric_kind::infinity;
    return true;
  }
  return false;
}

/// Reads `e`, a sign or none and digits.
inline numeric_fault parse_numeric_exponent(std::string_view text,
                                            std::int64_t& exponent) noexcept {
  if (text.front() != 'e' && text.front() != 'E') {
    return numeric_fault::syntax;
  }
  text.remove_prefix(1);
  bool const negative = !text.empty() && text.front() == '-';
  if (negative || (!text.empty() && text.front() == '+')) {
    text.remove_prefix(1);
  }
  if (text.empty() || text.find_first_not_of("0123456789") != std::string_view::npos) {
    return numeric_fault::syntax;
  }
  constexpr std::int64_t limit = 0x7fffffff / 2;  // as `set_var_from_str` has it, for a zero too
  for (char const c : text) {
    exponent = exponent * 10 + (c - '0');
    if (exponent >= limit) {
      return numeric_fault::range;
    }
  }
  exponent = negative ? -exponent : exponent;
  return numeric_fault::none;
}

/// A number written in decimal: its digits, of which `count` from the `first` on matter.
class decimal_digits {
 public:
  decimal_digits(std::string_view whole, std::string_view fraction) noexcept
      : whole_(whole), fraction_(fraction), end_(whole.size() + fraction.size()) {
    while (first_ < end_ && (*this)[first_] == 0) {
      ++first_;
    }
    while (end_ > first_ && (*this)[end_ - 1] == 0) {
      --end_;
    }
  }

  std::uint16_t operator[](std::size_t i) const noexcept {
    char const c = i < whole_.size() ? whole_[i] : fraction_[i - whole_.size()];
    return static_cast<std::uint16_t>(c - '0');
  }
  std::size_t first() const noexcept { return first_; }
  std::size_t count() const noexcept { return end_ - first_; }

 private:
  std::string_view whole_;
  std::string_view fraction_;
  std::size_t first_ = 0;
  std::size_t end_;
};

/// Reads a number as PostgreSQL does; `parsed` is fresh. Source: PostgreSQL 15's `numeric_in`, but
/// for the spaces it lets stand behind `e`.
inline numeric_fault parse_numeric(std::string_view text, numeric_parts& parsed) {
  text = trim_spaces(text);
  if (parse_special_numeric(text, parsed)) {
    return numeric_fault::none;
  }
  bool const negative = !text.empty() && text.front() == '-';
  if (negative || (!text.empty() && text.front() == '+')) {
    text.remove_prefix(1);
  }
  std::string_view const mantissa = text.substr(0, text.find_first_not_of("0123456789."));
  std::string_view const whole = mantissa.substr(0, mantissa.find('.'));
  std::string_view const fraction =
      whole.size() == mantissa.size() ? std::string_view() : mantissa.substr(whole.size() + 1);
  if ((whole.empty() && fraction.empty()) || fraction.find('.') != std::string_view::npos) {
    return numeric_fault::syntax;
  }
  std::int64_t exponent = 0;
  if (mantissa.size() < text.size()) {
    auto const fault = parse_numeric_exponent(text.substr(mantissa.size()), exponent);
    if (fault != numeric_fault::none) {
      return fault;
    }
  }
  auto const scale = static_cast<std::int64_t>(fraction.size()) - exponent;
  if (scale > max_numeric_scale) {
    return numeric_fault::range;
  }
  parsed.scale = scale > 0 ? static_cast<std::int32_t>(scale) : 0;
  decimal_digits const decimals(whole, fraction);
  if (decimals.count() == 0) {
    return numeric_fault::none;
  }
  // the power of ten that the first digit counts, and of 10000 that its group of four does
  auto const power = static_cast<std::int64_t>(whole.size()) - 1 -
                     static_cast<std::int64_t>(decimals.first()) + exponent;
  std::int64_t const weight = power >= 0 ? power / 4 : (power - 3) / 4;
  if (weight > max_numeric_weight) {
    return numeric_fault::range;
  }
  parsed.kind = negative ? numeric_kind::negative : numeric_kind::positive;
  parsed.weight = static_cast<std::int32_t>(weight);
  auto const lead = static_cast<std::size_t>(weight * 4 + 3 - power);
  parsed.digits = numeric_digits((lead + decimals.count() + 3) / 4);
  std::uint16_t* const digits = parsed.digits.data();
  constexpr std::uint16_t place[] = {1000, 100, 10, 1};
  for (std::size_t i = 0; i < decimals.count(); ++i) {
    std::uint16_t& digit = digits[(lead + i) / 4];
    digit =
        static_cast<std::uint16_t>(digit + decimals[decimals.first() + i] * place[(lead + i) % 4]);
  }
  return numeric_fault::none;
}

/// The text that PostgreSQL prints. Source: its `numeric_out`.
inline std::string numeric_text(numeric_parts const& value) {
  switch (value.kind) {
    case numeric_kind::nan:
      return "NaN";
    case numeric_kind::infinity:
      return "Infinity";
    case numeric_kind::negative_infinity:
      return "-Infinity";
    default:
      break;
  }
  std::string text;
  auto const whole = value.weight > 0 ? static_cast<std::size_t>(value.weight) + 1 : 1;
  text.reserve(whole * 4 + static_cast<std::size_t>(value.scale) + 5);
  auto const put_group = [&text](unsigned group) {
    char const group_text[] = {
        static_cast<char>('0' + group / 1000), static_cast<char>('0' + group / 100 % 10),
        static_cast<char>('0' + group / 10 % 10), static_cast<char>('0' + group % 10)};
    text.append(group_text, 4);
  };
  if (value.kind == numeric_kind::negative) {
    text += '-';
  }
  std::size_t const start = text.size();
  for (std::int32_t power = value.weight > 0 ? value.weight : 0; power >= 0; --power) {
    put_group(value.digit(power));
  }
  auto const first = text.find_first_not_of('0', start);
  text.erase(start, (first == std::string::npos ? text.size() - 1 : first) - start);
  if (value.scale > 0) {
    text += '.';
    std::size_t const end = text.size() + static_cast<std::size_t>(value.scale);
    for (std::int32_t power = -1; text.size() < end; --power) {
      put_group(value.digit(power));
    }
    text.resize(end);
  }
  return text;
}

}  // namespace pqscope::detail

#endif
