#ifndef PQSCOPE_TYPES_COMPOSITE_WIRE_HPP
#define PQSCOPE_TYPES_COMPOSITE_WIRE_HPP

#include <pqscope/error/decode_error.hpp>
#include <pqscope/types/malformed.hpp>
#include <pqscope/types/oid.hpp>
#include <pqscope/types/user_type.hpp>
#include <pqscope/types/wire_value.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace pqscope::detail {

[[noreturn, gnu::cold, gnu::noinline]] inline void throw_attribute_count(std::size_t count,
                                                                         std::size_t wanted) {
  throw type_mismatch("the composite has " + std::to_string(count) +
                      " attributes, the C++ type it is read as has " + std::to_string(wanted));
}

[[noreturn, gnu::cold, gnu::noinline]] inline void throw_attribute_type(std::size_t number,
                                                                        wire_value value,
                                                                        std::string_view wanted) {
  std::string fault = "attribute " + std::to_string(number) + " of the composite is " +
                      name_of(value.type, value.types) + ", which cannot be read as " +
                      std::string(wanted);
  if (value.type >= oid::first_unfixed &&
      (value.types == nullptr || value.types->find(value.type) == nullptr)) {
    fault += "; if that is a domain, cast the attribute in the SQL text to the type below it";
  }
  throw type_mismatch(fault);
}

[[noreturn, gnu::cold, gnu::noinline]] inline void throw_attribute_null(std::size_t number,
                                                                        std::string_view wanted) {
  throw unexpected_null("attribute " + std::to_string(number) +
                        " of the composite is NULL, which cannot be read as " +
                        std::string(wanted) + "; read it as a std::optional");
}

/// Reads a composite in binary format, attribute by attribute.
///
/// Source: PostgreSQL's `record_send`: number of attributes; for each its type, its size (-1 for
/// NULL) and its bytes. Dropped columns are left out.
class composite_wire_reader {
 public:
  /// Reads the head. \throws type_mismatch unless there are `wanted` attributes
  composite_wire_reader(wire_value composite, std::size_t wanted)
      : at_{composite.data}, left_{composite.size}, types_{composite.types} {
    auto const count = take_int32();
    if (count < 0 || static_cast<std::size_t>(count) > left_ / 8) {
      throw_malformed("composite");
    }
    if (static_cast<std::size_t>(count) != wanted) {
      throw_attribute_count(static_cast<std::size_t>(count), wanted);
    }
  }

  /// Reads the next attribute; its `data` is null for NULL. A domain that is known is the type
  /// below it.
  wire_value attribute() {
    ++count_;
    auto const type = below_domains(static_cast<oid_t>(take_int32()), types_);
    auto const size = take_int32();
    if (size == -1) {
      return {nullptr, 0, type, types_};
    }
    if (size < 0 || static_cast<std::size_t>(size) > left_) {
      throw_malformed("composite");
    }
    wire_value const value{at_, static_cast<std::size_t>(size), type, types_};
    at_ += size;
    left_ -= value.size;
    return value;
  }

  /// How many attributes were read: the number of the last one, from 1.
  std::size_t count() const noexcept { return count_; }

  /// Makes sure that nothing follows.
  void finish() const {
    if (left_ != 0) {
      throw_malformed("composite");
    }
  }

 private:
  std::int32_t take_int32() {
    if (left_ < 4) {
      throw_malformed("composite");
    }
    auto const value = read_int32(at_);
    at_ += 4;
    left_ -= 4;
    return value;
  }

  char const* at_;
  std::size_t left_;
  type_table const* types_;
  std::size_t count_ = 0;
};

}  // namespace pqscope::detail

#endif
