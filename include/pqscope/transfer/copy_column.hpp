#ifndef PQSCOPE_TRANSFER_COPY_COLUMN_HPP
#define PQSCOPE_TRANSFER_COPY_COLUMN_HPP

#include <pqscope/connection/row_plan.hpp>
#include <pqscope/error/usage_error.hpp>
#include <pqscope/libpq/parameters.hpp>
#include <pqscope/libpq/request.hpp>
#include <pqscope/libpq/result.hpp>
#include <pqscope/types/array_shape.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/enumeration.hpp>
#include <pqscope/types/oid.hpp>
#include <pqscope/types/optional.hpp>
#include <pqscope/types/text.hpp>
#include <pqscope/types/text_form.hpp>

#include <concepts>
#include <cstddef>
#include <source_location>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace pqscope::detail {

/// What is done to a codec's bytes to make them those of a column's type.
enum class copy_conversion : unsigned char {
  none,              ///< they are
  int2_to_int4,      ///< widened
  int2_to_int8,      ///< widened
  int4_to_int8,      ///< widened
  float4_to_float8,  ///< widened
  text_to_jsonb,     ///< with the version number before the text
};

/// A column that data is copied into.
struct copy_column {
  std::string name;
  oid_t type = 0;        ///< a domain's is its base type
  char kind = 'b';       ///< `typtype`: e for an enum
  char category{};       ///< `typcategory`: S for strings, A for arrays
  char delimiter = ',';  ///< `typdelim`: separates the elements of an array
  bool is_generated = false;
  copy_conversion conversion = copy_conversion::none;
};

/// What kind of bytes a C++ type's codec writes.
enum class copy_form : unsigned char {
  null,        ///< none: it is always NULL
  binary,      ///< the binary format of its type
  plain_text,  ///< a text, which is the binary format of text types and enums too
  text,        ///< the text format of its type
};

/// How one field of a record looks, for code that is no template.
struct copy_field {
  std::string_view type_name;
  oid_t type = 0;  ///< 0: known only to the database
  copy_form form = copy_form::null;
  bool goes_anywhere = false;        ///< as text: the server takes it for what the column is
  bool is_writable = true;           ///< whether it has a text format
  bool (*accepts)(oid_t) = nullptr;  ///< columns of user types, where the type is not known
};

template <class T>
inline constexpr bool is_plain_text =
    std::is_base_of_v<text_codec, codec_for<T>> || labelled_enum<std::remove_cvref_t<T>> ||
    std::same_as<std::remove_cvref_t<T>, char>;

template <class T>
copy_field copy_field_of() noexcept {
  if constexpr (is_null_constant<T>) {
    return {.type_name = "NULL"};
  } else {
    using value_type = non_null_t<T>;
    using codec_type = codec_for<value_type>;
    copy_field field{.type_name = codec_type::name,
                     .type = codec_type::parameter_type,
                     .is_writable = text_writable<value_type>};
    field.form = is_plain_text<value_type>    ? copy_form::plain_text
                 : codec_type::text_parameter ? copy_form::text
                                              : copy_form::binary;
    // an array of texts declares text[], but its text format is that of any array
    field.goes_anywhere =
        (codec_type::text_parameter && field.type == oid::none) || field.type == oid::text_array;
    if constexpr (requires {
                    { codec_type::accepts(oid_t{}) } -> std::same_as<bool>;
                  }) {
      field.accepts = [](oid_t type) { return codec_type::accepts(type); };
    }
    return field;
  }
}

/// Whether the binary format of a column's type is a text.
inline bool is_text_column(copy_column const& column) noexcept {
  switch (column.type) {
    case oid::text:
    case oid::varchar:
    case oid::bpchar:
    case oid::name:
    case oid::unknown:
    case oid::json:
      return true;
    default:  // not xml, whose binary format is in the encoding that the text declares
      return column.kind == 'e' || (column.type >= oid::first_user && column.category == 'S');
  }
}

/// Whether a field's bytes can be copied into a column in binary format; chooses the conversion.
inline bool fits_binary(copy_field const& field, copy_column& column) noexcept {
  using enum copy_conversion;
  auto const widens = [&](oid_t from, oid_t to, copy_conversion how) {
    bool const does = field.type == from && column.type == to;
    if (does) {
      column.conversion = how;
    }
    return does;
  };
  switch (field.form) {
    case copy_form::null:
      return true;
    case copy_form::binary:
      if (field.type == oid::none) {
        return column.type >= oid::first_user && field.accepts != nullptr &&
               field.accepts(column.type);
      }
      return field.type == column.type || widens(oid::int2, oid::int4, int2_to_int4) ||
             widens(oid::int2, oid::int8, int2_to_int8) ||
             widens(oid::int4, oid::int8, int4_to_int8) ||
             widens(oid::float4, oid::float8, float4_to_float8);
    case copy_form::plain_text:
    case copy_form::text: {
      bool const is_json = field.type == oid::json || field.type == oid::jsonb;
      if (column.type == oid::jsonb && (field.form == copy_form::plain_text || is_json)) {
        column.conversion = text_to_jsonb;
        return true;
      }
      return field.form == copy_form::plain_text ? is_text_column(column)
                                                 : is_json && column.type == oid::json;
    }
  }
  return false;
}

