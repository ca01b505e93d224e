#ifndef PQSCOPE_TYPES_BIT_STRING_HPP
#define PQSCOPE_TYPES_BIT_STRING_HPP

#include <pqscope/error/usage_error.hpp>
#include <pqscope/types/codec.hpp>
#include <pqscope/types/hex.hpp>
#include <pqscope/types/malformed.hpp>

#include <bitset>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <iosfwd>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>

namespace pqscope {

/// A string of bits, PostgreSQL's `bit(n)` and `bit varying`. Bits are numbered from the left, the
/// first one 0, as in PostgreSQL's `get_bit`.
///
/// Compares as PostgreSQL does: bit by bit from the left, a string that another one begins with
/// before that one. Up to about a hundred bits need no allocation.
class bit_string {
 public:
  /// No bits.
  bit_string() = default;

  /// `size` bits, all of them `value`.
  explicit bit_string(std::size_t size, bool value = false)
      : bytes_((size + 7) / 8, value ? '\xff' : '\0'), size_(size) {
    clear_padding();
  }

  /// As `from_string`.
  explicit bit_string(std::string_view text,
                      std::source_location where = std::source_location::current())
      : bit_string(from_string(text, where)) {}

  /// The bits of `bits` as `std::bitset::to_string` writes them: its highest one first.
  template <std::size_t N>
  explicit bit_string(std::bitset<N> const& bits) : bit_string(N) {
    for (std::size_t i = 0; i < N; ++i) {
      put(i, bits[N - 1 - i]);
    }
  }

  /// Reads bits as PostgreSQL does: `0` and `1`, a `B` allowed before them, or `X` and hexadecimal
  /// digits of four bits each; of either case.
  /// \throws usage_error if `text` is not made so
  static bit_string from_string(std::string_view text,
                                std::source_location where = std::source_location::current()) {
    auto parsed = try_from_string(text);
    if (!parsed) {
      throw usage_error("the text is not a string of bits", where);
    }
    return *std::move(parsed);
  }

  /// As `from_string`; nothing where that throws. Source: PostgreSQL's `varbit_in`.
  static std::optional<bit_string> try_from_string(std::string_view text) {
    char const prefix = text.empty() ? '\0' : text.front();
    std::size_t const width = prefix == 'x' || prefix == 'X' ? 4 : 1;
    if (width == 4 || prefix == 'b' || prefix == 'B') {
      text.remove_prefix(1);
    }
    bit_string parsed(text.size() * width);
    for (std::size_t i = 0; i < text.size(); ++i) {
      int const digit = detail::hex_digit(text[i]);
      if (digit < 0 || digit >= 1 << width) {
        return std::nullopt;
      }
      for (std::size_t bit = 0; bit < width; ++bit) {
        parsed.put(i * width + bit, (digit >> (width - 1 - bit) & 1) != 0);
      }
    }
    return parsed;
  }

  /// Number of bits.
  std::size_t size() const noexcept { return bytes_.empty() ? 0 : size_; }  // after a move too
  /// Whether there are none.
  bool empty() const noexcept { return size() == 0; }

  /// The bit `index`, counted from the left.
  /// \throws usage_error if there are not so many
  bool operator[](std::size_t index) const {
    require_index(index, std::source_location::current());
    return (byte(index) >> (7 - index % 8) & 1U) != 0;
  }

  /// Makes the bit `index`, counted from the left, `value`.
  /// \throws usage_error if there are not so many
  void set(std::size_t index, bool value = true,
           std::source_location where = std::source_location::current()) {
    require_index(index, where);
    put(index, value);
  }

  /// The bits as a `std::bitset` of as many, the first one its highest.
  /// \throws usage_error if there are not exactly `N`
  template <std::size_t N>
  std::bitset<N> to_bitset(std::source_location where = std::source_location::current()) const {
    if (size() != N) {
      throw usage_error("a bit string of another length is asked for as a std::bitset", where);
    }
    std::bitset<N> bits;
    for (std::size_t i = 0; i < N; ++i) {
      bits[N - 1 - i] = (*this)[i];
    }
    return bits;
  }

