#ifndef PQSCOPE_TYPES_JSON_HPP
#define PQSCOPE_TYPES_JSON_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/json_syntax.hpp>
#include <pqscope/types/text.hpp>

#include <compare>
#include <cstddef>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

namespace pqscope {

namespace detail {

inline std::string checked_json(std::string text, std::source_location const& where) {
  std::size_t const fault = find_json_fault(text);
  if (fault != std::string_view::npos) {
    throw usage_error("the text is not JSON: it goes wrong at byte " + std::to_string(fault),
                      where);
  }
  return text;
}

}  // namespace detail

/// A JSON text that was checked; what `json` and `jsonb` are made of. `Parsed` tells whether the
/// server stores the text as it was written (false) or taken apart (true).
///
/// Does not take the text apart itself: use any JSON library for that, with `text()`. Compares as
/// text, so `{"a":1}` and `{"a": 1}` differ.
template <bool Parsed>
class basic_json {
 public:
  /// The JSON value `null`.
  basic_json() : text_("null") {}

  /// Takes `text`; throws `usage_error` with the offset in bytes where it stops being JSON
  /// (RFC 8259).
  explicit basic_json(std::string text,
                      std::source_location where = std::source_location::current())
      : text_(detail::checked_json(std::move(text), where)) {}

  /// Takes `text` unchecked: for text that is known to be JSON, as the server's is.
  static basic_json trusted(std::string text) {
    basic_json value;
    value.text_ = std::move(text);
    return value;
  }

  /// The text.
  std::string const& text() const& noexcept { return text_; }
  /// The text, moved out.
  std::string text() && noexcept { return std::move(text_); }

  /// Compares the texts.
  friend auto operator<=>(basic_json const&, basic_json const&) = default;

 private:
  std::string text_;
};

/// A JSON text that comes back as it was written.
using json = basic_json<false>;

/// A JSON text that comes back as the server writes its value: other spaces, keys in another
/// order and without duplicates.
using jsonb = basic_json<true>;

/// `pqscope::json` is `json`. Reads `jsonb` too.
template <>
struct codec<json> {
  static constexpr oid_t type = oid::json;              ///< `json`
  static constexpr oid_t array_type = oid::json_array;  ///< `json[]`
  static constexpr oid_t parameter_type = type;         ///< declared
  static constexpr bool text_parameter = true;          ///< text
  static constexpr std::string_view name = "json";      ///< in messages

  /// `json` and `jsonb`.
  static constexpr bool accepts(oid_t column) noexcept {
    return column == oid::json || column == oid::jsonb;
  }

  /// Appends the text.
  static void encode(json const& value, encoder& out) { out.append(value.text()); }

  /// The value's own text.
  static char const* borrow(json const& value) noexcept { return value.text().c_str(); }

  /// Reads the text, not checked again.
  static json decode(wire_value value) {
    return json::trusted(std::string(detail::text_codec::view(value)));
  }

  /// Reads the text, not checked again.
  static json parse(std::string_view text) { return json::trusted(std::string(text)); }
};

/// `pqscope::jsonb` is `jsonb`. Reads `json` too.
template <>
struct codec<jsonb> {
  static constexpr oid_t type = oid::jsonb;              ///< `jsonb`
  static constexpr oid_t array_type = oid::jsonb_array;  ///< `jsonb[]`
  static constexpr oid_t parameter_type = type;          ///< declared
  static constexpr bool text_parameter = false;          ///< binary
  static constexpr std::string_view name = "jsonb";      ///< in messages

  /// `json` and `jsonb`.
  static constexpr bool accepts(oid_t column) noexcept { return codec<json>::accepts(column); }

  /// Appends a version number, 1, and the text. Source: PostgreSQL's `jsonb_recv`.
  static void encode(jsonb const& value, encoder& out) {
    out.put_byte(1);
    out.append(value.text());
  }

  /// Reads the text, not checked again.
  static jsonb decode(wire_value value) {
    return jsonb::trusted(std::string(detail::text_codec::view(value)));
  }

  /// Reads the text, not checked again.
  static jsonb parse(std::string_view text) { return jsonb::trusted(std::string(text)); }
};

}  // namespace pqscope

#endif
