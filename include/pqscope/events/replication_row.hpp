#ifndef PQSCOPE_EVENTS_REPLICATION_ROW_HPP
#define PQSCOPE_EVENTS_REPLICATION_ROW_HPP

#include <pqscope/connection/row_shape.hpp>
#include <pqscope/error/decode_error.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/events/replication_relation.hpp>
#include <pqscope/types/decode_value.hpp>
#include <pqscope/types/oid.hpp>
#include <pqscope/types/wire_value.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>
#include <span>
#include <string>
#include <string_view>

namespace pqscope {

/// How a value of a replicated row was sent.
enum class replicated : unsigned char {
  null,       ///< it is NULL
  text,       ///< as people read it
  binary,     ///< as its type's send function writes it
  unchanged,  ///< not at all: a large value that the UPDATE has left as it was, and that the old
              ///< row does not tell either
  left_out,   ///< not at all: of an old row only the key was sent
};

namespace detail {

/// Where a value stands in its message.
struct replicated_value {
  replicated state = replicated::null;
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
};

}  // namespace detail

/// A value of a replicated row. Cheap to copy; refers to the change, which has to outlive it as it
/// is.
class replication_value {
 public:
  /// Used by `replication_row`.
  replication_value(replication_column const& column, replicated state,
                    std::string_view bytes) noexcept
      : column_{&column}, bytes_{bytes}, state_{state} {}

  /// Its column.
  replication_column const& column() const noexcept { return *column_; }
  /// Name of its column.
  std::string_view name() const noexcept { return column_->name; }
  /// How it was sent.
  replicated state() const noexcept { return state_; }
  /// Whether it is NULL.
  bool is_null() const noexcept { return state_ == replicated::null; }
  /// Whether it was sent, NULL or not.
  bool is_sent() const noexcept {
    return state_ != replicated::unchanged && state_ != replicated::left_out;
  }
  /// Its bytes, text or binary; empty for NULL and where it was not sent.
  std::string_view bytes() const noexcept { return bytes_; }

  /// The value as the server writes it.
  /// \throws unexpected_null if it is NULL; decode_error where it was not sent, or in binary format
  std::string_view text(std::source_location where = std::source_location::current()) const {
    if (state_ == replicated::null) {
      fail(unexpected_null("NULL has no text; ask is_null() first"), where);
    }
    require_sent(where);
    if (state_ == replicated::binary) {
      fail(decode_error("the value was sent in binary format; read it as what it is"), where);
    }
    return bytes_;
  }

  /// The value as `T`, any type with a `codec`; a `std::optional` of one takes NULL too. A
  /// `std::string` or `std::string_view` is the text of whatever was sent as text.
  ///
  /// \throws type_mismatch   if a `T` does not hold what the column's type holds; no narrowing
  /// \throws unexpected_null for NULL where `T` is no `std::optional`
  /// \throws decode_error    where it was not sent, or is no value of the type
  template <class T>
  T as(std::source_location where = std::source_location::current()) const {
    require_sent(where);
    oid_t const type = column_->reads_as;
    bool const fits =
        state_ == replicated::binary ? accepts_type<T>(type) : accepts_text_type<T>(type);
    if (!fits) {
      fail(type_mismatch(type_name(type) + " cannot be read as " +
                         std::string(codec_for<non_null_t<T>>::name)),
           where);
    }
    try {
      switch (state_) {
        case replicated::text:
          return parse_value<T>(bytes_.data(), static_cast<int>(bytes_.size()), type);
        case replicated::binary:
          return decode_value<T>(wire_value{bytes_.data(), bytes_.size(), type});
        default:
          return null_value<T>();
      }
    } catch (decode_error& failure) {
      failure.locate(name(), std::nullopt, where);
      throw;
    }
  }

 private:
  template <class Error>
  [[noreturn]] void fail(Error failure, std::source_location const& where) const {
    failure.locate(name(), std::nullopt, where);
    throw failure;
  }

  void require_sent(std::source_location const& where) const {
    if (state_ == replicated::unchanged) {
      fail(decode_error("the UPDATE has not changed this large value, and so it was not sent; with "
                        "REPLICA IDENTITY FULL it would be"),
           where);
    }
    if (state_ == replicated::left_out) {
      fail(decode_error("of the old row only the key was sent; with REPLICA IDENTITY FULL all of "
                        "it would be"),
           where);
    }
  }

