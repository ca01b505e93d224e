#ifndef PQSCOPE_TYPES_NUMERIC_PARTS_HPP
#define PQSCOPE_TYPES_NUMERIC_PARTS_HPP

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace pqscope::detail {

/// A fixed number of digits to the base 10000, the first 16 of them without an allocation.
///
/// A moved-from object has no digits or its old ones.
class numeric_digits {
 public:
  static constexpr std::size_t inline_capacity = 16;

  numeric_digits() noexcept = default;

  /// `count` zeros, to be filled in.
  explicit numeric_digits(std::size_t count) {
    if (count > inline_capacity) {
      far_ = std::vector<std::uint16_t>(count);
    } else {
      near_size_ = count;
    }
  }

  std::size_t size() const noexcept { return far_.empty() ? near_size_ : far_.size(); }
  bool empty() const noexcept { return size() == 0; }
  std::uint16_t* data() noexcept { return far_.empty() ? near_.data() : far_.data(); }
  std::uint16_t const* data() const noexcept { return far_.empty() ? near_.data() : far_.data(); }
  std::uint16_t& operator[](std::size_t i) noexcept { return data()[i]; }
  std::uint16_t operator[](std::size_t i) const noexcept { return data()[i]; }

 private:
  std::array<std::uint16_t, inline_capacity> near_{};
  std::size_t near_size_ = 0;
  std::vector<std::uint16_t> far_;
};

/// What kind of value a numeric is, as the wire has it. Source: PostgreSQL, numeric.c.
enum class numeric_kind : std::uint16_t {
  positive = 0x0000,  ///< zero too
  negative = 0x4000,
  nan = 0xc000,
  infinity = 0xd000,
  negative_infinity = 0xf000,
};

/// Source: PostgreSQL's `numeric.c`, "NUMERIC_WEIGHT_MAX" and "NUMERIC_DSCALE_MAX".
inline constexpr std::int32_t max_numeric_weight = 0x7fff;
inline constexpr std::int32_t max_numeric_scale = 0x3fff;

/// A numeric: a sign, digits of which neither the first nor the last is 0, the power of 10000 that
/// the first one counts, and how many decimal digits are printed after the point. Zero has no
/// digits, weight 0 and a positive sign, so that equal values have equal parts but for the scale.
struct numeric_parts {
  numeric_digits digits;
  std::int32_t weight = 0;
  std::int32_t scale = 0;
  numeric_kind kind = numeric_kind::positive;

  bool finite() const noexcept {
    return kind == numeric_kind::positive || kind == numeric_kind::negative;
  }

  /// The digit that counts 10000 to the `power`.
  std::uint16_t digit(std::int32_t power) const noexcept {
    auto const index = static_cast<std::int64_t>(weight) - power;
    return index >= 0 && index < static_cast<std::int64_t>(digits.size())
               ? digits[static_cast<std::size_t>(index)]
               : std::uint16_t{0};
  }
};

/// Compares the distances of two finite values from zero.
inline std::weak_ordering compare_magnitudes(numeric_parts const& a,
                                             numeric_parts const& b) noexcept {
  if (a.digits.empty() || b.digits.empty()) {
    return a.digits.size() <=> b.digits.size();
  }
  if (a.weight != b.weight) {
    return a.weight <=> b.weight;
  }
  for (std::size_t i = 0; i < a.digits.size() && i < b.digits.size(); ++i) {
    if (a.digits[i] != b.digits[i]) {
      return a.digits[i] <=> b.digits[i];
    }
  }
  return a.digits.size() <=> b.digits.size();
}

/// Orders as PostgreSQL does: -Infinity, finite values, Infinity, NaN, which equals itself.
inline std::weak_ordering compare_numerics(numeric_parts const& a,
                                           numeric_parts const& b) noexcept {
  auto const rank = [](numeric_kind kind) {
    switch (kind) {
      case numeric_kind::negative_infinity:
        return 0;
      case numeric_kind::negative:
        return 1;
      case numeric_kind::positive:
        return 2;
      case numeric_kind::infinity:
        return 3;
      default:
        return 4;
    }
  };
  if (a.kind != b.kind) {
    return rank(a.kind) <=> rank(b.kind);
  }
  if (!a.finite()) {
    return std::weak_ordering::equivalent;
  }
  return a.kind == numeric_kind::positive ? compare_magnitudes(a, b) : compare_magnitudes(b, a);
}

/// Equal for equal values, whatever their scale.
inline std::size_t hash_numeric(numeric_parts const& value) noexcept {
  std::string_view const digits(reinterpret_cast<char const*>(value.digits.data()),
                                value.digits.size() * sizeof(std::uint16_t));
  auto const rest =
      static_cast<std::size_t>(value.weight) * 8 + static_cast<std::size_t>(value.kind) / 0x1000U;
  return std::hash<std::string_view>{}(digits) ^ (rest * static_cast<std::size_t>(0x9e3779b1U));
}

}  // namespace pqscope::detail

#endif
