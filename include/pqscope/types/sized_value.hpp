#ifndef PQSCOPE_TYPES_SIZED_VALUE_HPP
#define PQSCOPE_TYPES_SIZED_VALUE_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/encoder.hpp>
#include <pqscope/types/text.hpp>

#include <cstddef>
#include <cstdint>

namespace pqscope::detail {

[[noreturn, gnu::cold, gnu::noinline]] inline void throw_value_fault(char const* fault) {
  throw usage_error(fault);
}

inline void require_value_size(std::size_t size) {
  if (size > max_value_size) {
    throw_value_fault("a value takes more than 1 GB");
  }
}

/// Appends the bytes of a value that is not NULL behind their number, as arrays and COPY have them.
/// \throws usage_error for a value PostgreSQL cannot hold; that of a text with NUL is `nul_fault`
template <class T>
void put_sized_value(T const& value, encoder& out, char const* nul_fault) {
  if constexpr (integer_on_wire<T>) {
    out.put_sized(codec_for<T>::wire_integer(value));
  } else {
    out.put_int32(0);
    std::size_t const begin = out.size();
    codec_for<T>::encode(value, out);
    std::size_t const size = out.size() - begin;
    if (codec_for<T>::text_parameter && has_nul({out.data() + begin, size})) {
      throw_value_fault(nul_fault);
    }
    require_value_size(size);
    out.overwrite_int32(begin - 4, static_cast<std::int32_t>(size));
  }
}

}  // namespace pqscope::detail

#endif
