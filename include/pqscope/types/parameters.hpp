#ifndef PQSCOPE_TYPES_PARAMETERS_HPP
#define PQSCOPE_TYPES_PARAMETERS_HPP

#include <pqscope/libpq/parameters.hpp>
#include <pqscope/types/bind_value.hpp>
#include <pqscope/types/encoder.hpp>
#include <pqscope/types/oid.hpp>

#include <cstddef>
#include <source_location>

namespace pqscope {

/// `N` values bound for the placeholders of one statement, in libpq's form and on the stack.
///
/// Values that lie in memory as PostgreSQL wants them are borrowed: they must outlive this object,
/// as the arguments of one call do. All others are encoded into a buffer that allocates only when
/// its 512 bytes do not suffice. Neither copied nor moved.
template <std::size_t N>
class parameter_pack {
  static_assert(N <= max_parameters, "a statement takes at most 65535 parameters");

 public:
  /// Binds `values` to `$1`, `$2` and so on.
  ///
  /// `std::nullopt`, `nullptr`, an empty optional and a null `char const*` are NULL. Throws
  /// `usage_error`, made at `where` and naming the placeholder, never the value, for text with a
  /// NUL byte and for values PostgreSQL cannot hold. A type without a codec does not compile.
  template <class... Ts>
    requires(sizeof...(Ts) == N)
  explicit parameter_pack([[maybe_unused]] std::source_location const& where, Ts const&... values) {
    [[maybe_unused]] std::size_t index = 0;
    (bind(index++, values, where), ...);
    for (std::size_t i = 0; i < N; ++i) {
      if (offsets_[i] != detail::bound_value::borrowed) {
        values_[i] = bytes_.data() + offsets_[i];
      }
    }
  }

  parameter_pack(parameter_pack const&) = delete;
  parameter_pack& operator=(parameter_pack const&) = delete;

  /// What libpq is given; holds as long as this object and the values it was made from.
  libpq::parameters view() const noexcept {
    return {static_cast<int>(N), types_, values_, lengths_, formats_};
  }

 private:
  template <class T>
  void bind(std::size_t index, T const& value, std::source_location const& where) {
    auto const bound = detail::bind_value(value, bytes_, index + 1, where);
    types_[index] = bound.type;
    values_[index] = bound.data;
    lengths_[index] = bound.size;
    formats_[index] = bound.format;
    offsets_[index] = bound.offset;
  }

  static constexpr std::size_t capacity = N == 0 ? 1 : N;

  oid_t types_[capacity];
  char const* values_[capacity];
  int lengths_[capacity];
  int formats_[capacity];
  std::size_t offsets_[capacity];
  encoder bytes_;
};

/// Lets the number of parameters be counted by the compiler.
template <class... Ts>
parameter_pack(std::source_location const&, Ts const&...) -> parameter_pack<sizeof...(Ts)>;

}  // namespace pqscope

#endif
