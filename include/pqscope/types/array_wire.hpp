#ifndef PQSCOPE_TYPES_ARRAY_WIRE_HPP
#define PQSCOPE_TYPES_ARRAY_WIRE_HPP

#include <pqscope/error/decode_error.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/types/encoder.hpp>
#include <pqscope/types/malformed.hpp>
#include <pqscope/types/user_type.hpp>
#include <pqscope/types/wire_value.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

namespace pqscope::detail {

/// How many dimensions PostgreSQL's arrays have at most. Source: `utils/array.h`, "MAXDIM".
inline constexpr std::size_t max_array_depth = 6;

/// The lengths of an array's dimensions, outermost first.
using array_lengths = std::array<std::size_t, max_array_depth>;

/// Stands for the length of a dimension no element of which was seen yet.
inline constexpr std::size_t unseen_length = static_cast<std::size_t>(-1);

[[noreturn, gnu::cold, gnu::noinline]] inline void throw_wrong_depth(std::size_t wanted) {
  throw decode_error("the array's number of dimensions is not the " + std::to_string(wanted) +
                     " of the C++ type it is read as");
}

[[noreturn, gnu::cold, gnu::noinline]] inline void throw_wrong_length(std::size_t wanted) {
  throw decode_error("the array's length is not the " + std::to_string(wanted) +
                     " of the std::array it is read as");
}

[[noreturn, gnu::cold, gnu::noinline]] inline void throw_ragged() {
  throw usage_error(
      "the vectors within a nested vector differ in length; PostgreSQL's arrays are rectangular");
}

/// Notes that a vector `level` deep has `length` elements; `usage_error` if another had not.
inline void note_length(array_lengths& lengths, std::size_t level, std::size_t length) {
  if (lengths[level] != unseen_length && lengths[level] != length) {
    throw_ragged();
  }
  lengths[level] = length;
}

/// Reads an array in binary format: first its head, then element by element.
///
/// Lengths are checked against the bytes there are before anything is made of them. Source:
/// PostgreSQL's `array_send`: number of dimensions, whether there are NULLs, element type; for each
/// dimension length and lower bound; for each element its size (-1 for NULL) and bytes.
class array_wire_reader {
 public:
  /// Reads the head. An array without elements has no dimensions; any other must have `depth`.
  array_wire_reader(wire_value array, std::size_t depth)
      : at_(array.data), left_(array.size), types_(array.types) {
    auto const dimensions = take_int32();
    auto const has_nulls = take_int32();
    element_type_ = below_domains(static_cast<oid_t>(take_int32()), types_);
    if (dimensions < 0 || dimensions > static_cast<std::int32_t>(max_array_depth) ||
        has_nulls < 0 || has_nulls > 1) {
      throw_malformed("array");
    }
    auto const count = static_cast<std::size_t>(dimensions);
    bool empty = count == 0;
    for (std::size_t i = 0; i < count; ++i) {
      auto const length = take_int32();
      take_int32();  // the lower bound has no place in a vector
      if (length < 0) {
        throw_malformed("array");
      }
      lengths_[i] = static_cast<std::size_t>(length);
      empty = empty || length == 0;
    }
    if (empty) {
      lengths_ = {};
      return;
    }
    std::size_t most = left_ / 4;  // each element takes the four bytes of its size at least
    for (std::size_t i = 0; i < count; ++i) {
      if (lengths_[i] > most) {
        throw_malformed("array");
      }
      most /= lengths_[i];
    }
    if (count != depth) {
      throw_wrong_depth(depth);
    }
  }

  /// What the elements are; where that is a domain and known, the type below it.
  oid_t element_type() const noexcept { return element_type_; }
  std::size_t length(std::size_t level) const noexcept { return lengths_[level]; }

  /// Reads the next element; its `data` is null for NULL.
  wire_value element() {
    auto const size = take_int32();
    if (size == -1) {
      return {nullptr, 0, element_type_, types_};
    }
    if (size < 0 || static_cast<std::size_t>(size) > left_) {
      throw_malformed("array");
    }
    wire_value const value{at_, static_cast<std::size_t>(size), element_type_, types_};
    at_ += size;
    left_ -= value.size;
    return value;
  }

  /// Makes sure that nothing follows.
  void finish() const {
    if (left_ != 0) {
      throw_malformed("array");
    }
  }

 private:
  std::int32_t take_int32() {
    if (left_ < 4) {
      throw_malformed("array");
    }
    auto const value = read_int32(at_);
    at_ += 4;
    left_ -= 4;
    return value;
  }

  char const* at_;
  std::size_t left_;
  type_table const* types_;
  oid_t element_type_ = 0;
  array_lengths lengths_{};
};

/// Appends the head of an array with these lengths.
inline void put_array_head(array_lengths const& lengths, std::size_t depth, bool has_nulls,
                           oid_t element_type, encoder& out) {
  bool empty = false;
  for (std::size_t i = 0; i < depth; ++i) {
    // Behind an empty vector nothing was seen.
    empty = empty || lengths[i] == 0 || lengths[i] == unseen_length;
    if (!empty && lengths[i] > 0x7fffffffU) {
      throw usage_error("an array has more elements than PostgreSQL can hold");
    }
  }
  out.put_int32(empty ? 0 : static_cast<std::int32_t>(depth));
  out.put_int32(has_nulls ? 1 : 0);
  out.put_int32(static_cast<std::int32_t>(element_type));
  for (std::size_t i = 0; !empty && i < depth; ++i) {
    out.put_int32(static_cast<std::int32_t>(lengths[i]));
    out.put_int32(1);
  }
}

}  // namespace pqscope::detail

#endif
