#ifndef PQSCOPE_TYPES_COMPOSITE_TEXT_HPP
#define PQSCOPE_TYPES_COMPOSITE_TEXT_HPP

#include <pqscope/types/composite_wire.hpp>
#include <pqscope/types/encoder.hpp>
#include <pqscope/types/malformed.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace pqscope::detail {

/// One attribute of a composite in text format.
struct composite_text_attribute {
  std::string_view text;  ///< unquoted and unescaped; holds until the next attribute is read
  bool is_null = false;   ///< nothing stands between the commas
};

/// Reads a composite in text format, such as `(1,,"a ""b""")`, attribute by attribute.
///
/// Source: PostgreSQL, "Composite Type Input and Output Syntax", and its `record_in`.
class composite_text_reader {
 public:
  /// Enters the parenthesis. `wanted` attributes are expected.
  composite_text_reader(std::string_view text, std::size_t wanted) : text_{text}, wanted_{wanted} {
    skip_space();
    if (peek() != '(') {
      throw_malformed("composite");
    }
    ++at_;
  }

  /// Reads the next attribute. \throws type_mismatch if there is none
  composite_text_attribute attribute() {
    if (count_ != 0) {
      if (peek() != ',') {
        throw_attribute_count(count_, wanted_);
      }
      ++at_;
    }
    ++count_;
    unescaped_.clear();
    bool quoted = false;
    std::size_t const begin = at_;
    while (quoted || (peek() != ',' && peek() != ')')) {
      take_character(quoted);
    }
    return {unescaped_, at_ == begin};
  }

  /// How many attributes were read: the number of the last one, from 1.
  std::size_t count() const noexcept { return count_; }

  /// Leaves the parenthesis and makes sure that nothing follows. \throws type_mismatch if an
  /// attribute does
  void finish() {
    if (peek() == ',') {
      while (peek() == ',') {
        attribute();
      }
      throw_attribute_count(count_, wanted_);
    }
    ++at_;  // the loop over the last attribute ended at the parenthesis
    skip_space();
    if (at_ != text_.size()) {
      throw_malformed("composite");
    }
  }

 private:
  void take_character(bool& quoted) {
    if (at_ == text_.size()) {
      throw_malformed("composite");
    }
    char const c = text_[at_++];
    if (c == '\\') {
      if (at_ == text_.size()) {
        throw_malformed("composite");
      }
      unescaped_ += text_[at_++];
    } else if (c != '"') {
      unescaped_ += c;
    } else if (quoted && peek() == '"') {
      unescaped_ += '"';
      ++at_;
    } else {
      quoted = !quoted;
    }
  }

  void skip_space() noexcept {
    while (peek() == ' ' || (peek() >= '\t' && peek() <= '\r')) {
      ++at_;
    }
  }

  char peek() const noexcept { return at_ < text_.size() ? text_[at_] : '\0'; }

  std::string_view text_;
  std::size_t wanted_;
  std::size_t at_ = 0;
  std::size_t count_ = 0;
  std::string unescaped_;
};

/// Appends an attribute of a composite in text format, quoted.
inline void put_quoted_attribute(std::string_view text, encoder& out) {
  out.put_byte('"');
  for (char const c : text) {
    if (c == '"' || c == '\\') {
      out.put_byte(static_cast<unsigned char>(c));
    }
    out.put_byte(static_cast<unsigned char>(c));
  }
  out.put_byte('"');
}

}  // namespace pqscope::detail

#endif
