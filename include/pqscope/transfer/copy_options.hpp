#ifndef PQSCOPE_TRANSFER_COPY_OPTIONS_HPP
#define PQSCOPE_TRANSFER_COPY_OPTIONS_HPP

#include <pqscope/connection/callback.hpp>
#include <pqscope/sql/identifier.hpp>

#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

namespace pqscope {

/// How far a COPY is.
struct copy_progress {
  std::uint64_t rows = 0;   ///< rows so far; into the server from CSV or text: 0 until the end
  std::uint64_t bytes = 0;  ///< bytes of data so far, as they travel
};

/// Options of `copy_in` and `copy_out`.
struct copy_options {
  /// Called with a `copy_progress` about every 64 KiB, and at the end of the data. What it throws
  /// ends the copy: nothing is inserted.
  detail::callback<void(copy_progress const&)> on_progress{};
};

/// Options of `copy_in_csv` and `copy_out_csv`; the defaults are the server's.
/// Source: PostgreSQL, "COPY".
struct copy_csv_options {
  bool header = false;                 ///< the first line has the columns' names; not checked
  char delimiter = ',';                ///< between values
  std::string null{};                  ///< what NULL is, unquoted
  char quote = '"';                    ///< around values that need it
  std::vector<std::string> columns{};  ///< into the server: which, in order; empty for all
  /// See `copy_options`.
  detail::callback<void(copy_progress const&)> on_progress{};
};

/// Options of `copy_in_text` and `copy_out_text`; the defaults are the server's.
/// Source: PostgreSQL, "COPY".
struct copy_text_options {
  char delimiter = '\t';               ///< between values
  std::string null{"\\N"};             ///< what NULL is
  std::vector<std::string> columns{};  ///< into the server: which, in order; empty for all
  /// See `copy_options`.
  detail::callback<void(copy_progress const&)> on_progress{};
};

/// The table data is copied into: a plain name, found by the search path, or an `identifier` with a
/// schema. Names are taken as they stand and quoted here.
class copy_target {
 public:
  /// A plain name. \throws usage_error as `identifier` does
  copy_target(char const* name, std::source_location where = std::source_location::current())
      : text_{identifier{std::string_view{name}, where}.text()} {}
  /// As above.
  copy_target(std::string_view name, std::source_location where = std::source_location::current())
      : text_{identifier{name, where}.text()} {}
  /// As above.
  copy_target(std::string const& name, std::source_location where = std::source_location::current())
      : text_{identifier{name, where}.text()} {}
  /// A name that is quoted already.
  copy_target(identifier const& name) : text_{name.text()} {}

  /// As it stands in SQL text.
  std::string const& text() const noexcept { return text_; }

 private:
  std::string text_;
};

}  // namespace pqscope

#endif
