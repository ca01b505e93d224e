#ifndef PQSCOPE_TYPES_ARRAY_WRITER_HPP
#define PQSCOPE_TYPES_ARRAY_WRITER_HPP

#include <pqscope/types/array_shape.hpp>
#include <pqscope/types/array_text.hpp>
#include <pqscope/types/array_wire.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/encoder.hpp>
#include <pqscope/types/optional.hpp>
#include <pqscope/types/sized_value.hpp>

#include <cstddef>
#include <string_view>
#include <utility>

namespace pqscope::detail {

/// Appends one element in the binary format, with its size before it.
template <class T>
void put_array_element(T const& value, encoder& out) {
  using carrier = null_carrier_for<T>;
  if (carrier::is_null(value)) {
    out.put_int32(-1);
    return;
  }
  put_sized_value(carrier::value(value), out,
                  "a text in the array holds a NUL byte, which PostgreSQL cannot store");
}

/// Writes a container that is an array. `Container` is a vector, a span or a `std::array`.
template <class Container>
struct array_writer {
  using leaf_type = typename array_shape<Container>::leaf_type;
  using leaf_codec = codec_for<non_null_t<leaf_type>>;

  /// Appends the binary format.
  static void write_binary(Container const& value, encoder& out) {
    array_lengths lengths;
    lengths.fill(unseen_length);
    bool const has_nulls = measure(value, 0, lengths);
    put_array_head(lengths, array_shape<Container>::depth, has_nulls, leaf_codec::type, out);
    put_elements(value, out);
  }

  /// Appends the text format.
  static void write_text(Container const& value, encoder& out) {
    write_text(value, out, [](auto const& leaf, encoder& text) { leaf_codec::encode(leaf, text); });
  }

  /// Appends the text format, the elements as `put_one(element, encoder)` writes them, with what
  /// separates those of their type.
  template <class Put>
  static void write_text(Container const& value, encoder& out, Put const& put_one,
                         char by = delimiter_of<leaf_codec>) {
    array_lengths lengths;
    lengths.fill(unseen_length);
    measure(value, 0, lengths);
    put_text(value, out, put_one, by);
  }

 private:
  /// Fills in the lengths and answers whether any element is NULL.
  template <class Level>
  static bool measure(Level const& level, std::size_t depth, array_lengths& lengths) {
    note_length(lengths, depth, level.size());
    bool has_nulls = false;
    if constexpr (array_shape<Level>::depth > 1) {
      for (auto const& inner : level) {
        has_nulls = measure(inner, depth + 1, lengths) || has_nulls;
      }
    } else if constexpr (is_nullable<leaf_type>) {
      for (auto const& leaf : level) {
        has_nulls = has_nulls || null_carrier_for<leaf_type>::is_null(leaf);
      }
    }
    return has_nulls;
  }

  template <class Level>
  static void put_elements(Level const& level, encoder& out) {
    for (auto&& element : level) {
      if constexpr (array_shape<Level>::depth > 1) {
        put_elements(element, out);
      } else {
        put_array_element<leaf_type>(element, out);
      }
    }
  }

  template <class Level, class Put>
  static void put_text(Level const& level, encoder& out, Put const& put_one, char by) {
    using carrier = null_carrier_for<leaf_type>;
    out.put_byte('{');
    bool first = true;
    for (auto const& element : level) {
      if (!std::exchange(first, false)) {
        out.put_byte(static_cast<unsigned char>(by));
      }
      if constexpr (array_shape<Level>::depth > 1) {
        put_text(element, out, put_one, by);
      } else if (carrier::is_null(element)) {
        out.append(std::string_view("NULL"));
      } else {
        encoder text;
        put_one(carrier::value(element), text);
        put_quoted_element(text.view(), out);
      }
    }
    out.put_byte('}');
  }
};

}  // namespace pqscope::detail

#endif