  /// The bits as `0` and `1`. Round-trips through `from_string`.
  std::string to_string() const {
    std::string text(size(), '0');
    for (std::size_t i = 0; i < text.size(); ++i) {
      if ((*this)[i]) {
        text[i] = '1';
      }
    }
    return text;
  }

  /// The bits, eight to a byte from its highest one on, the last byte filled up with zeros.
  std::string_view bytes() const noexcept { return bytes_; }

  /// Compares bits, then lengths.
  friend auto operator<=>(bit_string const&, bit_string const&) = default;

  /// Prints `to_string()`. Needs `<ostream>`.
  template <class Traits>
  friend std::basic_ostream<char, Traits>& operator<<(std::basic_ostream<char, Traits>& out,
                                                      bit_string const& value) {
    return out << value.to_string();
  }

 private:
  friend struct codec<bit_string>;

  unsigned byte(std::size_t index) const noexcept {
    return static_cast<unsigned char>(bytes_[index / 8]);
  }

  void put(std::size_t index, bool value) noexcept {
    unsigned const mask = 0x80U >> (index % 8);
    bytes_[index / 8] = static_cast<char>(
        static_cast<unsigned char>(value ? byte(index) | mask : byte(index) & ~mask));
  }

  void clear_padding() noexcept {
    for (std::size_t i = size_; i < bytes_.size() * 8; ++i) {
      put(i, false);
    }
  }

  void require_index(std::size_t index, std::source_location const& where) const {
    if (index >= size()) {
      throw usage_error("a bit is asked for beyond the end of its bit string", where);
    }
  }

  std::string bytes_;  // compared before the length: see operator<=>
  std::size_t size_ = 0;
};

/// `pqscope::bit_string` is `bit varying`, which the server makes a `bit(n)` where it expects one.
/// Reads both.
template <>
struct codec<bit_string> {
  static constexpr oid_t type = oid::varbit;               ///< `bit varying`
  static constexpr oid_t array_type = oid::varbit_array;   ///< `bit varying[]`
  static constexpr oid_t parameter_type = type;            ///< declared
  static constexpr bool text_parameter = false;            ///< binary
  static constexpr std::string_view name = "bit varying";  ///< in messages

  /// `bit varying` and `bit(n)`.
  static constexpr bool accepts(oid_t column) noexcept {
    return column == oid::varbit || column == oid::bit;
  }

  /// The number of bits in four bytes, and the bits. Source: PostgreSQL's `varbit_recv`.
  static void encode(bit_string const& value, encoder& out) {
    if (value.size() > 0x7ffffff8U) {  // "VARBITMAXLEN"
      throw usage_error("a bit string has more bits than PostgreSQL can hold");
    }
    out.put_int32(static_cast<std::int32_t>(value.size()));
    out.append(value.bytes());
  }

  /// Reads what `encode` writes; bits beyond the last one must be 0.
  static bit_string decode(wire_value value) {
    std::int64_t const size = value.size < 4 ? -1 : read_int32(value.data);
    if (size < 0 || value.size - 4 != (static_cast<std::size_t>(size) + 7) / 8) {
      throw_malformed(name);
    }
    bit_string decoded;
    decoded.bytes_ = value.text().substr(4);
    decoded.size_ = static_cast<std::size_t>(size);
    if (size % 8 != 0 && (decoded.byte(decoded.size_) & (0xffU >> (size % 8))) != 0) {
      throw_malformed(name);
    }
    return decoded;
  }

  /// Reads what `bit_string::from_string` does.
  static bit_string parse(std::string_view text) {
    auto parsed = bit_string::try_from_string(text);
    if (!parsed) {
      throw_malformed(name);
    }
    return *std::move(parsed);
  }
};

}  // namespace pqscope

/// Hashes the bits and their number.
template <>
struct std::hash<pqscope::bit_string> {
  /// The hash of `value`.
  std::size_t operator()(pqscope::bit_string const& value) const noexcept {
    return std::hash<std::string_view>{}(value.bytes()) ^ value.size();
  }
};

#endif
