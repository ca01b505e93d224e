#ifndef PQSCOPE_TYPES_BOOLEAN_HPP
#define PQSCOPE_TYPES_BOOLEAN_HPP

#include <pqscope/types/codec.hpp>
#include <pqscope/types/malformed.hpp>

namespace pqscope {

/// `bool` is `boolean`. Nothing else is read as one: neither integers nor texts.
template <>
struct codec<bool> {
  static constexpr oid_t type = oid::boolean;              ///< `boolean`
  static constexpr oid_t array_type = oid::boolean_array;  ///< `boolean[]`
  static constexpr oid_t parameter_type = type;            ///< declared
  static constexpr bool text_parameter = false;            ///< binary
  static constexpr std::string_view name = "boolean";      ///< in messages

  /// Only `boolean`.
  static constexpr bool accepts(oid_t column) noexcept { return column == oid::boolean; }

  /// One byte, 1 or 0.
  static void encode(bool value, encoder& out) { out.put_byte(value ? 1 : 0); }

  /// Reads one byte, 1 or 0; anything else is a `decode_error`.
  static bool decode(wire_value value) {
    detail::require_size(value, 1, name);
    auto const byte = static_cast<unsigned char>(*value.data);
    if (byte > 1) {
      throw_malformed(name);
    }
    return byte == 1;
  }

  /// Reads `t` or `true`, `f` or `false`; anything else is a `decode_error`.
  static bool parse(std::string_view text) {
    if (text == "t" || text == "true") {
      return true;
    }
    if (text != "f" && text != "false") {
      throw_malformed(name);
    }
    return false;
  }
};

}  // namespace pqscope

#endif