  replication_column const* column_;
  std::string_view bytes_;
  replicated state_;
};

/// A row of a `replication_change`; refers to it, which has to outlive it as it is. Empty where the
/// change has no such row.
class replication_row {
 public:
  /// No row.
  replication_row() noexcept = default;
  /// Used by `replication_change`: a value for each column.
  replication_row(replication_relation const& of, std::string_view message,
                  std::span<detail::replicated_value const> values) noexcept
      : relation_{&of}, message_{message}, values_{values} {}

  /// Whether there is no row.
  bool empty() const noexcept { return relation_ == nullptr; }
  /// Whether there is one.
  explicit operator bool() const noexcept { return !empty(); }
  /// Number of values: that of the table's columns; 0 without a row.
  std::size_t size() const noexcept { return values_.size(); }

  /// The value of a column, counted from 0. \throws usage_error if there is none
  replication_value at(std::size_t column,
                       std::source_location where = std::source_location::current()) const {
    if (column >= values_.size()) {
      throw usage_error(empty() ? std::string("the change has no such row")
                                : "the row has " + std::to_string(values_.size()) +
                                      " columns, and none at " + std::to_string(column),
                        where);
    }
    detail::replicated_value const& value = values_[column];
    return {relation_->columns[column], value.state, message_.substr(value.offset, value.size)};
  }
  /// The value of a column by its name. \throws usage_error if there is none
  replication_value at(std::string_view column,
                       std::source_location where = std::source_location::current()) const {
    std::optional<std::size_t> const found = relation_ ? relation_->find(column) : std::nullopt;
    if (!found) {
      throw usage_error(empty() ? std::string("the change has no such row")
                                : "the row has no column \"" + std::string(column) + '"',
                        where);
    }
    return at(*found, where);
  }
  /// As `at`.
  replication_value operator[](std::size_t column) const { return at(column); }
  /// As `at`.
  replication_value operator[](std::string_view column) const { return at(column); }

  /// The value of a column as `T`: `at(column).as<T>()`.
  template <class T>
  T get(std::string_view column,
        std::source_location where = std::source_location::current()) const {
    return at(column, where).template as<T>(where);
  }
  /// The same by its place, counted from 0.
  template <class T>
  T get(std::size_t column, std::source_location where = std::source_location::current()) const {
    return at(column, where).template as<T>(where);
  }

  /// The row as an aggregate struct, whose fields are columns by their names; as a `std::tuple` or
  /// single value, by position.
  ///
  /// A field without a column is an error; a column without a field is not: no SQL text has chosen
  /// the columns, and one that is added to the table is no reason to stop. By position, though, all
  /// have to be there. `std::string_view`s refer to the change.
  ///
  /// \throws type_mismatch where fields and columns do not fit; what `replication_value::as` throws
  template <class Row>
  Row as(std::source_location where = std::source_location::current()) const {
    using shape = detail::row_shape<Row>;
    std::array<std::size_t, shape::size> places{};
    if (empty()) {
      throw usage_error("the change has no such row", where);
    }
    auto const fields = shape::fields();
    place(fields, shape::by_name, places, where);
    return shape::make(reader<shape::size>{*this, places, where});
  }

 private:
  template <std::size_t Size>
  struct reader {
    replication_row const& row;
    std::array<std::size_t, Size> const& places;
    std::source_location const& where;

    template <class T>
    T get(std::size_t field) const {
      return row.at(places[field], where).template as<T>(where);
    }
  };

  void place(std::span<detail::field_shape const> fields, bool by_name,
             std::span<std::size_t> places, std::source_location const& where) const {
    std::string faults;
    if (!by_name && fields.size() != size()) {
      faults = "\n  the table has " + std::to_string(size()) + " columns, the row type " +
               std::to_string(fields.size());
    }
    for (std::size_t i = 0; i < fields.size() && faults.size() < 4096; ++i) {
      places[i] = i;
      if (by_name) {
        std::optional<std::size_t> const found = relation_->find(fields[i].name);
        places[i] = found.value_or(0);
        if (!found) {
          faults += "\n  no column for the field \"" + std::string(fields[i].name) + '"';
        }
      }
    }
    if (!faults.empty()) {
      throw type_mismatch("the columns of \"" + relation_->schema + "\".\"" + relation_->name +
                              "\" do not fit the row type:" + faults,
                          where);
    }
  }

  replication_relation const* relation_ = nullptr;
  std::string_view message_;
  std::span<detail::replicated_value const> values_;
};

}  // namespace pqscope

#endif
