#ifndef PQSCOPE_CONNECTION_FIELD_HPP
#define PQSCOPE_CONNECTION_FIELD_HPP

#include <pqscope/error/decode_error.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/types/decode_value.hpp>
#include <pqscope/types/oid.hpp>

#include <cstddef>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>

namespace pqscope {

/// One value of a `result`. Cheap to copy; refers to the result, which has to outlive it.
class field {
 public:
  /// Used by `row`.
  field(libpq::result_view view, int row, int column) noexcept
      : view_{view}, row_{row}, column_{column} {}

  /// Name of its column.
  std::string_view name() const noexcept { return view_.column_name(column_); }
  /// OID of its column's type.
  oid_t type() const noexcept { return view_.column_type(column_); }
  /// Whether it is NULL.
  bool is_null() const noexcept { return view_.is_null(row_, column_); }
  /// The value as the server writes it; lives as long as the result.
  /// \throws unexpected_null if it is NULL
  std::string_view text(std::source_location where = std::source_location::current()) const {
    if (is_null()) {
      unexpected_null failure("NULL has no text; ask is_null() first");
      failure.locate(name(), static_cast<std::size_t>(row_), where);
      throw failure;
    }
    return view_.text(row_, column_);
  }
  /// The value as `T`, any type with a `codec`; a `std::optional` of one takes NULL too. A
  /// `std::string` or `std::string_view` is the text of a value of whatever type.
  ///
  /// \throws type_mismatch   if a `T` does not hold what the column's type holds; no narrowing
  /// \throws unexpected_null for NULL where `T` is no `std::optional`
  /// \throws decode_error    if the text is not one of the type
  template <class T>
  T as(std::source_location where = std::source_location::current()) const {
    if (!accepts_text_type<T>(type())) {
      type_mismatch failure(std::string(type_name(type())) + " cannot be read as " +
                            std::string(codec_for<non_null_t<T>>::name));
      failure.locate(name(), std::nullopt, where);
      throw failure;
    }
    try {
      if (is_null()) {
        return parse_value<T>(nullptr, 0, type());
      }
      return parse_value<T>(view_.data(row_, column_), view_.size(row_, column_), type());
    } catch (decode_error& failure) {
      failure.locate(name(), static_cast<std::size_t>(row_), where);
      throw;
    }
  }

 private:
  libpq::result_view view_;
  int row_;
  int column_;
};

}  // namespace pqscope

#endif
