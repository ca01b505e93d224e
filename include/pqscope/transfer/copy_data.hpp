#ifndef PQSCOPE_TRANSFER_COPY_DATA_HPP
#define PQSCOPE_TRANSFER_COPY_DATA_HPP

#include <pqscope/types/wire_value.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

/// \file
/// Takes binary COPY data apart.

namespace pqscope::detail {

/// One value of a row of binary COPY data; `size` is -1 for NULL.
struct copied_value {
  char const* data = nullptr;
  std::int32_t size = -1;
};

/// How far a look into COPY data has come.
enum class copy_step : unsigned char {
  row,      ///< at a row
  message,  ///< at the end of a message: the next one is needed, unless the COPY is over
  fault,    ///< at what is not COPY data, or has another number of columns
};

/// The rows in binary COPY data, which comes in messages of whole rows. Keeps none of the bytes: a
/// row's values point into its message. Source: PostgreSQL, "COPY", "File Formats".
///
/// A template so that only programs that read rows by COPY compile it.
template <class = void>
class copy_data {
 public:
  /// Takes a message. The one before has to be at its end.
  void give(std::string_view message) noexcept { rest_ = message; }

  /// Goes on to the next row of the message, whose values come into `values`.
  copy_step next(std::span<copied_value> values) noexcept {
    if (rest_.empty()) {
      return copy_step::message;
    }
    if (is_over_ || (!has_head_ && !take_head())) {
      return copy_step::fault;
    }
    return rest_.empty() ? copy_step::message : take_row(values);
  }

 private:
  bool take_head() noexcept {
    constexpr std::string_view signature{"PGCOPY\n\377\r\n\0\0\0\0\0", 15};  // and no flags
    if (!rest_.starts_with(signature) || rest_.size() < signature.size() + 4) {
      return false;
    }
    std::int32_t const extension = read_int32(rest_.data() + signature.size());
    rest_.remove_prefix(signature.size() + 4);
    if (extension < 0 || static_cast<std::size_t>(extension) > rest_.size()) {
      return false;
    }
    rest_.remove_prefix(static_cast<std::size_t>(extension));
    has_head_ = true;
    return true;
  }

  copy_step take_row(std::span<copied_value> values) noexcept {
    if (rest_.size() < 2) {
      return copy_step::fault;
    }
    int const count = read_int16(rest_.data());
    if (count == -1 && rest_.size() == 2) {
      rest_ = {};
      is_over_ = true;
      return copy_step::message;
    }
    if (count < 0 || static_cast<std::size_t>(count) != values.size()) {
      return copy_step::fault;
    }
    char const* at = rest_.data() + 2;
    char const* const end = rest_.data() + rest_.size();
    for (copied_value& value : values) {
      if (end - at < 4) {
        return copy_step::fault;
      }
      value.size = read_int32(at);
      at += 4;
      value.data = value.size < 0 ? nullptr : at;
      if (value.size < -1 || end - at < value.size) {
        return copy_step::fault;
      }
      at += value.size < 0 ? 0 : value.size;
    }
    rest_.remove_prefix(static_cast<std::size_t>(at - rest_.data()));
    return copy_step::row;
  }

  std::string_view rest_;
  bool has_head_ = false;
  bool is_over_ = false;
};

}  // namespace pqscope::detail

#endif
