#ifndef PQSCOPE_TYPES_TEXT_HPP
#define PQSCOPE_TYPES_TEXT_HPP

#include <pqscope/types/codec.hpp>
#include <pqscope/types/malformed.hpp>
#include <pqscope/types/user_type.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace pqscope {

/// Whether `text` holds a NUL byte, which no PostgreSQL text can.
inline bool has_nul(std::string_view text) noexcept {
  return !text.empty() && __builtin_memchr(text.data(), '\0', text.size()) != nullptr;
}

namespace detail {

/// What all texts have in common. As parameters they declare no type, so that the server takes
/// them for whatever it expects in that place: a date, a UUID, an enum's label.
struct text_codec {
  static constexpr oid_t type = oid::text;
  static constexpr oid_t array_type = oid::text_array;
  static constexpr oid_t parameter_type = oid::none;
  static constexpr bool text_parameter = true;
  static constexpr std::string_view name = "text";

  static constexpr bool accepts(oid_t column) noexcept {
    switch (column) {
      case oid::text:
      case oid::varchar:
      case oid::bpchar:
      case oid::name:
      case oid::char_:
      case oid::unknown:
      case oid::json:
      case oid::jsonb:
      case oid::xml:
      case oid::refcursor:
        return true;
      default:
        return false;
    }
  }

  /// Enums, and types whose binary format is that of texts, such as the extension citext's.
  static bool accepts(user_type const& known, type_table const&, std::string*) noexcept {
    return sends_text(known);
  }

  /// In text format every value is a text.
  static constexpr bool accepts_text(oid_t) noexcept { return true; }

  /// The text within a binary value. Source: PostgreSQL's `jsonb_send`, which puts a version
  /// number, 1, before its text, and `charsend`, which sends an empty `"char"` as a NUL byte.
  static std::string_view view(wire_value value) {
    if (value.type != oid::jsonb) {
      bool const empty = value.type == oid::char_ && value.size == 1 && value.data[0] == '\0';
      return empty ? std::string_view() : value.text();
    }
    if (value.size == 0 || value.data[0] != 1) {
      throw_malformed("jsonb");
    }
    return value.text().substr(1);
  }
};

}  // namespace detail

/// `std::string` is `text`; as a parameter, any type the server expects in that place.
///
/// Reads `text`, `character varying`, `character`, `name`, `"char"`, `json`, `jsonb`, `xml` and
/// `refcursor`, and of the types made by users enums and `citext`; other types need a cast in the
/// SQL text
/// (`id::text`). From a result in text format it reads any type as the server writes it. Bytes are
/// in the client's encoding.
template <>
struct codec<std::string> : detail::text_codec {
  /// Appends the bytes.
  static void encode(std::string const& value, encoder& out) { out.append(value); }

  /// The string's own bytes; null where it holds a NUL byte.
  static char const* borrow(std::string const& value) noexcept {
    return has_nul(value) ? nullptr : value.c_str();
  }

  /// Copies the bytes.
  static std::string decode(wire_value value) { return std::string(view(value)); }

  /// Copies the bytes.
  static std::string parse(std::string_view text) { return std::string(text); }
};

/// `std::string_view` is as `std::string`. As a parameter it is copied, for it need not end in
/// NUL; nothing past its end is read. As a result it points into the row and lives as long.
template <>
struct codec<std::string_view> : detail::text_codec {
  static constexpr bool is_view = true;  ///< results point into the row

  /// Appends the bytes.
  static void encode(std::string_view value, encoder& out) { out.append(value); }

  /// Points to the bytes.
  static std::string_view decode(wire_value value) { return view(value); }

  /// Points to the bytes.
  static std::string_view parse(std::string_view text) { return text; }
};

/// `char const*` is a text parameter that ends in NUL; a null pointer is NULL. Never a result.
template <>
struct codec<char const*> : detail::text_codec {
  /// Appends the bytes before NUL.
  static void encode(char const* value, encoder& out) { out.append(std::string_view(value)); }

  /// The very pointer.
  static char const* borrow(char const* value) noexcept { return value; }
};

/// `char*` is as `char const*`.
template <>
struct codec<char*> : codec<char const*> {};

/// A `char` array, such as a literal, is a text parameter up to its first NUL byte or its end.
template <std::size_t N>
struct codec<char[N]> : detail::text_codec {
  /// Appends the bytes before NUL.
  static void encode(char const (&value)[N], encoder& out) {
    void const* const end = __builtin_memchr(value, '\0', N);
    auto const size = end ? static_cast<std::size_t>(static_cast<char const*>(end) - value) : N;
    out.append(std::string_view(value, size));
  }

  /// The array's own bytes; null where no NUL byte ends them.
  static char const* borrow(char const (&value)[N]) noexcept {
    return __builtin_memchr(value, '\0', N) ? value : nullptr;
  }
};

/// `char` is a text of one byte: `"char"`, `character(1)`, or any text that happens to be so.
///
/// A `decode_error` otherwise, also for a character that takes several bytes in UTF-8. The empty
/// `"char"` is `'\0'`; as a parameter `'\0'` is refused.
template <>
struct codec<char> {
  static constexpr oid_t type = oid::char_;             ///< `"char"`
  static constexpr oid_t array_type = oid::char_array;  ///< `"char"[]`
  static constexpr oid_t parameter_type = oid::none;    ///< inferred
  static constexpr bool text_parameter = true;          ///< text
  static constexpr std::string_view name = "\"char\"";  ///< in messages

  /// `"char"`, `character`, `character varying`, `text`.
  static constexpr bool accepts(oid_t column) noexcept {
    return column == oid::char_ || column == oid::bpchar || column == oid::varchar ||
           column == oid::text;
  }

  /// One byte.
  static void encode(char value, encoder& out) { out.append(std::string_view(&value, 1)); }

  /// Reads one byte.
  static char decode(wire_value value) {
    detail::require_size(value, 1, name);
    return *value.data;
  }

  /// Reads one byte.
  static char parse(std::string_view text) { return decode({text.data(), text.size(), type}); }

  /// As above; a `"char"` can be empty or, above 127, octal (`\303`).
  /// Source: PostgreSQL's `charout`.
  static char parse(std::string_view text, oid_t column) {
    if (column != oid::char_ || text.size() == 1) {
      return parse(text);
    }
    if (text.empty()) {
      return '\0';
    }
    auto const digit = [text](std::size_t i) { return static_cast<unsigned>(text[i] - '0'); };
    if (text.size() != 4 || text[0] != '\\' || digit(1) > 3 || digit(2) > 7 || digit(3) > 7) {
      throw_malformed(name);
    }
    return static_cast<char>(
        static_cast<unsigned char>(digit(1) << 6U | digit(2) << 3U | digit(3)));
  }
};

}  // namespace pqscope

#endif
