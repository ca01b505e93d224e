#ifndef PQSCOPE_TRANSFER_RECORD_CHUNK_HPP
#define PQSCOPE_TRANSFER_RECORD_CHUNK_HPP

#include <pqscope/libpq/batch.hpp>
#include <pqscope/libpq/parameters.hpp>
#include <pqscope/transfer/copy_column.hpp>
#include <pqscope/types/bind_value.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/encoder.hpp>
#include <pqscope/types/oid.hpp>
#include <pqscope/types/optional.hpp>
#include <pqscope/types/text.hpp>
#include <pqscope/types/wire_value.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <source_location>
#include <span>
#include <vector>

namespace pqscope::detail {

/// How a field of a record goes in an array of its values.
struct chunk_field {
  oid_t declared = 0;        ///< the parameter's type; 0: that of the column
  bool is_text = false;      ///< as a parameter it travels in text format
  bool has_version = false;  ///< in the array a version number goes ahead of that text
};

/// Whether values of this type, sent in an array, are for the server what they are as parameters.
template <class T>
constexpr bool goes_in_array() {
  if constexpr (is_null_constant<T>) {
    return false;
  } else {
    using value_type = non_null_t<T>;
    using codec_type = codec_for<value_type>;
    if constexpr (requires(value_type const& value) {
                    codec_type::visit(value, [](auto const&) {});
                  }) {
      return false;  // of a type that changes from record to record
    } else {
      return !codec_type::text_parameter || is_plain_text<value_type> ||
             codec_type::parameter_type == oid::json || codec_type::parameter_type == oid::jsonb;
    }
  }
}

template <class T>
chunk_field chunk_field_of() noexcept {
  using codec_type = codec_for<non_null_t<T>>;
  return {.declared = codec_type::parameter_type,
          .is_text = codec_type::text_parameter,
          .has_version = codec_type::text_parameter && codec_type::parameter_type == oid::jsonb};
}

/// Records as arrays, one for each of their fields, in binary format; their values can be had back
/// record by record. Source: PostgreSQL, `array_recv`.
///
/// A template so that only programs that send many records compile it.
template <class = void>
class record_chunk {
 public:
  /// Bytes that make it full. libpq moves what it has not sent yet each time it sends: more of it
  /// takes longer.
  static constexpr std::size_t enough = 64 * 1024;

  /// \param fields how they look; outlive it
  explicit record_chunk(std::span<chunk_field const> fields)
      : fields_{fields},
        columns_{std::make_unique<column[]>(fields.size())},
        values_(fields.size()),
        lengths_(fields.size()),
        formats_(fields.size()),
        types_(fields.size()),
        places_(fields.size()) {
    clear();
  }

  /// Forgets the records; memory is kept for the next ones.
  void clear() {
    records_ = 0;
    given_ = 0;
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      columns_[i].bytes.clear();
      columns_[i].has_null = false;
      for (std::int32_t const head : {1, 0, 0, 0, 1}) {
        columns_[i].bytes.put_int32(head);
      }
      places_[i] = head_size;
    }
  }

  /// Adds a record. \throws usage_error as a parameter does, for a value PostgreSQL cannot hold
  template <class... Ts>
  void put(Ts const&... values) {
    std::size_t field = 0;
    (put_value(field++, values), ...);
    ++records_;
  }

  /// How many there are.
  std::size_t records() const noexcept { return records_ - given_; }
  /// How many bytes they take.
  std::size_t bytes() const noexcept {
    std::size_t size = 0;
    for (std::size_t i = 0; records_ > 0 && i < fields_.size(); ++i) {
      size += columns_[i].bytes.size();
    }
    return size;
  }

  /// All of them as arrays of `elements`; borrowed from here.
  libpq::parameters arrays(std::span<oid_t const> elements, std::span<oid_t const> types) {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      encoder& bytes = columns_[i].bytes;
      bytes.overwrite_int32(4, columns_[i].has_null ? 1 : 0);
      bytes.overwrite_int32(8, static_cast<std::int32_t>(elements[i]));
      bytes.overwrite_int32(12, static_cast<std::int32_t>(records_));
      values_[i] = bytes.data();
      lengths_[i] = static_cast<int>(bytes.size());
      formats_[i] = 1;
      types_[i] = types[i];
    }
    return bound();
  }

  /// Hands the next record on as it would have gone by itself; false where there is none left.
  bool give(libpq::batch& into) {
    if (given_ == records_) {
      return false;
    }
    scratch_.clear();
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      take_back(i);
    }
    std::size_t at = 0;
    for (std::size_t i = 0; i < fields_.size(); ++i) {
      if (fields_[i].is_text && values_[i] != nullptr) {
        values_[i] = scratch_.data() + at;
        at += static_cast<std::size_t>(lengths_[i]) + 1;
      }
    }
    ++given_;
    into.add(bound());
    return true;
  }

 private:
  static constexpr std::size_t head_size = 20;

  struct column {
    encoder bytes;
    bool has_null = false;
  };

  template <class T>
  void put_value(std::size_t field, T const& value) {
    using carrier = null_carrier_for<T>;
    using codec_type = codec_for<non_null_t<T>>;
    column& into = columns_[field];
    if (carrier::is_null(value)) {
      into.has_null = true;
      into.bytes.put_int32(-1);
      return;
    }
    std::size_t const offset = into.bytes.size();
    into.bytes.put_int32(0);
    if constexpr (codec_type::text_parameter && codec_type::parameter_type == oid::jsonb) {
      into.bytes.put_byte(1);
    }
    try {
      codec_type::encode(carrier::value(value), into.bytes);
    } catch (usage_error const& problem) {
      throw_parameter_error(field + 1, problem.what(), std::source_location{});
    }
    std::string_view const written = into.bytes.view().substr(offset + 4);
    if constexpr (codec_type::text_parameter) {
      if (has_nul(written)) {
        throw_parameter_error(field + 1, "the text holds a NUL byte, which PostgreSQL cannot store",
                              std::source_location{});
      }
    }
    into.bytes.overwrite_int32(offset,
                               checked_size(written.size(), field + 1, std::source_location{}));
  }

  /// Takes a field of the next record out of its array.
  void take_back(std::size_t field) {
    char const* const from = columns_[field].bytes.data() + places_[field];
    std::int32_t const size = read_int32(from);
    bool const is_text = fields_[field].is_text;
    types_[field] = fields_[field].declared;
    formats_[field] = is_text ? 0 : 1;
    places_[field] += 4 + static_cast<std::size_t>(size < 0 ? 0 : size);
    values_[field] = size < 0 ? nullptr : from + 4;
    lengths_[field] = size < 0 ? 0 : size;
    if (is_text && size >= 0) {
      std::size_t const version = fields_[field].has_version ? 1 : 0;
      std::string_view const text{from + 4 + version, static_cast<std::size_t>(size) - version};
      scratch_.append(text);
      scratch_.put_byte('\0');
      lengths_[field] = static_cast<int>(text.size());
    }
  }

  libpq::parameters bound() const noexcept {
    return {.count = static_cast<int>(fields_.size()),
            .types = types_.data(),
            .values = values_.data(),
            .lengths = lengths_.data(),
            .formats = formats_.data()};
  }

  std::span<chunk_field const> fields_;
  std::unique_ptr<column[]> columns_;
  std::vector<char const*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
  std::vector<oid_t> types_;
  std::vector<std::size_t> places_;  // where the next record's value is, in each column
  encoder scratch_;
  std::size_t records_ = 0;
  std::size_t given_ = 0;
};

}  // namespace pqscope::detail

#endif
