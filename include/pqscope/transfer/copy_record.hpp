#ifndef PQSCOPE_TRANSFER_COPY_RECORD_HPP
#define PQSCOPE_TRANSFER_COPY_RECORD_HPP

#include <pqscope/transfer/copy_column.hpp>
#include <pqscope/transfer/record_values.hpp>
#include <pqscope/types/array_shape.hpp>
#include <pqscope/types/bind_value.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/encoder.hpp>
#include <pqscope/types/optional.hpp>
#include <pqscope/types/record.hpp>
#include <pqscope/types/sized_value.hpp>
#include <pqscope/types/text.hpp>
#include <pqscope/types/text_form.hpp>
#include <pqscope/types/wire_value.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace pqscope::detail {

/// How the fields of a record look, in order.
template <class Record>
std::array<copy_field, count_values<Record>()> copy_fields() noexcept {
  if constexpr (positional_record<Record>) {
    return []<std::size_t... I>(std::index_sequence<I...>) {
      return std::array<copy_field, sizeof...(I)>{
          copy_field_of<std::remove_cvref_t<std::tuple_element_t<I, Record>>>()...};
    }(std::make_index_sequence<std::tuple_size_v<Record>>{});
  } else if constexpr (named_record<Record>) {
    return []<std::size_t... I>(std::index_sequence<I...>) {
      return std::array<copy_field, sizeof...(I)>{copy_field_of<field_type<Record, I>>()...};
    }(std::make_index_sequence<record_size<Record>>{});
  } else {
    return {copy_field_of<Record>()};
  }
}

/// Writes records in the binary or text format of COPY. Source: PostgreSQL, "COPY", "File Formats".
class copy_writer {
 public:
  explicit copy_writer(copy_plan const& plan) noexcept : plan_{plan} {
    for (copy_column const& each : plan.columns) {
      converts_ = converts_ || each.conversion != copy_conversion::none;
    }
  }

  /// What was written and not dropped yet.
  std::string_view bytes() const noexcept { return out_.view(); }
  /// Forgets the first `size` bytes of that.
  void drop(std::size_t size) {
    scratch_.clear();
    scratch_.append(out_.view().substr(size));
    out_.clear();
    out_.append(scratch_.view());
  }

  /// What goes before the first record.
  void put_head() {
    if (!plan_.as_text) {
      out_.append(std::string_view{"PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19});
    }
  }
  /// What goes after the last one.
  void put_tail() {
    if (!plan_.as_text) {
      out_.put_int16(-1);
    }
  }
  /// A record. \throws usage_error that names the column for a value PostgreSQL cannot hold
  template <class Record>
  void put(Record const& record) {
    if (!plan_.as_text) [[likely]] {
      out_.put_int16(static_cast<std::int16_t>(count_values<Record>()));
      with_values(record, [this](auto const&... values) {
        std::size_t at = 0;
        ((field_ = at++, this->put_binary(values)), ...);
      });
    } else {
      field_ = 0;
      with_values(record, [this](auto const&... values) { (this->put_text(values), ...); });
      out_.put_byte('\n');
    }
  }
  /// The column a value of the record did not fit.
  std::string const& column() const noexcept { return plan_.columns[field_].name; }

 private:
  static constexpr char const* nul_fault =
      "the text holds a NUL byte, which PostgreSQL cannot store";

  template <class T>
  void put_binary(T const& value) {
    if constexpr (is_null_constant<T>) {
      out_.put_int32(-1);
    } else {
      using carrier = null_carrier_for<T>;
      using codec_type = codec_for<non_null_t<T>>;
      if (carrier::is_null(value)) {
        out_.put_int32(-1);
      } else if (converts_ && plan_.columns[field_].conversion != copy_conversion::none) {
        scratch_.clear();
        codec_type::encode(carrier::value(value), scratch_);
        put_converted(plan_.columns[field_].conversion);
      } else {
        put_sized_value(carrier::value(value), out_, nul_fault);
      }
    }
  }

  template <class T>
  void put_text(T const& value) {
    if (field_ > 0) {
      out_.put_byte('\t');
    }
    if constexpr (is_null_constant<T>) {
      out_.append(std::string_view{"\\N"});
    } else if constexpr (text_writable<non_null_t<T>>) {
      using carrier = null_carrier_for<T>;
      if (carrier::is_null(value)) {
        out_.append(std::string_view{"\\N"});
      } else {
        using form = text_form<std::remove_cvref_t<non_null_t<T>>>;
        scratch_.clear();
        if constexpr (array_container<std::remove_cvref_t<non_null_t<T>>>) {
          form::put(carrier::value(value), scratch_, plan_.columns[field_].delimiter);
        } else if constexpr (std::is_same_v<non_null_t<T>, float>) {
          float const narrow = carrier::value(value);
          // as a double the text of a float would be another number
          bool const widens = plan_.columns[field_].conversion == copy_conversion::float4_to_float8;
          widens ? text_form<double>::put(narrow, scratch_) : form::put(narrow, scratch_);
        } else {
          form::put(carrier::value(value), scratch_);
        }
        put_escaped(scratch_.view());
      }
    }
    ++field_;
  }

  void put_converted(copy_conversion how) {
    char const* const from = scratch_.data();
    switch (how) {
      case copy_conversion::int2_to_int4:
        out_.put_int32(4);
        out_.put_int32(read_int16(from));
        return;
      case copy_conversion::int2_to_int8:
        out_.put_int32(8);
        out_.put_int64(read_int16(from));
        return;
      case copy_conversion::int4_to_int8:
        out_.put_int32(8);
        out_.put_int64(read_int32(from));
        return;
      case copy_conversion::float4_to_float8: {
        auto const narrow = std::bit_cast<float>(read_int32(from));
        out_.put_int32(8);
        out_.put_int64(std::bit_cast<std::int64_t>(static_cast<double>(narrow)));
        return;
      }
      case copy_conversion::text_to_jsonb:
        require_no_nul(scratch_.view());
        require_value_size(scratch_.size() + 1);
        out_.put_int32(static_cast<std::int32_t>(scratch_.size() + 1));
        out_.put_byte(1);
        out_.append(scratch_.view());
        return;
      case copy_conversion::none:
        return;
    }
  }

  void put_escaped(std::string_view text) {
    require_no_nul(text);
    while (!text.empty()) {
      std::size_t const plain = text.find_first_of("\\\t\n\r");
      out_.append(text.substr(0, plain));
      if (plain == std::string_view::npos) {
        return;
      }
      char const c = text[plain];
      out_.put_byte('\\');
      out_.put_byte(c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : '\\');
      text.remove_prefix(plain + 1);
    }
  }

  static void require_no_nul(std::string_view text) {
    if (has_nul(text)) {
      throw_value_fault(nul_fault);
    }
  }

  copy_plan const& plan_;
  bool converts_ = false;
  std::size_t field_ = 0;
  encoder out_;
  encoder scratch_;
};

}  // namespace pqscope::detail

#endif
