#ifndef PQSCOPE_TYPES_COMPOSITE_FIELDS_HPP
#define PQSCOPE_TYPES_COMPOSITE_FIELDS_HPP

#include <pqscope/types/codec.hpp>
#include <pqscope/types/composite_text.hpp>
#include <pqscope/types/composite_wire.hpp>
#include <pqscope/types/decode_value.hpp>
#include <pqscope/types/optional.hpp>
#include <pqscope/types/record.hpp>
#include <pqscope/types/text_form.hpp>
#include <pqscope/types/user_type.hpp>

#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace pqscope::detail {

/// The types of the fields of a composite: a struct or a `std::tuple`.
template <class T>
struct composite_shape;

template <record T>
struct composite_shape<T> {
  using types = field_types<T>;
  template <class Use>
  static void with(T const& value, Use const& use) {
    with_fields(value, use);
  }
};

template <class... Fields>
  requires(sizeof...(Fields) != 0)
struct composite_shape<std::tuple<Fields...>> {
  using types = std::tuple<std::remove_cvref_t<Fields>...>;
  template <class Use>
  static void with(std::tuple<Fields...> const& value, Use const& use) {
    std::apply(use, value);
  }
};

/// Reads one attribute of a composite in binary format.
template <class Field>
Field take_attribute(composite_wire_reader& reader) {
  using codec_type = codec_for<non_null_t<Field>>;
  wire_value const value = reader.attribute();
  if (!codec_accepts<codec_type>(value.type, value.types)) {
    throw_attribute_type(reader.count(), value, codec_type::name);
  }
  if (value.data == nullptr) {
    if constexpr (is_nullable<Field>) {
      return Field{};
    } else {
      throw_attribute_null(reader.count(), codec_type::name);
    }
  }
  return codec_type::decode(value);
}

/// Reads one attribute of a composite in text format.
template <class Field>
Field parse_attribute(composite_text_reader& reader) {
  using codec_type = codec_for<non_null_t<Field>>;
  composite_text_attribute const attribute = reader.attribute();
  if (attribute.is_null) {
    if constexpr (is_nullable<Field>) {
      return Field{};
    } else {
      throw_attribute_null(reader.count(), codec_type::name);
    }
  }
  return parse_typed<codec_type, non_null_t<Field>>(attribute.text, oid::none);
}

/// Appends the attributes of a composite in text format.
class attribute_writer {
 public:
  explicit attribute_writer(encoder& out) : out_{out} {}

  template <class Field>
  void put(Field const& field) {
    out_.put_byte(first_ ? '(' : ',');
    first_ = false;
    using carrier = null_carrier_for<Field>;
    if (carrier::is_null(field)) {
      return;
    }
    encoder text;
    text_form<std::remove_cvref_t<non_null_t<Field>>>::put(carrier::value(field), text);
    put_quoted_attribute(text.view(), out_);
  }

 private:
  encoder& out_;
  bool first_ = true;
};

/// Reads and writes the fields of `T`, which is a struct or a `std::tuple`.
template <class T, class Types = typename composite_shape<T>::types>
struct composite_fields;

template <class T, class... Fields>
struct composite_fields<T, std::tuple<Fields...>> {
  static constexpr std::size_t size = sizeof...(Fields);
  static constexpr bool readable = (readable_value<Fields> && ...);
  static constexpr bool writable = (text_writable<Fields> && ...);
  static constexpr bool is_view = (detail::is_view<non_null_t<Fields>> || ...);

  static T read_binary(wire_value value) {
    composite_wire_reader reader(value, size);
    // the initialisers in braces are evaluated from the first to the last
    T decoded{take_attribute<Fields>(reader)...};
    reader.finish();
    return decoded;
  }

  static T read_text(std::string_view text) {
    if constexpr (is_view) {
      throw_binary_only("composite");
    } else {
      composite_text_reader reader(text, size);
      T parsed{parse_attribute<Fields>(reader)...};
      reader.finish();
      return parsed;
    }
  }

  static void write_text(T const& value, encoder& out) {
    attribute_writer writer(out);
    composite_shape<T>::with(value,
                             [&writer](auto const&... fields) { (writer.put(fields), ...); });
    out.put_byte(')');
  }
};

}  // namespace pqscope::detail

#endif
