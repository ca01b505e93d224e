#ifndef PQSCOPE_MAPPING_ARGUMENTS_HPP
#define PQSCOPE_MAPPING_ARGUMENTS_HPP

#include <pqscope/libpq/parameters.hpp>
#include <pqscope/types/bind_value.hpp>
#include <pqscope/types/encoder.hpp>
#include <pqscope/types/oid.hpp>

#include <cstddef>
#include <source_location>

namespace pqscope::detail {

/// Takes the values of a query one after the other, in the order of their placeholders.
class argument_binder {
 public:
  argument_binder(oid_t* types, char const** values, int* lengths, int* formats,
                  std::size_t* offsets, encoder& bytes, std::source_location const& where) noexcept
      : types_{types},
        values_{values},
        lengths_{lengths},
        formats_{formats},
        offsets_{offsets},
        bytes_{bytes},
        where_{where} {}

  /// Binds a value, which has to outlive the statement.
  template <class T>
  void add(T const& value) {
    put(bind_value(value, bytes_, count_ + 1, where_));
  }

  /// What is encoded does not move any more: says where it lies.
  void finish() noexcept {
    for (std::size_t i = 0; i < count_; ++i) {
      if (offsets_[i] != bound_value::borrowed) {
        values_[i] = bytes_.data() + offsets_[i];
      }
    }
  }

 private:
  void put(bound_value const& bound) noexcept {
    types_[count_] = bound.type;
    values_[count_] = bound.data;
    lengths_[count_] = bound.size;
    formats_[count_] = bound.format;
    offsets_[count_] = bound.offset;
    ++count_;
  }

  oid_t* types_;
  char const** values_;
  int* lengths_;
  int* formats_;
  std::size_t* offsets_;
  encoder& bytes_;
  std::source_location const& where_;
  std::size_t count_ = 0;
};

/// The values of a query of `N` parameters in libpq's form, on the stack.
template <std::size_t N>
class argument_pack {
  static_assert(N <= max_parameters, "a statement takes at most 65535 parameters");

 public:
  /// `give(binder)` adds the values.
  template <class Give>
  argument_pack(std::source_location const& where, Give const& give) {
    argument_binder binder{types_, values_, lengths_, formats_, offsets_, bytes_, where};
    give(binder);
    binder.finish();
  }
  argument_pack(argument_pack const&) = delete;
  argument_pack& operator=(argument_pack const&) = delete;

  libpq::parameters view() const noexcept {
    return {static_cast<int>(N), types_, values_, lengths_, formats_};
  }

 private:
  static constexpr std::size_t capacity = N == 0 ? 1 : N;

  oid_t types_[capacity];
  char const* values_[capacity];
  int lengths_[capacity];
  int formats_[capacity];
  std::size_t offsets_[capacity];
  encoder bytes_;
};

}  // namespace pqscope::detail

#endif
