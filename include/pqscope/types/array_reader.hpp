#ifndef PQSCOPE_TYPES_ARRAY_READER_HPP
#define PQSCOPE_TYPES_ARRAY_READER_HPP

#include <pqscope/error/decode_error.hpp>
#include <pqscope/types/array_shape.hpp>
#include <pqscope/types/array_text.hpp>
#include <pqscope/types/array_wire.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/decode_value.hpp>
#include <pqscope/types/optional.hpp>
#include <pqscope/types/user_type.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace pqscope::detail {

template <class T>
inline constexpr bool is_fixed_array = false;
template <class T, std::size_t N>
inline constexpr bool is_fixed_array<std::array<T, N>> = true;

/// Puts elements into a vector or a `std::array` one by one.
template <class Container>
class array_filler {
 public:
  explicit array_filler(Container& target) : target_(target) {}

  void add(typename Container::value_type&& element) {
    if constexpr (is_fixed_array<Container>) {
      if (count_ == target_.size()) {
        throw_wrong_length(target_.size());
      }
      target_[count_] = std::move(element);
    } else {
      target_.push_back(std::move(element));
    }
    ++count_;
  }

  void finish() const {
    if constexpr (is_fixed_array<Container>) {
      if (count_ != target_.size()) {
        throw_wrong_length(target_.size());
      }
    }
  }

  std::size_t count() const noexcept { return count_; }

 private:
  Container& target_;
  std::size_t count_ = 0;
};

/// Reads a container that is an array. `Container` is a vector or a `std::array`.
template <class Container>
struct array_reader {
  static constexpr std::size_t depth = array_shape<Container>::depth;
  using leaf_type = typename array_shape<Container>::leaf_type;
  using leaf_codec = codec_for<non_null_t<leaf_type>>;

  /// Reads the binary format.
  static Container read_binary(wire_value value, std::string_view name) {
    array_wire_reader reader(value, depth);
    if (!codec_accepts<leaf_codec>(reader.element_type(), value.types)) {
      throw type_mismatch("an array of " + name_of(reader.element_type(), value.types) +
                          " cannot be read as " + std::string(name));
    }
    Container decoded{};
    take_elements(decoded, 0, reader);
    reader.finish();
    return decoded;
  }

  /// Reads the text format of an array whose elements have the type `element`, 0 if not known.
  static Container read_text(std::string_view text, oid_t element) {
    array_text_reader reader(text, delimiter(element));
    array_lengths lengths;
    lengths.fill(unseen_length);
    Container parsed{};
    parse_elements(parsed, 0, lengths, reader, element);
    reader.finish();
    return parsed;
  }

 private:
  static constexpr char delimiter(oid_t element) noexcept {
    if (element == oid::none || element >= oid::first_unfixed) {
      return delimiter_of<leaf_codec>;
    }
    return element == oid::box ? ';' : ',';
  }

  template <class Level>
  static void take_elements(Level& level, std::size_t level_depth, array_wire_reader& reader) {
    std::size_t const length = reader.length(level_depth);
    if constexpr (requires { level.reserve(length); }) {
      level.reserve(length);
    }
    array_filler<Level> filler(level);
    for (std::size_t i = 0; i < length; ++i) {
      if constexpr (array_shape<Level>::depth > 1) {
        typename Level::value_type inner{};
        take_elements(inner, level_depth + 1, reader);
        filler.add(std::move(inner));
      } else {
        filler.add(take_leaf(reader));
      }
    }
    filler.finish();
  }

  static leaf_type take_leaf(array_wire_reader& reader) {
    wire_value const element = reader.element();
    if (element.data == nullptr) {
      return null_leaf();
    }
    return leaf_codec::decode(element);
  }

  static leaf_type null_leaf() {
    if constexpr (is_nullable<leaf_type>) {
      return leaf_type{};
    } else {
      throw unexpected_null("an array has a NULL element, which cannot be read as " +
                            std::string(leaf_codec::name) + "; read it as a std::optional");
    }
  }

  template <class Level>
  static void parse_elements(Level& level, std::size_t level_depth, array_lengths& lengths,
                             array_text_reader& reader, oid_t element) {
    if (!reader.at_brace()) {
      throw_wrong_depth(depth);
    }
    reader.open();
    array_filler<Level> filler(level);
    if (!reader.try_close()) {
      do {
        if constexpr (array_shape<Level>::depth > 1) {
          typename Level::value_type inner{};
          parse_elements(inner, level_depth + 1, lengths, reader, element);
          filler.add(std::move(inner));
        } else {
          filler.add(parse_leaf(reader, element));
        }
      } while (reader.next());
    }
    filler.finish();
    if (lengths[level_depth] != unseen_length && lengths[level_depth] != filler.count()) {
      array_text_reader::fail();
    }
    lengths[level_depth] = filler.count();
  }

  static leaf_type parse_leaf(array_text_reader& reader, oid_t element) {
    if (reader.at_brace()) {
      throw_wrong_depth(depth);
    }
    array_text_element const leaf = reader.element();
    if (leaf.is_null) {
      return null_leaf();
    }
    return parse_typed<leaf_codec, non_null_t<leaf_type>>(leaf.text, element);
  }
};

}  // namespace pqscope::detail

#endif
