#ifndef PQSCOPE_TYPES_RANGE_WIRE_HPP
#define PQSCOPE_TYPES_RANGE_WIRE_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/types/encoder.hpp>
#include <pqscope/types/malformed.hpp>
#include <pqscope/types/user_type.hpp>
#include <pqscope/types/wire_value.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pqscope::detail {

// The first byte of a range. Source: PostgreSQL's `utils/rangetypes.h`.
inline constexpr unsigned range_empty = 0x01;
inline constexpr unsigned range_lower_inclusive = 0x02;
inline constexpr unsigned range_upper_inclusive = 0x04;
inline constexpr unsigned range_lower_unbounded = 0x08;
inline constexpr unsigned range_upper_unbounded = 0x10;

/// Whether the server sends these flags. It does not mix `empty` with others, nor says that a bound
/// which is not there is inclusive.
constexpr bool are_range_flags(unsigned flags) noexcept {
  if ((flags & range_empty) != 0) {
    return flags == range_empty;
  }
  constexpr unsigned lower = range_lower_inclusive | range_lower_unbounded;
  constexpr unsigned upper = range_upper_inclusive | range_upper_unbounded;
  return (flags & ~(lower | upper)) == 0 && (flags & lower) != lower && (flags & upper) != upper;
}

/// Reads values that each follow their size: the bounds of a range, the ranges of a multirange.
///
/// Sizes are checked against the bytes there are. Source: PostgreSQL's `range_send` and
/// `multirange_send`.
class sized_values_reader {
 public:
  /// `type` is for messages.
  sized_values_reader(wire_value value, std::string_view type)
      : at_(value.data), left_(value.size), types_(value.types), type_(type) {}

  unsigned take_byte() {
    require(1);
    --left_;
    return static_cast<unsigned char>(*at_++);
  }

  std::int32_t take_int32() {
    require(4);
    auto const value = read_int32(at_);
    at_ += 4;
    left_ -= 4;
    return value;
  }

  /// Reads a value, whose type is `type`.
  wire_value take_value(oid_t type) {
    auto const size = take_int32();
    if (size < 0) {
      throw_malformed(type_);
    }
    require(static_cast<std::size_t>(size));
    wire_value const value{at_, static_cast<std::size_t>(size), type, types_};
    at_ += size;
    left_ -= value.size;
    return value;
  }

  std::size_t left() const noexcept { return left_; }

  /// Makes sure that nothing follows.
  void finish() const {
    if (left_ != 0) {
      throw_malformed(type_);
    }
  }

 private:
  void require(std::size_t size) const {
    if (left_ < size) {
      throw_malformed(type_);
    }
  }

  char const* at_;
  std::size_t left_;
  type_table const* types_;
  std::string_view type_;
};

/// The type of what lies in a range or multirange: built-in, or as the database tells of a type
/// made by users, or else `otherwise`.
inline oid_t part_type(wire_value whole, oid_t built_in, oid_t otherwise) noexcept {
  if (built_in != oid::none) {
    return built_in;
  }
  user_type const* const known = whole.types != nullptr ? whole.types->find(whole.type) : nullptr;
  return known != nullptr ? whole.types->below_domains(known->element) : otherwise;
}

/// Appends a value behind its size; `put` writes the value.
template <class Put>
void put_sized(encoder& out, Put const& put) {
  std::size_t const offset = out.size();
  out.put_int32(0);
  put();
  std::size_t const size = out.size() - offset - 4;
  if (size > 0x3fffffffU) {
    throw usage_error("a range takes more than 1 GB");
  }
  out.overwrite_int32(offset, static_cast<std::int32_t>(size));
}

}  // namespace pqscope::detail

#endif