/// Asks for the columns of the table `$1`. Needs no right on the table.
inline constexpr char const* copy_columns_query =
    "WITH RECURSIVE base AS ("
    "SELECT attnum, attname, atttypid AS type, attgenerated FROM pg_catalog.pg_attribute "
    "WHERE attrelid = $1::pg_catalog.regclass AND attnum > 0 AND NOT attisdropped "
    "UNION ALL "
    "SELECT attnum, attname, typbasetype, attgenerated FROM base "
    "JOIN pg_catalog.pg_type d ON d.oid = base.type WHERE d.typtype = 'd') "
    "SELECT attname, t.oid, t.typtype, t.typcategory, attgenerated, t.typdelim FROM base "
    "JOIN pg_catalog.pg_type t ON t.oid = base.type WHERE t.typtype <> 'd' ORDER BY attnum";

/// Reads the answer to that.
///
/// A template so that only programs that copy records into a table compile it.
template <class = void>
std::vector<copy_column> read_copy_columns(libpq::result_view answer) {
  std::vector<copy_column> columns;
  for (int row = 0; row < answer.rows(); ++row) {
    auto const letter = [&](int column) {
      std::string_view const text = answer.text(row, column);
      return text.empty() ? '\0' : text.front();
    };
    oid_t type = 0;
    for (char const digit : answer.text(row, 1)) {
      type = type * 10 + static_cast<oid_t>(digit - '0');
    }
    columns.push_back({.name = std::string{answer.text(row, 0)},
                       .type = type,
                       .kind = letter(2),
                       .category = letter(3),
                       .delimiter = letter(5),
                       .is_generated = letter(4) != '\0'});
  }
  return columns;
}

/// The columns data is copied into: those named, in their order, or all that can be.
template <class = void>
std::vector<copy_column> choose_columns(std::vector<copy_column> all,
                                        std::span<std::string_view const> names,
                                        std::string& faults) {
  std::vector<copy_column> chosen;
  if (names.empty()) {
    for (copy_column& each : all) {
      if (!each.is_generated) {
        chosen.push_back(std::move(each));
      }
    }
    return chosen;
  }
  for (std::string_view const name : names) {
    bool found = false;
    for (copy_column const& each : all) {
      if (each.name == name) {
        found = true;
        chosen.push_back(each);
      }
    }
    if (!found) {
      faults += "\n  the table has no column " + quoted(name);
    }
  }
  return chosen;
}

/// How records are copied into columns.
struct copy_plan {
  std::vector<copy_column> columns;
  bool as_text = false;  ///< in text format: not every value has the binary one of its column
};

/// Matches the fields of a record with columns, by position.
/// \throws usage_error that lists all that is wrong
template <class = void>
copy_plan plan_copy(std::vector<copy_column> all, std::span<std::string_view const> names,
                    std::span<copy_field const> fields, std::source_location const& where) {
  std::string faults;
  copy_plan plan{.columns = choose_columns(std::move(all), names, faults)};
  if (faults.empty() && plan.columns.size() != fields.size()) {
    faults += "\n  there are " + std::to_string(plan.columns.size()) + " columns, the record has " +
              std::to_string(fields.size()) + " fields";
  }
  bool all_writable = true;
  for (std::size_t i = 0; faults.empty() && i < fields.size(); ++i) {
    all_writable = all_writable && fields[i].is_writable;
  }
  std::string misfits;
  for (std::size_t i = 0; faults.empty() && i < fields.size(); ++i) {
    copy_column& column = plan.columns[i];
    if (fits_binary(fields[i], column)) {
      continue;
    }
    bool const has_no_other_form =
        fields[i].form == copy_form::text && fields[i].type == column.type;
    if ((fields[i].goes_anywhere || has_no_other_form) && all_writable) {
      plan.as_text = true;
      continue;
    }
    misfits += "\n  column " + detail::quoted(column.name) + " is " + type_name(column.type) +
               ", not " + std::string{fields[i].type_name};
  }
  faults += misfits;
  if (!faults.empty()) {
    throw usage_error("the records do not fit the table:" + faults, where);
  }
  return plan;
}

}  // namespace pqscope::detail

#endif
