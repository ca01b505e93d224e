#ifndef PQSCOPE_SQL_IDENTIFIER_HPP
#define PQSCOPE_SQL_IDENTIFIER_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/sql/quote.hpp>

#include <cstddef>
#include <source_location>
#include <string>
#include <string_view>

namespace pqscope {

/// The name of something in the database, of one to three parts, quoted for use in SQL text.
///
/// `identifier{"public", "my table"}` is `"public"."my table"`. The name is taken as it stands:
/// upper case stays, a dot in it is part of the name, reserved words are fine. Bytes are not
/// checked against the client encoding, in which a byte below 0x80 has to stand for itself (UTF-8
/// and all encodings a server can use).
class identifier {
 public:
  /// Bytes PostgreSQL keeps of a name; of a longer one it would drop the rest with a notice.
  static constexpr std::size_t max_size = 63;

  /// A plain name. Throws `usage_error` if it is empty, longer than `max_size` bytes or holds a
  /// NUL byte; so do the others for each of their parts.
  explicit identifier(std::string_view name,
                      std::source_location where = std::source_location::current()) {
    append(name, where);
  }

  /// A name in a schema, or a column of a table.
  identifier(std::string_view schema, std::string_view name,
             std::source_location where = std::source_location::current())
      : identifier(schema, where) {
    text_ += '.';
    append(name, where);
  }

  /// A name in a schema of a database, or a column of a table in a schema.
  identifier(std::string_view catalog, std::string_view schema, std::string_view name,
             std::source_location where = std::source_location::current())
      : identifier(catalog, schema, where) {
    text_ += '.';
    append(name, where);
  }

  /// The quoted name, ready to stand in SQL text.
  std::string const& text() const noexcept { return text_; }

  /// Whether both are the same name, part by part.
  friend bool operator==(identifier const&, identifier const&) = default;

 private:
  void append(std::string_view name, std::source_location where) {
    if (name.empty()) {
      throw usage_error("an identifier is empty", where);
    }
    if (name.find('\0') != std::string_view::npos) {
      throw usage_error("an identifier holds a NUL byte", where);
    }
    if (name.size() > max_size) {
      throw usage_error("the identifier \"" + std::string{name} + "\" has " +
                            std::to_string(name.size()) + " bytes; PostgreSQL keeps " +
                            std::to_string(max_size),
                        where);
    }
    detail::append_quoted(text_, name, '"');
  }

  std::string text_;
};

}  // namespace pqscope

#endif
