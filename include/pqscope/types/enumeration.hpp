#ifndef PQSCOPE_TYPES_ENUMERATION_HPP
#define PQSCOPE_TYPES_ENUMERATION_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/malformed.hpp>
#include <pqscope/types/user_type.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace pqscope {

/// One enumerator and its label in PostgreSQL.
template <class E>
struct enum_label {
  E value;           ///< the enumerator
  char const* text;  ///< its label, as in `CREATE TYPE … AS ENUM`
};

namespace detail {

struct no_labels {};

// Reached only by a table that is wrong, while compiling: their names are the message.
inline void an_enum_label_is_empty() {}
inline void an_enum_label_is_longer_than_63_bytes() {}
inline void an_enum_label_appears_twice() {}
inline void an_enumerator_appears_twice() {}

/// The labels of one enum in the order given.
template <class E, std::size_t N>
class label_table {
 public:
  consteval explicit label_table(enum_label<E> const (&labels)[N]) {
    for (std::size_t i = 0; i < N; ++i) {
      std::string_view const text = labels[i].text;
      if (text.empty()) {
        an_enum_label_is_empty();
      }
      if (text.size() > 63) {
        an_enum_label_is_longer_than_63_bytes();
      }
      for (std::size_t j = 0; j < i; ++j) {
        if (texts_[j] == text) {
          an_enum_label_appears_twice();
        }
        if (values_[j] == labels[i].value) {
          an_enumerator_appears_twice();
        }
      }
      values_[i] = labels[i].value;
      texts_[i] = text;
    }
  }

  static constexpr std::size_t size() noexcept { return N; }
  constexpr E value(std::size_t i) const noexcept { return values_[i]; }
  constexpr std::string_view text(std::size_t i) const noexcept { return texts_[i]; }

 private:
  std::array<E, N> values_{};
  std::array<std::string_view, N> texts_{};  // each made from a literal, so NUL follows
};

}  // namespace detail

/// The labels of an enum; specialise it to use the enum `E` in parameters and results:
///
///     template <>
///     inline constexpr auto pqscope::labels<color> =
///         pqscope::enum_labels<color>({{color::red, "red"}, {color::green, "green"}});
///
/// It must be specialised before the first use of `E` with pqscope.
template <class E>
inline constexpr detail::no_labels labels{};

/// Makes the table for `labels<E>`. A label that is empty, longer than 63 bytes (PostgreSQL's
/// limit) or there twice, or an enumerator there twice, does not compile.
template <class E, std::size_t N>
consteval detail::label_table<E, N> enum_labels(enum_label<E> const (&table)[N]) {
  return detail::label_table<E, N>(table);
}

/// Whether `E` is an enum with a table of labels.
template <class E>
concept labelled_enum =
    std::is_enum_v<E> &&
    !std::is_same_v<std::remove_cv_t<decltype(labels<std::remove_cv_t<E>>)>, detail::no_labels>;

/// The label of `value`; nothing where the table has none. Ends in NUL.
template <labelled_enum E>
constexpr std::optional<std::string_view> label_of(E value) noexcept {
  for (std::size_t i = 0; i < labels<E>.size(); ++i) {
    if (labels<E>.value(i) == value) {
      return labels<E>.text(i);
    }
  }
  return std::nullopt;
}

/// The enumerator with the label `text`; nothing where the table has none.
template <labelled_enum E>
constexpr std::optional<E> from_label(std::string_view text) noexcept {
  for (std::size_t i = 0; i < labels<E>.size(); ++i) {
    if (labels<E>.text(i) == text) {
      return labels<E>.value(i);
    }
  }
  return std::nullopt;
}

/// A C++ enum with labels is a PostgreSQL enum, or a text that holds one of the labels.
///
/// As a parameter it declares no type. Of the types made by users it takes enums, and any type that
/// the database has not told of; a value without a label in the table is a `decode_error`, which
/// names it where it comes from such a type, and an enumerator without one a `usage_error`.
template <labelled_enum E>
struct codec<E> {
  static constexpr oid_t type = oid::none;            ///< known only to the database
  static constexpr oid_t array_type = oid::none;      ///< known only to the database
  static constexpr oid_t parameter_type = oid::none;  ///< inferred
  static constexpr bool text_parameter = true;        ///< text
  static constexpr std::string_view name = "enum";    ///< in messages

  /// Text types, and any type made by users or extensions that nothing is known of.
  static constexpr bool accepts(oid_t column) noexcept {
    return column >= oid::first_user || column == oid::text || column == oid::varchar ||
           column == oid::bpchar || column == oid::name || column == oid::unknown;
  }

  /// Enums, whatever their labels, and types whose binary format is that of texts.
  static bool accepts(user_type const& known, type_table const&, std::string*) noexcept {
    return detail::sends_text(known);
  }

  /// Appends the label.
  static void encode(E value, encoder& out) {
    auto const label = label_of(value);
    if (!label) {
      throw usage_error("an enumerator has no label in its pqscope::labels table");
    }
    out.append(*label);
  }

  /// The label in the table; null where there is none.
  static char const* borrow(E value) noexcept {
    auto const label = label_of(value);
    return label ? label->data() : nullptr;
  }

  /// Finds the label.
  static E decode(wire_value value) { return parse(value.text(), value.type); }

  /// Finds the label.
  static E parse(std::string_view text) { return parse(text, oid::none); }

  /// Finds the label; names it in the error where the column's type was made by users.
  static E parse(std::string_view text, oid_t column) {
    auto const value = from_label<E>(text);
    if (!value) {
      throw_unknown_label(column >= oid::first_user && text.size() <= 63 ? text
                                                                         : std::string_view());
    }
    return *value;
  }

 private:
  [[noreturn, gnu::cold]] static void throw_unknown_label(std::string_view label) {
    throw decode_error(label.empty()
                           ? std::string("the text is no label of the C++ enum it is read as")
                           : "the enum label \"" + std::string(label) +
                                 "\" is not in the pqscope::labels table of the C++ enum");
  }
};

}  // namespace pqscope

#endif
