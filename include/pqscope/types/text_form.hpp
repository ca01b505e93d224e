#ifndef PQSCOPE_TYPES_TEXT_FORM_HPP
#define PQSCOPE_TYPES_TEXT_FORM_HPP

#include <pqscope/types/array_shape.hpp>
#include <pqscope/types/array_writer.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/encoder.hpp>
#include <pqscope/types/optional.hpp>
#include <pqscope/types/wire_text.hpp>

#include <concepts>
#include <string_view>
#include <type_traits>

namespace pqscope::detail {

/// Writes the text form of a `T` that is part of a greater text. The primary template is for single
/// values: codecs whose parameters are texts, types `put_wire_text` knows, and types with a
/// `to_string`, as a member or found by argument-dependent lookup.
template <class T>
struct text_form {
  static constexpr bool writable = encodable<T>;

  static void put(T const& value, encoder& out) {
    using codec_type = codec<T>;
    if constexpr (codec_type::text_parameter) {
      codec_type::encode(value, out);
    } else if constexpr (has_wire_text(codec_type::type)) {
      encoder binary;
      codec_type::encode(value, binary);
      put_wire_text({binary.data(), binary.size(), codec_type::type}, out);
    } else if constexpr (requires {
                           { value.to_string() } -> std::convertible_to<std::string_view>;
                         }) {
      out.append(std::string_view(value.to_string()));
    } else if constexpr (requires {
                           { to_string(value) } -> std::convertible_to<std::string_view>;
                         }) {
      out.append(std::string_view(to_string(value)));
    } else {
      static_assert(always_false<T>,
                    "pqscope: a value within a composite, or the like, travels as text: give its "
                    "type a member to_string(), or let its codec's text_parameter be true");
    }
  }
};

/// An array, of elements that have a text form.
template <class T>
  requires array_container<T>
struct text_form<T> {
  using leaf = std::remove_cv_t<non_null_t<typename array_shape<T>::leaf_type>>;
  static constexpr bool writable = text_form<leaf>::writable;

  static void put(T const& value, encoder& out, char by = delimiter_of<codec_for<leaf>>) {
    array_writer<T>::write_text(
        value, out, [](leaf const& element, encoder& text) { text_form<leaf>::put(element, text); },
        by);
  }
};

/// Whether a `T`, NULL aside, can be part of a greater text.
template <class T>
concept text_writable = text_form<std::remove_cvref_t<non_null_t<T>>>::writable;

}  // namespace pqscope::detail

#endif
