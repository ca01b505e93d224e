#ifndef PQSCOPE_TYPES_XML_HPP
#define PQSCOPE_TYPES_XML_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/text.hpp>

#include <compare>
#include <source_location>
#include <string>
#include <string_view>
#include <utility>

namespace pqscope {

/// An XML text, PostgreSQL's `xml`. Checked for NUL bytes only, which no XML has: whether it is
/// well-formed is told by the server. Compares as text.
///
/// In PostgreSQL `xml` has no order and no equality, and needs a server built with libxml.
class xml {
 public:
  /// The empty text, which the server takes for empty content.
  xml() = default;

  /// Takes `text`; throws `usage_error` if it holds a NUL byte.
  explicit xml(std::string text, std::source_location where = std::source_location::current())
      : text_(std::move(text)) {
    if (has_nul(text_)) {
      throw usage_error("the text is not XML: it holds a NUL byte", where);
    }
  }

  /// The text.
  std::string const& text() const& noexcept { return text_; }
  /// The text, moved out.
  std::string text() && noexcept { return std::move(text_); }

  /// Compares the texts.
  friend auto operator<=>(xml const&, xml const&) = default;

 private:
  friend struct codec<xml>;

  std::string text_;
};

/// `pqscope::xml` is `xml`. Travels as text, so that it is in the client's encoding whatever its
/// own declaration says. The server leaves the encoding out of that declaration, and the whole
/// declaration where nothing else is in it.
template <>
struct codec<xml> {
  static constexpr oid_t type = oid::xml;              ///< `xml`
  static constexpr oid_t array_type = oid::xml_array;  ///< `xml[]`
  static constexpr oid_t parameter_type = type;        ///< declared
  static constexpr bool text_parameter = true;         ///< text
  static constexpr std::string_view name = "xml";      ///< in messages

  /// Only `xml`.
  static constexpr bool accepts(oid_t column) noexcept { return column == oid::xml; }

  /// Appends the text.
  static void encode(xml const& value, encoder& out) { out.append(value.text()); }

  /// The value's own text.
  static char const* borrow(xml const& value) noexcept { return value.text().c_str(); }

  /// Reads the text, not checked again but for NUL bytes.
  static xml decode(wire_value value) { return parse(value.text()); }

  /// Reads the text, not checked again but for NUL bytes.
  static xml parse(std::string_view text) {
    if (has_nul(text)) {
      throw_malformed(name);
    }
    xml parsed;
    parsed.text_ = text;
    return parsed;
  }
};

}  // namespace pqscope

#endif
